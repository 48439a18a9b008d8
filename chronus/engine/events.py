"""What a block sees of the ring of events, and what these do at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit, types

from chronus.dsp.native import ONCE, OPTIONS, copy_items, fresh, put_long, swap_if
from chronus.engine.copies import copy_node
from chronus.engine.due import waiting_event
from chronus.engine.dues import carry_sequence
from chronus.engine.faults import reset_node
from chronus.engine.gates import is_of_lane, open_gate
from chronus.engine.layout import NONE, Arena, At, Clock, Count, Event, Head, Playing, Ring, Way
from chronus.engine.ports import aim, change, change_to, follow
from chronus.engine.settled import cables_rest
from chronus.engine.silence import let_ring
from chronus.engine.transport import bar_line, beat_now, move_transport
from chronus.engine.voices import carry_voices, copy_voices, note_event, release_voices
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

EVENTS, LANES = int(Head.EVENTS), int(Head.LANES)
PLAN, SEEN, PENDING, LOW = int(Clock.PLAN), int(Clock.SEEN), int(Clock.PENDING), int(Clock.LOW)
TABLE, PENDING_TABLE, TAKES_OVER = int(Playing.TABLE), int(Playing.PENDING), int(At.TAKES_OVER)
LATE = int(Clock.LATE)
SEQUENCES, PORT_SEQUENCES = int(Clock.SEQUENCES), int(Clock.PORT_SEQUENCES)
NEXT_PLAN, NEXT_BLOCK = int(Clock.NEXT_PLAN), int(Clock.NEXT_BLOCK)
PLAN_SINCE = int(Clock.PLAN_SINCE)
CABLES, GATES = int(Count.CABLES), int(Count.GATES)
KIND, DUE, TOOK = int(Ring.KIND), int(Ring.DUE), int(Ring.TOOK)
A, B, C = int(Ring.A), int(Ring.B), int(Ring.C)
RATE, TIME = int(Way.RATE), int(Way.TIME)
E_PLAN, E_PORT, E_CABLE = int(Event.PLAN), int(Event.PORT), int(Event.CABLE)
E_GATE, E_SEQUENCE = int(Event.GATE), int(Event.SEQUENCE)
E_RESET, E_MOVE, E_FOLLOW = int(Event.RESET), int(Event.MOVE), int(Event.FOLLOW)
E_COPY, E_RING = int(Event.COPY), int(Event.RING)
E_NOTE, E_RELEASE = int(Event.NOTE), int(Event.RELEASE)
E_COPY_VOICES = int(Event.COPY_VOICES)

CUT_SHIFT: Final = 36
CUT_EVENTS: Final = (1 << CUT_SHIFT) - 1
CUT_BLOCKS: Final = (1 << 26) - 1
"""A cut is the lower bits of its block, and the events that it sees."""


@njit(types.int64(*(types.int64,) * 3), **OPTIONS)
def cut_of(head: int, cuts: int, block: int) -> int:
    """How many events the block sees: fixed once, by the first lane that starts the block.

    Block and count lie in one number, so that they change in one step.

    Args:
        head: address of the arena's head.
        cuts: address of the arena's cuts.
        block: the block.
    """
    place = cuts + 8 * (block & 1)
    mark = block & CUT_BLOCKS
    before = fresh(place)
    if before >> CUT_SHIFT != mark:
        wanted = (mark << CUT_SHIFT) | fresh(head + 8 * EVENTS)
        if fresh(head + 8 * LANES) == 1:
            put_long(place, wanted)  # no other one is there who starts it, and none waits for this
            return wanted & CUT_EVENTS
        found = swap_if(place, before, wanted)
        before = wanted if found == before else found
    return before & CUT_EVENTS


@njit(**OPTIONS)
def take_events(arena: Arena, lane: int, block: int, cut: int, memo: np.ndarray) -> bool:
    """Let the events that are due take effect: the last plan first, then all others in order.

    Whether there were any.
    """
    new = block & 1
    old = 1 - new
    clock = arena.clock[lane]
    size = arena.ring.shape[0]
    total = clock[old, PENDING] + cut - clock[old, SEEN]
    kept = 0
    low = cut
    if clock[new, NEXT_PLAN] != NONE and block >= clock[new, NEXT_BLOCK]:
        clock[new, PLAN] = clock[new, NEXT_PLAN]
        clock[new, NEXT_PLAN] = NONE
    for i in range(total):
        index = waiting_event(arena, lane, old, i)
        event = arena.ring[index % size]
        if event[DUE] != NONE and event[DUE] > block:
            arena.pending[lane, new, kept] = index
            kept += 1
            low = min(low, index)
        elif event[KIND] == E_PLAN:
            clock[new, PLAN] = event[A]
            clock[new, PLAN_SINCE] = block
            clock[new, NEXT_PLAN] = event[B]
            clock[new, NEXT_BLOCK] = block + event[C]
    clock[new, PENDING] = kept
    clock[new, SEEN] = cut
    clock[new, LOW] = low
    if clock[new, PLAN] != NONE:
        if not cables_rest(arena, lane, block, memo):
            bring_cables_forward(arena, lane, old, clock[new, PLAN])
        bring_gates_forward(arena, lane, old, clock[new, PLAN])
        carry_voices(arena, lane, block, clock[new, PLAN])
    if total > 0:
        apply_events(arena, lane, block, total)
    return total > kept


@njit(**OPTIONS)
def apply_events(arena: Arena, lane: int, block: int, total: int) -> None:
    """Let those of so many events that wait take effect that are due."""
    for i in range(total):
        place = waiting_event(arena, lane, 1 - (block & 1), i) % arena.ring.shape[0]
        if arena.ring[place, DUE] == NONE or arena.ring[place, DUE] <= block:
            apply_event(arena, lane, block, place)


@njit(**ONCE)
def bring_cables_forward(arena: Arena, lane: int, old: int, plan: int) -> None:
    """Copy a plan's cables into the working copy."""
    for i in range(arena.plan_counts[plan, lane, CABLES]):
        cable = arena.plan_cables[plan, lane, i]
        copy_items(arena.live[lane, cable], arena.cables[old, cable])
        arena.live_left[lane, cable] = arena.cable_left[old, cable]


