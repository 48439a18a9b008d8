"""Events of the ring that a block has to look at."""

from __future__ import annotations

from numba import njit

from chronus.dsp.native import OPTIONS
from chronus.engine.layout import Arena, Clock, Event, Ring

PENDING, SEEN = int(Clock.PENDING), int(Clock.SEEN)
KIND, DUE, A = int(Ring.KIND), int(Ring.DUE), int(Ring.A)
E_RESET = int(Event.RESET)


@njit(**OPTIONS)
def waiting_event(arena: Arena, lane: int, old: int, i: int) -> int:
    """Ring index of the i-th event that is not done with: first the pending ones, then the new."""
    waiting = arena.clock[lane, old, PENDING]
    return (
        arena.pending[lane, old, i] if i < waiting else arena.clock[lane, old, SEEN] + i - waiting
    )


@njit(**OPTIONS)
def is_reset_in(arena: Arena, lane: int, block: int, slot: int) -> bool:
    """Whether a node starts afresh with this block, in whatever lane."""
    old = 1 - (block & 1)
    clock = arena.clock[lane]
    for i in range(clock[old, PENDING] + clock[1 - old, SEEN] - clock[old, SEEN]):
        event = arena.ring[waiting_event(arena, lane, old, i) % arena.ring.shape[0]]
        if event[KIND] == E_RESET and event[A] == slot and event[DUE] <= block:
            return True  # NONE, for as soon as possible, is below any block
    return False
