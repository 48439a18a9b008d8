"""Modules of the user's own come and are edited while the music plays."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from chronus.settings import BLOCK
from tests.machine.test_reload import LIMIT_S, ROOT, Played, edit, ramp
from tests.support.score import render

SECONDS = 9.0
BAR = 4 * 60 / 64 * 48_000
FIRST, SECOND = (round(bars * BAR) // BLOCK * BLOCK for bars in (1, 2))


def play(folder, steps, lanes):
    """Play steps with the modules of a folder, which is empty at first; `lanes` of 0 is offline."""
    frames, source = folder / "frames.npy", folder / "modules" / "ramp.py"
    source.parent.mkdir()
    arguments = (frames, source, lanes, SECONDS)
    done = subprocess.run(
        [sys.executable, "-m", "tests.machine.play_edited", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "CHRONUS_MODULES": str(source.parent)},
        input=json.dumps(steps),
        stdout=subprocess.PIPE,
        timeout=LIMIT_S,
        check=True,
        text=True,
    )
    said = json.loads(done.stdout)
    return Played(np.load(frames), said["replies"], said["facts"])


STEPS = [
    *("tempo 64", "load sine freq=110hz; set sine.level -20db", "load ramp", "wait 1bar"),
    *(edit(), "load ramp freq=30hz", "wait 1bar"),
    *(edit(0.125), "reload ramp"),
    *(f"edit: {ramp().replace('turned >= 1.0', 'turned.x')}", "reload ramp"),
]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return play(tmp_path_factory.mktemp("offline"), STEPS, 0)


@pytest.fixture(scope="module")
def played(rendered, tmp_path_factory):
    assert rendered is not None, "its kernels are compiled, so that no line of this comes late"
    return play(tmp_path_factory.mktemp("live"), STEPS, 1)


def test_a_file_that_appears_is_loaded_and_its_edits_are_heard(played, rendered):
    """Live is as offline: no ramp before its file is there, then one, then half as loud."""
    np.testing.assert_array_equal(played.frames, rendered.frames)
    assert (played.facts["late"], played.facts["underruns"]) == (0, 0)
    heard = (played.frames.astype(np.float64) - render(STEPS[:2], SECONDS).frames)[:, 0]
    loud = np.ptp(heard[FIRST + 480 : SECOND])
    after = np.ptp(heard[SECOND + 480 : SECOND + 20_000])
    assert not heard[:FIRST].any()
    assert loud == pytest.approx(0.25, rel=0.02)
    assert after == pytest.approx(loud / 2, rel=0.02)


def test_what_is_wrong_is_told_with_file_and_line(played):
    """A name that is nowhere, and a source that does not compile: what plays goes on."""
    nowhere, wrong = played.errors
    assert "there is no module kind or instrument 'ramp'" in nowhere
    assert "--modules DIR" in nowhere
    assert "modules/ramp.py line 4: ramp: TypingError" in wrong
    assert [reply["data"][0]["changed"] for reply in played.reloads] == [["ramp"]]
