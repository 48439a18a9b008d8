"""The nodes of a plan in their order: by heart, several at once, or one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from chronus.dsp.native import (
    ONCE,
    OPTIONS,
    call_kernel,
    put_long,
)
from chronus.engine.batched import run_batch
from chronus.engine.choices import cross_over, hold_choices
from chronus.engine.faults import (
    bypass,
    is_bypassed,
)
from chronus.engine.fused import run_fused
from chronus.engine.given import write_down
from chronus.engine.inputs import fill_rows
from chronus.engine.layout import (
    LANE_COLUMNS,
    NONE,
    Arena,
    Head,
    Lane,
    Node,
)
from chronus.engine.repeats import go_by_heart
from chronus.engine.settled import (
    KNOWS,
    M_STILL,
    goes_on_resting,
    is_of_node,
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
from chronus.engine.voices import is_asleep
from chronus.engine.wide import rest_behind, run_voices

if TYPE_CHECKING:
    import numpy as np

RATE = int(Head.RATE)
CURRENT = int(Lane.NODE)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_INPUTS, N_ROW_OUT = int(Node.INPUTS), int(Node.ROW_OUT)
N_OUTPUTS, N_SLOT = int(Node.OUTPUTS), int(Node.SLOT)
N_CHOICES, N_GROUP, N_BEHIND = int(Node.CHOICES), int(Node.GROUP), int(Node.BEHIND)
N_RECORDING, N_FUSES = int(Node.RECORDING), int(Node.FUSES)
N_MATTERS, N_ROOT, N_BATCHES = int(Node.MATTERS), int(Node.ROOT), int(Node.BATCHES)
N_FIRST_ROW = int(Node.FIRST_ROW)


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
