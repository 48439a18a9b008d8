"""Patch files: the same patch again whatever it was, one order, versions, and hostile ones."""

from __future__ import annotations

import os
import random
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chronus.language.parser import VERBS
from chronus.session.saving import HEAD, VERSION, patch_lines
from tests.support.edits import edit
from tests.support.score import Stage


def numberless(patch):
    """All of a patch but the numbers of its nodes and cables, in order."""
    cables = [(*c.ends, c.amount, c.bends, c.text) for c in patch.cables]
    nodes = [(node.name, node.kind, dict(node.values)) for node in patch.nodes.values()]
    strips = (patch.silenced, patch.muted, patch.soloed)
    times = (patch.bpm, patch.meter, patch.swing)
    return nodes, cables, strips, dict(patch.sequences), times, dict(patch.instruments)


@example(seed=50, size=68)  # parts of instruments are copied
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 30), size=st.integers(1, 80))
def test_what_was_saved_is_the_same_patch(seed, size):
    """Opened, it is identical but for numbers; saved again, the same bytes; and it sounds so.

    That is with instruments, too, of which any part may be set, patched and pulled out.
    """
    chance = random.Random(seed)
    stage = Stage()
    lines = []
    for _ in range(size):
        # A glide is on its way, and what is saved is where it goes.
        lines.append(edit(chance, stage.session.patch).split(" over ")[0])
        stage.session.run_line(lines[-1])
    with tempfile.TemporaryDirectory() as folder:
        file, again = Path(folder) / "a.chronus", Path(folder) / "b.chronus"
        stage.say(f"save {file}")
        first, second = Stage(), Stage()
        for other in (first, second):
            other.say(f"open {file}", f"save {again}")
            assert numberless(other.session.patch) == numberless(stage.session.patch)
            assert again.read_bytes() == file.read_bytes()
            file = again
        stage.say("wait 300ms")
        first.say("wait 300ms")
        assert np.array_equal(stage.frames, first.frames)


def test_the_order_is_not_that_of_the_typing():
    """The same patch is the same file, in whatever order it was plugged, set and sequenced."""
    one, other = Stage(), Stage()
    for stage in (one, other):
        stage.say("load saw; load lfo; load filter")
    lines = [
        "patch saw > filter",
        "patch lfo > filter.cutoff by 300hz",
        "patch lfo > saw.freq by 1st",
        "set filter.resonance 0.3",
        "set saw.freq 50",
        "sequence filter.cutoff: 300 900",
        "sequence filter.resonance: 0.1 0.2",
        "sequence saw: c2 d2",
    ]
    one.say(*lines)
    other.say("patch saw > filter by 50%", "set saw.freq 90", *reversed(lines))
    assert patch_lines(one.session.patch) == patch_lines(other.session.patch)


def test_what_changed_is_what_differs():
    """Between two files one line differs for one thing that was changed, wherever it stands."""
    stage = Stage()
    stage.say("load saw; load filter; load lfo; patch saw > filter; patch lfo > filter.cutoff")
    stage.say("sequence saw: c2 d2; sequence filter.resonance: 0.1 0.3; set lfo.rate 3")
    for line in (
        "patch saw > filter by 50%",
        "set filter.cutoff 300",
        "sequence saw: c2 e2",
        "tempo 99",
        "set filter.level -3db",
    ):
        before = patch_lines(stage.session.patch)
        stage.say(line)
        after = patch_lines(stage.session.patch)
        assert len(set(after) - set(before)) == 1, line
        kept = [one for one in before if one in after]
        assert kept == [one for one in after if one in before], line


def test_a_pattern_keeps_the_pitch_it_was_given(tmp_path):
    """`x` among notes is the pitch that the node had when it was said; so it is when opened."""
    stage = Stage()
    stage.say(
        "load kick freq=50; sequence kick: x c3 x; set kick.freq 90", f"save {tmp_path / 'a'}"
    )
    text = (tmp_path / "a").read_text()
    assert text.index("freq=50hz") < text.index("sequence kick") < text.index("kick.freq 90hz")
    other = Stage()
    other.say(f"open {tmp_path / 'a'}")
    assert numberless(other.session.patch) == numberless(stage.session.patch)


def test_musical_time_goes_with_the_tempo(tmp_path):
    """Values in note lengths are saved as they were written, whatever the tempo is by then."""
    stage = Stage()
    stage.say("tempo 120; load saw; load delay; patch saw > delay")
    stage.say("sequence delay.time: 1/8 . 1/16 step 1/4", "tempo 90", f"save {tmp_path / 'a'}")
    assert "sequence delay.time: 1/8 . 1/16 step 1/4" in (tmp_path / "a").read_text()


@pytest.mark.parametrize(
    "name", [*VERBS, "as", "by", "to", "over", "step", "x", "c2", "bar", "a/b"]
)
def test_a_node_may_have_any_name(name, tmp_path):
    """A name that is a word of the language is saved and read as a name."""
    stage = Stage()
    stage.say(f"load saw as {name}; load filter as f; patch {name} > f by 50%; patch {name} > out")
    stage.say(f"sequence {name}.freq: 100 200; set {name}.freq 90 {name}.level -3db")
    stage.say(f"save {tmp_path / 'a'}")
    other = Stage()
    other.say(f"open {tmp_path / 'a'}")
    assert numberless(other.session.patch) == numberless(stage.session.patch)