@njit(**ONCE)
def bring_gates_forward(arena: Arena, lane: int, old: int, plan: int) -> None:
    """Copy a plan's gates into the new bank."""
    for i in range(arena.plan_counts[plan, lane, GATES]):
        port = arena.plan_gates[plan, lane, i]
        arena.gate_off[1 - old, port] = arena.gate_off[old, port]


@njit(**ONCE)
def apply_event(arena: Arena, lane: int, block: int, place: int) -> None:
    """Let one event of the ring take effect at the start of the block."""
    new = block & 1
    frame = block * BLOCK
    event = arena.ring[place]
    value = arena.ring_value[place]
    kind = event[KIND]
    clock = arena.clock[lane]
    if event[DUE] != NONE and event[DUE] < block:
        clock[new, LATE] += 1
    if kind == E_PORT:
        set_ports(arena, lane, new, event, value)
    elif kind == E_CABLE:
        aim(arena.live[lane, event[A]], value, event[B])
        arena.live_left[lane, event[A]] = event[B]
    elif kind == E_GATE:
        if is_of_lane(arena, lane, new, event[A]):
            move_gate(arena, lane, block, event, value)
    elif kind == E_SEQUENCE or kind == E_MOVE:
        change_sequence(arena, lane, block, event)
    elif kind == E_FOLLOW:
        if follow(arena, lane, new, event) and is_of_lane(arena, lane, new, event[A]):
            arena.gate_off[new, event[A]] = arena.gate_off[1 - new, event[B]]
    elif kind == E_RESET or kind == E_COPY or kind == E_RING:
        change_node(arena, lane, block, event)
    elif kind == E_NOTE or kind == E_RELEASE or kind == E_COPY_VOICES:
        play_voices(arena, lane, block, event, value)
    else:
        move_transport(arena, lane, block, event, value)
    arena.ring[place, TOOK] = frame


