"""Ports: values on their way to others, and what sends them there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import float32, float64, njit

from chronus.dsp.native import ONCE, OPTIONS, copy_items
from chronus.engine.layout import NONE, Arena, Clock, Ramp, Ring
from chronus.engine.synced import at_tempo, tempo_of, turned
from chronus.settings import BLOCK

NOW, TARGET, STEP, BENT = int(Ramp.NOW), int(Ramp.TARGET), int(Ramp.STEP), int(Ramp.BENT)
FOLLOWS = int(Ramp.FOLLOWS)
CHANGES = int(Clock.CHANGES)
A, B, C = int(Ring.A), int(Ring.B), int(Ring.C)

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
