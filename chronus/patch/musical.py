"""Values in musical time: a rate or a time that was said in beats, and follows the tempo."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input

UNITS: Final = ("fraction", "beats", "bars")
"""Units of musical time, as a Quantity has them."""
_FINEST: Final = 192
"""Note values are written with denominators up to this one, and as beats beyond."""
_IN_SECONDS: Final = {"ms": 1000.0, "s": 1.0}


class Musical(float):
    """What a port is set to in beats: how long a time lasts, or the cycle of a rate.

    As a number it is what that is, in the port's unit, at the tempo at which it was said. Two are
    equal if their beats are, and none is equal to a number that follows nothing.
    """

    __slots__ = ("beats",)
    beats: Fraction

    def __new__(cls, value: float, beats: Fraction) -> Self:
        """Keep beats with a value."""
        made = super().__new__(cls, value)
        made.beats = beats
        return made

    def __eq__(self, other: object) -> bool:
        """Whether it is as many beats."""
        return isinstance(other, Musical) and self.beats == other.beats

    def __ne__(self, other: object) -> bool:
        """Whether it is not; floats have an answer of their own."""
        return not self == other

    def times(self, factor: Fraction, port: Input, value: float) -> Musical:
        """A rate or time that is so many times as high or long, and what that is now."""
        beats = self.beats / factor if port.unit == "hz" else self.beats * factor
        return Musical(value, beats)

    def __hash__(self) -> int:
        """Of its beats."""
        return hash(("beats", self.beats))

    def __str__(self) -> str:
        """As it reads back to the very same: `1/8`, or in beats where that is no note value."""
        whole = self.beats / 4
        text = repr(float(self.beats)).removesuffix(".0")
        if whole.denominator > _FINEST and Fraction(text) == self.beats:
            return f"{text}beats"
        return f"{whole.numerator}/{whole.denominator}"


def can_follow(port: Input) -> bool:
    """Whether a port may be set in beats; a pitch is taken at the tempo of the moment."""
    return (port.unit == "hz" and port.name != "freq") or port.unit in _IN_SECONDS


def value_at(port: Input, value: float, bpm: float) -> float:
    """What a port is at a tempo, in its own unit; what follows none stays as it is."""
    if not isinstance(value, Musical):
        return value
    seconds = float(value.beats) * 60.0 / bpm
    found = 1.0 / seconds if port.unit == "hz" else seconds * _IN_SECONDS[port.unit]
    return min(max(found, port.low), port.high)


def for_engine(port: Input, value: float) -> tuple[float, int]:
    """A value as the engine takes it, and whether it follows the tempo, see `engine.Ramp`.

    What does is told as it would be at 60 beats a minute.
    """
    if not isinstance(value, Musical):
        return float(value), 0
    if port.unit == "hz":
        return 1.0 / float(value.beats), 1
    return float(value.beats) * _IN_SECONDS[port.unit], -1
