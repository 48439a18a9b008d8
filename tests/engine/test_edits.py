"""Five hundred random edits around a sustained tone, and five hundred that are of it: no clicks.

A test that fails names its seed; `Edits(seed).said` has what was said at which frame.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from chronus.engine.layout import Clock
from chronus.settings import BLOCK
from tests.engine.edits import AROUND, AT_IT, FILTERED, OTHER, Edits
from tests.support.clicks import clicks
from tests.support.score import Stage, render

COUNT = 500
TONE = ["load sine freq=110; set sine.level -9db"]
SEEDS = [1, 2, 3]


@pytest.fixture(autouse=True)
def _a_patch_to_open(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it.chronus").write_text(OTHER)


@pytest.mark.parametrize("seed", SEEDS)
def test_edits_around_a_tone_leave_it_alone(seed):
    """Nodes, cables, values, words, sequences and names beside a tone do not move a bit of it."""
    edits = Edits(seed)
    frames = edits.played(TONE, COUNT, AROUND)
    quiet = render([*TONE, "wait 500ms"], seconds=len(frames) / 48_000).frames
    assert len(clicks(frames)) == 0, seed
    assert np.array_equal(frames, quiet), seed


@pytest.mark.parametrize("seed", SEEDS)
def test_edits_of_a_tone_make_no_click(seed):
    """It fades, its filter opens, closes and changes, it is patched anew, muted, copied: no click.

    Most edits come before the fades of the one before are over.
    """
    edits = Edits(seed)
    frames = edits.played(FILTERED, COUNT, AT_IT)
    assert np.max(np.abs(frames)) > 0.1
    assert clicks(frames).tolist() == [], seed


def test_without_fades_there_are_hundreds():
    """The same edits without fades click hundreds of times: the tests above would see it."""
    found = 0
    for seed in SEEDS[:2]:
        edits = Edits(seed)
        found += len(clicks(edits.played(FILTERED, COUNT, AT_IT, fade_s=0.0)))
    assert found > 300


@pytest.mark.parametrize("lanes", [2, 3])
def test_edits_give_the_same_samples_on_any_number_of_lanes(lanes):
    """What fades, crosses over, rings on or is copied does so alike wherever it is computed."""
    alone, shared = Edits(4), Edits(4)
    expected = alone.played(FILTERED, 200, AT_IT)
    assert np.array_equal(shared.played(FILTERED, 200, AT_IT, lanes=lanes), expected)


MOVES = [
    ("load sine freq=110", "load vca; patch sine > vca"),
    ("load sine freq=110; load vca; patch sine > vca", "patch sine > out; unpatch sine > vca"),
    ("load sine freq=110; load vca; patch sine > vca", "unload vca"),
    ("load sine freq=110; load vca; load mix; patch sine > vca", "patch vca > mix"),
    ("load sine freq=110; load vca; patch sine > vca", "patch sine > vca by 1.0"),
    (
        "load sine freq=110; load mix; patch sine > mix",
        "load vca; patch sine > vca > mix; unpatch sine > mix",
    ),
    ("load sine freq=110; patch sine > out", "unpatch sine > out; patch sine > out"),
    ("load sine freq=110", "copy sine as other; unload sine"),
]


@pytest.mark.parametrize(("before", "move"), MOVES)
def test_moves_keep_the_gain(before, move):
    """Another way to out of the same gain is not heard: both ways together are one at any time."""
    moved = render(["set out.level -6db", before, "wait 100ms", move, "wait 200ms"], 0.3).frames
    still = render(["set out.level -6db", "load sine freq=110", "wait 300ms"], 0.3).frames
    assert np.max(np.abs(still)) > 0.4
    assert np.allclose(moved, still, atol=1e-6)


def test_a_move_and_back_in_mid_fade_keeps_most_of_the_gain():
    """When one is turned round by the next before it is over, nothing clicks, or gets louder."""
    lines = ["set out.level -6db", "load sine freq=110; load vca; unpatch vca > out", "wait 100ms"]
    still = render(lines, 0.5).frames
    for k in range(60):
        lines += ["patch sine > vca; patch vca > out" if k % 2 == 0 else "unpatch sine > vca"]
        lines += [f"wait {1 + k % 5}ms"]
    moved = render(lines, 0.5).frames
    assert len(clicks(moved)) == 0
    assert np.all(np.abs(moved) <= np.abs(still) + 1e-6)
    assert np.all(np.abs(moved) >= 0.5 * np.abs(still) - 1e-6)


@pytest.mark.parametrize("most", [1, 8, 80])
def test_edits_that_are_published_ahead_give_the_same_samples(most):
    """As live, the writer is ahead of the engine, by more or less: nothing depends on by how much.

    So many blocks it is ahead at most.
    """
    edits, other = Edits(5), Stage()
    expected = edits.played(FILTERED, 300, AT_IT)
    reach, chance = other.backend.reach, random.Random(most)
    other.backend.reach = lambda frame: reach(
        max(frame // BLOCK - chance.randint(1, most), 0) * BLOCK
    )
    other.say(*edits.score)
    reach(len(expected))
    assert other.session.writer.clock(Clock.LATE) == 0
    assert np.array_equal(other.frames[: len(expected)], expected)
