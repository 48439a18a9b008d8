"""Input rows: a port's ramped value, the cables that meet in it, and its range."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import float32, float64, njit

from chronus.dsp.native import ONCE, OPTIONS, copy_items, floats, product_and
from chronus.engine.bending import bent
from chronus.engine.layout import NONE, Arena, Clock, Node, Ramp, Ring, Row
from chronus.engine.synced import at_tempo, tempo_of, turned
from chronus.settings import BLOCK

NOW, TARGET, STEP, BENT = int(Ramp.NOW), int(Ramp.TARGET), int(Ramp.STEP), int(Ramp.BENT)
FOLLOWS = int(Ramp.FOLLOWS)
CHANGES = int(Clock.CHANGES)
A, B, C = int(Ring.A), int(Ring.B), int(Ring.C)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
N_ROW_IN, N_INPUTS, N_SLOT = int(Node.ROW_IN), int(Node.INPUTS), int(Node.SLOT)

CALM: Final = 2
"""Blocks after which both banks have the ports of a node whose knobs rest."""


@njit(**OPTIONS)
def aim(ramp: np.ndarray, value: float, frames: int) -> None:
    """Send a ramp (its first three columns) from where it is to a value within so many frames."""
    goal = float32(value)
    ramp[TARGET] = goal
    if frames > 0:
        ramp[STEP] = (goal - ramp[NOW]) / float32(frames)
    else:
        ramp[NOW] = goal


@njit(**OPTIONS)
def ramp_value(ramp: np.ndarray, left: int) -> float:
    """The value of a ramp `left` frames before its target."""
    return ramp[TARGET] - ramp[STEP] * float32(left) if left > 0 else ramp[TARGET]


@njit(**OPTIONS)
def aim_port(ramp: np.ndarray, value: float, frames: int) -> None:
    """As `aim`, for a port (five columns); by equal ratios for frames below 0, if that can be."""
    goal = float32(value)
    aim(ramp, value, abs(frames))
    ramp[BENT] = 0.0
    if frames < 0 and ramp[NOW] * goal > 0.0:
        ramp[STEP] = np.log2(float64(goal) / float64(ramp[NOW])) / -frames
        ramp[BENT] = 1.0


@njit(**OPTIONS)
def port_value(ramp: np.ndarray, left: int) -> float:
    """The value of a port `left` frames before its target.

    Ratios are taken in float64, where every mathematical library is exact to more than float32
    keeps.
    """
    if left > 0 and ramp[BENT] != 0.0:
        return float32(ramp[TARGET] * np.exp2(-float64(ramp[STEP]) * left))
    return ramp_value(ramp, left)


@njit(**OPTIONS)
def change(
    arena: Arena, lane: int, new: int, port: int, offset: int, value: float, frames: int
) -> None:
    """Note that a port goes to a value within `frames`, from a frame of this block on.

    Frames below 0: by equal ratios within so many.
    Changes of a port are a list in the order of their frames, then of these calls.
    """
    index = arena.clock[lane, new, CHANGES]
    if index >= arena.changes.shape[1]:
        return  # unreachable within the limits: each port changes a few times a block at most
    arena.clock[lane, new, CHANGES] = index + 1
    before = NONE
    after = arena.change_first[lane, port]
    while after != NONE and arena.changes[lane, after, 1] <= offset:
        before = after
        after = arena.changes[lane, after, 3]
    arena.changes[lane, index, 0] = port
    arena.changes[lane, index, 1] = offset
    arena.changes[lane, index, 2] = frames
    arena.changes[lane, index, 3] = after
    arena.changes[lane, index, 4] = 0
    arena.change_value[lane, index] = value
    if before == NONE:
        arena.change_first[lane, port] = index
    else:
        arena.changes[lane, before, 3] = index


@njit(**OPTIONS)
def change_to(
    arena: Arena,
    lane: int,
    new: int,
    port: int,
    offset: int,
    value: float,
    frames: int,
    follows: int,
) -> None:
    """The same for one port, and a value that may follow the tempo, see Ramp."""
    change(arena, lane, new, port, offset, value, frames)
    arena.changes[lane, arena.clock[lane, new, CHANGES] - 1, 4] = follows


@njit(**OPTIONS)
def change_all(
    arena: Arena,
    lane: int,
    new: int,
    port: int,
    offset: int,
    value: float,
    frames: int,
    follows: int,
) -> None:
    """The same for a port and for those that are set and played as it is: of other voices."""
    while port != NONE:
        change_to(arena, lane, new, port, offset, value, frames, follows)
        port = arena.port_next[port]


@njit(**OPTIONS)
def change_back(arena: Arena, lane: int, new: int, port: int, offset: int, frames: int) -> None:
    """A port, and those that are set as it is, go back to what it was last set to."""
    value = arena.base[lane, port]
    follows = arena.base_follows[lane, port]
    change_all(arena, lane, new, port, offset, value, frames, follows)


@njit(**OPTIONS)
def follow(arena: Arena, lane: int, new: int, event: np.ndarray) -> bool:
    """Let port A be where port B is, and go where that goes, within its own range.

    Where C is 1, only if that goes to what A is set to; whether it did so.
    """
    port = event[A]
    ramp = arena.ports[1 - new, event[B]]
    if event[C] != 0 and ramp[TARGET] != arena.ports[1 - new, port, TARGET]:
        return False
    follows = int(ramp[FOLLOWS])
    # What follows the tempo is clipped where that is known.
    low = arena.limits[port, 0] if follows == 0 else -np.inf
    high = arena.limits[port, 1] if follows == 0 else np.inf
    left = arena.port_left[1 - new, event[B]]
    if left > 0:
        change_to(arena, lane, new, port, 0, min(max(ramp[NOW], low), high), 0, follows)
        left = -left if ramp[BENT] != 0.0 else left
    change_to(arena, lane, new, port, 0, min(max(ramp[TARGET], low), high), left, follows)
    return True


@njit(**OPTIONS)
def forget_changes(arena: Arena, lane: int, new: int) -> None:
    """Empty the lists of changes at the end of a block."""
    for i in range(arena.clock[lane, new, CHANGES]):
        arena.change_first[lane, arena.changes[lane, i, 0]] = NONE


@njit(**OPTIONS)
def walk_port(arena: Arena, lane: int, block: int, port: int, samples: np.ndarray) -> None:
    """Play a port's ramp and its changes through a block: into a row, and into the new bank."""
    new = block & 1
    left = arena.port_left[1 - new, port]
    ramp = arena.ports[new, port]
    copy_items(ramp, arena.ports[1 - new, port])
    at = 0
    entry = arena.change_first[lane, port]
    while True:
        end = arena.changes[lane, entry, 1] if entry != NONE else BLOCK
        if ramp[FOLLOWS] != 0.0:
            left = walk_by_tempo(arena, lane, block, port, samples, at, end, left)
        elif end > at:
            left = walk_ramp(ramp, samples, at, end, left)
            ramp[NOW] = samples[end - 1]
        at = end
        if entry == NONE:
            break
        turn_to(arena, lane, block, ramp, arena.changes[lane, entry, 4], at)
        aim_port(ramp, arena.change_value[lane, entry], arena.changes[lane, entry, 2])
        left = abs(arena.changes[lane, entry, 2])
        entry = arena.changes[lane, entry, 3]
    arena.port_left[new, port] = left
    arena.port_moved[port] = block


