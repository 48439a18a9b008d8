"""Input rows: a port's value, the cables that meet in it, and its range."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.native import ONCE, OPTIONS, floats, product_and
from chronus.engine.bending import bent
from chronus.engine.layout import NONE, Arena, Clock, Node, Ramp, Row
from chronus.engine.ports import CALM, moves, ramp_value, rest, walk_port
from chronus.settings import BLOCK

NOW = int(Ramp.NOW)
CHANGES = int(Clock.CHANGES)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
N_ROW_IN, N_INPUTS, N_SLOT = int(Node.ROW_IN), int(Node.INPUTS), int(Node.SLOT)


@njit(**OPTIONS)
def fill_row(arena: Arena, lane: int, block: int, plan: int, row: int, place: int) -> int:
    """Fill one input row of a node; the address of the samples that the kernel is to read.

    A row with one cable at full amount and nothing else is the source's own row.

    Args:
        arena: all that the engine knows.
        lane: the lane that computes the node.
        block: the block.
        plan: the plan slot.
        row: the row's number in the plan.
        place: the row's place in `rows_in`.
    """
    port = arena.plan_rows[plan, lane, row, PORT]
    first = arena.plan_rows[plan, lane, row, FIRST]
    count = arena.plan_rows[plan, lane, row, WIRES]
    samples = arena.rows_in[place]
    if moves(arena, lane, block, port):
        walk_port(arena, lane, block, port, samples)
        arena.filled[place] = np.nan
    else:
        base = rest(arena, block, port)
        if count == 1 and is_plain(arena, lane, plan, first):
            return fill_from_one(arena, lane, block, plan, first, port, base, place)
        if count > 1:
            alone = only_wire(arena, lane, plan, first, count, port, base)
            if alone != NONE:
                return source_row(arena, lane, block, plan, alone).ctypes.data
        if arena.filled[place] != base:
            arena.filled[place] = np.nan
            samples[:] = base
            arena.filled[place] = base
    if count > 0:
        add_cables(arena, lane, block, plan, first, count, port, samples)
        arena.filled[place] = np.nan
    return samples.ctypes.data


@njit(**OPTIONS)
def is_plain(arena: Arena, lane: int, plan: int, wire: int) -> bool:
    """Whether a wire carries its source at an amount that rests, and does not bend."""
    cable = arena.plan_wires[plan, lane, wire, 1]
    rests = arena.live_left[lane, cable] == 0 and arena.live[lane, cable, NOW] != 0.0
    return rests and arena.plan_wires[plan, lane, wire, 3] == 0


@njit(**OPTIONS)
def fill_from_one(
    arena: Arena, lane: int, block: int, plan: int, wire: int, port: int, base: float, place: int
) -> int:
    """Fill a row by a knob that rests and one plain wire; the address of what the kernel reads.

    It is what `add_cables` does, sample by sample, in one walk through the row.
    """
    bank = (block & 1) ^ arena.plan_wires[plan, lane, wire, 2]
    source = arena.rows_out[bank, arena.plan_wires[plan, lane, wire, 0]].ctypes.data
    cable = arena.plan_wires[plan, lane, wire, 1]
    amount = arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, wire]
    low = arena.limits[port, 0]
    high = arena.limits[port, 1]
    is_free = low == -np.inf and high == np.inf
    if is_free and amount == 1.0 and base == 0.0:
        return source
    target = arena.rows_in[place].ctypes.data
    arena.filled[place] = np.nan
    incoming = floats(source, BLOCK)
    samples = floats(target, BLOCK)
    if is_free:
        for k in range(BLOCK):
            samples[k] = product_and(base, incoming[k], amount)
    else:
        for k in range(BLOCK):
            samples[k] = min(max(product_and(base, incoming[k], amount), low), high)
    return target


@njit(**OPTIONS)
def fill_rows(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    node: np.ndarray,
    row: int,
    scratch: np.ndarray,
) -> None:
    """Fill all input rows of a node, and note where its kernel finds them.

    Where no port changes in a block, and those of the node have rested for two, so that both banks
    have them, a row that no cable comes to is as it was.

    Args:
        arena: all that the engine knows.
        lane: the lane that computes the node.
        block: the block.
        plan: the plan slot.
        node: its row in the plan.
        row: the number of its first input row in the plan.
        scratch: gets the addresses of the samples.
    """
    new = block & 1
    calm = arena.calm[1 - new, node[N_SLOT]]
    rests = calm >= CALM and arena.clock[lane, new, CHANGES] == 0
    moved = False
    for k in range(node[N_INPUTS]):
        place = node[N_ROW_IN] + k
        is_bare = rests and arena.plan_rows[plan, lane, row + k, WIRES] == 0
        if is_bare and not np.isnan(arena.filled[place]):
            scratch[k] = arena.rows_in[place].ctypes.data
            continue
        scratch[k] = fill_row(arena, lane, block, plan, row + k, place)
        port = arena.plan_rows[plan, lane, row + k, PORT]
        moved = moved or arena.port_moved[port] == block
    arena.calm[new, node[N_SLOT]] = 0 if moved else min(calm + 1, CALM)


@njit(**ONCE)
def source_row(arena: Arena, lane: int, block: int, plan: int, wire: int) -> np.ndarray:
    """The samples that a wire carries: this block's, or the last one's where it closes a cycle."""
    bank = (block & 1) ^ arena.plan_wires[plan, lane, wire, 2]
    return arena.rows_out[bank, arena.plan_wires[plan, lane, wire, 0]]


@njit(**OPTIONS)
def is_dead(arena: Arena, lane: int, plan: int, wire: int) -> bool:
    """Whether a wire's cable has faded to nothing."""
    cable = arena.plan_wires[plan, lane, wire, 1]
    return arena.live_left[lane, cable] == 0 and arena.live[lane, cable, NOW] == 0.0


