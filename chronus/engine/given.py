"""What is written down of a node that was computed, for the blocks that follow: see `repeats`.

A node whose inputs and state are what they were gives what it gave: it is *fixed*, and need not be
computed at all until something is said.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.layout import KEPT_WORDS
from chronus.dsp.native import ONCE, OPTIONS, copy_items, floats, long_at, put_float, put_long
from chronus.engine.faults import has_failed
from chronus.engine.inputs import is_dead, source_row
from chronus.engine.layout import (
    ANY,
    ANY_WIDE,
    GROUPED,
    HOLDS,
    MEMO,
    NONE,
    Arena,
    Choice,
    Fault,
    Node,
    Ramp,
    Row,
    Tail,
    Wire,
)
from chronus.engine.nodes import stays, width_of, words_of_state
from chronus.engine.ports import CALM
from chronus.engine.repeats import (
    G_AWAKE,
    G_BEHIND,
    G_CARE,
    G_COUNT,
    G_HEARD,
    G_KERNEL,
    G_LEAVES,
    G_MEMORY,
    G_NEW,
    G_OLD,
    G_OUTPUTS,
    G_REFILLED,
    G_REFILLS,
    G_ROOT_STOOD,
    G_SLOT,
    G_STATES,
    G_STILL,
    G_STOOD,
    G_TABLE,
    G_VERDICT,
    R_BASE,
    R_FILLED,
    R_FIRST,
    R_HIGH,
    R_LOW,
    R_PIECES,
    R_SOURCES,
    R_TABLE,
    R_TARGET,
    SOURCE,
)
from chronus.engine.resting import has_rested
from chronus.engine.settled import FIXED, M_EDITION, M_NEXT, MARKS, NODES, PLACES
from chronus.settings import BLOCK

NOW, LEFT, BYPASS, SINCE = int(Ramp.NOW), int(Choice.LEFT), int(Fault.BYPASS), int(Tail.SINCE)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
VOICES = int(Row.VOICES)
W_CABLE, W_LATE, W_BENDS = int(Wire.CABLE), int(Wire.LATE), int(Wire.BENDS)
W_IS_WIDE, W_NODE = int(Wire.IS_WIDE), int(Wire.NODE)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_MEMORY_FRAMES = int(Node.MEMORY_FRAMES)
N_SLOT, N_INPUTS, N_OUTPUTS = int(Node.SLOT), int(Node.INPUTS), int(Node.OUTPUTS)
N_ROW_IN, N_ROW_OUT, N_FIRST_ROW = int(Node.ROW_IN), int(Node.ROW_OUT), int(Node.FIRST_ROW)
N_CHOICES, N_RECORDING = int(Node.CHOICES), int(Node.RECORDING)
N_ROOT, N_BEHIND, N_GROUP = int(Node.ROOT), int(Node.BEHIND), int(Node.GROUP)
N_LEAVES, N_OWN_ROWS = int(Node.LEAVES), int(Node.OWN_ROWS)
N_MATTERS = int(Node.MATTERS)
N_BATCHES, N_FUSES, N_FUSED = int(Node.BATCHES), int(Node.FUSES), int(Node.FUSED)


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
    if at + room_for(arena, lane, plan, node) > MEMO:
        return
    if not is_settled(arena, lane, block, plan, node):
        return
    given = memo.ctypes.data + 8 * at
    put_places(arena, lane, new, plan, node, addresses[node[N_KIND]], given)
    end, is_fixed = write_rows(arena, lane, block, plan, node, given, scratch, memo)
    if is_fixed:
        memo[FIXED + new * NODES + node[N_SLOT]] = memo[M_EDITION]
        at = NONE
    else:
        memo[M_NEXT] += (end - given) // 8
    if not is_asked_first(node, addresses):
        memo[PLACES + new * NODES + index] = at
        memo[MARKS + new * NODES + index] = memo[M_EDITION]


@njit(**ONCE)
def is_asked_first(node: np.ndarray, addresses: np.ndarray) -> bool:
    """Whether it is tried with a node to compute it and others at once."""
    if node[N_BATCHES] != 0:
        return True
    kernel = node[N_FUSED]
    return node[N_FUSES] != 0 and kernel < len(addresses) and addresses[kernel] != 0


@njit(**ONCE)
def write_rows(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    node: np.ndarray,
    given: int,
    scratch: np.ndarray,
    memo: np.ndarray,
) -> tuple[int, bool]:
    """Write down the table of a node's rows, and those that are filled anew.

    Where that ends, and whether the node is fixed.
    """
    new = block & 1
    inputs = node[N_INPUTS]
    rows = inputs + node[N_OUTPUTS] + 1
    width = width_of(node)
    for k in range(rows):
        put_long(given + G_TABLE + 8 * k, scratch[k])
    target = first = give_room(given, rows, width)
    refills = 0
    is_fixed = is_function(arena, block, node)
    for k in range(inputs):
        row = node[N_FIRST_ROW] + k
        entry = arena.plan_rows[plan, lane, row]
        place = node[N_ROW_IN] + width * k
        hears_same = hears_the_same(arena, lane, new, plan, entry, memo)
        is_fixed = is_fixed and hears_same
        if (node[N_CHOICES] >> k) & 1 or (entry[VOICES] != NONE and entry[WIRES] == 0):
            continue
        own = arena.rows_in[place].ctypes.data
        if scratch[k] != own and rests(arena, lane, plan, entry):
            continue
        if (
            hears_same
            and node[N_OWN_ROWS] != NONE
            and (width == 1 or entry[WIRES] != 0 or node[N_OWN_ROWS] == node[N_ROW_IN])
        ):
            keep_row(arena, place, node[N_OWN_ROWS] + width * k, width)
            kept = arena.rows_in[node[N_OWN_ROWS] + width * k].ctypes.data
            put_long(given + G_TABLE + 8 * k, kept)
            continue
        put_long(target + R_TABLE, given + G_TABLE + 8 * k)
        target = write_sources(arena, lane, block, plan, row, place, width, target)
        refills += 1
    for k in range(inputs):
        if arena.plan_rows[plan, lane, node[N_FIRST_ROW] + k, WIRES] == 0:
            address = given + G_TABLE + 8 * k
            put_long(address, long_at(address) | 1)  # it rests, and the kernel need not look
    put_long(given + G_REFILLS, refills)
    put_long(given + G_REFILLED, first)
    return target, is_fixed


@njit(**OPTIONS)
def give_room(given: int, rows: int, width: int) -> int:
    """Give a kernel the word behind its table: for a verdict, or for what it keeps; where all ends.

    Args:
        given: address of what is written down.
        rows: in the table.
        width: how many voices lie side by side.
    """
    word = given + G_TABLE + 8 * rows
    if width > 1:
        return word + 8
    put_long(word, word + 8)
    put_long(word + 8, 0)
    return word + 8 * (1 + KEPT_WORDS)


@njit(**ONCE)
def keep_row(arena: Arena, place: int, own: int, width: int) -> None:
    """Copy a row to where no other node writes, if it is not there already."""
    if place != own:
        source = floats(arena.rows_in[place].ctypes.data, width * BLOCK)
        copy_items(floats(arena.rows_in[own].ctypes.data, width * BLOCK), source)
        arena.filled[own : own + width] = np.nan


@njit(**ONCE)
def is_function(arena: Arena, block: int, node: np.ndarray) -> bool:
    """Whether a block left a node's state as it was, and nothing else matters to what it gives.

    Nor may anything be made of that but rows.
    """
    slot = node[N_SLOT]
    keeps = node[N_MEMORY_FRAMES] | node[N_RECORDING] | node[N_LEAVES]
    if keeps != 0 or arena.still[block & 1, slot] != 0 or has_failed(arena, block, slot):
        return False
    return stays(arena, node)


@njit(**OPTIONS)
def room_for(arena: Arena, lane: int, plan: int, node: np.ndarray) -> int:
    """Words that it may take to write down a node."""
    size = G_TABLE + 8 * (node[N_INPUTS] + node[N_OUTPUTS] + 2 + KEPT_WORDS)
    for row in range(node[N_FIRST_ROW], node[N_FIRST_ROW] + node[N_INPUTS]):
        size += R_FIRST + SOURCE * arena.plan_rows[plan, lane, row, WIRES]
    return size // 8


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
    care = GROUPED if node[N_GROUP] != NONE or node[N_BEHIND] != NONE else 0
    put_long(given + G_CARE, care)
    put_long(given + G_HEARD, heard_by(arena, lane, new, plan, node))
    put_long(given + G_BEHIND, node[N_BEHIND])
    put_long(given + G_OUTPUTS, arena.rows_out[new, node[N_ROW_OUT]].ctypes.data)
    put_long(given + G_COUNT, node[N_OUTPUTS])
    put_long(given + G_STATES, words_of_state(node))
    awake = 0 if node[N_GROUP] == NONE else arena.awake[lane, node[N_GROUP] :].ctypes.data
    put_long(given + G_AWAKE, awake)
    put_long(given + G_LEAVES, node[N_LEAVES])
    rows = node[N_INPUTS] + node[N_OUTPUTS] + 1
    put_long(given + G_VERDICT, given + G_TABLE + 8 * rows)


@njit(**ONCE)
def heard_by(arena: Arena, lane: int, new: int, plan: int, node: np.ndarray) -> int:
    """Address of whether something stands that a node hears and that matters to it; 0: it may."""
    for k in range(node[N_INPUTS]):
        entry = arena.plan_rows[plan, lane, node[N_FIRST_ROW] + k]
        if (node[N_MATTERS] >> k) & 1 == 0:
            continue
        for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
            if arena.live_left[lane, arena.plan_wires[plan, lane, wire, W_CABLE]] != 0:
                continue
            bank = new ^ arena.plan_wires[plan, lane, wire, W_LATE]
            source = arena.plan_wires[plan, lane, wire, W_NODE]
            place = arena.still[bank, source:].ctypes.data
            if long_at(place) == 0 and not is_dead(arena, lane, plan, wire):
                return place
    return 0


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
    arena: Arena, lane: int, block: int, plan: int, row: int, place: int, width: int, target: int
) -> int:
    """Write down what meets in a row, but for where its kernel finds it; where that ends.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        row: the row's number in the plan.
        place: its place in `rows_in`.
        width: how many voices lie side by side in it.
        target: address of where to write.
    """
    entry = arena.plan_rows[plan, lane, row]
    port = entry[PORT]
    at = target + R_FIRST
    sources = 0
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        cable = arena.plan_wires[plan, lane, wire, W_CABLE]
        if is_dead(arena, lane, plan, wire):
            continue
        if (
            arena.live_left[lane, cable] != 0
            or arena.plan_wires[plan, lane, wire, W_BENDS] != 0
            or (width > 1 and arena.plan_wires[plan, lane, wire, W_IS_WIDE] == 0)
            or entry[VOICES] != NONE
        ):
            put_long(target + R_PIECES, ANY if width == 1 else ANY_WIDE)
            put_long(target + R_TARGET, place)
            put_long(target + R_BASE, row)
            return target + R_FIRST
        put_long(at, source_row(arena, lane, block, plan, wire).ctypes.data)
        put_float(at + 8, arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, wire])
        sources += 1
        at += SOURCE
    put_long(target + R_TARGET, arena.rows_in[place].ctypes.data)
    put_float(target + R_BASE, arena.ports[block & 1, port, NOW])
    put_long(target + R_FILLED, arena.filled[place:].ctypes.data)
    if entry[WIRES] == 0:
        put_long(target + R_PIECES, HOLDS)
        return target + R_FIRST
    put_long(target + R_PIECES, width)
    put_float(target + R_LOW, arena.limits[port, 0])
    put_float(target + R_HIGH, arena.limits[port, 1])
    put_long(target + R_SOURCES, sources)
    return at


@njit(**OPTIONS)
def is_settled(arena: Arena, lane: int, block: int, plan: int, node: np.ndarray) -> bool:
    """Whether a node is computed in the usual way, with knobs that both banks have at rest."""
    slot = node[N_SLOT]
    if (
        arena.rings[0, slot, SINCE] != NONE
        or arena.rings[1, slot, SINCE] != NONE
        or arena.faults[slot, BYPASS] != 0
        or arena.choices[0, slot, LEFT] != 0.0
        or arena.choices[1, slot, LEFT] != 0.0
    ):
        return False
    is_single = node[N_GROUP] == NONE
    calm = arena.calm[0, slot] >= CALM and arena.calm[1, slot] >= CALM
    if not is_single and (calm or arena.awake[lane, node[N_GROUP]] == 0):
        return False
    for k in range(node[N_INPUTS]):
        entry = arena.plan_rows[plan, lane, node[N_FIRST_ROW] + k]
        if entry[WIRES] != 0 and (node[N_CHOICES] >> k) & 1:
            return False
        # In the first block in which a port rests it is brought into the other bank.
        if is_single and arena.port_moved[entry[PORT]] >= block:
            return False
        if not is_single and not has_rested(arena, block, entry):
            return False
    return True


@njit(**OPTIONS)
def rests(arena: Arena, lane: int, plan: int, entry: np.ndarray) -> bool:
    """Whether the amounts of all cables into a row rest."""
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        if arena.live_left[lane, arena.plan_wires[plan, lane, wire, W_CABLE]] != 0:
            return False
    return True
