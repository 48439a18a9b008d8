"""Notes over beats, of a file or of what sequences play.

Positions are beats (quarter notes) as exact fractions, so that what lies on a grid stays on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from chronus.language.quantities import in_unit
from chronus.patch.instruments import own_pitch
from chronus.patch.query import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.language.steps import Sequence
    from chronus.patch.model import Patch

DRUMS: Final = 9
"""The channel of drum kits, counted from 0."""
LOUDEST: Final = 127
NO_PITCH: Final = 60
"""The note of what has no pitch."""
LOWEST_HZ: Final = 8.0
FINEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a track.

    Attributes:
        begin: beats from the start.
        end: where it ends.
        number: 60 is the middle c.
        velocity: 0..1.
    """

    begin: Fraction
    end: Fraction
    number: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Track:
    """The notes of a channel of a track, by their begin; counted from 0, 9 is that of drums."""

    name: str
    channel: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Song:
    """What a file holds.

    Attributes:
        tracks: those that have notes.
        tempos: beat and beats a minute of each change, in order.
        meters: beat and meter of each change, in order.
    """

    tracks: tuple[Track, ...]
    tempos: tuple[tuple[Fraction, float], ...] = ((Fraction(0), 120.0),)
    meters: tuple[tuple[Fraction, tuple[int, int]], ...] = ((Fraction(0), (4, 4)),)


@dataclass(slots=True)
class Written:
    """A song that is put together, to be written."""

    tempos: list[tuple[float, float]] = field(default_factory=list)
    meters: list[tuple[float, tuple[int, int]]] = field(default_factory=list)
    tracks: dict[str, list[Note]] = field(default_factory=dict)


# ---- what sequences play


@dataclass(frozen=True, slots=True)
class Span:
    """A sequence that plays from a beat on, until another one does.

    Attributes:
        begin: beats from the start, and `end`.
        sequence: what plays.
        swing: of the patch.
        own_hz: the pitch of the node; None where it has none.
    """

    begin: float
    end: float
    sequence: Sequence
    swing: float
    own_hz: float | None


def spans_of(patches: list[tuple[float, Patch]], end: float) -> dict[str, list[Span]]:
    """What plays each node that a sequence plays, and when.

    Args:
        patches: each with the beat from which on it is so.
        end: the beat at which all ends.
    """
    targets = dict.fromkeys(t for _, patch in patches for t in patch.sequences if "." not in t)
    return {target: list(_spans(target, patches, end)) for target in targets}


def _spans(target: str, patches: list[tuple[float, Patch]], end: float) -> Iterator[Span]:
    begin, playing = 0.0, None
    for beat, patch in [*patches, (end, None)]:
        sequence = None if patch is None else patch.sequences.get(target)
        swing = 0.5 if patch is None else patch.swing
        comes = None if sequence is None else (sequence, swing, _own_hz(patch, target))
        if playing is not None and (comes is None or comes[:2] != playing[:2] or patch is None):
            yield Span(begin, beat, *playing)
            playing = None
        if playing is None and comes is not None:
            begin, playing = beat, comes


def _own_hz(patch: Patch | None, target: str) -> float | None:
    return None if patch is None or target not in patch.nodes else own_pitch(patch, target)


def notes_in(span: Span) -> Iterator[Note]:
    """The notes that a sequence plays in its span, with chance as it falls.

    A slide's note lasts until the next one; any other for its share of its last step.
    """
    options = span.sequence.options
    factor = 2.0 ** (options.transpose_st / 12.0)
    own_hz = span.sequence.own_hz or span.own_hz
    begin, gate = _exact(span.begin), Fraction(options.gate)
    for event in query(span.sequence, Fraction(0), _exact(span.end) - begin, _exact(span.swing)):
        lasts = event.last - event.begin + gate * (event.end - event.last)
        end = event.end if event.slides else event.begin + lasts
        velocity = event.step.velocity
        for lock in event.locks:
            if lock.port.text == "velocity":
                velocity = in_unit(lock.value, "")
        for pitch in (event.step.pitch or own_hz, *event.step.chord):
            hz = None if pitch is None else pitch * factor
            yield Note(begin + event.begin, begin + end, number_of(hz), velocity)


def _exact(beat: float) -> Fraction:
    return Fraction(beat).limit_denominator(FINEST)


def number_of(hz: float | None) -> int:
    """The nearest note to a frequency."""
    if hz is None or hz < LOWEST_HZ:
        return NO_PITCH
    return min(max(round(69 + 12 * math.log2(hz / 440.0)), 0), 127)
