"""Groups of voices whose nodes are fused into one kernel: see `chronus.dsp.fused`.

In a block in which something of a group is on its way, or wrong, its nodes are computed one by one,
which gives the same samples. So is a block in which a worker was lost: should a node be to blame,
it shows which.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.layout import FUSED_WORDS, VERDICT, WIDE
from chronus.dsp.native import ONCE, OPTIONS, call_kernel, copy_items, floats
from chronus.engine.choices import word_of
from chronus.engine.faults import has_failed, is_bypassed
from chronus.engine.layout import (
    LANE_COLUMNS,
    NONE,
    Arena,
    Choice,
    Head,
    Lane,
    Node,
    Ramp,
    Row,
    Tail,
    Wire,
)
from chronus.engine.ports import is_dead, rest, source_row
from chronus.engine.synced import at_tempo, tempo_of
from chronus.engine.wide import fill_wide_row
from chronus.settings import BLOCK

RATE = int(Head.RATE)
CURRENT, LOST_BLOCK = int(Lane.NODE), int(Lane.LOST_BLOCK)
NOW, FOLLOWS = int(Ramp.NOW), int(Ramp.FOLLOWS)
SINCE = int(Tail.SINCE)
LEFT, WORDS = int(Choice.LEFT), int(Choice.WORDS)
PORT, FIRST, WIRES, VOICES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES), int(Row.VOICES)
W_CABLE, W_LATE, W_IS_WIDE = int(Wire.CABLE), int(Wire.LATE), int(Wire.IS_WIDE)
N_STATE, N_MEMORY, N_SLOT = int(Node.STATE), int(Node.MEMORY), int(Node.SLOT)
N_ROW_IN, N_INPUTS, N_OUTPUTS = int(Node.ROW_IN), int(Node.INPUTS), int(Node.OUTPUTS)
N_CHOICES, N_GROUP, N_VOICES = int(Node.CHOICES), int(Node.GROUP), int(Node.VOICES)
N_SUMS, N_LEAVES, N_RECORDING = int(Node.SUMS), int(Node.LEAVES), int(Node.RECORDING)
N_FUSES, N_FUSED, N_KEEPS = int(Node.FUSES), int(Node.FUSED), int(Node.KEEPS)
N_ROW_OUT = int(Node.ROW_OUT)


@njit(**ONCE)
def run_fused(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    addresses: np.ndarray,
    words: np.ndarray,
) -> int:
    """Compute all nodes of a group at once, if that can be.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        index: the place in the plan of the group's first node.
        row: its first row in the plan.
        addresses: of the kernels.
        words: FUSED_WORDS int64 and what lies behind them: what the kernel is given.

    Returns:
        How many rows of the plan that were; NONE where the nodes are to be computed one by one.
    """
    first = arena.plan_nodes[plan, lane, index]
    awake = arena.awake[lane, first[N_GROUP]]
    kernel = first[N_FUSED]
    head = arena.head
    if (
        awake == 0
        or kernel >= len(addresses)
        or addresses[kernel] == 0
        or head[LOST_BLOCK + lane * LANE_COLUMNS] == block
    ):
        return NONE
    rows = gather(arena, lane, block, plan, index, row, awake, words)
    if rows == NONE:
        return NONE
    # Should the kernel crash or not end, no node is to blame yet.
    head[CURRENT + lane * LANE_COLUMNS] = NONE
    new = block & 1
    words[VERDICT] = 0
    call_kernel(
        addresses[kernel],
        words.ctypes.data,
        arena.state[1 - new].ctypes.data,
        arena.state[new].ctypes.data,
        arena.memory.ctypes.data,
        head[RATE],
    )
    return rows if words[VERDICT] == 0 else NONE


@njit(**ONCE)
def gather(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    awake: int,
    words: np.ndarray,
) -> int:
    """Write down what a fused kernel is given; how many rows of the plan that is of, or NONE."""
    new = block & 1
    values = floats(words.ctypes.data + 8 * FUSED_WORDS, 2 * FUSED_WORDS)
    first_row = row
    word = 0
    value = 0
    count = arena.plan_nodes[plan, lane, index, N_FUSES]
    for i in range(index, index + count):
        node = arena.plan_nodes[plan, lane, i]
        slot = node[N_SLOT]
        if (
            arena.rings[1 - new, slot, SINCE] != NONE
            or is_bypassed(arena, block, slot)
            or has_failed(arena, block, slot)
        ):
            return NONE
        arena.rings[new, slot, SINCE] = NONE
        arena.calm[new, slot] = 0
        words[word] = node[N_STATE]
        words[word + 1] = node[N_MEMORY]
        words[word + 2] = arena.memory.ctypes.data + 4 * node[N_RECORDING]
        word += 3
        choice = WORDS
        for k in range(node[N_INPUTS]):
            entry = arena.plan_rows[plan, lane, row]
            if is_row(arena, lane, plan, entry):
                place = node[N_ROW_IN] + WIDE * k
                words[word] = fill_wide_row(arena, lane, block, plan, row, place)
                word += 1
            else:
                base = resting(arena, lane, block, entry[PORT])
                if np.isnan(base):
                    return NONE
                if (node[N_CHOICES] >> k) & 1:
                    base = word_of(base)
                    state = arena.choices[1 - new, slot]
                    if state[LEFT] != 0.0 or state[choice] != base:
                        return NONE
                    choice += 2
                values[value] = base
                value += 1
                if entry[WIRES] > 0:
                    value = gather_wires(arena, lane, plan, entry, values, value)
                    if value == NONE:
                        return NONE
                    word = gather_brought(arena, lane, block, plan, entry, words, word)
            row += 1
        if node[N_CHOICES] != 0:
            copy_items(arena.choices[new, slot], arena.choices[1 - new, slot])
    gather_voices(arena, lane, block, plan, index, awake, words[word:])
    return row - first_row


@njit(**OPTIONS)
def resting(arena: Arena, lane: int, block: int, port: int) -> float:
    """What a port is all through a block, brought into the new bank; nan where it moves.

    One that follows the tempo rests as long as that does: it is then what `walk_by_tempo` makes of
    it for each frame.
    """
    old = 1 - (block & 1)
    if arena.port_left[old, port] > 0 or arena.change_first[lane, port] != NONE:
        return np.nan
    follows = arena.ports[old, port, FOLLOWS]
    if follows == 0.0:
        return rest(arena, block, port)
    tempo = tempo_of(arena, lane, block, 0, follows)
    if tempo_of(arena, lane, block, BLOCK - 1, follows) != tempo:
        return np.nan
    value = at_tempo(rest(arena, block, port), follows, tempo)
    return min(max(value, arena.limits[port, 0]), arena.limits[port, 1])


@njit(**OPTIONS)
def is_row(arena: Arena, lane: int, plan: int, entry: np.ndarray) -> bool:
    """Whether a fused kernel is given a row of the plan as one that is filled."""
    if entry[VOICES] != NONE:
        return True
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        if arena.plan_wires[plan, lane, wire, W_IS_WIDE] != 0:
            return False
    return entry[WIRES] > 0


@njit(**OPTIONS)
def gather_wires(
    arena: Arena, lane: int, plan: int, entry: np.ndarray, values: np.ndarray, value: int
) -> int:
    """Write down what is given of cables that meet in a row, behind its knob; NONE if one moves."""
    port = entry[PORT]
    low = arena.limits[port, 0]
    high = arena.limits[port, 1]
    base = values[value - 1]
    values[value + 1] = low
    values[value + 2] = high
    at = value + 3
    amount = np.float32(0.0)
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        cable = arena.plan_wires[plan, lane, wire, W_CABLE]
        if arena.live_left[lane, cable] != 0 or is_dead(arena, lane, plan, wire):
            return NONE
        amount = arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, wire]
        values[at] = amount
        at += 1
    is_untouched = base == 0.0 and amount == 1.0 and low == -np.inf and high == np.inf
    values[value] = 1.0 if is_untouched and entry[WIRES] == 1 else 0.0
    return at


@njit(**OPTIONS)
def gather_brought(
    arena: Arena, lane: int, block: int, plan: int, entry: np.ndarray, words: np.ndarray, word: int
) -> int:
    """Write down where the rows of cables are that are there already; the next word's place."""
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        is_late = arena.plan_wires[plan, lane, wire, W_LATE] != 0
        if is_late or arena.plan_wires[plan, lane, wire, W_IS_WIDE] == 0:
            words[word] = source_row(arena, lane, block, plan, wire).ctypes.data
            word += 1
    return word


@njit(**OPTIONS)
def gather_voices(
    arena: Arena, lane: int, block: int, plan: int, index: int, awake: int, words: np.ndarray
) -> None:
    """Write down which voices of a group sound, and where all goes that leaves the kernel."""
    new = block & 1
    first = arena.plan_nodes[plan, lane, index]
    words[0] = arena.voice_peak[new, WIDE * first[N_GROUP] :].ctypes.data
    words[1] = awake
    words[2] = awake & ((1 << first[N_VOICES]) - 1)
    word = 3
    for i in range(index, index + first[N_FUSES]):
        node = arena.plan_nodes[plan, lane, i]
        for k in range(node[N_OUTPUTS]):
            if (node[N_LEAVES] >> k) & 1:
                words[word] = arena.rows_out[new, node[N_SUMS] + k].ctypes.data
                word += 1
    for i in range(index, index + first[N_FUSES]):
        node = arena.plan_nodes[plan, lane, i]
        for k in range(node[N_OUTPUTS]):
            if (node[N_KEEPS] >> k) & 1:
                words[word] = arena.rows_out[new, node[N_ROW_OUT] + WIDE * k].ctypes.data
                word += 1
