"""The sequences: what a table plays in a block.

A sequence reads its table in beats from the beat at which it took over, so an onset is computed
from the transport's origin each time and cannot drift.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.declaration import RAMP_S
from chronus.dsp.native import OPTIONS
from chronus.engine.frames import frame_at
from chronus.engine.layout import NONE, STOPPED, Arena, Clock, Head
from chronus.engine.notes import play_note
from chronus.engine.ports import change_all
from chronus.patch.tables import Amount, Mark, Role, What
from chronus.settings import BLOCK

RATE, SEQUENCES = int(Head.RATE), int(Clock.SEQUENCES)
FREQ, GATE = int(Role.FREQ), int(Role.GATE)
NOTE, WHAT = int(What.NOTE), int(Mark.WHAT)
A_BEAT, A_PITCH, A_RAMP_S = int(Amount.BEAT), int(Amount.PITCH), int(Amount.RAMP_S)
BEAT_TOLERANCE = 1e-9


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
            beat = starts[0] + state[3] * length + arena.entry_values[entry, A_BEAT]
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
        if port == NONE or role == GATE or is_of_voices(arena, sequence):
            continue
        if moves(arena, before, role) and not moves(arena, after, role):
            ramp = int(np.floor(RAMP_S * arena.head[RATE] + 0.5))
            change_all(arena, lane, new, port, offset, arena.base[lane, port], ramp)


@njit(**OPTIONS)
def is_of_voices(arena: Arena, sequence: int) -> bool:
    """Whether a sequence plays several voices, each of which keeps the pitch that it has."""
    gate = arena.sequence_ports[sequence, GATE]
    return gate != NONE and arena.port_player[gate] != NONE


@njit(**OPTIONS)
def moves(arena: Arena, table: int, role: int) -> bool:
    """Whether a table moves the port of a role."""
    if table == NONE:
        return False
    first = arena.tables[table, 0]
    for entry in range(first, first + arena.tables[table, 1]):
        has_value = not np.isnan(arena.entry_values[entry, A_PITCH])
        if has_value if role == FREQ else arena.entries[entry, WHAT] == NOTE:
            return True
    return False


@njit(**OPTIONS)
def play_entry(
    arena: Arena, lane: int, block: int, sequence: int, entry: int, beat: float, frame: int
) -> None:
    """Play one entry of a table at its frame."""
    if arena.entries[entry, WHAT] == NOTE:
        play_note(arena, lane, block, sequence, entry, beat, frame)
        return
    port = arena.sequence_ports[sequence, FREQ]
    values = arena.entry_values[entry]
    ramp = int(np.floor(values[A_RAMP_S] * arena.head[RATE] + 0.5))
    change_all(arena, lane, block & 1, port, frame - block * BLOCK, values[A_PITCH], ramp)
