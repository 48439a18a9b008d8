"""Values with units: reading them, turning them into a port's own unit, writing them again."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, UserError, nearest
from chronus.language.statements import Quantity

if TYPE_CHECKING:
    from chronus.errors import Span

UNITS: Final[dict[str, tuple[str, Fraction]]] = {
    "hz": ("hz", Fraction(1)),
    "khz": ("hz", Fraction(1000)),
    "s": ("s", Fraction(1)),
    "ms": ("s", Fraction(1, 1000)),
    "db": ("db", Fraction(1)),
    "%": ("%", Fraction(1)),
    "st": ("st", Fraction(1)),
    "ct": ("st", Fraction(1, 100)),
    "oct": ("oct", Fraction(1)),
    "beat": ("beats", Fraction(1)),
    "beats": ("beats", Fraction(1)),
    "bar": ("bars", Fraction(1)),
    "bars": ("bars", Fraction(1)),
}
"""A unit as users write it: the unit that a Quantity has, and the factor to it."""

LARGEST: Final = 10**12
"""No number of this language is larger, whatever its unit."""

_DIGITS: Final = 40
_EXPONENT: Final = 30
_NUMERAL: Final = re.compile(
    r"(?P<number>[+-]?[0-9.]+(?:e(?P<exponent>[+-]?[0-9]+))?)(?:/(?P<whole>[0-9]+)|(?P<unit>[a-z%]*))"
)
_NOTE: Final = re.compile(r"([a-g])([#b]?)(-?[0-9]+)", re.ASCII | re.IGNORECASE)
SEMITONES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_NAMES: Final = ("c", "c#", "d", "eb", "e", "f", "f#", "g", "g#", "a", "bb", "b")
_OCTAVES: Final = range(-1, 10)
_FACTORS: Final = {
    ("s", "ms"): Fraction(1000),
    ("oct", "st"): Fraction(12),
    ("fraction", "beats"): Fraction(4),
    ("%", ""): Fraction(1, 100),
}
"""From a Quantity's unit to a port's."""

_EXAMPLES: Final = {
    "hz": "a frequency such as 440hz, 2khz or c4",
    "ms": "a time such as 10ms or 0.5s",
    "s": "a time such as 10ms or 2s",
    "db": "a level such as -6db",
    "%": "a share such as 50%",
    "st": "an interval such as 7st, 25ct or 1oct",
    "beats": "a length such as 1.5beats or 1/8",
    "": "a plain number such as 0.5, 50%, -6db, on or off",
}


def number(text: str, span: Span) -> Quantity:
    """A number with or without a unit, or a fraction of a whole note.

    Args:
        text: `800`, `-6 db`, `1/8`: as the grammar's QUANTITY allows it.
        span: where it stands.

    Raises:
        UserError: E_VALUE for a unit that does not exist, E_RANGE for a number beyond all use.
    """
    written = "".join(text.lower().split())
    match = _NUMERAL.fullmatch(written)
    assert match is not None, text
    exact = _exact(match["number"], match["exponent"], span)
    if match["whole"] is not None:
        whole = _exact(match["whole"], None, span)
        if whole == 0:
            message = f"{written} divides by zero; a note value is written 1/8 or 3/16"
            raise UserError(Code.VALUE, message, span, ["1/8"])
        return _quantity(exact / whole, "fraction", written, span)
    if not match["unit"]:
        return _quantity(exact, "", written, span)
    if match["unit"] not in UNITS:
        numeral = match["number"]
        shown = match["unit"][:_DIGITS]
        message = (
            f"{shown!r} is no unit; after a number may stand "
            "hz, khz, s, ms, db, %, st, ct, oct, beats or bars"
        )
        near = nearest(match["unit"], UNITS)
        raise UserError(Code.VALUE, message, span, [numeral + unit for unit in near] or [numeral])
    unit, factor = UNITS[match["unit"]]
    return _quantity(exact * factor, unit, written, span)


def _exact(numeral: str, exponent: str | None, span: Span) -> Fraction:
    # Looked at before it is computed: the exact form of 1e999999999 fills the memory.
    if len(numeral) > _DIGITS or (exponent is not None and abs(int(exponent)) > _EXPONENT):
        shown = numeral if len(numeral) <= _DIGITS else f"{numeral[:12]}…"
        message = (
            f"{shown} is beyond all use: a number has at most {_DIGITS} digits, "
            f"and an exponent at most {_EXPONENT}"
        )
        raise UserError(Code.RANGE, message, span)
    return Fraction(numeral)


def _quantity(exact: Fraction, unit: str, text: str, span: Span) -> Quantity:
    if abs(exact) > LARGEST:
        raise UserError(Code.RANGE, f"{text} is beyond all use: the largest number is 1e12", span)
    return Quantity(float(exact), unit, text, span, exact)


def note(text: str, span: Span) -> Quantity:
    """The pitch of a note name, in Hz.

    Raises:
        UserError: E_VALUE for an octave that does not exist.
    """
    hz = note_hz(text)
    if hz is None:
        message = f"{text.lower()} is no note: octaves go from -1 to 9, c4 is the middle c"
        raise UserError(Code.VALUE, message, span, [f"{text.lower().rstrip('-0123456789')}4"])
    return Quantity(hz, "note", text.lower(), span)


def word(text: str, span: Span) -> Quantity:
    """A word, such as `on` or one of an enumerated port."""
    return Quantity(0.0, "word", text.lower(), span)


def midi_hz(number: float) -> float:
    """The frequency of a MIDI note number, in Hz; 69 is a4, 440 Hz."""
    return float(440.0 * 2.0 ** ((number - 69.0) / 12.0))


def note_hz(text: str) -> float | None:
    """The frequency of a note name such as `c4` or `f#2`, in Hz; None where it is no note name."""
    midi = note_number(text)
    return None if midi is None else midi_hz(midi)


def note_number(text: str) -> int | None:
    """The MIDI number of a note name such as `c4` or `f#2`; None where it is no note name."""
    match = _NOTE.fullmatch(text)
    # The length is asked first: Python refuses to read an integer of thousands of digits.
    if match is None or len(match[3]) > 2 or int(match[3]) not in _OCTAVES:
        return None
    bend = {"": 0, "#": 1, "b": -1}[match[2].lower()]
    return 12 * (int(match[3]) + 1) + SEMITONES[match[1].lower()] + bend


def note_name(hz: float) -> str:
    """The nearest note to a frequency, with the rest in cents: `a4`, `a4+13ct`.

    A frequency outside the octaves -1 to 9 is given in Hz.
    """
    if not 0 < hz < LARGEST:
        return format_value(hz, "hz")
    midi = 69.0 + 12.0 * math.log2(hz / 440.0)
    nearest_midi = round(midi)
    octave, semitone = divmod(nearest_midi, 12)
    if octave - 1 not in _OCTAVES:
        return format_value(hz, "hz")
    cents = 100.0 * (midi - nearest_midi)
    rest = f"{round(cents):+d}ct" if abs(cents) > 0.5 else ""
    return f"{_NAMES[semitone]}{octave - 1}{rest}"


def in_unit(q: Quantity, unit: str) -> float:
    """A value in a port's own unit; a bare number is in it already.

    Args:
        q: the value as it was written.
        unit: "hz", "ms", "s", "db", "%", "st", "beats", or "" for a port of bare numbers.

    Raises:
        UserError: E_VALUE where the value's unit does not fit.
    """
    if q.unit in ("", unit):
        return q.value
    if (q.unit, unit) in _FACTORS:
        return float(q.exact * _FACTORS[q.unit, unit])
    match (q.unit, unit):
        case ("note", "hz"):
            return q.value
        case ("db", ""):
            return _gain(q)
        case ("word", "") if q.text in ("on", "off"):
            return 1.0 if q.text == "on" else 0.0
    assert unit in _EXAMPLES, unit
    example = _EXAMPLES[unit]
    raise UserError(Code.VALUE, f"{q.text} does not fit here, which takes {example}", q.span)


def _gain(level: Quantity) -> float:
    loudest_db = 20.0 * math.log10(LARGEST)
    if level.value > loudest_db:
        message = f"{level.text} is beyond all use: the loudest level is {loudest_db:g}db"
        raise UserError(Code.RANGE, message, level.span)
    return float(10.0 ** (level.value / 20.0))


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in exactly one of three measures; the other two are 0."""

    seconds: Fraction = Fraction(0)
    beats: Fraction = Fraction(0)
    bars: Fraction = Fraction(0)


