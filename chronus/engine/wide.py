"""Nodes of which WIDE voices are computed side by side: their rows are filled, and kernels called.

A row of theirs holds frame by frame a sample of each voice. What is alike for all voices is filled
once as the row of a single node is, by the very same functions, and then spread out; a knob that
rests is written once. Voices come to differ by the ports of their player, and by what is patched
from voice to voice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import ONCE, OPTIONS, call_kernel, floats, product_and, row_of_voices
from chronus.engine.bending import bent
from chronus.engine.choices import cross_over, hold_choices
from chronus.engine.faults import (
    EXPONENT,
    are_numbers,
    bypass,
    has_failed,
    is_bypassed,
    note_fault,
)
from chronus.engine.layout import (
    NONE,
    Arena,
    Choice,
    Clock,
    Count,
    Head,
    Node,
    Ramp,
    Row,
    Tail,
    Wire,
)
from chronus.engine.ports import fill_row, is_dead, moves, only_wire, ramp_value, rest, walk_port
from chronus.engine.silence import clear, has_rung_out, hush, listen
from chronus.engine.voices import add_up_voices, silence_sums
from chronus.settings import BLOCK

EVERY_VOICE: Final = (1 << WIDE) - 1
RATE, COMPUTES_ALL = int(Head.RATE), int(Head.COMPUTES_ALL)
NODES, CHANGES = int(Count.NODES), int(Clock.CHANGES)
NOW, FOLLOWS = int(Ramp.NOW), int(Ramp.FOLLOWS)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
VOICES, IS_WIDE = int(Row.VOICES), int(Row.IS_WIDE)
W_SOURCE, W_CABLE, W_LATE = int(Wire.SOURCE), int(Wire.CABLE), int(Wire.LATE)
W_BENDS, W_IS_WIDE = int(Wire.BENDS), int(Wire.IS_WIDE)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)
N_ROW_IN, N_INPUTS, N_ROW_OUT = int(Node.ROW_IN), int(Node.INPUTS), int(Node.ROW_OUT)
N_OUTPUTS, N_SLOT, N_CHOICES = int(Node.OUTPUTS), int(Node.SLOT), int(Node.CHOICES)
N_GROUP, N_RECORDING = int(Node.GROUP), int(Node.RECORDING)
SINCE = int(Tail.SINCE)
LEFT, WORDS = int(Choice.LEFT), int(Choice.WORDS)
SAMPLES = BLOCK * WIDE


# ---- voices that wake


@njit(**ONCE)
def wake_nodes(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Let the voices that wake in this block start afresh: in the old bank, which the step reads.

    Of a group that slept as a whole, and was perhaps not computed, all but memory does: that of
    each voice is emptied when it wakes.
    """
    old = 1 - (block & 1)
    for i in range(arena.plan_counts[plan, lane, NODES]):
        node = arena.plan_nodes[plan, lane, i]
        if node[N_GROUP] == NONE or arena.woken[lane, node[N_GROUP]] == 0:
            continue
        woken = arena.woken[lane, node[N_GROUP]]
        others = arena.awake[lane, node[N_GROUP]] & ~woken
        first = node[N_STATE]
        for at in range(first, first + node[N_STATE_BYTES]):
            if others == 0 or (woken >> arena.state_voice[at]) & 1:
                arena.state[old, at] = arena.initial[at]
        if others == 0:
            arena.choices[old, node[N_SLOT], LEFT] = 0.0
            arena.choices[old, node[N_SLOT], WORDS:] = np.nan
        for voice in range(WIDE):
            if (woken >> voice) & 1:
                empty_voice(arena, old, node, voice)


@njit(**ONCE)
def empty_voice(arena: Arena, old: int, node: np.ndarray, voice: int) -> None:
    """Empty the delay memory of a voice, and what a cable that closes a cycle reads of it."""
    for k in range(node[N_OUTPUTS]):
        row = floats(arena.rows_out[old, node[N_ROW_OUT] + WIDE * k].ctypes.data, SAMPLES)
        for i in range(BLOCK):
            row[WIDE * i + voice] = 0.0
    at = node[N_MEMORY]
    end = at + node[N_MEMORY_FRAMES]
    while at < end:  # once, or twice where it has a twin
        for part in arena.memory_parts[node[N_SLOT]]:
            if part == 0:
                break
            arena.memory[at + voice * part : at + (voice + 1) * part] = 0.0
            at += WIDE * part