@njit(**ONCE)
def set_ports(arena: Arena, lane: int, new: int, event: np.ndarray, value: float) -> None:
    """Let a port, and those of other voices with it, go to a value from a block's start on."""
    follows = int((event[C] & RATE) != 0) - int((event[C] & TIME) != 0)
    port = event[A]
    while port != NONE:
        change_to(arena, lane, new, port, 0, value, event[B], follows)
        arena.base[lane, port] = value
        arena.base_follows[lane, port] = follows
        port = arena.port_next[port]


@njit(**ONCE)
def move_gate(arena: Arena, lane: int, block: int, event: np.ndarray, value: float) -> None:
    """Let a gate open or close at a block's start."""
    if value > 0.5:
        open_gate(arena, lane, block, event[A], block * BLOCK, event[B])
    else:
        change(arena, lane, block & 1, event[A], 0, 0.0, 0)
        arena.gate_off[block & 1, event[A]] = NONE


@njit(**ONCE)
def change_sequence(arena: Arena, lane: int, block: int, event: np.ndarray) -> None:
    """Let a sequence play another table, or what it plays go on as another sequence."""
    new = block & 1
    beats = arena.beats[lane, new]
    if event[KIND] == E_SEQUENCE:
        line = bar_line(beats, beat_now(arena, lane, block, 0.5))
        use_sequence(arena, lane, new, event[A])
        # What plays already goes on where it is: only what was to take over does not come.
        goes_on = event[C] == 0 and arena.sequences[lane, new, event[A], TABLE] == event[B]
        arena.sequences[lane, new, event[A], PENDING_TABLE] = NONE if goes_on else event[B]
        here = beat_now(arena, lane, block, 0.0)
        arena.sequence_at[lane, new, event[A], TAKES_OVER] = here if event[C] != 0 else line
    else:
        use_sequence(arena, lane, new, event[B])
        carry_sequence(arena, lane, new, event[A], event[B], new)
        arena.sequences[lane, new, event[A], :2] = NONE
        arena.sequences[lane, new, event[A], 2:] = 0


@njit(**ONCE)
def play_voices(arena: Arena, lane: int, block: int, event: np.ndarray, value: float) -> None:
    """Let an event of what plays several notes at once take effect."""
    if event[KIND] == E_NOTE:
        note_event(arena, lane, block, event, value)
    elif event[KIND] == E_RELEASE:
        release_voices(arena, lane, block, event[A])
    else:
        copy_voices(arena, lane, block, event[A], event[B])


@njit(**ONCE)
def change_node(arena: Arena, lane: int, block: int, event: np.ndarray) -> None:
    """Let an event of a node take effect: it starts afresh, is a copy, or rings on."""
    if event[KIND] == E_RESET:
        reset_node(arena, lane, block, event[A])
    elif event[KIND] == E_COPY:
        copy_node(arena, lane, block, event[A], event[B])
    else:
        let_ring(arena, block, event[A], event[B], event[C])


@njit(**OPTIONS)
def use_sequence(arena: Arena, lane: int, new: int, sequence: int) -> None:
    """Have sequences up to this one carried on from block to block.

    A half-done block may have left something in those that are new.
    """
    column = SEQUENCES if sequence < arena.sequences.shape[2] // 2 else PORT_SEQUENCES
    for unused in range(arena.clock[lane, new, column], sequence + 1):
        arena.sequences[lane, new, unused, :2] = NONE
        arena.sequences[lane, new, unused, 2:] = 0
    arena.clock[lane, new, column] = max(arena.clock[lane, new, column], sequence + 1)
