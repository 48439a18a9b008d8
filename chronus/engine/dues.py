"""What a sequence has begun and will end: locks go back, glides go on, each at its frame.

A port of a sequence has one thing due at most. These go on while the transport stands, as gates do.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.native import OPTIONS, copy_items
from chronus.engine.layout import NEVER, NONE, Arena, Clock, Playing
from chronus.engine.ports import change_all, change_back
from chronus.settings import BLOCK

SEQUENCES, PORT_SEQUENCES = int(Clock.SEQUENCES), int(Clock.PORT_SEQUENCES)
DUES = int(Playing.DUES)


@njit(**OPTIONS)
def sequences_of(arena: Arena, lane: int, new: int, half: int) -> tuple[int, int]:
    """The first of the sequences of nodes (half 0) or of ports (1), and the end of those in use."""
    if half == 0:
        return 0, arena.clock[lane, new, SEQUENCES]
    return arena.sequences.shape[2] // 2, arena.clock[lane, new, PORT_SEQUENCES]


@njit(**OPTIONS)
def carry_sequences(arena: Arena, lane: int, new: int) -> None:
    """Bring all sequences that are in use into the new bank."""
    for half in range(2):
        first, last = sequences_of(arena, lane, new, half)
        for sequence in range(first, last):
            carry_sequence(arena, lane, new, sequence, sequence, 1 - new)


@njit(**OPTIONS)
def carry_sequence(arena: Arena, lane: int, new: int, before: int, after: int, old: int) -> None:
    """Bring all that a sequence knows from one bank, and place, into another."""
    state = arena.sequences[lane, old, before]
    copy_items(arena.sequences[lane, new, after], state)
    copy_items(arena.sequence_at[lane, new, after], arena.sequence_at[lane, old, before])
    if state[DUES] > 0:
        frames = arena.due_frames[lane, new, after]
        for k in range(len(frames)):
            copy_items(frames[k], arena.due_frames[lane, old, before, k])
        copy_items(arena.due_values[lane, new, after], arena.due_values[lane, old, before])


@njit(**OPTIONS)
def let_come(
    arena: Arena,
    lane: int,
    new: int,
    sequence: int,
    column: int,
    frame: int,
    frames: int,
    value: float,
    follows: int,
) -> None:
    """Let a port of a sequence go to a value (nan: what it is set to) from a later frame on.

    Frames as `ports.change` has them, and a value that may follow the tempo, see Ramp.
    """
    state = arena.sequences[lane, new, sequence]
    due = arena.due_frames[lane, new, sequence]
    if state[DUES] == 0:
        due[:, 0] = NONE
    if due[column, 0] == NONE:
        state[DUES] += 1
    due[column, 0] = frame
    due[column, 1] = frames
    due[column, 2] = follows
    arena.due_values[lane, new, sequence, column] = value


@njit(**OPTIONS)
def forget_due(arena: Arena, lane: int, new: int, sequence: int, column: int) -> None:
    """Let nothing come at a port of a sequence."""
    state = arena.sequences[lane, new, sequence]
    if state[DUES] > 0 and arena.due_frames[lane, new, sequence, column, 0] != NONE:
        arena.due_frames[lane, new, sequence, column, 0] = NONE
        state[DUES] -= 1


@njit(**OPTIONS)
def take_due(arena: Arena, lane: int, block: int, sequence: int, column: int, before: int) -> None:
    """Do what is due at a port of a sequence, if that is before a frame."""
    new = block & 1
    if arena.sequences[lane, new, sequence, DUES] == 0:
        return
    frame = arena.due_frames[lane, new, sequence, column, 0]
    if frame == NONE or frame >= before:
        return
    port = arena.sequence_ports[sequence, column]
    if port != NONE:
        value = arena.due_values[lane, new, sequence, column]
        frames = arena.due_frames[lane, new, sequence, column, 1]
        offset = max(frame - block * BLOCK, 0)
        if np.isnan(value):
            change_back(arena, lane, new, port, offset, frames)
        else:
            follows = arena.due_frames[lane, new, sequence, column, 2]
            change_all(arena, lane, new, port, offset, value, frames, follows)
    forget_due(arena, lane, new, sequence, column)


@njit(**OPTIONS)
def take_dues(arena: Arena, lane: int, block: int) -> None:
    """Do all that is due in this block."""
    for half in range(2):
        first, last = sequences_of(arena, lane, block & 1, half)
        for sequence in range(first, last):
            if arena.sequences[lane, block & 1, sequence, DUES] > 0:
                for column in range(arena.sequence_ports.shape[1]):
                    take_due(arena, lane, block, sequence, column, (block + 1) * BLOCK)


@njit(**OPTIONS)
def next_due(arena: Arena, lane: int, new: int) -> int:
    """The frame of what is due next."""
    comes = NEVER
    for half in range(2):
        first, last = sequences_of(arena, lane, new, half)
        for sequence in range(first, last):
            if arena.sequences[lane, new, sequence, DUES] > 0:
                for column in range(arena.sequence_ports.shape[1]):
                    frame = arena.due_frames[lane, new, sequence, column, 0]
                    comes = comes if frame == NONE else min(comes, frame)
    return comes