def duration(q: Quantity) -> Duration:
    """A length of time; a fraction is one of a whole note, so that 1/8 is half a beat.

    Raises:
        UserError: E_VALUE where the unit is none of time, E_RANGE where it is negative.
    """
    if q.exact < 0:
        raise UserError(Code.RANGE, f"{q.text} is before now; a duration is 0 or more", q.span)
    match q.unit:
        case "s":
            return Duration(seconds=q.exact)
        case "beats":
            return Duration(beats=q.exact)
        case "fraction":
            return Duration(beats=q.exact * 4)
        case "bars":
            return Duration(bars=q.exact)
    measures = [f"{q.text} bars", f"{q.text} beats", f"{q.text}s"] if q.unit == "" else []
    message = f"{q.text} is no duration, which is written 2 bars, 3 beats, 1/8, 1.5s or 200ms"
    raise UserError(Code.VALUE, message, q.span, measures)


def format_value(value: float, unit: str) -> str:
    """A value for a reply, with up to 6 significant digits, in a form that reads back.

    Args:
        value: in `unit`.
        unit: as a Quantity or a port has it; "" for a bare number.
    """
    if not math.isfinite(value):
        return f"{value}{unit}"
    # Below a millionth of a millionth nothing is heard, and zeros after the point have no end.
    rounded = Decimal(f"{value:.6g}") if abs(value) >= 1 / LARGEST else Decimal(0)
    return f"{rounded.normalize():f}{unit}"
