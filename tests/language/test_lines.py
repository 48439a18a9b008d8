"""What each form of a line means."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

import pytest

from chronus.errors import Span
from chronus.language import statements as st
from chronus.language.parser import parse_line


def plain(thing: object) -> Any:
    """A statement without its places: tuples, names as text, values as (value, unit).

    An `over` that is not there is left out.
    """
    if isinstance(thing, st.Name):
        return thing.text
    if isinstance(thing, st.PortRef):
        return str(thing)
    if isinstance(thing, st.Quantity):
        return thing.text if thing.unit == "word" else (round(thing.value, 6), thing.unit)
    if isinstance(thing, tuple):
        return tuple(plain(part) for part in thing)
    if is_dataclass(thing):
        given = [field.name for field in fields(thing)]
        if getattr(thing, "over", 0) is None:
            given.remove("over")
        parts = [getattr(thing, name) for name in given]
        return (type(thing).__name__, *(plain(p) for p in parts if not isinstance(p, Span)))
    return thing


C4 = (261.625565, "note")

LINES: list[tuple[str, tuple[Any, ...]]] = [
    ("load saw", ("Load", "saw", None, ())),
    ("LOAD Saw", ("Load", "saw", None, ())),
    ("load tb303_module", ("Load", "tb303", None, ())),
    ("load saw as lead", ("Load", "saw", "lead", ())),
    ("load saw as as", ("Load", "saw", "as", ())),
    ("load stop", ("Load", "stop", None, ())),
    ("load drums/kick-2 as k", ("Load", "drums/kick-2", "k", ())),
    (
        "load saw as lead freq=440 level = -6 db",
        ("Load", "saw", "lead", (("Setting", "freq", (440, "")), ("Setting", "level", (-6, "db")))),
    ),
    ("load lfo shape=tri", ("Load", "lfo", None, (("Setting", "shape", "tri"),))),
    ("load saw freq=c4", ("Load", "saw", None, (("Setting", "freq", C4),))),
    ("unload kick", ("Unload", ("kick",))),
    ("unload kick stop at", ("Unload", ("kick", "stop", "at"))),
    ("patch a > b", ("Patch", (("a",), ("b",)), None)),
    ("patch a>b>c.in", ("Patch", (("a",), ("b",), ("c.in",)), None)),
    ("patch a, b.x > c", ("Patch", (("a", "b.x"), ("c",)), None)),
    ("patch lfo > f.cutoff by 800hz", ("Patch", (("lfo",), ("f.cutoff",)), (800, "hz"))),
    ("patch a > b BY -12 db", ("Patch", (("a",), ("b",)), (-12, "db"))),
    ("patch a > b.freq by +7st", ("Patch", (("a",), ("b.freq",)), (7, "st"))),
    ("unpatch a > out", ("Unpatch", (("a",), ("out",)))),
    ("unpatch a", ("Unpatch", (("a",),))),
    ("set a.cutoff 800", ("Set", (("Assignment", "a.cutoff", "", (800, "")),))),
    ("set a.cutoff = 2khz", ("Set", (("Assignment", "a.cutoff", "", (2000, "hz")),))),
    ("set a.cutoff=2khz", ("Set", (("Assignment", "a.cutoff", "", (2000, "hz")),))),
    ("set a.cutoff to 1e3", ("Set", (("Assignment", "a.cutoff", "", (1000, "")),))),
    ("set a.cutoff *1.5", ("Set", (("Assignment", "a.cutoff", "*", (1.5, "")),))),
    ("set a.cutoff * 1.5", ("Set", (("Assignment", "a.cutoff", "*", (1.5, "")),))),
    ("set a.freq +7st", ("Set", (("Assignment", "a.freq", "+", (7, "st")),))),
    ("set a.freq + 7 st", ("Set", (("Assignment", "a.freq", "+", (7, "st")),))),
    ("set a.freq - 3", ("Set", (("Assignment", "a.freq", "-", (3, "")),))),
    ("set a.gain -6db", ("Set", (("Assignment", "a.gain", "", (-6, "db")),))),
    ("set a.gain .5", ("Set", (("Assignment", "a.gain", "", (0.5, "")),))),
    ("set a.gate on", ("Set", (("Assignment", "a.gate", "", "on"),))),
    ("set a.shape Saw", ("Set", (("Assignment", "a.shape", "", "saw"),))),
    ("set a.freq A4", ("Set", (("Assignment", "a.freq", "", (440, "note")),))),
    (
        "set a.time 2 s.time 3",
        ("Set", (("Assignment", "a.time", "", (2, "")), ("Assignment", "s.time", "", (3, "")))),
    ),
    (
        "set a.cutoff 800 over 2 bars",
        ("Set", (("Assignment", "a.cutoff", "", (800, "")),), (2, "bars")),
    ),
    (
        "set over.x +7st over 1/8",
        ("Set", (("Assignment", "over.x", "+", (7, "st")),), (0.125, "fraction")),
    ),
    ("set a.shape low OVER 2s", ("Set", (("Assignment", "a.shape", "", "low"),), (2, "s"))),
    ("tempo 140 over 8 beats", ("Tempo", (140, ""), (8, "beats"))),
    ("meter 7/8", ("Meter", 7, 8)),
    ("METER 12/16", ("Meter", 12, 16)),
    ("swing 58%", ("Swing", 0.58)),
    (
        "set a.x 50% b.y 25ct c.z 1/8",
        (
            "Set",
            (
                ("Assignment", "a.x", "", (50, "%")),
                ("Assignment", "b.y", "", (0.25, "st")),
                ("Assignment", "c.z", "", (0.125, "fraction")),
            ),
        ),
    ),
    ("get a", ("Get", "a")),
    ("get a.cutoff", ("Get", "a.cutoff")),
    ("note a c4", ("Note", "a", (C4,), None, None)),
    ("note note c4", ("Note", "note", (C4,), None, None)),
    (
        "note a 60 440hz c4 for 2 bars at 0.5",
        ("Note", "a", ((60, ""), (440, "hz"), C4), (2, "bars"), (0.5, "")),
    ),
    ("note a c4 at 80% for 1/8", ("Note", "a", (C4,), (0.125, "fraction"), (80, "%"))),
    ("gate a on", ("Gate", "a", True)),
    ("gate a OFF", ("Gate", "a", False)),
    ("trigger kick", ("Trigger", "kick")),
    ("unsequence a", ("Unsequence", "a")),
    ("unsequence a.cutoff", ("Unsequence", "a.cutoff")),
    ("tempo 120", ("Tempo", (120, ""))),
    ("tempo 93.5", ("Tempo", (93.5, ""))),
    ("start", ("Start",)),
    ("stop", ("Stop",)),
    ("wait 2 bars", ("Wait", (2, "bars"))),
    ("wait 1 bar", ("Wait", (1, "bars"))),
    ("wait 1.5s", ("Wait", (1.5, "s"))),
    ("wait 250ms", ("Wait", (0.25, "s"))),
    ("wait 1/8", ("Wait", (0.125, "fraction"))),
    ("wait 1.5beats", ("Wait", (1.5, "beats"))),
    ("wait until bar 17", ("WaitUntil", "bar", (17, ""))),
    ("wait UNTIL beat 3", ("WaitUntil", "beat", (3, ""))),
    ("list", ("List", None)),
    ("list kinds", ("List", "kinds")),
    ("list Cables", ("List", "cables")),
    ("describe saw", ("Describe", "saw")),
    ("describe a.cutoff", ("Describe", "a.cutoff")),
    ("status", ("Status",)),
    ("help", ("Help", None)),
    ("help set", ("Help", "set")),
    ("save My_Song.chronus", ("Save", "My_Song.chronus")),
    ('save "My Song #1; x.chronus"', ("Save", "My Song #1; x.chronus")),
    ("open ../patches/häuser.chronus", ("Open", "../patches/häuser.chronus")),
    ("run /home/a#b.chronus", ("Run", "/home/a#b.chronus")),
    ("record take.wav", ("Record", "take.wav")),
    ("record stop", ("RecordStop",)),
    ("record stop.wav", ("Record", "stop.wav")),
    ('record "stop"', ("Record", "stop")),
    ("quit", ("Quit",)),
    ("exit", ("Quit",)),
    ("\tload\tsaw\t# a comment: ünïcödé; load x", ("Load", "saw", None, ())),
    ("load saw\r\n", ("Load", "saw", None, ())),
]


@pytest.mark.parametrize(("line", "meaning"), LINES, ids=[line for line, _ in LINES])
def test_a_line_means(line: str, meaning: tuple[Any, ...]) -> None:
    """Each form of the language means exactly one command, with all its parts."""
    (statement,) = parse_line(line)
    assert plain(statement) == meaning


@pytest.mark.parametrize(
    "line", ["", "   ", "\t", "#", "# load saw", ";", " ; ;; # x", ";#x", "\n"]
)
def test_nothing_to_do(line: str) -> None:
    """Blank lines, comments and lone semicolons are no commands and no mistakes."""
    assert parse_line(line) == ()


def test_several_commands_on_a_line() -> None:
    """A semicolon parts commands, and their order stays."""
    statements = parse_line("load saw;start ; wait 1 bar;; stop # end")
    assert [type(statement) for statement in statements] == [st.Load, st.Start, st.Wait, st.Stop]


def test_spans_point_at_the_words() -> None:
    """Each part of a command knows its line and columns, from 1, on any number of semicolons."""
    _, statement = parse_line("start; set bass.cutoff  +7 st", line=12)
    assert isinstance(statement, st.Set)
    (assignment,) = statement.assignments
    assert assignment.target.node.span == Span(12, 12, 16)
    assert assignment.target.span == Span(12, 12, 23)
    assert assignment.value.span == Span(12, 26, 30)
    assert assignment.value.text == "7st"


def test_values_keep_what_was_written() -> None:
    """A value carries the written decimal without rounding, and its text without spaces."""
    (statement,) = parse_line("wait 0.1 s")
    assert isinstance(statement, st.Wait)
    assert statement.duration.exact == Fraction(1, 10)
    assert statement.duration.text == "0.1s"