# ---- input rows


@njit(**OPTIONS)
def spread(source: int, row: np.ndarray) -> None:
    """Give each voice the samples at an address; they may be the last BLOCK ones of the row.

    Each frame is read before it is written over: 16 i + 15 < 960 + j for any j > i.
    """
    samples = floats(source, BLOCK)
    for i in range(BLOCK):
        value = samples[i]
        for voice in range(WIDE):
            row[WIDE * i + voice] = value


@njit(**OPTIONS)
def fill_wide_row(arena: Arena, lane: int, block: int, plan: int, row: int, place: int) -> int:
    """As `fill_row`, for all voices.

    Args:
        arena: all that the engine knows.
        lane: the lane that computes the node.
        block: the block.
        plan: the plan slot.
        row: the row's number in the plan.
        place: the place of its first row in `rows_in`.
    """
    entry = arena.plan_rows[plan, lane, row]
    port = entry[PORT]
    first = entry[FIRST]
    count = entry[WIRES]
    samples = floats(arena.rows_in[place].ctypes.data, SAMPLES)
    inner = place + WIDE - 1
    if entry[VOICES] != NONE:
        fill_voices(arena, lane, block, entry[VOICES], place)
        rest(arena, block, port)
    elif entry[IS_WIDE] == 0 and (count > 0 or moves(arena, lane, block, port)):
        arena.filled[inner] = np.nan
        spread(fill_row(arena, lane, block, plan, row, inner), samples)
        arena.filled[place] = np.nan
        return arena.rows_in[place].ctypes.data
    elif moves(arena, lane, block, port):
        walk_port(arena, lane, block, port, arena.rows_in[inner])
        spread(arena.rows_in[inner].ctypes.data, samples)
        arena.filled[place] = np.nan
    else:
        base = rest(arena, block, port)
        if count > 0:
            alone = only_wire(arena, lane, plan, first, count, port, base)
            if alone != NONE and arena.plan_wires[plan, lane, alone, W_IS_WIDE] != 0:
                return wire_source(arena, lane, block, plan, alone)
            if count == 1 and takes_one_wire(arena, lane, block, plan, first, port, base, samples):
                arena.filled[place : place + WIDE] = np.nan
                return arena.rows_in[place].ctypes.data
        if arena.filled[place] != base:
            arena.filled[place] = np.nan
            samples[:] = base
            arena.filled[place] = base
    if count > 0:
        add_wide_cables(arena, lane, block, plan, row, samples)
        arena.filled[place : place + WIDE] = np.nan
    return arena.rows_in[place].ctypes.data


@njit(**OPTIONS)
def takes_one_wire(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    wire: int,
    port: int,
    base: float,
    samples: np.ndarray,
) -> bool:
    """Fill a row by a knob that rests and one cable from voice to voice; False where it is not so.

    It is what `add_wide_cables` does, sample by sample, in one walk through the row.
    """
    cable = arena.plan_wires[plan, lane, wire, W_CABLE]
    if (
        arena.plan_wires[plan, lane, wire, W_IS_WIDE] == 0
        or arena.plan_wires[plan, lane, wire, W_BENDS] != 0
        or arena.live_left[lane, cable] != 0
        or is_dead(arena, lane, plan, wire)
    ):
        return False
    add_at_once(
        wire_source(arena, lane, block, plan, wire),
        samples.ctypes.data,
        base,
        arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, wire],
        arena.limits[port, 0],
        arena.limits[port, 1],
    )
    return True


@njit(**OPTIONS)
def add_at_once(
    source: int, target: int, base: float, amount: float, low: float, high: float
) -> None:
    """A wide row: a base and a source times an amount, within limits; addresses are of both."""
    incoming = floats(source, SAMPLES)
    samples = floats(target, SAMPLES)
    if low > -np.inf or high < np.inf:
        for i in range(SAMPLES):
            samples[i] = min(max(product_and(base, incoming[i], amount), low), high)
    else:
        for i in range(SAMPLES):
            samples[i] = product_and(base, incoming[i], amount)


