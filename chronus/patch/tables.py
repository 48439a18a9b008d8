"""A pattern becomes a table: what happens at which beat of its cycle, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.language.statements import Quantity, Sequence, Step


class Role(IntEnum):
    """Which port of a sequence a table moves; the port of a sequence of values is FREQ."""

    FREQ = 0
    GATE = 1
    VELOCITY = 2


class What(IntEnum):
    """What an entry is."""

    NOTE = 0
    VALUE = 1  # for the one port of a sequence of values


class Mark(IntEnum):
    """Columns of an entry's whole numbers in the arena."""

    WHAT = 0
    INDEX = 1  # in its chord
    FLAGS = 2


class Amount(IntEnum):
    """Columns of an entry's real numbers in the arena."""

    BEAT = 0
    LENGTH = 1
    PITCH = 2  # of a note; of a value it is this
    VELOCITY = 3
    GAP = 4
    RAMP_S = 5


LEGATO: Final = 1
"""Flag of a note: it goes on from an open gate without a new attack."""
NEXT_LEGATO: Final = 2
"""Flag of a note: the next one is LEGATO, so the gate stays open until then."""

SLIDE_S: Final = 0.06
"""How long a slide takes to the next pitch, as on a TB-303."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One onset in a cycle.

    Attributes:
        beat: from the start of the cycle.
        what: it is.
        pitch: of a note, in Hz, nan for none of its own; what the port gets, of a value.
        velocity: of a note, 0..1.
        length: beats that its gate stays open.
        gap: beats to the next note that is not of its own chord.
        index: in its chord.
        flags: LEGATO and NEXT_LEGATO.
        ramp_s: seconds that the port takes to a value.
    """

    beat: float
    what: What
    pitch: float
    velocity: float = 0.0
    length: float = 0.0
    gap: float = 0.0
    index: int = 0
    flags: int = 0
    ramp_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """A cycle: its length in beats and its entries, sorted."""

    beats: float
    entries: tuple[Entry, ...]


def _laid_out(sequence: Sequence, swing: float) -> tuple[list[Step], list[float], float]:
    """The steps of a cycle after rotation, the beat of each, and the beats of a cycle."""
    options = sequence.options
    count = len(sequence.steps)
    shift = options.rotate % count
    steps = [sequence.steps[(i - shift) % count] for i in range(count)]
    swing = swing if options.swing is None else options.swing
    if swing != 0.5 and count % 2:
        steps *= 2
    step_beats = float(options.step * 4)
    late = (2.0 * swing - 1.0) * step_beats
    beats = [float(i * options.step * 4) + (late if i % 2 else 0.0) for i in range(len(steps))]
    return steps, beats, float(len(steps) * options.step * 4)


def plays_own_pitch(sequence: Sequence) -> bool:
    """Whether an `x` of it is a pitch among others: the one that its node has when it is said."""
    hits = [step for step in sequence.steps if step.kind == "hit"]
    return any(step.pitch is None for step in hits) and _is_pitched(sequence)


def _is_pitched(sequence: Sequence) -> bool:
    """Whether its hits have pitches; those of a grid leave the pitch alone."""
    return sequence.options.transpose_st != 0.0 or any(s.pitch is not None for s in sequence.steps)


def note_table(sequence: Sequence, own_hz: float | None, swing: float = 0.5) -> Table:
    """The table of a pattern of notes or hits.

    Args:
        sequence: the pattern and its options.
        own_hz: the node's own pitch, which `x` plays; None where it has no pitch.
        swing: of a sequence that has none of its own.
    """
    steps, beats, cycle = _laid_out(sequence, swing)
    hits = [i for i, step in enumerate(steps) if step.kind == "hit"]
    pitched = own_hz is not None and _is_pitched(sequence)
    factor = 2.0 ** (sequence.options.transpose_st / 12.0)
    slides = [_slides(steps, i) for i in hits]
    entries = []
    for place, i in enumerate(hits):
        step = steps[i]
        following = hits[(place + 1) % len(hits)]
        gap = beats[following] - beats[i] + (cycle if following <= i else 0.0)
        pitch = own_hz if step.pitch is None else step.pitch
        flags = LEGATO * slides[place - 1] + NEXT_LEGATO * slides[place]
        entries.append(
            Entry(
                beats[i],
                What.NOTE,
                pitch * factor if pitched and pitch is not None else math.nan,
                step.velocity,
                length=_length(steps, beats, i, cycle, sequence.options.gate),
                gap=gap,
                flags=flags,
            )
        )
    return Table(cycle, tuple(entries))


def _held(steps: list[Step], i: int) -> int:
    """How many steps after step i hold it."""
    count = 0
    while count < len(steps) - 1 and steps[(i + count + 1) % len(steps)].kind == "hold":
        count += 1
    return count


def _slides(steps: list[Step], i: int) -> bool:
    """Whether the hit at step i runs into another one."""
    following = steps[(i + _held(steps, i) + 1) % len(steps)]
    return steps[i].slide and following.kind == "hit"


def _length(steps: list[Step], beats: list[float], i: int, cycle: float, gate: float) -> float:
    """Beats from the onset of step i to the end of its gate, within its last step."""
    last = i + _held(steps, i)
    count = len(steps)

    def at(step: int) -> float:
        return beats[step % count] + cycle * (step // count)

    return at(last) + gate * (at(last + 1) - at(last)) - at(i)


def value_table(
    sequence: Sequence,
    in_port_unit: Callable[[Quantity], float],
    ramp_s: float,
    swing: float = 0.5,
) -> Table:
    """The table of a pattern of values for one port."""
    steps, beats, cycle = _laid_out(sequence, swing)
    entries = tuple(
        Entry(beats[i], What.VALUE, in_port_unit(step.value), ramp_s=ramp_s)
        for i, step in enumerate(steps)
        if step.value is not None
    )
    return Table(cycle, entries)
