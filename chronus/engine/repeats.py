"""Nodes that are given what they were given two blocks ago, in blocks in which nothing is said.

What is written down of a node are the words of `Given`: addresses of all that its kernel takes and
of all that may end this, so that no row of the plan is looked at; then the table of its rows, and,
of each row that is to be filled anew, those of `Refill`. See `settled` for how long that holds.

A node without a state whose inputs all rest gives what it gave two blocks ago: it is *fixed*, and
need not be computed at all until something is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit

from chronus.dsp.native import ONCE, OPTIONS, call_kernel, float_at, long_at, put_float, put_long
from chronus.dsp.rows import are_heard, sum_rows
from chronus.engine.faults import has_failed
from chronus.engine.layout import (
    MEMO,
    NONE,
    Arena,
    Choice,
    Fault,
    Given,
    Head,
    Node,
    Ramp,
    Refill,
    Row,
    Tail,
    Wire,
)
from chronus.engine.ports import CALM, fill_row, is_dead, source_row
from chronus.engine.settled import FIXED, M_EDITION, M_NEXT, MARKS, NODES, PLACES
from chronus.engine.voices import is_asleep

if TYPE_CHECKING:
    import numpy as np

RATE, NOW = int(Head.RATE), int(Ramp.NOW)
LEFT, BYPASS, SINCE = int(Choice.LEFT), int(Fault.BYPASS), int(Tail.SINCE)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
W_CABLE, W_LATE, W_BENDS, W_NODE = int(Wire.CABLE), int(Wire.LATE), int(Wire.BENDS), int(Wire.NODE)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)
N_SLOT, N_INPUTS, N_OUTPUTS = int(Node.SLOT), int(Node.INPUTS), int(Node.OUTPUTS)
N_ROW_IN, N_ROW_OUT, N_FIRST_ROW = int(Node.ROW_IN), int(Node.ROW_OUT), int(Node.FIRST_ROW)
N_CHOICES, N_RECORDING, N_BATCHES = int(Node.CHOICES), int(Node.RECORDING), int(Node.BATCHES)
N_MATTERS, N_ROOT, N_BEHIND = int(Node.MATTERS), int(Node.ROOT), int(Node.BEHIND)
G_SLOT, G_KERNEL, G_MEMORY = 8 * int(Given.SLOT), 8 * int(Given.KERNEL), 8 * int(Given.MEMORY)
G_OLD, G_NEW, G_STILL = 8 * int(Given.OLD), 8 * int(Given.NEW), 8 * int(Given.STILL)
G_STOOD, G_ROOT_STOOD = 8 * int(Given.STOOD), 8 * int(Given.ROOT_STOOD)
G_BYPASS, G_BEHIND = 8 * int(Given.BYPASS), 8 * int(Given.BEHIND)
G_OUTPUTS, G_COUNT, G_MATTERS = (
    8 * int(Given.OUTPUTS),
    8 * int(Given.COUNT),
    8 * int(Given.MATTERS),
)
G_REFILLS, G_REFILLED = 8 * int(Given.REFILLS), 8 * int(Given.REFILLED)
TABLE, G_TABLE = int(Given.TABLE), 8 * int(Given.TABLE)
R_WORD, R_SOURCES, R_TARGET = 8 * int(Refill.WORD), 8 * int(Refill.SOURCES), 8 * int(Refill.TARGET)
R_BASE, R_LOW, R_HIGH = 8 * int(Refill.BASE), 8 * int(Refill.LOW), 8 * int(Refill.HIGH)
R_FIRST = 8 * int(Refill.FIRST)

SOURCE: Final = 16
"""Bytes of what is written down of a source."""
DONE: Final = 0
"""What becomes of a node: nothing more is to be done for it in this block."""
GAVE_OTHER: Final = 1
"""Or it gave nothing, or what is no number, and is to be judged."""
STIRRED: Final = 2
"""Or it is to be computed in the usual way."""


@njit(**ONCE)
def repeat(
    arena: Arena, lane: int, block: int, plan: int, index: int, current: int, memo: np.ndarray
) -> int:
    """Compute a node whose rows are written down.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        index: the node's place in the plan.
        current: address of the node that is being computed, for blame.
        memo: of this process.

    Returns:
        DONE, GAVE_OTHER or STIRRED.
    """
    given = memo.ctypes.data + 8 * memo[PLACES + (block & 1) * NODES + index]
    stirs = long_at(long_at(given + G_STOOD)) | long_at(long_at(given + G_ROOT_STOOD))
    if stirs | long_at(long_at(given + G_BYPASS)) != 0:
        return STIRRED
    behind = long_at(given + G_BEHIND)
    if behind != NONE and is_asleep(arena, lane, behind):
        return STIRRED
    put_long(current, long_at(given + G_SLOT))
    put_long(long_at(given + G_STILL), 0)
    target = long_at(given + G_REFILLED)
    for _ in range(long_at(given + G_REFILLS)):
        target = refill(arena, lane, block, plan, given + G_TABLE, target)
    call_kernel(
        long_at(given + G_KERNEL),
        given + G_TABLE,
        long_at(given + G_OLD),
        long_at(given + G_NEW),
        long_at(given + G_MEMORY),
        arena.head[RATE],
    )
    is_heard = are_heard(long_at(given + G_OUTPUTS), long_at(given + G_COUNT))
    return DONE if is_heard else GAVE_OTHER


@njit(**ONCE)
def refill(arena: Arena, lane: int, block: int, plan: int, table: int, words: int) -> int:
    """Fill a row in which cables meet.

    By the addresses of a node's table and of what is written down of the row; where that ends.
    """
    sources = long_at(words + R_SOURCES)
    target = long_at(words + R_TARGET)
    if sources == NONE:
        filled = fill_row(arena, lane, block, plan, long_at(words + R_BASE), target)
        put_long(table + long_at(words + R_WORD), filled)
        return words + R_FIRST
    base, low, high = float_at(words + R_BASE), float_at(words + R_LOW), float_at(words + R_HIGH)
    sum_rows(words + R_FIRST, sources, target, base, low, high)
    return words + R_FIRST + SOURCE * sources


@njit(**ONCE)
def write_down(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    addresses: np.ndarray,
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
        addresses: of the kernels.
        scratch: the addresses of its rows.
        memo: of this process.
    """
    new = block & 1
    node = arena.plan_nodes[plan, lane, index]
    at = memo[M_NEXT]
    if at + room_for(arena, lane, plan, node) > MEMO or not is_settled(arena, lane, plan, node):
        return
    given = memo.ctypes.data + 8 * at
    put_places(arena, lane, new, plan, node, addresses[node[N_KIND]], given)
    inputs = node[N_INPUTS]
    for k in range(inputs + node[N_OUTPUTS] + 1):
        put_long(given + G_TABLE + 8 * k, scratch[k])
    first = given + G_TABLE + 8 * (inputs + node[N_OUTPUTS] + 1)
    target = first
    refills = 0
    is_fixed = node[N_STATE_BYTES] == 0 and node[N_MEMORY_FRAMES] == 0 and node[N_RECORDING] == 0
    for k in range(inputs):
        row = node[N_FIRST_ROW] + k
        entry = arena.plan_rows[plan, lane, row]
        if hears_the_same(arena, lane, new, plan, entry, memo):
            continue
        is_fixed = False
        own = arena.rows_in[node[N_ROW_IN] + k].ctypes.data
        if scratch[k] != own and rests(arena, lane, plan, entry):
            continue
        put_long(target + R_WORD, 8 * k)
        target = write_sources(arena, lane, block, plan, row, node[N_ROW_IN] + k, target)
        refills += 1
    put_long(given + G_REFILLS, refills)
    put_long(given + G_REFILLED, first)
    is_fixed = is_fixed and arena.still[new, node[N_SLOT]] == 0
    is_fixed = is_fixed and not has_failed(arena, block, node[N_SLOT])
    if is_fixed:
        memo[FIXED + new * NODES + node[N_SLOT]] = memo[M_EDITION]
    else:
        memo[M_NEXT] = at + (target - given) // 8
    # What is computed with others of a batch waits for the first of them, which is always asked.
    if node[N_BATCHES] == 0:
        memo[PLACES + new * NODES + index] = NONE if is_fixed else at
        memo[MARKS + new * NODES + index] = memo[M_EDITION]


