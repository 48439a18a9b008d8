"""Blocks in which nothing new is said: what a node was given is written down, and given again.

While no event, note or step comes, nothing begins to move. What rests then goes on resting, so a
node whose knobs and cables have rested for some blocks finds its rows where they were two blocks
ago, in the same bank. Where they are is written into a *memo*, which belongs to a process and not
to the arena; whoever has none fills the rows as ever, and the samples are the same.

A memo holds for one lane, one plan, and blocks that follow one another without anything said. Its
words are those of `Memo`, then marks and places of what is written down of each node in each bank,
then that, for each node:

    how many rows are to be filled anew in each block; the addresses of all rows, as a kernel takes
    them; and for each row to be filled its number, its number in the plan, its place, the address
    of its one source or 0, and, of that, the knob, the amount, and the range, four float32
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit

from chronus.dsp.native import ONCE, OPTIONS, call_kernel, copy_items, floats, product_and
from chronus.engine.layout import (
    LANE_COLUMNS,
    MEMO,
    NONE,
    Arena,
    Choice,
    Clock,
    Count,
    Fault,
    Head,
    Lane,
    Limits,
    Memo,
    Node,
    Ramp,
    Row,
    Tail,
)
from chronus.engine.ports import CALM, fill_row, is_plain, ramp_value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

REFILL: Final = 6
"""Words of a row that is filled anew."""
SETTLED: Final = 2
"""Blocks without anything said after which the rows of what rests are written down."""

NODES: Final = Limits().nodes
MARKS: Final = len(Memo)
PLACES: Final = MARKS + 2 * NODES
RECORDS: Final = PLACES + 2 * NODES
M_ARENA, M_LANE, M_PLAN, M_SINCE = int(Memo.ARENA), int(Memo.LANE), int(Memo.PLAN), int(Memo.SINCE)
M_BLOCK, M_STILL, M_EDITION = int(Memo.BLOCK), int(Memo.STILL), int(Memo.EDITION)
M_NEXT, M_CABLES_REST = int(Memo.NEXT), int(Memo.CABLES_REST)
RATE, LOST_BLOCK = int(Head.RATE), int(Lane.LOST_BLOCK)
CHANGES, PLAN, PLAN_SINCE = int(Clock.CHANGES), int(Clock.PLAN), int(Clock.PLAN_SINCE)
CABLES, LEFT, NOW = int(Count.CABLES), int(Choice.LEFT), int(Ramp.NOW)
BYPASS, SINCE = int(Fault.BYPASS), int(Tail.SINCE)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
N_KIND, N_STATE, N_MEMORY, N_SLOT = (
    int(Node.KIND),
    int(Node.STATE),
    int(Node.MEMORY),
    int(Node.SLOT),
)
N_INPUTS, N_OUTPUTS, N_ROW_IN = int(Node.INPUTS), int(Node.OUTPUTS), int(Node.ROW_IN)
N_CHOICES = int(Node.CHOICES)


@njit(**ONCE)
def look_back(arena: Arena, lane: int, block: int, stirs: bool, memo: np.ndarray) -> None:  # noqa: FBT001
    """See whether a memo still holds, and begin a new one where it does not.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        stirs: whether anything is said in it.
        memo: of this process.
    """
    clock = arena.clock[lane, block & 1]
    # Whoever was lost in a block may have left a node behind that is not to be computed any more.
    lost = arena.head[LOST_BLOCK + lane * LANE_COLUMNS] == block
    goes_on = is_of(arena, lane, block, memo) and not lost
    if goes_on and not stirs and clock[CHANGES] == 0:
        memo[M_STILL] += 1
    else:
        memo[M_ARENA] = arena.head.ctypes.data
        memo[M_LANE] = lane
        memo[M_PLAN] = clock[PLAN]
        memo[M_SINCE] = clock[PLAN_SINCE]
        memo[M_STILL] = 0
        memo[M_EDITION] += 1
        memo[M_NEXT] = RECORDS
    memo[M_BLOCK] = block


@njit(**OPTIONS)
def forget(memo: np.ndarray) -> None:
    """Let nothing hold any more that a memo has."""
    memo[M_STILL] = 0
    memo[M_EDITION] += 1


@njit(**OPTIONS)
def is_of(arena: Arena, lane: int, block: int, memo: np.ndarray) -> bool:
    """Whether a memo is of the block before this one, and of the same plan."""
    clock = arena.clock[lane, block & 1]
    return (
        memo[M_BLOCK] == block - 1
        and memo[M_ARENA] == arena.head.ctypes.data
        and memo[M_LANE] == lane
        and memo[M_PLAN] == clock[PLAN]
        and memo[M_SINCE] == clock[PLAN_SINCE]
    )


@njit(**OPTIONS)
def cables_rest(arena: Arena, lane: int, block: int, memo: np.ndarray) -> bool:
    """Whether all cables rest, so that both banks and the working copy have them as they are."""
    return memo[M_CABLES_REST] >= SETTLED and is_of(arena, lane, block, memo)


@njit(**ONCE)
def move_cables(arena: Arena, lane: int, new: int, plan: int, memo: np.ndarray) -> None:
    """Let the amounts of a lane's cables go on past this block."""
    if memo[M_STILL] > 0 and memo[M_CABLES_REST] >= SETTLED:
        return
    moves = memo[M_STILL] == 0
    for i in range(arena.plan_counts[plan, lane, CABLES]):
        cable = arena.plan_cables[plan, lane, i]
        moves = moves or arena.live_left[lane, cable] != 0
        left = max(arena.live_left[lane, cable] - BLOCK, 0)
        copy_items(arena.cables[new, cable], arena.live[lane, cable])
        arena.cables[new, cable, NOW] = ramp_value(arena.live[lane, cable], left)
        arena.cable_left[new, cable] = left
    memo[M_CABLES_REST] = 0 if moves else memo[M_CABLES_REST] + 1


