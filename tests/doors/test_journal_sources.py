"""A journal replays a user's modules as they played, whatever their files hold by then."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soundfile

from tests.doors.terminal import PATIENCE_S, Terminal
from tests.machine.edited import ramp
from tests.support.program import chronus


def frames_of(path):
    return soundfile.read(path, dtype="float32")[0]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A session in which a module is loaded, edited, read again, and edited once more."""
    folder = tmp_path_factory.mktemp("played")
    module = folder / "modules" / "ramp.py"
    module.parent.mkdir()
    module.write_text(ramp())
    places = {"XDG_STATE_HOME": str(folder / "state"), "TERM": "dumb"}
    files = ("--journal", folder / "j.chronus", "--record", folder / "live.wav")
    terminal = Terminal("--plain", "--modules", module.parent, *files, **places)
    try:
        for line in ("load sine level=-20", "load ramp freq=30hz depth=0.5"):
            assert terminal.say(line).startswith(b"ok"), terminal.closing
        time.sleep(0.2)
        module.write_text(ramp(0.125))
        assert terminal.say("set ramp.depth 1; reload").startswith(b"ok"), terminal.closing
        time.sleep(0.2)
        module.write_text("nothing like a module")
        assert terminal.say("reload ramp").startswith(b"error E_FILE")
        terminal.say("quit")
        assert terminal.process.wait(PATIENCE_S) == 0
    finally:
        terminal.close()
    return folder, places


def rendered(folder, places, *options):
    output = folder / "rendered.wav"
    ended = chronus("render", folder / "j.chronus", "-o", output, *options, **places)
    return ended, frames_of(output)


def test_what_is_edited_later_is_replayed_as_it_was(played):
    """The file is wrong by now, or is not looked for at all: the samples are those of then."""
    folder, places = played
    heard = frames_of(folder / "live.wav")
    for options in (("--modules", folder / "modules"), ()):
        ended, frames = rendered(folder, places, *options)
        assert (ended.status, ended.out) == (0, ""), ended
        np.testing.assert_array_equal(frames, heard)
    assert chronus("check", folder / "j.chronus", **places).status == 0
    text = (folder / "j.chronus").read_text()
    kept = {path.name for path in (folder / "state" / "chronus" / "modules").iterdir()}
    assert len(kept) == 2
    for name in kept:
        assert text.count(f"reload {name.removesuffix('.py').replace('-', ' mark ')}") == 1


def test_a_journal_alone_brings_no_code(played, tmp_path):
    """Elsewhere its sources are missing, which is told; a folder that is named may hold them."""
    folder, places = played
    elsewhere = places | {"XDG_STATE_HOME": str(tmp_path)}
    ended, _ = rendered(folder, elsewhere)
    assert ended.status == 1
    assert "no source of 'ramp' with the mark" in ended.out
    assert f"in {tmp_path}/chronus/modules" in ended.out
    assert "was made with the module 'ramp'" in ended.err
    checked = chronus("check", folder / "j.chronus", **elsewhere)
    assert checked.status == 1
    assert "is kept: there is no ramp-" in checked.out
    kept = folder / "state" / "chronus" / "modules"
    ended, frames = rendered(folder, elsewhere, "--modules", kept)
    assert ended.status == 0, ended
    np.testing.assert_array_equal(frames, frames_of(folder / "live.wav"))