@njit(**OPTIONS)
def room_for(arena: Arena, lane: int, plan: int, node: np.ndarray) -> int:
    """Words that it may take to write down a node."""
    words = TABLE + node[N_INPUTS] + node[N_OUTPUTS] + 1
    for row in range(node[N_FIRST_ROW], node[N_FIRST_ROW] + node[N_INPUTS]):
        words += (R_FIRST + SOURCE * arena.plan_rows[plan, lane, row, WIRES]) // 8
    return words


@njit(**ONCE)
def put_places(
    arena: Arena, lane: int, new: int, plan: int, node: np.ndarray, kernel: int, given: int
) -> None:
    """Write down where all lies that a node's kernel takes, and all that may end this."""
    slot = node[N_SLOT]
    root = slot if node[N_ROOT] == NONE else arena.plan_nodes[plan, lane, node[N_ROOT], N_SLOT]
    put_long(given + G_SLOT, slot)
    put_long(given + G_KERNEL, kernel)
    put_long(given + G_OLD, arena.state[1 - new].ctypes.data + node[N_STATE])
    put_long(given + G_NEW, arena.state[new].ctypes.data + node[N_STATE])
    put_long(given + G_MEMORY, arena.memory.ctypes.data + 4 * node[N_MEMORY])
    put_long(given + G_STILL, arena.still[new].ctypes.data + 8 * slot)
    put_long(given + G_STOOD, arena.still[1 - new].ctypes.data + 8 * slot)
    put_long(given + G_ROOT_STOOD, arena.still[1 - new].ctypes.data + 8 * root)
    put_long(given + G_BYPASS, arena.faults[slot].ctypes.data + 8 * BYPASS)
    put_long(given + G_BEHIND, node[N_BEHIND])
    put_long(given + G_OUTPUTS, arena.rows_out[new, node[N_ROW_OUT]].ctypes.data)
    put_long(given + G_COUNT, node[N_OUTPUTS])
    put_long(given + G_MATTERS, node[N_MATTERS])