@njit(**OPTIONS)
def is_known(memo: np.ndarray, new: int, index: int) -> bool:
    """Whether the rows of a plan's node are written down for this bank."""
    return memo[MARKS + new * NODES + index] == memo[M_EDITION]


@njit(**OPTIONS)
def goes_on_resting(memo: np.ndarray, new: int, index: int) -> bool:
    """Whether it is written down that a plan's node is left out until something is said."""
    return is_known(memo, new, index) and memo[PLACES + new * NODES + index] == NONE


@njit(**ONCE)
def write_down(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    scratch: np.ndarray,
    memo: np.ndarray,
) -> None:
    """Write down the rows of a node that was just computed, if all that it is given rests.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        index: the node's place in the plan.
        row: its first row in the plan.
        scratch: the addresses of its rows.
        memo: of this process.
    """
    new = block & 1
    node = arena.plan_nodes[plan, lane, index]
    inputs = node[N_INPUTS]
    count = inputs + node[N_OUTPUTS] + 1
    at = memo[M_NEXT]
    if at + 1 + count + REFILL * inputs > MEMO or not is_settled(arena, lane, plan, node, row):
        return
    refills = 0
    target = at + 1 + count
    for k in range(inputs):
        memo[at + 1 + k] = scratch[k]
        place = node[N_ROW_IN] + k
        entry = arena.plan_rows[plan, lane, row + k]
        own = arena.rows_in[place].ctypes.data
        if entry[WIRES] == 0 or (scratch[k] != own and rests(arena, lane, plan, entry)):
            continue
        memo[target] = k
        memo[target + 1] = row + k
        memo[target + 2] = place
        memo[target + 3] = 0
        if entry[WIRES] == 1 and is_plain(arena, lane, plan, entry[FIRST]):
            wire = entry[FIRST]
            bank = new ^ arena.plan_wires[plan, lane, wire, 2]
            source = arena.rows_out[bank, arena.plan_wires[plan, lane, wire, 0]]
            memo[target + 3] = source.ctypes.data
            values = floats(memo.ctypes.data + 8 * (target + 4), 4)
            values[0] = arena.ports[new, entry[PORT], NOW]
            cable = arena.plan_wires[plan, lane, wire, 1]
            values[1] = arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, wire]
            values[2] = arena.limits[entry[PORT], 0]
            values[3] = arena.limits[entry[PORT], 1]
        target += REFILL
        refills += 1
    for k in range(inputs, count):
        memo[at + 1 + k] = scratch[k]
    memo[at] = refills
    memo[M_NEXT] = target
    memo[PLACES + new * NODES + index] = at
    memo[MARKS + new * NODES + index] = memo[M_EDITION]


