"""One compiled call computes blocks: events, transport, ramps, kernels, the tape, the commit.

All of it is native code, and so is what it calls. Enum members are taken as module constants,
since the compiler knows plain integers best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import from_dtype, njit, types

from chronus.dsp.native import (
    FLUSH_BITS,
    ONCE,
    OPTIONS,
    copy_items,
    fence,
    longs,
    read_float_control,
    record,
    write_float_control,
)
from chronus.dsp.rows import fetch_rows
from chronus.engine.computing import go_through
from chronus.engine.dues import carry_sequences, take_dues
from chronus.engine.events import cut_of, take_events
from chronus.engine.faults import (
    empty_failed,
)
from chronus.engine.gates import close_due_gates
from chronus.engine.layout import (
    LANE_COLUMNS,
    MEMO,
    NEVER,
    NONE,
    SCRATCH,
    Arena,
    Clock,
    Count,
    Head,
    Lane,
    Limits,
    arena_dtype,
)
from chronus.engine.master import tape_place, write_tape
from chronus.engine.pace import has_room, wait_for_commit, wait_for_lanes
from chronus.engine.ports import forget_changes
from chronus.engine.quiet import is_quiet, look_ahead, pass_quietly
from chronus.engine.sequencer import run_sequences
from chronus.engine.settled import (
    look_back,
    move_cables,
)
from chronus.engine.silence import (
    is_cleared,
)
from chronus.engine.voices import close_due_voices, let_sleep, prepare_voices
from chronus.engine.waking import wake_nodes

if TYPE_CHECKING:
    import numpy as np

COMMITTED = int(Head.COMMITTED)
PLAN, PLAYING = int(Clock.PLAN), int(Clock.PLAYING)
CHANGES = int(Clock.CHANGES)
DONE = int(Lane.DONE)
NODES, BEFORE = int(Count.NODES), int(Count.BEFORE)


@njit(**ONCE)
def step(
    arena: Arena, lane: int, addresses: np.ndarray, scratch: np.ndarray, memo: np.ndarray
) -> bool:
    """Compute a lane's share of the next block, and commit it; False if all is to end meanwhile."""
    block = arena.head[COMMITTED]
    new = block & 1
    cut = cut_of(arena.head.ctypes.data, arena.cuts.ctypes.data, block)
    quiet = is_quiet(arena, lane, block, cut, memo)
    stirs = not quiet and begin_block(arena, lane, block, cut, memo)
    plan = arena.clock[lane, new, PLAN]
    if lane == 0:
        fetch_rows(arena.tape[tape_place(arena, block)].ctypes.data)
    going_on = True
    if plan != NONE:
        empty_failed(arena, lane, block, plan)
        if quiet:
            pass_quietly(arena, lane, block, plan, memo)
        else:
            let_come(arena, lane, block, plan, cut, stirs, memo)
        if prepare_voices(arena, lane, block, plan):
            wake_nodes(arena, lane, block, plan)
        before = arena.plan_counts[plan, lane, BEFORE]
        go_through(arena, lane, block, plan, 0, before, addresses, scratch, memo)
        going_on = lane != 0 or wait_for_lanes(arena.head, block)
        if going_on:
            nodes = arena.plan_counts[plan, lane, NODES]
            go_through(arena, lane, block, plan, before, nodes, addresses, scratch, memo)
            let_sleep(arena, lane, block, plan, is_cleared(arena, lane, block))
        if not quiet:
            end_block(arena, lane, new, plan, going_on, memo)
    elif lane == 0:
        going_on = wait_for_lanes(arena.head, block)
    if not going_on:
        return False
    if lane == 0:
        write_tape(arena, block, plan)
        fence()
        arena.head[COMMITTED] = block + 1
    else:
        fence()
        arena.head[DONE + lane * LANE_COLUMNS] = block + 1
    return True


@njit(**OPTIONS)
def begin_block(arena: Arena, lane: int, block: int, cut: int, memo: np.ndarray) -> bool:
    """Bring what is said and played into the new bank, and what comes by events; were there any."""
    new = block & 1
    copy_items(arena.clock[lane, new], arena.clock[lane, 1 - new])
    copy_items(arena.beats[lane, new], arena.beats[lane, 1 - new])
    carry_sequences(arena, lane, new)
    arena.clock[lane, new, CHANGES] = 0
    return take_events(arena, lane, block, cut, memo)


@njit(**OPTIONS)
def let_come(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    cut: int,
    stirs: bool,  # noqa: FBT001
    memo: np.ndarray,
) -> None:
    """Let come what sequences play, and what is due: locks end, gates close.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        cut: how many events it sees.
        stirs: whether any of them took effect in it.
        memo: of this process.
    """
    comes = NEVER
    if arena.clock[lane, block & 1, PLAYING] != 0:
        comes = run_sequences(arena, lane, block)
    take_dues(arena, lane, block)
    close_due_gates(arena, lane, block, plan)
    close_due_voices(arena, lane, block, plan)
    look_ahead(arena, lane, block, plan, cut, comes, memo)
    look_back(arena, lane, block, stirs or is_cleared(arena, lane, block), memo)


@njit(**OPTIONS)
def end_block(
    arena: Arena,
    lane: int,
    new: int,
    plan: int,
    going_on: bool,  # noqa: FBT001
    memo: np.ndarray,
) -> None:
    """Let cables go on past a block, if that is done, and forget what came in it."""
    if going_on:
        move_cables(arena, lane, new, plan, memo)
    forget_changes(arena, lane, new)


_whole_at = record(from_dtype(arena_dtype(Limits())))


@njit(types.int64(*(types.int64,) * 6), **OPTIONS)
def run_blocks(
    whole: int, lane: int, addresses_at: int, kernels: int, scratch_at: int, most: int
) -> int:
    """Compute up to `most` blocks of a lane while the tape has room; how many it were.

    Args:
        whole: address of the arena, laid out as one record.
        lane: which lane; lane 0 waits for the others in each block, and commits.
        addresses_at: of a table of the native addresses of kernels, by the number that plans use.
        kernels: how many entries that has.
        scratch_at: address of SCRATCH int64: row addresses for one node, or what a fused kernel is
            given; and of MEMO int64 behind them, 0 before the first call.
        most: blocks.
    """
    control = read_float_control()
    write_float_control(control | FLUSH_BITS)
    arena = _whole_at(whole)
    addresses = longs(addresses_at, kernels)
    scratch = longs(scratch_at, SCRATCH)
    memo = longs(scratch_at + 8 * SCRATCH, MEMO)
    done = 0
    head = arena.head.ctypes.data
    while done < most and wait_for_commit(arena.head, lane) and has_room(head, lane):
        if not step(arena, lane, addresses, scratch, memo):
            break
        done += 1
    write_float_control(control)
    return done
