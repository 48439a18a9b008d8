"""What a table plays in a cycle, and how long: conditions are looked at when their time has come.

The same rules as those of `patch.query`, which tests compare with what is heard.
"""

from __future__ import annotations

from typing import Final

from numba import njit

from chronus.dsp.native import OPTIONS
from chronus.engine.layout import NONE, Arena, At, Playing
from chronus.patch import chance as plain
from chronus.patch.query import LONGEST_WALK
from chronus.patch.tables import CHANCE_SHIFT, CHANCES, SLIDES, Amount, Mark, What, Whole

NOTE, VALUE, HOLD, LOCK = int(What.NOTE), int(What.VALUE), int(What.HOLD), int(What.LOCK)
WHAT, FLAGS, MODULUS = int(Mark.WHAT), int(Mark.FLAGS), int(Mark.MODULUS)
REMAINDER, CYCLE, CHANCE = int(Mark.REMAINDER), int(Mark.CYCLE), int(Mark.CHANCE)
FIRST, COUNT = int(Whole.FIRST), int(Whole.COUNT)
CYCLES, SEED = int(Whole.CYCLES), int(Whole.SEED)
BEAT, A_END = int(Amount.BEAT), int(Amount.END)
TABLE, TURN = int(Playing.TABLE), int(Playing.TURN)
COMES, FOLLOWED, SLID = int(Playing.COMES), int(Playing.FOLLOWED), int(Playing.SLID)
START, END, CLOSES = int(At.START), int(At.END), int(At.CLOSES)

BEAT_TOLERANCE: Final = 1e-9
"""Beats by which two ends of steps may differ that are one."""
CHANCE_MASK: Final = (1 << CHANCE_SHIFT) - 1

drawn = njit(**OPTIONS)(plain.drawn)


@njit(**OPTIONS)
def is_there(arena: Arena, table: int, entry: int, turn: int) -> bool:
    """Whether an entry is there when its table is played for the turn-th time, from 0 on."""
    marks = arena.entries[entry]
    cycle = turn * arena.tables[table, CYCLES] + marks[CYCLE]
    if marks[MODULUS] != 1 and cycle % marks[MODULUS] != marks[REMAINDER]:
        return False
    for k in range(CHANCES):
        chance = marks[CHANCE + k]
        if chance == NONE:
            break
        if drawn(arena.tables[table, SEED], cycle, chance >> CHANCE_SHIFT) >= chance & CHANCE_MASK:
            return False
    return True


@njit(**OPTIONS)
def measure_note(
    arena: Arena, lane: int, block: int, sequence: int, entry: int, beat: float
) -> None:
    """Find out, at a note's onset, whether it comes by a slide, and where it ends.

    It is held by what begins where it ends. The engine looks ahead, as only so much of a table is
    there as this cycle has of it.
    """
    new = block & 1
    state = arena.sequences[lane, new, sequence]
    at = arena.sequence_at[lane, new, sequence]
    table = state[TABLE]
    first = arena.tables[table, FIRST]
    count = arena.tables[table, COUNT]
    length = arena.table_values[table, 0]
    turn = state[TURN]
    begin = at[START] + turn * length
    last = beat
    end = begin + arena.entry_values[entry, A_END]
    slides = arena.entries[entry, FLAGS] & SLIDES
    followed = 0
    index = entry - first
    for _ in range(LONGEST_WALK):
        index += 1
        if index == count:
            index = 0
            turn += 1
            begin = at[START] + turn * length
        other = first + index
        onset = begin + arena.entry_values[other, BEAT]
        if onset > end + BEAT_TOLERANCE:
            break
        what = arena.entries[other, WHAT]
        if onset < end - BEAT_TOLERANCE or what == LOCK or not is_there(arena, table, other, turn):
            continue
        if what == NOTE:
            followed = 1
            break
        last = onset
        end = begin + arena.entry_values[other, A_END]
        slides |= arena.entries[other, FLAGS] & SLIDES
    state[COMES] = int(state[SLID] != 0 and abs(beat - at[END]) < BEAT_TOLERANCE)
    state[FOLLOWED] = followed
    state[SLID] = int(slides != 0 and followed != 0)
    at[END] = end
    at[CLOSES] = last + arena.table_values[table, 1] * (end - last)


@njit(**OPTIONS)
def next_value(arena: Arena, table: int, entry: int, turn: int) -> tuple[int, int]:
    """The entry of the next value behind one, and in which turn; NONE where none is near."""
    first = arena.tables[table, FIRST]
    index = entry - first
    for _ in range(LONGEST_WALK):
        index += 1
        if index == arena.tables[table, COUNT]:
            index = 0
            turn += 1
        if is_there(arena, table, first + index, turn):
            return first + index, turn
    return NONE, turn