@njit(**OPTIONS)
def all_rest(arena: Arena, lane: int, block: int, first: int, place: int) -> bool:
    """Whether the ports of voices have rested for two blocks, and their row holds them.

    All of them are looked at, without a jump, so that it takes few instructions.
    """
    old = 1 - (block & 1)
    moved = np.int64(0)
    for voice in range(WIDE):
        port = first + voice
        moved |= arena.port_left[old, port]
        moved |= arena.change_first[lane, port] + 1  # NONE is -1
        moved |= np.int64(arena.port_moved[port] + 1 >= block)
        moved |= np.int64(arena.filled[place + voice] != arena.ports[old, port, NOW])
        moved |= np.int64(arena.ports[old, port, FOLLOWS] != 0.0)
    return moved == 0


@njit(**ONCE)
def fill_voices(arena: Arena, lane: int, block: int, first: int, place: int) -> None:
    """Fill a row by the port of each voice; where one rests, its part is written once."""
    if all_rest(arena, lane, block, first, place):
        return
    samples = row_of_voices(arena.rows_in[place].ctypes.data)
    for voice in range(WIDE):
        if moves(arena, lane, block, first + voice):
            walk_port(arena, lane, block, first + voice, samples[:, voice])
            arena.filled[place + voice] = np.nan
            continue
        base = rest(arena, block, first + voice)
        if arena.filled[place + voice] != base:
            arena.filled[place + voice] = np.nan
            samples[:, voice] = base
            arena.filled[place + voice] = base


@njit(**OPTIONS)
def sleep_on(
    arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int, width: int
) -> None:
    """Let a node's ports, and its count where it rings on, go on while nobody reads its rows.

    Nothing is done once all of its ports have rested for two blocks, so that both banks have them,
    and as long as no port changes.
    """
    new = block & 1
    slot = node[N_SLOT]
    calm = arena.calm[1 - new, slot]
    if calm < 2 or arena.clock[lane, new, CHANGES] != 0:
        moved = False
        for k in range(node[N_INPUTS]):
            place = node[N_ROW_IN] + width * k
            moved = pass_row(arena, lane, block, plan, row + k, place) or moved
        calm = 0 if moved else calm + 1
    arena.calm[new, slot] = calm
    rings = arena.rings[0, slot, SINCE] != NONE or arena.rings[1, slot, SINCE] != NONE
    if rings and not has_rung_out(arena, block, node):
        listen(arena, block, node)


@njit(**ONCE)
def pass_row(arena: Arena, lane: int, block: int, plan: int, row: int, place: int) -> bool:
    """Let the ports of a row go on while nobody reads it; whether one moved."""
    port = arena.plan_rows[plan, lane, row, PORT]
    moved = pass_port(arena, lane, block, port, place)
    voices = arena.plan_rows[plan, lane, row, VOICES]
    if voices == NONE:
        return moved
    for voice in range(WIDE):
        moved = pass_port(arena, lane, block, voices + voice, place) or moved
    if moved:
        arena.filled[place : place + WIDE] = np.nan
    return moved


@njit(**OPTIONS)
def pass_port(arena: Arena, lane: int, block: int, port: int, place: int) -> bool:
    """Let a port go on while nobody reads its row; whether that was written to."""
    if moves(arena, lane, block, port):
        walk_port(arena, lane, block, port, arena.rows_in[place])
        arena.filled[place] = np.nan
        return True
    rest(arena, block, port)
    return False


@njit(**OPTIONS)
def wire_source(arena: Arena, lane: int, block: int, plan: int, wire: int) -> int:
    """Address of what a wire carries: this block's, or the last one's where it closes a cycle."""
    bank = (block & 1) ^ arena.plan_wires[plan, lane, wire, W_LATE]
    return arena.rows_out[bank, arena.plan_wires[plan, lane, wire, W_SOURCE]].ctypes.data


