"""Blocks in which nothing new is said: what a node was given is written down, and given again.

While no event, note or step comes, nothing begins to move. What rests then goes on resting, so a
node whose knobs and cables have rested for some blocks finds its rows where they were two blocks
ago, in the same bank. Where they are is written into a *memo*, which belongs to a process and not
to the arena; whoever has none fills the rows as ever, and the samples are the same.

A memo holds for one lane, one plan, and blocks that follow one another without anything said. Its
words are those of `Memo`, then, for each bank, marks and places of what is written down of each
node, and marks of nodes that are fixed, by their slots; then what is written down: see `repeats`,
and for groups of voices `fused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import ONCE, OPTIONS, copy_items
from chronus.engine.layout import (
    GROUPED,
    LANE_COLUMNS,
    MEMO,
    NONE,
    Arena,
    Clock,
    Count,
    Given,
    Lane,
    Limits,
    Memo,
    Node,
    Ramp,
    Row,
)
from chronus.engine.ports import ramp_value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

KNOWS: Final = 1
"""Blocks without anything said after which what a node is given is written down."""
SETTLED: Final = 2
"""And after which both banks hold what rests."""
MOST_CHANGES: Final = 2048
"""Nodes times changes of a block that are gone through to see which of the nodes are known on."""

NODES: Final = Limits().nodes
MARKS: Final = len(Memo)
PLACES: Final = MARKS + 2 * NODES
FIXED: Final = PLACES + 2 * NODES
RECORDS: Final = FIXED + 2 * NODES
M_ARENA, M_LANE, M_PLAN, M_SINCE = int(Memo.ARENA), int(Memo.LANE), int(Memo.PLAN), int(Memo.SINCE)
M_BLOCK, M_STILL, M_EDITION = int(Memo.BLOCK), int(Memo.STILL), int(Memo.EDITION)
M_NEXT, M_CABLES_REST = int(Memo.NEXT), int(Memo.CABLES_REST)
LOST_BLOCK, FAILED = int(Lane.LOST_BLOCK), int(Lane.FAILED)
CHANGES, PLAN, PLAN_SINCE = int(Clock.CHANGES), int(Clock.PLAN), int(Clock.PLAN_SINCE)
CABLES, COUNT_NODES, NOW = int(Count.CABLES), int(Count.NODES), int(Ramp.NOW)
N_GROUP, N_FIRST_ROW, N_INPUTS = int(Node.GROUP), int(Node.FIRST_ROW), int(Node.INPUTS)
N_ROOT, N_CHOICES, N_OUTPUTS = int(Node.ROOT), int(Node.CHOICES), int(Node.OUTPUTS)
PORT, WIRES, VOICES = int(Row.PORT), int(Row.WIRES), int(Row.VOICES)
N_SLOT, N_FUSES = int(Node.SLOT), int(Node.FUSES)
G_CARE, G_TABLE = int(Given.CARE), int(Given.TABLE)
MOST_ROWS: Final = 61
OTHER_WAY: Final = 1 << MOST_ROWS
"""A bit behind those of rows."""
assert OTHER_WAY < GROUPED


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
    # Where a worker was lost, or a number, a node may not be computed any more.
    lost = is_lost(arena, lane, block)
    goes_on = is_of(arena, lane, block, memo) and not lost
    if goes_on and not stirs and clock[CHANGES] == 0:
        memo[M_STILL] += 1
    elif goes_on and not stirs and forgets_some(arena, lane, block, memo):
        memo[M_STILL] = 0
    else:
        memo[M_ARENA] = arena.head.ctypes.data
        memo[M_LANE] = lane
        memo[M_PLAN] = clock[PLAN]
        memo[M_SINCE] = clock[PLAN_SINCE]
        memo[M_STILL] = 0
        memo[M_EDITION] += 1
        memo[M_NEXT] = RECORDS
        memo[M_CABLES_REST] = NONE  # one may move from now on, or be elsewhere at once
    memo[M_BLOCK] = block


@njit(**ONCE)
def forgets_some(arena: Arena, lane: int, block: int, memo: np.ndarray) -> bool:
    """Where ports alone change, forget their nodes, and what pauses with these; False if not all.

    A single node whose knobs move, and that is computed, is known on (`repeats.move_rows`). It is
    not all where a voice wakes, or what is fixed moves, or where much is to be looked through, or
    no room is left for much more.
    """
    plan = arena.clock[lane, block & 1, PLAN]
    count = arena.plan_counts[plan, lane, COUNT_NODES]
    changes = arena.clock[lane, block & 1, CHANGES]
    if count * changes > MOST_CHANGES or memo[M_NEXT] > MEMO // 2:
        return False
    first = 0
    behind = 0  # those that one kernel computes: what is known of them is known of the first
    for index in range(count):
        node = arena.plan_nodes[plan, lane, index]
        slot = node[N_SLOT]
        if node[N_FUSES] != 0:
            first = index
            behind = index + node[N_FUSES]
        if node[N_GROUP] != NONE and arena.woken[lane, node[N_GROUP]] != 0:
            return False
        moved = moved_rows(arena, lane, plan, changes, node)
        rests = goes_on_resting(memo, 0, index) or goes_on_resting(memo, 1, index)
        if rests and moved == 0 and node[N_ROOT] != NONE:
            root = arena.plan_nodes[plan, lane, node[N_ROOT]]
            moved = moved_rows(arena, lane, plan, changes, root)
        fixed = memo[FIXED + slot] == memo[M_EDITION]
        if moved != 0 and (fixed or memo[FIXED + NODES + slot] == memo[M_EDITION]):
            return False
        if moved != 0:
            let_go(memo, index, node, OTHER_WAY if rests else moved)
            if index < behind:
                let_go(memo, first, node, OTHER_WAY)
    return True


@njit(**OPTIONS)
def let_go(memo: np.ndarray, index: int, node: np.ndarray, moved: int) -> None:
    """Forget a node at a place of the plan, or let some of its rows move, as `moved_rows` has them.

    What its kernel keeps does not follow from what rests any more.
    """
    for bank in range(2):
        mark = MARKS + bank * NODES + index
        if memo[mark] != memo[M_EDITION]:
            continue
        if moved & OTHER_WAY != 0:
            memo[mark] = 0
        else:
            place = memo[PLACES + bank * NODES + index]
            memo[place + G_CARE] |= moved
            memo[place + G_TABLE + node[N_INPUTS] + node[N_OUTPUTS] + 2] = 0


@njit(**OPTIONS)
def moved_rows(arena: Arena, lane: int, plan: int, changes: int, node: np.ndarray) -> int:
    """A bit for each row of a node whose port is one of those that change in a block.

    With OTHER_WAY for rows into which cables come, and those of words and of voices.
    """
    moved = 0
    for k in range(node[N_INPUTS]):
        entry = arena.plan_rows[plan, lane, node[N_FIRST_ROW] + k]
        is_choice = (node[N_CHOICES] >> k) & 1 != 0
        is_plain = entry[WIRES] == 0 and not is_choice and node[N_GROUP] == NONE and k < MOST_ROWS
        for i in range(changes):
            port = arena.changes[lane, i, 0]
            is_voice = entry[VOICES] != NONE and entry[VOICES] <= port < entry[VOICES] + WIDE
            if port == entry[PORT] or is_voice:
                moved |= 1 << k if is_plain else OTHER_WAY
    return moved


@njit(**OPTIONS)
def forget(memo: np.ndarray) -> None:
    """Let nothing hold any more that a memo has."""
    memo[M_STILL] = 0
    memo[M_EDITION] += 1


@njit(**OPTIONS)
def is_lost(arena: Arena, lane: int, block: int) -> bool:
    """Whether a worker was lost in a block, or a node of the lane went wrong in the last one."""
    place = lane * LANE_COLUMNS
    return arena.head[LOST_BLOCK + place] == block or arena.head[FAILED + place] >= block - 1


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
    if memo[M_CABLES_REST] >= SETTLED:
        return
    moves = False
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


@njit(**OPTIONS)
def is_of_node(memo: np.ndarray, new: int, index: int) -> bool:
    """Whether something is written down of a plan's node alone, and not of a group."""
    if not is_known(memo, new, index):
        return False
    place = memo[PLACES + new * NODES + index]
    return place == NONE or memo[place] != NONE
