"""A module that crashes, loops or gives no number is bypassed, and nothing else is heard of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chronus.settings import BLOCK
from tests.machine.song import SONG, offline

ROOT = Path(__file__).parents[2]
LIMIT_S = 120.0
SONG_FRAMES = round(2 * 4 * 60 / 128 * 48_000) // BLOCK * BLOCK
"""The block at which the last lines of the song take effect."""


@pytest.fixture(scope="module")
def expected():
    return offline(SONG, 6.0)


def played(folder: Path, kind: str, lanes: int, *more: str):
    """Frames of the song with a node `bad` of a kind, and what the machine said."""
    path = folder / "played.npy"
    program = ["-m", "tests.machine.play_faulty", str(path), kind, str(lanes), *more]
    done = subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "CHRONUS_TEST_KINDS": "tests.machine.faulty"},
        stdout=subprocess.PIPE,
        timeout=LIMIT_S,
        check=True,
    )
    return np.load(path), json.loads(done.stdout)


@pytest.mark.parametrize(
    ("kind", "what", "handovers"),
    [
        ("crashing", "crashed", 1),
        ("looping", "did not come to an end", 1),
        ("numberless", "gave what is no number", 0),
    ],
)
@pytest.mark.parametrize("lanes", [1, 3])
def test_the_other_parts_null(tmp_path, expected, kind, what, handovers, lanes):
    """A faulty module comes into a playing song: all else is the same from first to last sample."""
    frames, facts = played(tmp_path, kind, lanes)
    np.testing.assert_array_equal(frames, expected)
    assert facts["quarantined"] == ["bad"]
    assert facts["handovers"] == handovers
    assert sum(f"bad {what}" in line and "`reset bad`" in line for line in facts["news"]) == 1


@pytest.mark.parametrize("kind", ["crashing", "looping", "numberless"])
def test_a_node_that_was_mended_is_heard_after_reset(tmp_path, expected, kind):
    """What made it go wrong is taken away; `reset` lets it sound, and nothing is bypassed."""
    frames, facts = played(tmp_path, kind, 1, "set bad.fault 0; reset bad; solo bad")
    np.testing.assert_array_equal(frames[:SONG_FRAMES], expected[:SONG_FRAMES])
    assert facts["quarantined"] == []
    rest = frames[-4800:]
    assert np.median(rest) == pytest.approx(0.25, abs=1e-6)


def test_reset_of_what_is_still_wrong_tries_it_once(tmp_path, expected):
    """It is computed again, crashes again, is bypassed again, and is not heard again."""
    frames, facts = played(tmp_path, "crashing", 1, "reset bad")
    np.testing.assert_array_equal(frames, expected)
    assert facts["quarantined"] == ["bad"]
    assert facts["handovers"] == 2
