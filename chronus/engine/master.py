"""What the master gives goes on the tape; where it is silent for long enough, the piece ends."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.native import ONCE, OPTIONS
from chronus.dsp.rows import interleave
from chronus.engine.layout import NONE, Arena, Clock, Count
from chronus.engine.silence import SILENCE, fade_for_panic
from chronus.engine.standing import loudest
from chronus.settings import BLOCK

MASTER, SILENT = int(Count.MASTER), int(Clock.SILENT)
FINISHING, FINISH = int(Clock.FINISHING), int(Clock.FINISH)
QUIET_BLOCKS, MOST_BLOCKS = int(Clock.QUIET_BLOCKS), int(Clock.MOST_BLOCKS)

_SILENCE = np.float32(SILENCE)
SILENT_BITS = int(_SILENCE.view(np.int32)) + int(float(_SILENCE) < SILENCE)
"""Bits of the first float32 that is not silent."""


@njit(**OPTIONS)
def tape_place(arena: Arena, block: int) -> int:
    """The place of a block's first frame on the tape."""
    return (block * BLOCK) % arena.tape.shape[0]


@njit(**ONCE)
def write_tape(arena: Arena, block: int, plan: int) -> None:
    """Put the master's two rows on the tape, and see whether the piece has ended."""
    new = block & 1
    at = tape_place(arena, block)
    tape = arena.tape[at].ctypes.data
    if plan == NONE:
        arena.tape[at : at + BLOCK, :] = 0.0
        most = 0
    else:
        left = arena.rows_out[new, arena.plan_counts[plan, 0, MASTER]].ctypes.data
        most = interleave(left, left + 4 * BLOCK, tape)
        if fade_for_panic(arena, block, arena.tape[at : at + BLOCK]):
            most = loudest(tape, 2 * BLOCK)
    clock = arena.clock[0, new]
    before = arena.clock[0, 1 - new, SILENT]
    clock[SILENT] = before + 1 if most < SILENT_BITS else 0
    if clock[FINISHING] != NONE and clock[FINISH] == NONE:
        ended = clock[SILENT] >= clock[QUIET_BLOCKS]
        if ended or block + 1 - clock[FINISHING] >= clock[MOST_BLOCKS]:
            clock[FINISH] = (block + 1) * BLOCK
