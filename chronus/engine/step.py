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
    call_kernel,
    copy_items,
    fence,
    longs,
    put_long,
    read_float_control,
    record,
    write_float_control,
)
from chronus.dsp.rows import fetch_rows
from chronus.engine.batched import run_batch
from chronus.engine.choices import cross_over, hold_choices
from chronus.engine.dues import carry_sequences, take_dues
from chronus.engine.events import cut_of, take_events
from chronus.engine.faults import (
    bypass,
    empty_failed,
    is_bypassed,
)
from chronus.engine.fused import run_fused
from chronus.engine.gates import close_due_gates
from chronus.engine.given import write_down
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
    Node,
    arena_dtype,
)
from chronus.engine.master import tape_place, write_tape
from chronus.engine.pace import has_room, wait_for_commit, wait_for_lanes
from chronus.engine.ports import fill_rows, forget_changes
from chronus.engine.quiet import is_quiet, look_ahead, pass_quietly
from chronus.engine.repeats import go_by_heart
from chronus.engine.sequencer import run_sequences
from chronus.engine.settled import (
    KNOWS,
    M_STILL,
    goes_on_resting,
    is_of_node,
    look_back,
    move_cables,
)
from chronus.engine.silence import (
    clear,
    has_rung_out,
    hush,
    is_cleared,
    listen,
)
from chronus.engine.standing import GAVE_NOTHING, is_left_out, note_rest
from chronus.engine.verdicts import judge
from chronus.engine.voices import close_due_voices, is_asleep, let_sleep, prepare_voices
from chronus.engine.wide import rest_behind, run_voices, wake_nodes

if TYPE_CHECKING:
    import numpy as np

COMMITTED, RATE = int(Head.COMMITTED), int(Head.RATE)
CURRENT = int(Lane.NODE)
PLAN, PLAYING = int(Clock.PLAN), int(Clock.PLAYING)
CHANGES = int(Clock.CHANGES)
DONE = int(Lane.DONE)
NODES, BEFORE = int(Count.NODES), int(Count.BEFORE)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_INPUTS, N_ROW_OUT = int(Node.INPUTS), int(Node.ROW_OUT)
N_OUTPUTS, N_SLOT = int(Node.OUTPUTS), int(Node.SLOT)
N_CHOICES, N_GROUP, N_BEHIND = int(Node.CHOICES), int(Node.GROUP), int(Node.BEHIND)
N_RECORDING, N_FUSES = int(Node.RECORDING), int(Node.FUSES)
N_MATTERS, N_ROOT, N_BATCHES = int(Node.MATTERS), int(Node.ROOT), int(Node.BATCHES)
N_FIRST_ROW = int(Node.FIRST_ROW)


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


@njit(**ONCE)
def go_through(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    first: int,
    last: int,
    addresses: np.ndarray,
    scratch: np.ndarray,
    memo: np.ndarray,
) -> None:
    """Compute some of a lane's nodes, in the plan's order.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        first: the first node's place in the plan; the nodes before `last` are computed.
        last: see `first`.
        addresses: of the kernels.
        scratch: a table of row addresses.
        memo: what is written down of blocks in which nothing is said, see `settled`.
    """
    current = arena.head.ctypes.data + 8 * (CURRENT + lane * LANE_COLUMNS)
    at = first
    while at < last:
        at = go_by_heart(arena, lane, block, plan, at, last, current, memo)
        if at < last:
            at = run_nodes(arena, lane, block, plan, at, last, addresses, scratch, memo)
    put_long(current, NONE)


