"""Blocks in which nothing comes: no event, note or step, and no gate closes.

What is said and played is carried from bank to bank in each block. As long as none of it changes,
both banks hold the same, and nothing of it need be carried or asked for. A memo (see `settled`)
knows before which frame that is so: whoever has none carries everything, and it is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from chronus.dsp.native import ONCE, OPTIONS
from chronus.engine.dues import next_due
from chronus.engine.gates import next_gate
from chronus.engine.layout import (
    NEVER,
    NONE,
    Arena,
    Clock,
    Count,
    Memo,
    Ring,
)
from chronus.engine.settled import SETTLED, is_lost, is_of
from chronus.engine.silence import panic_blocks
from chronus.engine.voices import next_closing, see_voices
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

SEEN, PENDING, FINISHING = int(Clock.SEEN), int(Clock.PENDING), int(Clock.FINISHING)
NEXT_PLAN, NEXT_BLOCK, PANIC = int(Clock.NEXT_PLAN), int(Clock.NEXT_BLOCK), int(Clock.PANIC)
M_ARENA, M_LANE, M_BLOCK = int(Memo.ARENA), int(Memo.LANE), int(Memo.BLOCK)
M_STILL, M_CABLES_REST = int(Memo.STILL), int(Memo.CABLES_REST)
M_FORESEEN, M_COMES = int(Memo.FORESEEN), int(Memo.COMES)
PLAYERS = int(Count.PLAYERS)
DUE = int(Ring.DUE)


@njit(**OPTIONS)
def is_quiet(arena: Arena, lane: int, block: int, cut: int, memo: np.ndarray) -> bool:
    """Whether nothing comes in a block, nor came in the last one, and no cable moves.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        cut: how many events it sees.
        memo: of this process.
    """
    return (
        memo[M_FORESEEN] > 0
        and (block + 1) * BLOCK <= memo[M_COMES]
        and memo[M_BLOCK] == block - 1
        and cut == arena.clock[lane, 1 - (block & 1), SEEN]
        and memo[M_CABLES_REST] >= SETTLED
        and memo[M_ARENA] == arena.head.ctypes.data
        and memo[M_LANE] == lane
        and not is_lost(arena, lane, block)
    )


@njit(**ONCE)
def pass_quietly(arena: Arena, lane: int, block: int, plan: int, memo: np.ndarray) -> None:
    """Begin a block in which nothing comes: which voices sound is all that may be another."""
    memo[M_STILL] += 1
    memo[M_BLOCK] = block
    if arena.plan_counts[plan, lane, PLAYERS] != 0:
        see_voices(arena, lane, 1 - (block & 1), plan)


@njit(**ONCE)
def look_ahead(
    arena: Arena, lane: int, block: int, plan: int, cut: int, comes: int, memo: np.ndarray
) -> None:
    """Note before which frame nothing comes, and whether it was known that nothing came just now.

    Arguments are those of `is_quiet`, the plan slot, and the frame of what sequences play next.
    Before `settled.look_back`.
    """
    new = block & 1
    clock = arena.clock[lane]
    foreseen = (
        is_of(arena, lane, block, memo)
        and (block + 1) * BLOCK <= memo[M_COMES]
        and cut == clock[1 - new, SEEN]
    )
    memo[M_FORESEEN] = memo[M_FORESEEN] + 1 if foreseen else 0
    memo[M_COMES] = min(comes, next_change(arena, lane, block, plan))


@njit(**ONCE)
def next_change(arena: Arena, lane: int, block: int, plan: int) -> int:
    """The frame of what comes next that is not of a sequence; 0 while each block is another one."""
    new = block & 1
    clock = arena.clock[lane, new]
    fades = clock[PANIC] != NONE and block <= clock[PANIC] + 2 * panic_blocks(arena) + 1
    if fades or clock[FINISHING] != NONE:
        return 0
    comes = NEVER
    if clock[NEXT_PLAN] != NONE:
        comes = clock[NEXT_BLOCK] * BLOCK
    for i in range(clock[PENDING]):
        event = arena.ring[arena.pending[lane, new, i] % arena.ring.shape[0]]
        comes = min(comes, event[DUE] * BLOCK)
    comes = min(comes, next_due(arena, lane, new))
    comes = min(comes, next_gate(arena, lane, new, plan))
    return min(comes, next_closing(arena, lane, block, plan))
