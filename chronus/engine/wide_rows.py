"""Input rows of WIDE voices side by side: frame by frame a sample of each voice.

What is alike for all voices is filled once as the row of a single node is, by the very same
functions, and then spread out; a knob that rests is written once. Voices come to differ by the
ports of their player, and by what is patched from voice to voice.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import ONCE, OPTIONS, floats, product_and, row_of_voices
from chronus.engine.bending import bent
from chronus.engine.inputs import fill_row, is_dead, only_wire
from chronus.engine.layout import (
    NONE,
    Arena,
    Ramp,
    Row,
    Wire,
)
from chronus.engine.ports import moves, ramp_value, rest, walk_port
from chronus.settings import BLOCK

NOW, FOLLOWS = int(Ramp.NOW), int(Ramp.FOLLOWS)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
VOICES, IS_WIDE = int(Row.VOICES), int(Row.IS_WIDE)
W_SOURCE, W_CABLE, W_LATE = int(Wire.SOURCE), int(Wire.CABLE), int(Wire.LATE)
W_BENDS, W_IS_WIDE = int(Wire.BENDS), int(Wire.IS_WIDE)
SAMPLES = BLOCK * WIDE


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