@njit(**OPTIONS)
def is_settled(arena: Arena, lane: int, plan: int, node: np.ndarray, row: int) -> bool:
    """Whether a node is computed in the usual way, with knobs that both banks have at rest."""
    slot = node[N_SLOT]
    if (
        arena.calm[0, slot] < CALM
        or arena.calm[1, slot] < CALM
        or arena.rings[0, slot, SINCE] != NONE
        or arena.rings[1, slot, SINCE] != NONE
        or arena.faults[slot, BYPASS] != 0
        or arena.choices[0, slot, LEFT] != 0.0
        or arena.choices[1, slot, LEFT] != 0.0
    ):
        return False
    if node[N_CHOICES] != 0:
        for k in range(node[N_INPUTS]):
            is_wired = arena.plan_rows[plan, lane, row + k, WIRES] != 0
            if (node[N_CHOICES] >> k) & 1 and is_wired:
                return False
    return True


@njit(**OPTIONS)
def rests(arena: Arena, lane: int, plan: int, entry: np.ndarray) -> bool:
    """Whether the amounts of all cables into a row rest."""
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        if arena.live_left[lane, arena.plan_wires[plan, lane, wire, 1]] != 0:
            return False
    return True


@njit(**ONCE)
def compute_again(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    addresses: np.ndarray,
    memo: np.ndarray,
) -> bool:
    """Call the kernel of a node whose rows are written down; False where it is bypassed by now."""
    new = block & 1
    node = arena.plan_nodes[plan, lane, index]
    slot = node[N_SLOT]
    if arena.faults[slot, BYPASS] != 0:
        return False
    at = memo[PLACES + new * NODES + index]
    count = node[N_INPUTS] + node[N_OUTPUTS] + 1
    target = at + 1 + count
    for _ in range(memo[at]):
        refill(arena, lane, block, plan, at, memo[target : target + REFILL], memo)
        target += REFILL
    arena.calm[new, slot] = CALM
    state_bytes = arena.state.shape[1]
    state = arena.state.ctypes.data + node[N_STATE]
    call_kernel(
        addresses[node[N_KIND]],
        memo[at + 1 :].ctypes.data,
        state + (1 - new) * state_bytes,
        state + new * state_bytes,
        arena.memory.ctypes.data + 4 * node[N_MEMORY],
        arena.head[RATE],
    )
    return True


@njit(**OPTIONS)
def refill(
    arena: Arena, lane: int, block: int, plan: int, at: int, words: np.ndarray, memo: np.ndarray
) -> None:
    """Fill a row in which cables meet, of what is written down from a word on."""
    k, row, place, source = words[0], words[1], words[2], words[3]
    if source == 0:
        memo[at + 1 + k] = fill_row(arena, lane, block, plan, row, place)
        return
    values = floats(words.ctypes.data + 32, 4)
    base, amount, low, high = values[0], values[1], values[2], values[3]
    incoming = floats(source, BLOCK)
    samples = floats(arena.rows_in[place].ctypes.data, BLOCK)
    for i in range(BLOCK):
        samples[i] = min(max(product_and(base, incoming[i], amount), low), high)