@njit(**ONCE)
def add_wide_cables(
    arena: Arena, lane: int, block: int, plan: int, row: int, samples: np.ndarray
) -> None:
    """As `add_cables`, in the same order of arithmetic."""
    port = arena.plan_rows[plan, lane, row, PORT]
    first = arena.plan_rows[plan, lane, row, FIRST]
    last = first + arena.plan_rows[plan, lane, row, WIRES]
    for wire in range(first, last):
        bends = arena.plan_wires[plan, lane, wire, W_BENDS] != 0
        if not bends and not is_dead(arena, lane, plan, wire):
            add_wide_wire(arena, lane, block, plan, wire, samples)
    for wire in range(first, last):
        bends = arena.plan_wires[plan, lane, wire, W_BENDS] != 0
        if bends and not is_dead(arena, lane, plan, wire):
            bend_by_wide_wire(arena, lane, block, plan, wire, samples)
    low = arena.limits[port, 0]
    high = arena.limits[port, 1]
    if low > -np.inf or high < np.inf:
        for i in range(SAMPLES):
            samples[i] = min(max(samples[i], low), high)


@njit(**ONCE)
def add_wide_wire(
    arena: Arena, lane: int, block: int, plan: int, wire: int, samples: np.ndarray
) -> None:
    """Add a source times its cable's ramped amount, voice by voice or to all voices."""
    cable = arena.plan_wires[plan, lane, wire, W_CABLE]
    scale = arena.plan_scale[plan, lane, wire]
    left = arena.live_left[lane, cable]
    ramp = arena.live[lane, cable]
    address = wire_source(arena, lane, block, plan, wire)
    is_wide = arena.plan_wires[plan, lane, wire, W_IS_WIDE] != 0
    if is_wide and left == 0:
        source = floats(address, SAMPLES)
        amount = ramp[NOW] * scale
        for i in range(SAMPLES):
            samples[i] = product_and(samples[i], source[i], amount)
        return
    source = floats(address, SAMPLES if is_wide else BLOCK)
    for i in range(BLOCK):
        amount = ramp[NOW] * scale
        if left > 0:
            left -= 1
            amount = ramp_value(ramp, left) * scale
        for voice in range(WIDE):
            at = WIDE * i + voice
            samples[at] = product_and(samples[at], source[at if is_wide else i], amount)


@njit(**ONCE)
def bend_by_wide_wire(
    arena: Arena, lane: int, block: int, plan: int, wire: int, samples: np.ndarray
) -> None:
    """Multiply by two to the power of a source times its cable's amount in octaves."""
    cable = arena.plan_wires[plan, lane, wire, W_CABLE]
    scale = arena.plan_scale[plan, lane, wire]
    left = arena.live_left[lane, cable]
    ramp = arena.live[lane, cable]
    address = wire_source(arena, lane, block, plan, wire)
    is_wide = arena.plan_wires[plan, lane, wire, W_IS_WIDE] != 0
    if is_wide and left == 0:
        bend_at_once(address, samples.ctypes.data, ramp[NOW] * scale)
        return
    source = floats(address, SAMPLES if is_wide else BLOCK)
    for i in range(BLOCK):
        left = max(left - 1, 0)
        amount = ramp_value(ramp, left) * scale
        for voice in range(WIDE):
            at = WIDE * i + voice
            samples[at] = bent(samples[at], source[at if is_wide else i] * amount)


@njit(**OPTIONS)
def bend_at_once(source: int, target: int, amount: float) -> None:
    """A wide row, bent by another one times an amount; addresses are of both."""
    incoming = floats(source, SAMPLES)
    samples = floats(target, SAMPLES)
    for i in range(SAMPLES):
        samples[i] = bent(samples[i], incoming[i] * amount)


# ---- a node