@njit(**OPTIONS)
def run_nodes(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    first: int,
    last: int,
    addresses: np.ndarray,
    scratch: np.ndarray,
    memo: np.ndarray,
) -> int:
    """Compute a node, and those behind it up to one that is known by heart; the place of that.

    Arguments are those of `go_through`.
    """
    new = block & 1
    current = CURRENT + lane * LANE_COLUMNS
    cleared = is_cleared(arena, lane, block)
    behind = first  # a group that was computed at once
    done = 0  # a bit for this node, and each one behind it, whose kernel was called for several
    for i in range(first, last):
        if i < behind:
            continue
        if i > first and done == 0 and is_of_node(memo, new, i):
            return i
        node = arena.plan_nodes[plan, lane, i]
        row = node[N_FIRST_ROW]
        may_fuse = node[N_FUSES] != 0 and not cleared
        if may_fuse and run_fused(arena, lane, block, plan, i, row, addresses, scratch, memo):
            behind = i + node[N_FUSES]
            continue
        if node[N_BATCHES] != 0 and not cleared:
            done = run_batch(arena, lane, block, plan, i, row, addresses, scratch)
        arena.head[current] = node[N_SLOT]
        is_done = done & 1
        done >>= 1
        if is_done:
            judge(arena, lane, block, plan, node, row, False)
            continue
        if node[N_GROUP] != NONE:
            run_voices(arena, lane, block, plan, i, row, cleared, addresses, scratch)
        elif is_spared(arena, lane, block, plan, i, row, cleared, memo):
            continue
        else:
            run_single(arena, lane, block, plan, node, cleared, addresses, scratch)
        if memo[M_STILL] >= KNOWS:
            write_down(arena, lane, block, plan, i, addresses, scratch, memo)
    return last


@njit(**ONCE)
def run_single(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    node: np.ndarray,
    cleared: bool,  # noqa: FBT001
    addresses: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Fill the rows of a node that is no voice, and compute it."""
    new = block & 1
    row = node[N_FIRST_ROW]
    arena.still[new, node[N_SLOT]] = 0
    fill_rows(arena, lane, block, plan, node, row, scratch)
    for k in range(node[N_OUTPUTS]):
        scratch[node[N_INPUTS] + k] = arena.rows_out[new, node[N_ROW_OUT] + k].ctypes.data
    recording = arena.memory.ctypes.data + 4 * node[N_RECORDING]
    scratch[node[N_INPUTS] + node[N_OUTPUTS]] = recording
    scratch[node[N_INPUTS] + node[N_OUTPUTS] + 1] = 0  # it keeps nothing
    run_node(arena, lane, block, plan, node, row, cleared, addresses, scratch)


@njit(**ONCE)
def is_spared(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    cleared: bool,  # noqa: FBT001
    memo: np.ndarray,
) -> bool:
    """Whether a node need not be computed in a block; then it has gone through it.

    Arguments are those of `run_nodes`, the node's place in the plan, and its first row.
    """
    node = arena.plan_nodes[plan, lane, index]
    if node[N_BEHIND] != NONE and is_asleep(arena, lane, node[N_BEHIND]):
        arena.still[block & 1, node[N_SLOT]] = GAVE_NOTHING
        rest_behind(arena, lane, block, plan, node, row)
        return True
    if goes_on_resting(memo, block & 1, index):
        return True
    may_rest = not cleared and (node[N_MATTERS] != 0 or node[N_ROOT] != NONE)
    if not may_rest or not is_left_out(arena, lane, block, plan, node, row):
        return False
    if memo[M_STILL] >= KNOWS:
        note_rest(arena, node, index, block & 1, memo)
    return True


@njit(**ONCE)
def run_node(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    node: np.ndarray,
    row: int,
    cleared: bool,  # noqa: FBT001
    addresses: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Call the kernel of a single node whose rows are there, unless it is silent or bypassed."""
    new = block & 1
    state = arena.state.ctypes.data
    state_bytes = arena.state.shape[1]
    memory = arena.memory.ctypes.data
    if has_rung_out(arena, block, node):
        hush(arena, new, node)
        return
    if cleared:
        clear(arena, new, node)
        return
    if is_bypassed(arena, block, node[N_SLOT]):
        bypass(arena, block, node, scratch)
        listen(arena, block, node)
        return
    crosses = node[N_CHOICES] != 0 and hold_choices(arena, block, node, scratch)
    call_kernel(
        addresses[node[N_KIND]],
        scratch.ctypes.data,
        state + (1 - new) * state_bytes + node[N_STATE],
        state + new * state_bytes + node[N_STATE],
        memory + 4 * node[N_MEMORY],
        arena.head[RATE],
    )
    if crosses:
        cross_over(arena, block, node, addresses, scratch)
    judge(arena, lane, block, plan, node, row, crosses)
    listen(arena, block, node)


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
