"""Groups of voices whose nodes are fused into one kernel: see `chronus.dsp.fused`.

In a block in which something of a group is on its way, or wrong, its nodes are computed one by one,
which gives the same samples. So is a block in which a worker was lost: should a node be to blame,
it shows which.

While nothing is said (`settled`) a kernel is given what it was given two blocks ago, but for the
voices that sound: NONE in place of a node's slot, how many rows are filled anew, then what the
kernel is given, and of each of those rows its word, its number in the plan, and its place.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from chronus.dsp.layout import FUSED_WORDS, VERDICT, WIDE
from chronus.dsp.native import ONCE, OPTIONS, call_kernel, copy_items, floats
from chronus.engine.choices import word_of
from chronus.engine.faults import has_failed, is_bypassed
from chronus.engine.inputs import is_dead, source_row
from chronus.engine.layout import (
    FUSED_SIZE,
    LANE_COLUMNS,
    MEMO,
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
from chronus.engine.resting import has_rested, resting
from chronus.engine.settled import (
    M_EDITION,
    M_NEXT,
    M_STILL,
    MARKS,
    NODES,
    PLACES,
    SETTLED,
    forget,
    is_known,
)
from chronus.engine.wide_rows import fill_wide_row

RATE = int(Head.RATE)
CURRENT, LOST_BLOCK = int(Lane.NODE), int(Lane.LOST_BLOCK)
NOW = int(Ramp.NOW)
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

GIVEN: Final = 3
"""The words of a memo before what the kernel of a group is given."""
REFILLED: Final = 3
"""Those of a row that is filled anew."""
WORDS_GIVEN, VALUES_GIVEN, VOICES_AT = FUSED_SIZE, FUSED_SIZE + 1, FUSED_SIZE + 2


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
    memo: np.ndarray,
) -> bool:
    """Compute all nodes of a group at once, if that can be; if not, they are computed one by one.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        index: the place in the plan of the group's first node.
        row: its first row in the plan.
        addresses: of the kernels.
        words: FUSED_WORDS int64 and what lies behind them: what the kernel is given.
        memo: what is written down of blocks in which nothing is said.
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
        return False
    new = block & 1
    given = words
    known = is_known(memo, new, index)
    rows = NONE
    if known:
        at = memo[PLACES + new * NODES + index]
        given = memo[at + GIVEN : at + GIVEN + FUSED_SIZE]
        give_again(arena, lane, block, plan, at, awake, first, memo)
    else:
        rows = gather(arena, lane, block, plan, index, row, awake, words)
        if rows == NONE:
            return False
    # Should the kernel crash or not end, no node is to blame yet.
    head[CURRENT + lane * LANE_COLUMNS] = NONE
    given[VERDICT] = 0
    call_kernel(
        addresses[kernel],
        given.ctypes.data,
        arena.state[1 - new].ctypes.data,
        arena.state[new].ctypes.data,
        arena.memory.ctypes.data,
        head[RATE],
    )
    words[VERDICT] = given[VERDICT]
    if given[VERDICT] != 0:
        if known:
            forget(memo)
        return False
    if not known and memo[M_STILL] >= SETTLED:
        write_down_group(arena, lane, block, plan, index, row, rows, words, memo)
    return True


@njit(**OPTIONS)
def give_again(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    at: int,
    awake: int,
    first: np.ndarray,
    memo: np.ndarray,
) -> None:
    """Bring what is written down of a group, from a word on, up to this block."""
    voices = at + GIVEN + memo[at + 2]
    memo[voices + 1] = awake
    memo[voices + 2] = awake & ((1 << first[N_VOICES]) - 1)
    target = at + GIVEN + FUSED_SIZE
    for _ in range(memo[at + 1]):
        filled = fill_wide_row(arena, lane, block, plan, memo[target + 1], memo[target + 2])
        memo[at + GIVEN + memo[target]] = filled
        target += REFILLED


@njit(**ONCE)
def write_down_group(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    rows: int,
    words: np.ndarray,
    memo: np.ndarray,
) -> None:
    """Write down what a fused kernel was given, if all of that rests.

    Arguments are those of `run_fused`, and how many rows of the plan it is of.
    """
    new = block & 1
    at = memo[M_NEXT]
    if at + GIVEN + FUSED_SIZE + REFILLED * rows > MEMO:
        return
    target = at + GIVEN + FUSED_SIZE
    word = 0
    for i in range(index, index + arena.plan_nodes[plan, lane, index, N_FUSES]):
        node = arena.plan_nodes[plan, lane, i]
        if not is_usual(arena, node[N_SLOT]):
            return
        word += 3
        for k in range(node[N_INPUTS]):
            entry = arena.plan_rows[plan, lane, row]
            if not has_rested(arena, block, entry):
                return
            if is_row(arena, lane, plan, entry):
                if entry[WIRES] != 0:
                    memo[target] = word
                    memo[target + 1] = row
                    memo[target + 2] = node[N_ROW_IN] + WIDE * k
                    target += REFILLED
                word += 1
            elif entry[WIRES] > 0:
                word += brought(arena, lane, plan, entry)
            row += 1
    memo[at] = NONE
    memo[at + 1] = (target - at - GIVEN - FUSED_SIZE) // REFILLED
    memo[at + 2] = words[VOICES_AT]
    copy_items(memo[at + GIVEN : at + GIVEN + words[WORDS_GIVEN]], words)
    count = (words[VALUES_GIVEN] + 1) // 2
    first = at + GIVEN + FUSED_WORDS
    copy_items(memo[first : first + count], words[FUSED_WORDS:])
    memo[M_NEXT] = target
    memo[PLACES + new * NODES + index] = at
    memo[MARKS + new * NODES + index] = memo[M_EDITION]


@njit(**OPTIONS)
def is_usual(arena: Arena, slot: int) -> bool:
    """Whether what is kept of a node besides its state is the same in both banks."""
    for k in range(arena.choices.shape[2]):
        one, other = arena.choices[0, slot, k], arena.choices[1, slot, k]
        if one != other and not (np.isnan(one) and np.isnan(other)):
            return False
    rings = arena.rings[0, slot, SINCE] != NONE or arena.rings[1, slot, SINCE] != NONE
    return not rings and arena.calm[0, slot] == 0 and arena.calm[1, slot] == 0


@njit(**OPTIONS)
def brought(arena: Arena, lane: int, plan: int, entry: np.ndarray) -> int:
    """How many rows of cables of a row there are already."""
    count = 0
    for wire in range(entry[FIRST], entry[FIRST] + entry[WIRES]):
        is_late = arena.plan_wires[plan, lane, wire, W_LATE] != 0
        count += int(is_late or arena.plan_wires[plan, lane, wire, W_IS_WIDE] == 0)
    return count


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
    words[VOICES_AT] = word
    words[VALUES_GIVEN] = value
    words[WORDS_GIVEN] = gather_voices(arena, lane, block, plan, index, awake, words, word)
    return row - first_row


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
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    awake: int,
    words: np.ndarray,
    word: int,
) -> int:
    """Write down which voices of a group sound, and where all goes that leaves the kernel.

    From a word on; the next word's place.
    """
    new = block & 1
    first = arena.plan_nodes[plan, lane, index]
    words[word] = arena.voice_peak[new, WIDE * first[N_GROUP] :].ctypes.data
    words[word + 1] = awake
    words[word + 2] = awake & ((1 << first[N_VOICES]) - 1)
    word += 3
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
    return word
