"""The transport and the sequences: where a beat lies, and what a table plays in a block.

A sequence reads its table in beats from the beat at which it took over, so an onset is computed
from the transport's origin each time and cannot drift.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.declaration import RAMP_S
from chronus.dsp.native import OPTIONS
from chronus.engine import beats as plain
from chronus.engine.layout import (
    NONE,
    STOPPED,
    Arena,
    Beat,
    Clock,
    Head,
    Ramp,
)
from chronus.engine.ports import change
from chronus.patch.tables import LEGATO, NEXT_LEGATO, Role
from chronus.settings import BLOCK

RATE = int(Head.RATE)
ORIGIN_BEAT, ORIGIN_FRAME = int(Beat.ORIGIN_BEAT), int(Beat.ORIGIN_FRAME)
NOW = int(Ramp.NOW)
SEQUENCES, PLAN = int(Clock.SEQUENCES), int(Clock.PLAN)
GATE = int(Role.GATE)
BEAT_TOLERANCE = 1e-9


beats_after = njit(**OPTIONS)(plain.beats_after)
frames_after = njit(**OPTIONS)(plain.frames_after)


@njit(**OPTIONS)
def frame_at(beats: np.ndarray, rate: int, beat: float) -> int:
    """The frame nearest to a beat."""
    frames = frames_after(beats, rate, beat - beats[ORIGIN_BEAT])
    return int(np.floor(beats[ORIGIN_FRAME] + frames + 0.5))


@njit(**OPTIONS)
def run_sequences(arena: Arena, lane: int, block: int) -> None:
    """Turn what every sequence plays in this block into changes of ports."""
    new = block & 1
    for sequence in range(arena.clock[lane, new, SEQUENCES]):
        state = arena.sequences[lane, new, sequence]
        if state[0] != NONE or state[1] != NONE:
            run_sequence(arena, lane, block, sequence)


@njit(**OPTIONS)
def run_sequence(arena: Arena, lane: int, block: int, sequence: int) -> None:
    """Play one sequence through the block, and let a pending table take over at its beat."""
    new = block & 1
    beats = arena.beats[lane, new]
    rate = arena.head[RATE]
    end = (block + 1) * BLOCK
    state = arena.sequences[lane, new, sequence]
    starts = arena.sequence_at[lane, new, sequence]
    while True:
        table = state[0]
        silent = table == NONE or arena.tables[table, 1] == 0
        if silent:
            beat = np.inf
        else:
            entry = arena.tables[table, 0] + state[2]
            length = arena.table_beats[table]
            beat = starts[0] + state[3] * length + arena.entry_values[entry, 0]
        if state[1] != NONE and beat >= starts[1] - BEAT_TOLERANCE:
            if frame_at(beats, rate, starts[1]) >= end:
                return
            before = state[0]
            starts[0] = starts[1]
            state[0] = NONE if state[1] == STOPPED else state[1]
            if before != NONE:
                rest_ports(arena, lane, block, sequence, before)
            state[1] = NONE
            state[2] = 0
            state[3] = 0
            continue
        if silent:
            return
        frame = frame_at(beats, rate, beat)
        if frame >= end:
            return
        play_entry(arena, lane, block, sequence, entry, beat, max(frame, block * BLOCK))
        state[2] += 1
        if state[2] == arena.tables[table, 1]:
            state[2] = 0
            state[3] += 1


@njit(**OPTIONS)
def rest_ports(arena: Arena, lane: int, block: int, sequence: int, before: int) -> None:
    """Let ports that a table moved, and the one after it does not, go back to what they are set to.

    A base is written by events and read by sequences of the same block, so redoing that is
    harmless; each lane has its own, as lanes may be a block apart.
    """
    new = block & 1
    after = arena.sequences[lane, new, sequence, 0]
    beat = arena.sequence_at[lane, new, sequence, 0]
    offset = max(frame_at(arena.beats[lane, new], arena.head[RATE], beat) - block * BLOCK, 0)
    for role in range(arena.sequence_ports.shape[1]):
        port = arena.sequence_ports[sequence, role]
        if port == NONE or role == GATE:
            continue
        if moves(arena, before, role) and not moves(arena, after, role):
            ramp = int(np.floor(RAMP_S * arena.head[RATE] + 0.5))
            change(arena, lane, new, port, offset, arena.base[lane, port], ramp)


@njit(**OPTIONS)
def moves(arena: Arena, table: int, role: int) -> bool:
    """Whether a table moves the port of a role."""
    if table == NONE:
        return False
    first = arena.tables[table, 0]
    for entry in range(first, first + arena.tables[table, 1]):
        if arena.entries[entry, 0] == role:
            return True
    return False


@njit(**OPTIONS)
def play_entry(
    arena: Arena, lane: int, block: int, sequence: int, entry: int, beat: float, frame: int
) -> None:
    """Play one entry of a table at its frame."""
    new = block & 1
    beats = arena.beats[lane, new]
    rate = arena.head[RATE]
    role = arena.entries[entry, 0]
    port = arena.sequence_ports[sequence, role]
    values = arena.entry_values[entry]
    if port == NONE:
        return
    if role != GATE:
        ramp = int(np.floor(values[3] * rate + 0.5))
        change(arena, lane, new, port, frame - block * BLOCK, values[2], ramp)
        return
    if not is_of_lane(arena, lane, new, port):
        return
    flags = arena.entries[entry, 1]
    off = max(frame + 1, frame_at(beats, rate, beat + values[1]))
    following = frame_at(beats, rate, beat + values[4])
    if flags & NEXT_LEGATO:
        off = max(off, following + 1)
    else:
        off = min(off, max(following - 1, frame + 1))
    if flags & LEGATO and arena.gate_off[new, port] >= frame:
        arena.gate_off[new, port] = off
        return
    open_gate(arena, lane, block, port, frame, off - frame)


@njit(**OPTIONS)
def is_of_lane(arena: Arena, lane: int, new: int, port: int) -> bool:
    """Whether a gate's node is computed in this lane: no other one moves the gate."""
    plan = arena.clock[lane, new, PLAN]
    return arena.plan_gate_lane[max(plan, 0), port] == lane


@njit(**OPTIONS)
def open_gate(arena: Arena, lane: int, block: int, port: int, frame: int, length: int) -> None:
    """Open a gate at a frame of this block, closed for one frame before if it was open.

    `length` is in frames; 0 leaves it open.
    """
    new = block & 1
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
