"""Gates: they open at a frame, close in time, and belong to the lane that computes their node."""

from __future__ import annotations

from numba import njit

from chronus.dsp.native import OPTIONS
from chronus.engine.layout import NEVER, NONE, Arena, Clock, Ramp
from chronus.engine.ports import change
from chronus.settings import BLOCK

PLAN, NOW = int(Clock.PLAN), int(Ramp.NOW)


@njit(**OPTIONS)
def is_of_lane(arena: Arena, lane: int, new: int, port: int) -> bool:
    """Whether a gate's node is computed in this lane: no other one moves the gate."""
    plan = arena.clock[lane, new, PLAN]
    return arena.plan_gate_lane[max(plan, 0), port] == lane


@njit(**OPTIONS)
def is_open_at(arena: Arena, lane: int, block: int, port: int, frame: int) -> bool:
    """Whether a gate is open at a frame of this block, as far as is known by now."""
    new = block & 1
    off = arena.gate_off[new, port]
    is_open = arena.ports[1 - new, port, NOW] > 0.5
    entry = arena.change_first[lane, port]
    while entry != NONE and arena.changes[lane, entry, 1] <= frame - block * BLOCK:
        is_open = arena.change_value[lane, entry] > 0.5
        entry = arena.changes[lane, entry, 3]
    return is_open and (off == NONE or off >= frame)


@njit(**OPTIONS)
def open_gate(arena: Arena, lane: int, block: int, port: int, frame: int, length: int) -> None:
    """Open a gate at a frame of this block, closed for one frame before if it was open.

    One that plays legato goes on where it is open. `length` is in frames; 0 leaves it open.
    """
    new = block & 1
    if arena.port_legato[port] != 0 and is_open_at(arena, lane, block, port, frame):
        arena.gate_off[new, port] = frame + length if length > 0 else NONE
        return
    at = frame - block * BLOCK
    off = arena.gate_off[new, port]
    was_open = arena.ports[1 - new, port, NOW] > 0.5
    entry = arena.change_first[lane, port]
    while entry != NONE and arena.changes[lane, entry, 1] <= at:
        was_open = arena.change_value[lane, entry] > 0.5
        entry = arena.changes[lane, entry, 3]
    if was_open:
        closing = at - 1 if off == NONE or off >= frame else off - block * BLOCK
        change(arena, lane, new, port, max(closing, 0), 0.0, 0)
        at = max(at, max(closing, 0) + 1)
    if at < BLOCK:
        change(arena, lane, new, port, at, 1.0, 0)
        arena.gate_off[new, port] = frame + length if length > 0 else NONE


@njit(**OPTIONS)
def close_due_gates(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Close the gates whose time ends in this block."""
    new = block & 1
    for i in range(arena.plan_counts[plan, lane, 2]):
        port = arena.plan_gates[plan, lane, i]
        off = arena.gate_off[new, port]
        if off != NONE and off < (block + 1) * BLOCK:
            change(arena, lane, new, port, max(off - block * BLOCK, 0), 0.0, 0)
            arena.gate_off[new, port] = NONE


@njit(**OPTIONS)
def close_gates(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Close every gate of a plan at the start of the block."""
    new = block & 1
    for i in range(arena.plan_counts[plan, lane, 2]):
        port = arena.plan_gates[plan, lane, i]
        if arena.ports[1 - new, port, NOW] > 0.5 or arena.change_first[lane, port] != NONE:
            change(arena, lane, new, port, 0, 0.0, 0)
        arena.gate_off[new, port] = NONE


@njit(**OPTIONS)
def next_gate(arena: Arena, lane: int, new: int, plan: int) -> int:
    """The frame at which one of a plan's gates closes next."""
    comes = NEVER
    for i in range(arena.plan_counts[plan, lane, 2]):
        off = arena.gate_off[new, arena.plan_gates[plan, lane, i]]
        comes = comes if off == NONE else min(comes, off)
    return comes
