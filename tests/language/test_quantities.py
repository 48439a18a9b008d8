"""Values with units, and how they are shown."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chronus.errors import Span, UserError
from chronus.language import quantities
from chronus.language.quantities import (
    Duration,
    duration,
    format_value,
    in_unit,
    note_hz,
    note_name,
)

if TYPE_CHECKING:
    from chronus.language.statements import Quantity

HERE = Span(1, 9, 12)


def read(text: str) -> Quantity:
    if note_hz(text) is not None:
        return quantities.note(text, HERE)
    if text[0].isalpha():
        return quantities.word(text, HERE)
    return quantities.number(text, HERE)


@pytest.mark.parametrize(
    ("text", "hz"),
    [
        ("c4", 261.6256),
        ("a4", 440.0),
        ("A4", 440.0),
        ("f#2", 92.4986),
        ("eb3", 155.5635),
        ("bb3", 233.0819),
        ("cb4", 246.9417),
        ("c-1", 8.1758),
        ("b9", 15804.27),
        ("c10", None),
        ("h4", None),
        ("c", None),
        ("c4 ", None),
        ("c#b4", None),
        ("c" + "9" * 9000, None),
    ],
)
def test_note_names(text: str, hz: float | None) -> None:
    """A note name is its equal-tempered frequency with a4 at 440 Hz, and nothing else is one."""
    assert note_hz(text) == (None if hz is None else pytest.approx(hz, rel=1e-5))


@pytest.mark.parametrize(
    ("hz", "name"),
    [
        (440.0, "a4"),
        (261.6256, "c4"),
        (440.0 * 2 ** (13 / 1200), "a4+13ct"),
        (440.0 * 2 ** (-49 / 1200), "a4-49ct"),
        (440.0 * 2 ** (0.4 / 1200), "a4"),
        (0.0, "0hz"),
        (0.5, "0.5hz"),
        (20000.0, "20000hz"),
    ],
)
def test_the_name_of_a_frequency(hz: float, name: str) -> None:
    """A frequency is named by the nearest note and the cents between, if any are heard."""
    assert note_name(hz) == name


def test_names_and_frequencies_agree() -> None:
    """The name of each MIDI note reads back as its frequency."""
    for number in range(128):
        hz = quantities.midi_hz(number)
        assert note_hz(note_name(hz)) == pytest.approx(hz, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("800", "hz", 800.0),
        ("2khz", "hz", 2000.0),
        ("a4", "hz", 440.0),
        ("10", "ms", 10.0),
        ("2s", "ms", 2000.0),
        ("10 ms", "s", 0.01),
        ("-6db", "db", -6.0),
        ("50%", "%", 50.0),
        ("50%", "", 0.5),
        ("-6db", "", 10 ** (-6 / 20)),
        ("0db", "", 1.0),
        ("on", "", 1.0),
        ("off", "", 0.0),
        ("7st", "st", 7.0),
        ("25ct", "st", 0.25),
        ("2oct", "st", 24.0),
        ("1/8", "beats", 0.5),
        ("1.5beats", "beats", 1.5),
        ("3/16", "beats", 0.75),
    ],
)
def test_a_value_in_a_ports_unit(text: str, unit: str, value: float) -> None:
    """A value that fits a port is given in the port's own unit; a bare number is in it already."""
    assert in_unit(read(text), unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "example"),
    [
        ("2s", "hz", "440hz"),
        ("7st", "hz", "440hz"),
        ("440hz", "ms", "10ms"),
        ("c4", "", "0.5"),
        ("2bars", "beats", "1/8"),
        ("saw", "", "0.5"),
        ("on", "hz", "440hz"),
        ("50%", "db", "-6db"),
    ],
)
def test_a_value_that_does_not_fit(text: str, unit: str, example: str) -> None:
    """A unit that does not fit is refused at its place, with an example of what does."""
    with pytest.raises(UserError) as caught:
        in_unit(read(text), unit)
    assert caught.value.code == "E_VALUE"
    assert caught.value.span == HERE
    assert example in caught.value.message


def test_a_level_beyond_use() -> None:
    """A level whose factor no number can hold is a range error, never an overflow."""
    with pytest.raises(UserError) as caught:
        in_unit(read("1e11db"), "")
    assert caught.value.code == "E_RANGE"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1.5s", Duration(seconds=Fraction(3, 2))),
        ("100ms", Duration(seconds=Fraction(1, 10))),
        ("1/8", Duration(beats=Fraction(1, 2))),
        ("1.5beats", Duration(beats=Fraction(3, 2))),
        ("2 bars", Duration(bars=Fraction(2))),
        ("0s", Duration()),
    ],
)
def test_durations_are_exact(text: str, length: Duration) -> None:
    """A duration is an exact number of seconds, beats or bars; 1/8 is half a beat."""
    assert duration(read(text)) == length


@pytest.mark.parametrize(
    ("text", "code"),
    [("2", "E_VALUE"), ("440hz", "E_VALUE"), ("c4", "E_VALUE"), ("-1s", "E_RANGE")],
)
def test_what_is_no_duration(text: str, code: str) -> None:
    """A number without a unit of time is no duration, and none is negative."""
    with pytest.raises(UserError) as caught:
        duration(read(text))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (800.0, "hz", "800hz"),
        (-6.0, "db", "-6db"),
        (12.5, "ms", "12.5ms"),
        (0.3, "", "0.3"),
        (-0.0, "", "0"),
        (1234567.0, "", "1234570"),
        (0.0000123, "s", "0.0000123s"),
        (50.0, "%", "50%"),
    ],
)
def test_values_are_shown_as_they_are_written(value: float, unit: str, text: str) -> None:
    """A reply shows a value with six digits at most, its unit behind it, and no exponent."""
    assert format_value(value, unit) == text


@settings(max_examples=300, deadline=None)
@given(
    some.floats(-1e11, 1e11).filter(lambda value: value == 0 or abs(value) > 1e-11),
    some.sampled_from(["hz", "ms", "s", "db", "%", "st", "beats", ""]),
)
def test_what_is_shown_reads_back(value: float, unit: str) -> None:
    """A shown value reads back as the same value, to within its six digits."""
    shown = format_value(value, unit)
    assert "e" not in shown.removesuffix(unit)
    assert math.isclose(in_unit(read(shown), unit), value, rel_tol=1e-5)