@njit(**ONCE)
def walk_ramp(ramp: np.ndarray, samples: np.ndarray, begin: int, end: int, left: int) -> int:
    """As `walk_port`, a part of a block on one way to a target; frames left behind it."""
    goes = min(begin + max(left - 1, 0), end)
    if ramp[BENT] != 0.0:
        for k in range(begin, goes):
            samples[k] = port_value(ramp, left - 1 - (k - begin))
    else:
        step = ramp[STEP]
        target = ramp[TARGET]
        last = left - 1 + begin
        for k in range(begin, goes):
            samples[k] = target - step * float32(last - k)
    for k in range(goes, end):
        samples[k] = ramp[TARGET]
    return max(left - (end - begin), 0)


@njit(**ONCE)
def walk_by_tempo(
    arena: Arena,
    lane: int,
    block: int,
    port: int,
    samples: np.ndarray,
    begin: int,
    end: int,
    left: int,
) -> int:
    """As `walk_port`, a part of a block at a value that follows the tempo; frames left behind it.

    The ramp walks as at 60 beats a minute, so that a glide and the tempo may move at once.
    """
    ramp = arena.ports[block & 1, port]
    low = arena.limits[port, 0]
    high = arena.limits[port, 1]
    for k in range(begin, end):
        left = max(left - 1, 0)
        ramp[NOW] = port_value(ramp, left)
        tempo = tempo_of(arena, lane, block, k, ramp[FOLLOWS])
        samples[k] = min(max(at_tempo(ramp[NOW], ramp[FOLLOWS], tempo), low), high)
    return left


@njit(**OPTIONS)
def turn_to(
    arena: Arena, lane: int, block: int, ramp: np.ndarray, follows: int, offset: int
) -> None:
    """Let a ramp go on from where it is as a value that follows the tempo, or does not."""
    if follows != ramp[FOLLOWS]:
        ramp[NOW] = turned(arena, lane, block, offset, ramp[NOW], ramp[FOLLOWS], follows)
        ramp[FOLLOWS] = follows


@njit(**OPTIONS)
def moves(arena: Arena, lane: int, block: int, port: int) -> bool:
    """Whether a port is on its way in a block, or changes in it, or goes with the tempo."""
    old = 1 - (block & 1)
    changes = arena.port_left[old, port] > 0 or arena.change_first[lane, port] != NONE
    return changes or arena.ports[old, port, FOLLOWS] != 0.0


@njit(**OPTIONS)
def rest(arena: Arena, block: int, port: int) -> float:
    """Bring a port that does not move into the new bank; where it is."""
    new = block & 1
    if block <= arena.port_moved[port] + 1:
        copy_items(arena.ports[new, port], arena.ports[1 - new, port])
        arena.port_left[new, port] = 0
    return arena.ports[1 - new, port, NOW]


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