@njit(**OPTIONS)
def hears_the_same(
    arena: Arena, lane: int, new: int, plan: int, entry: np.ndarray, memo: np.ndarray
) -> bool:
    """Whether nothing but what is fixed comes into a row, at amounts that rest."""
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        if arena.live_left[lane, arena.plan_wires[plan, lane, wire, W_CABLE]] != 0:
            return False
        if is_dead(arena, lane, plan, wire):
            continue
        source = arena.plan_wires[plan, lane, wire, W_NODE]
        is_late = arena.plan_wires[plan, lane, wire, W_LATE] != 0
        if is_late or memo[FIXED + new * NODES + source] != memo[M_EDITION]:
            return False
    return True


@njit(**ONCE)
def write_sources(
    arena: Arena, lane: int, block: int, plan: int, row: int, place: int, target: int
) -> int:
    """Write down what meets in a row, but for its word of the table; where that ends.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        row: the row's number in the plan.
        place: its place in `rows_in`.
        target: address of where to write.
    """
    entry = arena.plan_rows[plan, lane, row]
    at = target + R_FIRST
    sources = 0
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        cable = arena.plan_wires[plan, lane, wire, W_CABLE]
        if is_dead(arena, lane, plan, wire):
            continue
        if arena.live_left[lane, cable] != 0 or arena.plan_wires[plan, lane, wire, W_BENDS] != 0:
            put_long(target + R_SOURCES, NONE)
            put_long(target + R_TARGET, place)
            put_long(target + R_BASE, row)
            return target + R_FIRST
        put_long(at, source_row(arena, lane, block, plan, wire).ctypes.data)
        put_float(at + 8, arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, wire])
        sources += 1
        at += SOURCE
    port = entry[PORT]
    put_long(target + R_SOURCES, sources)
    put_long(target + R_TARGET, arena.rows_in[place].ctypes.data)
    put_float(target + R_BASE, arena.ports[block & 1, port, NOW])
    put_float(target + R_LOW, arena.limits[port, 0])
    put_float(target + R_HIGH, arena.limits[port, 1])
    return at


@njit(**OPTIONS)
def is_settled(arena: Arena, lane: int, plan: int, node: np.ndarray) -> bool:
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
            is_wired = arena.plan_rows[plan, lane, node[N_FIRST_ROW] + k, WIRES] != 0
            if (node[N_CHOICES] >> k) & 1 and is_wired:
                return False
    return True


@njit(**OPTIONS)
def rests(arena: Arena, lane: int, plan: int, entry: np.ndarray) -> bool:
    """Whether the amounts of all cables into a row rest."""
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        if arena.live_left[lane, arena.plan_wires[plan, lane, wire, W_CABLE]] != 0:
            return False
    return True
