"""The sequences: what a table plays in a block.

A sequence reads its table in beats from the beat at which it took over, so an onset is computed
from the transport's origin each time and cannot drift.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.declaration import RAMP_S
from chronus.dsp.native import OPTIONS
from chronus.engine.dues import forget_due, let_come, sequences_of, take_due
from chronus.engine.frames import frame_at
from chronus.engine.layout import NEVER, NONE, STOPPED, Arena, At, Head, Playing
from chronus.engine.notes import play_note
from chronus.engine.onsets import BEAT_TOLERANCE, is_there, measure_note, next_value
from chronus.engine.ports import change_all, change_back
from chronus.engine.synced import turned
from chronus.patch.tables import ROLES, Amount, Glide, Mark, Role, What, Whole
from chronus.settings import BLOCK

RATE = int(Head.RATE)
FREQ, GATE = int(Role.FREQ), int(Role.GATE)
NOTE, VALUE, LOCK = int(What.NOTE), int(What.VALUE), int(What.LOCK)
WHAT, INDEX, COLUMN = int(Mark.WHAT), int(Mark.INDEX), int(Mark.COLUMN)
FOLLOWS = int(Mark.FOLLOWS)
A_BEAT, A_PITCH, A_RAMP_S = int(Amount.BEAT), int(Amount.PITCH), int(Amount.RAMP_S)
FIRST, COUNT, GLIDE = int(Whole.FIRST), int(Whole.COUNT), int(Whole.GLIDE)
STEPS, BENT = int(Glide.STEPS), int(Glide.BENT)
TABLE, PENDING, ENTRY, TURN = (
    int(Playing.TABLE),
    int(Playing.PENDING),
    int(Playing.ENTRY),
    int(Playing.TURN),
)
SLID, GLIDES = int(Playing.SLID), int(Playing.GLIDES)
START, TAKES_OVER, END = int(At.START), int(At.TAKES_OVER), int(At.END)


@njit(**OPTIONS)
def run_sequences(arena: Arena, lane: int, block: int) -> int:
    """Turn what every sequence plays in this block into changes of ports.

    The frame of what one of them plays next.
    """
    new = block & 1
    comes = NEVER
    for half in range(2):
        first, last = sequences_of(arena, lane, new, half)
        for sequence in range(first, last):
            state = arena.sequences[lane, new, sequence]
            if state[TABLE] != NONE or state[PENDING] != NONE:
                comes = min(comes, run_sequence(arena, lane, block, sequence))
    return comes


@njit(**OPTIONS)
def run_sequence(arena: Arena, lane: int, block: int, sequence: int) -> int:
    """Play one sequence through the block, and let a pending table take over at its beat.

    The frame of what comes next.
    """
    new = block & 1
    beats = arena.beats[lane, new]
    rate = arena.head[RATE]
    end = (block + 1) * BLOCK
    state = arena.sequences[lane, new, sequence]
    at = arena.sequence_at[lane, new, sequence]
    while True:
        table = state[TABLE]
        silent = table == NONE or arena.tables[table, COUNT] == 0
        if silent:
            beat = np.inf
        else:
            entry = arena.tables[table, FIRST] + state[ENTRY]
            length = arena.table_values[table, 0]
            beat = at[START] + state[TURN] * length + arena.entry_values[entry, A_BEAT]
        if state[PENDING] != NONE and beat >= at[TAKES_OVER] - BEAT_TOLERANCE:
            frame = frame_at(beats, rate, at[TAKES_OVER])
            if frame >= end:
                return frame
            take_over(arena, lane, block, sequence)
            continue
        if silent:
            return NEVER
        frame = frame_at(beats, rate, beat)
        if frame >= end:
            return frame
        if is_there(arena, table, entry, state[TURN]):
            play_entry(arena, lane, block, sequence, entry, beat, max(frame, block * BLOCK))
        state[ENTRY] += 1
        if state[ENTRY] == arena.tables[table, COUNT]:
            state[ENTRY] = 0
            state[TURN] += 1


@njit(**OPTIONS)
def take_over(arena: Arena, lane: int, block: int, sequence: int) -> None:
    """Let the pending table begin. A note that sounds keeps its length, a lock its end."""
    new = block & 1
    state = arena.sequences[lane, new, sequence]
    at = arena.sequence_at[lane, new, sequence]
    before = state[TABLE]
    at[START] = at[TAKES_OVER]
    state[TABLE] = NONE if state[PENDING] == STOPPED else state[PENDING]
    if before != NONE:
        rest_ports(arena, lane, block, sequence, before)
    else:
        state[SLID] = 0
    if state[GLIDES] != 0:
        forget_due(arena, lane, new, sequence, FREQ)
        state[GLIDES] = 0
    state[PENDING] = NONE
    state[ENTRY] = 0
    state[TURN] = 0


@njit(**OPTIONS)
def rest_ports(arena: Arena, lane: int, block: int, sequence: int, before: int) -> None:
    """Let ports that a table moved, and the one after it does not, go back to what they are set to.

    A base is written by events and read by sequences of the same block, so redoing that is
    harmless; each lane has its own, as lanes may be a block apart.
    """
    new = block & 1
    after = arena.sequences[lane, new, sequence, TABLE]
    beat = arena.sequence_at[lane, new, sequence, START]
    offset = max(frame_at(arena.beats[lane, new], arena.head[RATE], beat) - block * BLOCK, 0)
    for role in range(ROLES):
        port = arena.sequence_ports[sequence, role]
        if port == NONE or role == GATE or is_of_voices(arena, sequence):
            continue
        if moves(arena, before, role) and not moves(arena, after, role):
            ramp = int(np.floor(RAMP_S * arena.head[RATE] + 0.5))
            change_back(arena, lane, new, port, offset, ramp)


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
    first = arena.tables[table, FIRST]
    for entry in range(first, first + arena.tables[table, COUNT]):
        what = arena.entries[entry, WHAT]
        if what == VALUE or (what == NOTE and role != FREQ):
            return True
        if what == NOTE and not np.isnan(arena.entry_values[entry, A_PITCH]):
            return True
    return False


@njit(**OPTIONS)
def play_entry(
    arena: Arena, lane: int, block: int, sequence: int, entry: int, beat: float, frame: int
) -> None:
    """Play one entry of a table at its frame."""
    what = arena.entries[entry, WHAT]
    if what == NOTE:
        if arena.entries[entry, INDEX] == 0:
            measure_note(arena, lane, block, sequence, entry, beat)
        play_note(arena, lane, block, sequence, entry, beat, frame)
    elif what == LOCK:
        lock_port(arena, lane, block, sequence, entry, frame)
    elif what == VALUE:
        move_port(arena, lane, block, sequence, entry, frame)


@njit(**OPTIONS)
def ramp_frames(arena: Arena, entry: int) -> int:
    """How long a port takes to the value of an entry."""
    return int(np.floor(arena.entry_values[entry, A_RAMP_S] * arena.head[RATE] + 0.5))


@njit(**OPTIONS)
def lock_port(arena: Arena, lane: int, block: int, sequence: int, entry: int, frame: int) -> None:
    """Set a port for as long as the note before the entry lasts, to its last step's end."""
    new = block & 1
    column = arena.entries[entry, COLUMN]
    port = arena.sequence_ports[sequence, column]
    if port == NONE:
        return
    take_due(arena, lane, block, sequence, column, frame)
    ramp = ramp_frames(arena, entry)
    value = arena.entry_values[entry, A_PITCH]
    follows = arena.entries[entry, FOLLOWS]
    change_all(arena, lane, new, port, frame - block * BLOCK, value, ramp, follows)
    beat = arena.sequence_at[lane, new, sequence, END]
    end = frame_at(arena.beats[lane, new], arena.head[RATE], beat)
    let_come(arena, lane, new, sequence, column, max(end, frame + 1), ramp, np.nan, 0)