def test_a_number_too_small_to_be_written_is_none(tmp_path):
    """Factors bring a value to 0 before it cannot be read any more."""
    stage = Stage()
    stage.say("load vca gain=1e-20", "set vca.gain *1e-9", f"save {tmp_path / 'a'}")
    stage.say("set vca.gain *1e-9", f"save {tmp_path / 'b'}")
    for file in ("a", "b"):
        Stage().say(f"open {tmp_path / file}")


def test_a_patch_names_its_version(tmp_path):
    """The first line is the version; a file without it is read, too."""
    stage = Stage()
    stage.say("load saw", f"save {tmp_path / 'a'}")
    lines = (tmp_path / "a").read_text().splitlines()
    assert lines[0] == HEAD == f"# chronus patch {VERSION}"
    (tmp_path / "b").write_text("\n".join(lines[1:]))
    stage.say(f"open {tmp_path / 'b'}", f"open {tmp_path / 'a'}")


@pytest.mark.parametrize("version", ["2", "17", "9" * 200])
def test_a_newer_version_is_refused(version, tmp_path):
    """The error names the file's version and the one that is understood, and nothing changes."""
    (tmp_path / "a").write_text(f"# chronus patch {version}\nload saw\nfrobnicate saw\n")
    stage = Stage()
    stage.say("load kick")
    before = stage.session.patch
    error = stage.fails(f"open {tmp_path / 'a'}")
    assert error.code == "E_FILE"
    assert f"version {version[:20]}" in error.message
    assert f"version {VERSION}" in error.message
    assert stage.session.patch is before


def test_an_unknown_statement_names_the_version(tmp_path):
    """Where no version is named, what is not understood says as which one it was read."""
    (tmp_path / "a").write_text("load saw\nfrobnicate saw\nload kick as\n")
    error = Stage().fails(f"open {tmp_path / 'a'}")
    assert f"version {VERSION}" in error.message
    assert [d.split(" column")[0] for d in error.details] == ["line 2", "line 3"]


def hostile(folder, what):
    """A path that cannot be opened."""
    path = folder / "it"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "loop":
        path.symlink_to(path)
    elif what == "binary":
        path.write_bytes(bytes(range(256)) * 40)
    elif what == "latin-1":
        path.write_bytes("# für dich\nload saw\n".encode("latin-1"))
    elif what == "huge":
        with path.open("wb") as file:
            file.truncate(20_000_000)
    elif what == "long line":
        path.write_text("load saw " + "x" * 1_000_000)
    elif what == "many lines":
        path.write_text("load saw\n" * 200_000)
    elif what == "truncated":
        path.write_text("load saw\npatch saw > fil")
    elif what == "device":
        return Path("/dev/zero")
    else:
        assert what == "missing"
    return path


@pytest.mark.parametrize("verb", ["open", "run"])
@pytest.mark.parametrize(
    "what",
    [
        *("missing", "folder", "pipe", "loop", "binary", "latin-1", "huge", "long line"),
        *("many lines", "truncated", "device"),
    ],
)
def test_a_hostile_file_changes_nothing(verb, what, tmp_path):
    """Whatever lies there, there is an error with its reason, and what played plays on."""
    stage = Stage()
    stage.say("load kick; sequence kick: xxxx")
    before, history = stage.session.patch, stage.session.history
    error = stage.fails(f"{verb} {hostile(tmp_path, what)}")
    assert error.code in ("E_FILE", "E_LIMIT")
    assert error.message
    assert stage.session.patch is before
    assert stage.session.history is history


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_files_without_rights(tmp_path):
    """What may not be read or written is an error."""
    file = tmp_path / "a"
    file.write_text("load saw\n")
    file.chmod(0)
    assert Stage().fails(f"open {file}").code == "E_FILE"
    tmp_path.chmod(0o500)
    assert Stage().fails(f"save {tmp_path / 'b'}").code == "E_FILE"
    tmp_path.chmod(0o700)


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    """When the disk is full, the file is as it was, and no other is left behind."""
    stage = Stage()
    file = tmp_path / "a"
    stage.say("load saw", f"save {file}")
    old = file.read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    error = stage.fails(f"load kick; save {file}")
    assert "No space left" in error.message
    assert file.read_bytes() == old
    assert "kick" not in stage.session.patch.nodes
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_saved_file_keeps_its_rights_and_links(tmp_path):
    """A file that is saved over has the rights that it had, and a link stays one."""
    stage = Stage()
    file, link = tmp_path / "a", tmp_path / "link"
    stage.say("load saw", f"save {file}")
    mask = os.umask(0o022)
    os.umask(mask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~mask
    file.chmod(0o640)
    link.symlink_to(file)
    stage.say("load kick", f"save {link}")
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "kick" in file.read_text()