@njit(**OPTIONS)
def only_wire(
    arena: Arena, lane: int, plan: int, first: int, count: int, port: int, base: float
) -> int:
    """The one wire whose source row an input passes on untouched; NONE where there is none."""
    if base != 0.0 or arena.limits[port, 0] > -np.inf or arena.limits[port, 1] < np.inf:
        return NONE
    alone = NONE
    for wire in range(first, first + count):
        if not is_dead(arena, lane, plan, wire):
            if alone != NONE:
                return NONE
            alone = wire
    if alone == NONE:
        return NONE
    cable = arena.plan_wires[plan, lane, alone, 1]
    amount = arena.live[lane, cable, NOW] * arena.plan_scale[plan, lane, alone]
    if (
        arena.live_left[lane, cable] > 0
        or amount != 1.0
        or arena.plan_wires[plan, lane, alone, 3] != 0
    ):
        return NONE
    return alone


@njit(**OPTIONS)
def add_cables(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    first: int,
    count: int,
    port: int,
    samples: np.ndarray,
) -> None:
    """Add what an input's cables carry, bend the sum where they bend, and clip to the range."""
    bends = False
    for wire in range(first, first + count):
        if is_dead(arena, lane, plan, wire):
            continue
        if arena.plan_wires[plan, lane, wire, 3] != 0:
            bends = True
            continue
        add_wire(arena, lane, block, plan, wire, samples)
    if bends:
        for wire in range(first, first + count):
            if arena.plan_wires[plan, lane, wire, 3] != 0 and not is_dead(arena, lane, plan, wire):
                bend_by_wire(arena, lane, block, plan, wire, samples)
    low = arena.limits[port, 0]
    high = arena.limits[port, 1]
    if low > -np.inf or high < np.inf:
        for k in range(BLOCK):
            samples[k] = min(max(samples[k], low), high)


@njit(**OPTIONS)
def add_wire(
    arena: Arena, lane: int, block: int, plan: int, wire: int, samples: np.ndarray
) -> None:
    """Add a source times its cable's ramped amount."""
    source = source_row(arena, lane, block, plan, wire)
    cable = arena.plan_wires[plan, lane, wire, 1]
    scale = arena.plan_scale[plan, lane, wire]
    left = arena.live_left[lane, cable]
    ramp = arena.live[lane, cable]
    if left == 0:
        amount = ramp[NOW] * scale
        for k in range(BLOCK):
            samples[k] = product_and(samples[k], source[k], amount)
        return
    for k in range(BLOCK):
        left = max(left - 1, 0)
        samples[k] = product_and(samples[k], source[k], ramp_value(ramp, left) * scale)


@njit(**OPTIONS)
def bend_by_wire(
    arena: Arena, lane: int, block: int, plan: int, wire: int, samples: np.ndarray
) -> None:
    """Multiply by two to the power of a source times its cable's amount in octaves."""
    source = source_row(arena, lane, block, plan, wire)
    cable = arena.plan_wires[plan, lane, wire, 1]
    scale = arena.plan_scale[plan, lane, wire]
    left = arena.live_left[lane, cable]
    ramp = arena.live[lane, cable]
    if left == 0:
        amount = ramp[NOW] * scale
        for k in range(BLOCK):
            samples[k] = bent(samples[k], source[k] * amount)
        return
    for k in range(BLOCK):
        left = max(left - 1, 0)
        samples[k] = bent(samples[k], source[k] * (ramp_value(ramp, left) * scale))