@njit(**OPTIONS)
def move_port(arena: Arena, lane: int, block: int, sequence: int, entry: int, frame: int) -> None:
    """Send the port of a sequence of values to one of them, or, where it glides, to the next."""
    new = block & 1
    state = arena.sequences[lane, new, sequence]
    table = state[TABLE]
    port = arena.sequence_ports[sequence, FREQ]
    offset = frame - block * BLOCK
    ramp = ramp_frames(arena, entry)
    value = arena.entry_values[entry, A_PITCH]
    follows = arena.entries[entry, FOLLOWS]
    if port == NONE:
        return
    if arena.tables[table, GLIDE] == STEPS:
        change_all(arena, lane, new, port, offset, value, ramp, follows)
        return
    following, turn = next_value(arena, table, entry, state[TURN])
    if following == NONE:
        change_all(arena, lane, new, port, offset, value, ramp, follows)
        return
    beat = arena.sequence_at[lane, new, sequence, START]
    beat += turn * arena.table_values[table, 0] + arena.entry_values[following, A_BEAT]
    frames = max(frame_at(arena.beats[lane, new], arena.head[RATE], beat) - frame, 1)
    goal = arena.entry_values[following, A_PITCH]
    later = arena.entries[following, FOLLOWS]
    value = turned(arena, lane, block, offset, value, follows, later)
    sign = -1 if arena.tables[table, GLIDE] == BENT else 1
    forget_due(arena, lane, new, sequence, FREQ)
    if state[GLIDES] == 0:
        # It comes from elsewhere: within its ramp onto the way, which it goes on from there.
        state[GLIDES] = 1
        ramp = min(ramp, frames - 1)
        share = ramp / frames
        way = value + (goal - value) * share
        if sign < 0 and value * goal > 0.0:
            way = value * (goal / value) ** share
        change_all(arena, lane, new, port, offset, way, ramp, later)
        rest = sign * (frames - ramp)
        let_come(arena, lane, new, sequence, FREQ, frame + ramp, rest, goal, later)
    else:
        change_all(arena, lane, new, port, offset, goal, sign * frames, later)
