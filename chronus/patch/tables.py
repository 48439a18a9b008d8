"""A pattern becomes a table: what may happen at which beat of its cycle, in numbers.

What depends on the cycle (turns, chance, and with them how long a note is held) stands in a table
as conditions; the engine decides when it gets there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from chronus.language.steps import all_within, hits
from chronus.patch.cells import cells_of, layout, threshold

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.language.statements import Quantity
    from chronus.language.steps import Lock, Sequence
    from chronus.patch.cells import Cell


class Role(IntEnum):
    """Which port of a sequence a table moves; the port of a sequence of values is FREQ.

    Ports that steps lock come behind these, in an order of their own.
    """

    FREQ = 0
    GATE = 1
    VELOCITY = 2


ROLES: Final = len(Role)
LOCKS: Final = 16
"""Ports that the patterns of one sequence may lock at one time, with those that end."""
MOST_LOCKED: Final = 8
"""Ports that one pattern may lock."""
CHANCES: Final = 4
"""How deep chance may stand in chance."""


class What(IntEnum):
    """What an entry is."""

    NOTE = 0
    VALUE = 1  # for the one port of a sequence of values
    HOLD = 2  # goes on with what ends where it begins
    LOCK = 3  # of the note before it


class Mark(IntEnum):
    """Columns of an entry's whole numbers in the arena."""

    WHAT = 0
    INDEX = 1  # in its chord
    FLAGS = 2
    COLUMN = 3  # of a lock: that of its port among those of the sequence
    MODULUS = 4  # it is there if its cycle leaves REMAINDER by this
    REMAINDER = 5
    CYCLE = 6  # of the pattern, within those of the table
    FOLLOWS = 7  # of a value or lock: whether it follows the tempo, see engine.columns.Ramp
    CHANCE = 8  # and three behind it: number of a draw << 33, and what it must be below; or NONE


class Amount(IntEnum):
    """Columns of an entry's real numbers in the arena."""

    BEAT = 0
    END = 1  # of its own time
    PITCH = 2  # of a note; of a value or lock it is this
    VELOCITY = 3
    RAMP_S = 4


class Whole(IntEnum):
    """Columns of a table's whole numbers in the arena."""

    FIRST = 0  # entry
    COUNT = 1  # of entries
    CYCLES = 2  # of the pattern
    SEED = 3
    GLIDE = 4  # see Glide


class Glide(IntEnum):
    """How a port gets from one value to the next."""

    STEPS = 0
    LINEAR = 1
    BENT = 2  # by equal ratios


ENTRY_MARKS: Final = int(Mark.CHANCE) + CHANCES
CHANCE_SHIFT: Final = 33

SLIDES: Final = 1
"""Flag of a note or hold: it runs into a note that begins at its end."""

