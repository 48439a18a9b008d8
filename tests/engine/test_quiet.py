"""Blocks in which nothing comes carry nothing from bank to bank; nothing of that is heard."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine.layout import NEVER, Head, Memo, recover
from chronus.settings import BLOCK
from tests.engine.test_settled import forget, forgetful, memo_of
from tests.support.score import RATE_HZ, Stage
from tests.support.voices import PAD

PLAIN = (
    "tempo 120; load saw; load filter; patch saw > filter",
    "load adsr as env attack=0; patch filter > env",
)


def foreseen(stage):
    """How many blocks in a row it was known before that nothing comes."""
    return int(memo_of(stage)[Memo.FORESEEN])


def comes_s(stage):
    """Seconds from the start until something comes, as the step knows it."""
    return float(memo_of(stage)[Memo.COMES]) / RATE_HZ


COMING = {
    "nothing": ("wait 100ms", NEVER / RATE_HZ),
    "a step": ("sequence env: x . . . . . . . step 1/16 gate 10%; wait 100ms", 1.0),
    "the end of a gate": ("sequence env: x step 1/2 gate 80%; wait 300ms", 0.8),
    "the end of a lock": (
        "sequence env: x{attack=9ms} . . . . . . . step 1/8 gate 50%; wait 200ms",
        0.25,
    ),
    "a value": ("sequence filter.cutoff: 900 400 step 1/4; wait 100ms", 0.5),
    "the end of a voice's note": (
        f"{PAD}\nload pad voices 3; note pad c3 for 300ms; note pad e3 for 1s; wait 400ms",
        1.0,
    ),
}
"""What comes next after some lines, and when."""


@pytest.mark.parametrize("what", COMING)
def test_it_is_known_what_comes_next(what):
    """The frame of whatever comes first is known, and until then it is quiet."""
    stage = Stage()
    lines, at_s = COMING[what]
    stage.say(*PLAIN, lines)
    assert foreseen(stage) > 0
    assert comes_s(stage) == pytest.approx(at_s, abs=2 / RATE_HZ)


def test_what_comes_or_is_said_ends_the_quiet():
    """A step or a word ends it in its block, and with the second block after it is quiet again."""
    found = []
    stage = forgetful(lambda stage: found.append(foreseen(stage) > 0))
    stage.say(*PLAIN, "sequence env: x x step 1/4 gate 20%; wait 590ms")
    closes, opens = (int(at_s * RATE_HZ) // BLOCK for at_s in (0.1, 0.5))
    # What is known of a block is seen before the next one.
    assert [at for at, is_known in enumerate(found) if not is_known and at > 2] == [
        closes + 1,
        opens + 1,
    ]
    stage.say("set filter.cutoff 300hz", "wait 10ms")
    assert found[-7:] == [False, *6 * [True]]


ALL_THAT_COMES = (
    *PLAIN,
    "sequence env: x{velocity=0.3} . x~ x x{attack=9ms} . x . step 1/32 gate 45%",
    "load vca gain=0.3; load noise as air; patch air > vca; set vca.level -20db",
    "sequence vca.gain: 0.3 0 0.4 . step 1/16 smooth; wait 310ms",
    f"{PAD}\nload pad voices 3; set pad.level -9db; note pad c3 for 90ms; note pad e3 for 150ms",
    "wait 120ms; tempo 140 over 1/4; wait 260ms; sequence env: x . . step 1/16; wait 500ms",
    "gate env on; wait 70ms; gate env off; wait 130ms; stop; wait 80ms; start; wait 120ms; panic",
    "wait 90ms; unload vca; note pad g3 for 40ms; wait 200ms; meter 3/4; wait 150ms",
    "set filter.cutoff 400hz over 1/8; wait 300ms",
)
"""Steps, locks, slides, glides, notes, gates, a tempo on its way, a stop, a panic, what rings."""


def test_quiet_blocks_are_not_heard():
    """Through all that comes by itself or is said no bit differs from blocks that carry all.

    Nor where another hand computes a block again, of whose bank nothing is left.
    """
    quiet = []

    def lose(stage):
        if len(quiet) % 11 != 0 or not quiet[-1]:
            return None
        arena = stage.backend.writer.arena
        arena.head[Head.COMMITTED] -= 1
        new = arena.head[Head.COMMITTED] & 1
        recover(arena)
        forget(stage)
        for bank in (arena.clock, arena.sequences, arena.due_frames, arena.voice_off):
            bank[0, new] = 99
        arena.beats[0, new] = arena.sequence_at[0, new] = np.nan
        arena.gate_off[new] = 99
        return stage.backend._hand().advance_as_it_is(1)

    stage = forgetful(lambda stage: quiet.append(foreseen(stage) > 0), lose)
    other = forgetful(forget)
    for each in (stage, other):
        each.say(*ALL_THAT_COMES)
    assert np.mean(quiet) > 0.3
    assert np.max(np.abs(stage.frames)) > 0.1
    assert np.array_equal(stage.frames, other.frames)