@njit(**ONCE)
def run_voices(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    cleared: bool,  # noqa: FBT001
    addresses: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Compute the voices of a node, or let them sleep; what leaves them is their sum.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        index: the node's place in the plan.
        row: its first row in the plan.
        cleared: whether it is silent in this block of a panic, and starts afresh with the next.
        addresses: of the kernels.
        scratch: a table of row addresses.
    """
    new = block & 1
    node = arena.plan_nodes[plan, lane, index]
    awake = arena.awake[lane, node[N_GROUP]]
    if awake == 0 and arena.head[COMPUTES_ALL] == 0:
        silence_sums(arena, new, node)
        sleep_on(arena, lane, block, plan, node, row, WIDE)
        return
    arena.calm[new, node[N_SLOT]] = 0
    for k in range(node[N_INPUTS]):
        place = node[N_ROW_IN] + WIDE * k
        if (node[N_CHOICES] >> k) & 1:
            scratch[k] = fill_row(arena, lane, block, plan, row + k, place)
        else:
            scratch[k] = fill_wide_row(arena, lane, block, plan, row + k, place)
    for k in range(node[N_OUTPUTS]):
        rows = arena.rows_out[new, node[N_ROW_OUT] + WIDE * k]
        scratch[node[N_INPUTS] + k] = rows.ctypes.data
    recording = arena.memory.ctypes.data + 4 * node[N_RECORDING]
    scratch[node[N_INPUTS] + node[N_OUTPUTS]] = recording
    if has_rung_out(arena, block, node):
        hush(arena, new, node)
        silence_sums(arena, new, node)
        return
    if cleared:
        clear(arena, new, node)
        silence_sums(arena, new, node)
        return
    if is_bypassed(arena, block, node[N_SLOT]):
        bypass(arena, block, node, scratch)
    else:
        suspects = compute(arena, block, node, addresses, scratch) & awake
        if suspects != 0 or has_failed(arena, block, node[N_SLOT]):
            judge_voices(arena, lane, block, node, awake)
            listen(arena, block, node)
            return
    add_up_voices(arena, lane, block, node)
    listen(arena, block, node)


@njit(**OPTIONS)
def judge_voices(arena: Arena, lane: int, block: int, node: np.ndarray, awake: int) -> None:
    """See whether what voices give is no number, and let what leaves them be their sum."""
    wrong = not are_finite(arena, block & 1, node, awake)
    if wrong or has_failed(arena, block, node[N_SLOT]):
        note_fault(arena, lane, block, node)
    add_up_voices(arena, lane, block, node)


@njit(**ONCE)
def rest_behind(arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int) -> None:
    """Let a wire be silent behind voices that all sleep; see `Node.BEHIND`."""
    hush(arena, block & 1, node)
    sleep_on(arena, lane, block, plan, node, row, 1)


@njit(**ONCE)
def compute(
    arena: Arena, block: int, node: np.ndarray, addresses: np.ndarray, scratch: np.ndarray
) -> int:
    """Call the kernel of a node whose rows are there, twice where another word fades in.

    A bit for each voice that may have given what is no number.
    """
    new = block & 1
    crosses = node[N_CHOICES] != 0 and hold_choices(arena, block, node, scratch)
    call_kernel(
        addresses[node[N_KIND]],
        scratch.ctypes.data,
        arena.state[1 - new].ctypes.data + node[N_STATE],
        arena.state[new].ctypes.data + node[N_STATE],
        arena.memory.ctypes.data + 4 * node[N_MEMORY],
        arena.head[RATE],
    )
    if crosses:
        cross_over(arena, block, node, addresses, scratch)
        return EVERY_VOICE
    return scratch[node[N_INPUTS] + node[N_OUTPUTS] + 1]


@njit(**ONCE)
def are_finite(arena: Arena, new: int, node: np.ndarray, awake: int) -> bool:
    """Whether all that a node's voices give out are numbers, as far as they are heard."""
    for k in range(node[N_OUTPUTS]):
        address = arena.rows_out[new, node[N_ROW_OUT] + WIDE * k].ctypes.data
        if are_numbers(address, SAMPLES):
            continue
        bits = floats(address, SAMPLES).view(np.int32)
        for i in range(SAMPLES):
            if (awake >> (i % WIDE)) & 1 and (bits[i] & EXPONENT) == EXPONENT:
                return False
    return True