SLIDE_S: Final = 0.06
"""How long a slide takes to the next pitch, as on a TB-303."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that may happen in a cycle.

    Attributes:
        beat: from the start of the cycle.
        end: of its own time, without holds.
        what: it is.
        pitch: of a note, in Hz, nan for none of its own; what the port gets, of a value or lock.
        velocity: of a note, 0..1.
        index: in its chord.
        flags: SLIDES.
        locked: of a lock, the place of its port in the table's `locked`.
        ramp_s: seconds that the port takes to a value.
        modulus: it is there in cycles that leave `remainder` by this.
        cycle: of the pattern, within those of the table.
        follows: the tempo, see Mark.FOLLOWS.
        chances: see Mark.CHANCE.
    """

    beat: float
    end: float
    what: What
    pitch: float = math.nan
    velocity: float = 0.0
    index: int = 0
    flags: int = 0
    locked: int = 0
    ramp_s: float = 0.0
    modulus: int = 1
    remainder: int = 0
    cycle: int = 0
    follows: int = 0
    chances: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What is played again and again.

    Attributes:
        beats: after which it begins anew.
        entries: by their beats; locks right behind the notes of their step.
        cycles: of the pattern that it is.
        seed: of its chance.
        gate: share of its last step for which a gate is open, 0..1.
        glide: how the port of a sequence of values moves.
        locked: names of the ports that steps lock.
    """

    beats: float
    entries: tuple[Entry, ...]
    cycles: int = 1
    seed: int = 0
    gate: float = 0.5
    glide: Glide = Glide.STEPS
    locked: tuple[str, ...] = ()


def plays_own_pitch(sequence: Sequence) -> bool:
    """Whether an `x` of it is a pitch among others: the one that its node has when it is said."""
    return is_pitched(sequence) and any(step.pitch is None for step in hits(sequence.steps))


def is_pitched(sequence: Sequence) -> bool:
    """Whether its hits have pitches; those of a grid leave the pitch alone."""
    steps = hits(sequence.steps)
    return sequence.options.transpose_st != 0.0 or any(s.pitch is not None for s in steps)


def locked_ports(sequence: Sequence) -> tuple[str, ...]:
    """The ports that steps lock, but for the velocity, which is that of the note."""
    if not any(step.locks for step in all_within(sequence.steps)):
        return ()
    names = (lock.port.text for cell in cells_of(sequence.steps) for lock in cell.locks)
    return tuple(sorted({name for name in names if name != "velocity"}))


def note_table(
    sequence: Sequence,
    own_hz: float | None,
    swing: float = 0.5,
    lock: Callable[[Lock], tuple[float, int, float]] = lambda _lock: (0.0, 0, 0.0),
) -> Table:
    """The table of a pattern of notes or hits.

    Args:
        sequence: the pattern and its options.
        own_hz: the node's own pitch, which `x` plays; None where it has no pitch.
        swing: of a sequence that has none of its own.
        lock: the value of a lock as the engine takes it, whether it follows the tempo, and the
            seconds that the port takes to it.
    """
    laid = layout(sequence, Fraction(swing))
    locked = locked_ports(sequence)
    factor = 2.0 ** (sequence.options.transpose_st / 12.0)
    pitched = own_hz is not None and is_pitched(sequence)
    entries: list[Entry] = []
    for cell in laid.cells:
        if cell.step.kind == "hold":
            entries.append(_entry(cell, What.HOLD))
            continue
        pitch = own_hz if cell.step.pitch is None else cell.step.pitch
        velocity = next((lock(k)[0] for k in cell.locks if k.port.text == "velocity"), None)
        for index, hz in enumerate((pitch, *cell.step.chord)):
            entries.append(
                _entry(
                    cell,
                    What.NOTE,
                    pitch=hz * factor if pitched and hz is not None else math.nan,
                    velocity=cell.step.velocity if velocity is None else velocity,
                    index=index,
                )
            )
        for each in cell.locks:
            if each.port.text != "velocity":
                value, follows, ramp_s = lock(each)
                place = locked.index(each.port.text)
                made = _entry(cell, What.LOCK, pitch=value, locked=place, ramp_s=ramp_s)
                entries.append(replace(made, follows=follows))
    return Table(
        float(laid.beats),
        tuple(entries),
        laid.cycles,
        sequence.options.seed or 0,
        sequence.options.gate,
        locked=locked,
    )


def value_table(
    sequence: Sequence,
    as_played: Callable[[Quantity], tuple[float, int]],
    ramp_s: float,
    swing: float = 0.5,
    glide: Glide = Glide.STEPS,
) -> Table:
    """The table of a pattern of values for one port.

    Args:
        sequence: the pattern and its options.
        as_played: a value as the engine takes it, and whether it follows the tempo.
        ramp_s: seconds that the port takes to a value.
        swing: of a sequence that has none of its own.
        glide: how the port gets from one value to the next.
    """
    laid = layout(sequence, Fraction(swing))
    entries = tuple(
        replace(_entry(cell, What.VALUE, pitch=value, ramp_s=ramp_s), follows=follows)
        for cell in laid.cells
        if cell.step.value is not None
        for value, follows in [as_played(cell.step.value)]
    )
    seed = sequence.options.seed or 0
    return Table(float(laid.beats), entries, laid.cycles, seed, glide=glide)


def _entry(
    cell: Cell,
    what: What,
    *,
    pitch: float = math.nan,
    velocity: float = 0.0,
    index: int = 0,
    locked: int = 0,
    ramp_s: float = 0.0,
) -> Entry:
    condition = cell.condition
    return Entry(
        float(cell.begin),
        float(cell.end),
        what,
        pitch,
        velocity,
        index,
        SLIDES * cell.slides,
        locked,
        ramp_s,
        condition.modulus,
        condition.remainder,
        cell.cycle,
        chances=tuple(
            (number << CHANCE_SHIFT) + threshold(chance) for number, chance in condition.chances
        ),
    )
