"""What each form of a line means."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

import pytest

from chronus.errors import Span, UserError
from chronus.language import statements as st
from chronus.language.blocks import gathered
from chronus.language.instruments import Manner
from chronus.language.parser import parse_line


def plain(thing: object) -> Any:
    """A statement without its places: tuples, names as text, values as (value, unit).

    An `over`, a manner, a file or a seed that is not there is left out.
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
        if getattr(thing, "manner", None) == Manner():
            given.remove("manner")
        if getattr(thing, "file", 0) is None:
            given.remove("file")
        if isinstance(thing, st.Load) and thing.seed is None:
            given.remove("seed")
        parts = [getattr(thing, name) for name in given]
        return (type(thing).__name__, *(plain(p) for p in parts if not isinstance(p, Span)))
    return thing


C4 = (261.625565, "note")


def body(text: str, statement: Any) -> tuple[Any, ...]:
    """One command that is held by another."""
    return ("Body", (("Said", statement, text),), False, text)


def block(*parts: tuple[str, Any]) -> tuple[Any, ...]:
    """Commands in braces."""
    said = tuple(("Said", statement, text) for text, statement in parts)
    return ("Body", said, True, f"{{ {'; '.join(text for text, _ in parts)} }}")


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
    ("load sampler file a.wav", ("Load", "sampler", None, (), ("SoundFile", "a.wav", ""))),
    (
        'load sampler as s pitch=3 file "a b.wav" mark 0f1e',
        (
            "Load",
            "sampler",
            "s",
            (("Setting", "pitch", (3.0, "")),),
            ("SoundFile", "a b.wav", "0f1e"),
        ),
    ),
    ("load noise as air seed 7", ("Load", "noise", "air", (), (7, ""))),
    ("load lfo shape=tri", ("Load", "lfo", None, (("Setting", "shape", "tri"),))),
    ("load saw freq=c4", ("Load", "saw", None, (("Setting", "freq", C4),))),
    ("unload kick", ("Unload", ("kick",), False)),
    ("unload kick stop at", ("Unload", ("kick", "stop", "at"), False)),
    ("unload delay tail", ("Unload", ("delay",), True)),
    ("unload tail", ("Unload", ("tail",), False)),
    ("rename a b", ("Rename", "a", "b")),
    ("rename copy as", ("Rename", "copy", "as")),
    ("copy a as b", ("Copy", "a", "b", False)),
    ("copy a", ("Copy", "a", None, False)),
    ("COPY a AS b WITH CABLES", ("Copy", "a", "b", True)),
    ("copy a with cables", ("Copy", "a", None, True)),
    ("mute a b", ("Mute", ("a", "b"))),
    ("unmute a", ("Unmute", ("a",))),
    ("solo solo", ("Solo", ("solo",))),
    ("unsolo a b c", ("Unsolo", ("a", "b", "c"))),
    ("panic", ("Panic",)),
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
    ("wait until frame 0", ("WaitUntil", "frame", (0, ""))),
    ("at next bar stop", ("At", ("When", "next", "bar", 1, None, None), body("stop", ("Stop",)))),
    ("AT Next Beat stop", ("At", ("When", "next", "beat", 1, None, None), body("stop", ("Stop",)))),
    (
        "at next 4 bars stop",
        ("At", ("When", "next", "bar", 4, None, None), body("stop", ("Stop",))),
    ),
    ("at bar 17 stop", ("At", ("When", "line", "bar", 1, (17, ""), None), body("stop", ("Stop",)))),
    (
        "at beat 3.5 stop",
        ("At", ("When", "line", "beat", 1, (3.5, ""), None), body("stop", ("Stop",))),
    ),
    (
        "at +500ms stop",
        ("At", ("When", "after", "beat", 1, None, (0.5, "s")), body("stop", ("Stop",))),
    ),
    (
        "at +2 beats note a c4 at 0.5",
        (
            "At",
            ("When", "after", "beat", 1, None, (2, "beats")),
            body("note a c4 at 0.5", ("Note", "a", (C4,), None, (0.5, ""))),
        ),
    ),
    (
        "at bar 2 at beat 9 stop",
        (
            "At",
            ("When", "line", "bar", 1, (2, ""), None),
            body(
                "at beat 9 stop",
                ("At", ("When", "line", "beat", 1, (9, ""), None), body("stop", ("Stop",))),
            ),
        ),
    ),
    ("every 8 bars stop", ("Every", "bar", 8, body("stop", ("Stop",)))),
    ("every beat stop", ("Every", "beat", 1, body("stop", ("Stop",)))),
    ("{ stop }", ("Block", block(("stop", ("Stop",))))),
    ("{}", ("Block", ("Body", (), True, "{ }"))),
    (
        "{ gate a on;stop # } no end\n\n  start} # x",
        (
            "Block",
            block(("gate a on", ("Gate", "a", True)), ("stop", ("Stop",)), ("start", ("Start",))),
        ),
    ),
    ('{ save "a}b" }', ("Block", block(('save "a}b"', ("Save", "a}b"))))),
    (
        "at bar 2 {\n stop\n}",
        ("At", ("When", "line", "bar", 1, (2, ""), None), block(("stop", ("Stop",)))),
    ),
    ("cancel 3 4", ("Cancel", ((3, ""), (4, "")))),
    ("cancel ALL", ("Cancel", ())),
    ("list pending", ("List", "pending")),
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


def test_places_in_a_block_are_those_of_its_lines() -> None:
    """Lines and columns within and behind a block are as they stand in the text."""
    at, statement = parse_line(
        "start; at next bar { stop\n  set bass.cutoff 3\n } ; stop", line=10
    )[1:]
    assert isinstance(at, st.At)
    stop, assigns = at.body.parts
    assert (stop.span, assigns.span) == (Span(10, 22, 26), Span(11, 3, 20))
    assert isinstance(assigns.statement, st.Set)
    assert assigns.statement.assignments[0].value.span == Span(11, 19, 20)
    assert isinstance(statement, st.Stop)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("{ stop", "E_SYNTAX", 1, 1),
        ("stop; at next bar {\nstop\n", "E_SYNTAX", 1, 19),
        ("}", "E_SYNTAX", 1, 1),
        ("stop }", "E_SYNTAX", 1, 6),
        ("{ stop\n { start } }", "E_SYNTAX", 2, 2),
        ("{ stop } start", "E_SYNTAX", 1, 10),
        ("{ stop\n} start", "E_SYNTAX", 2, 3),
        ("{ stop } { start }", "E_SYNTAX", 1, 10),
        ("{ stop\n} ; lod x", "E_SYNTAX", 2, 5),
        ("{ stop\n lod x\n}", "E_SYNTAX", 2, 2),
        ("at next bar { stop\n set a.b 3hx }", "E_VALUE", 2, 10),
        ("{ stop\n wait 1 bar }", "E_STATE", 2, 2),
        ("at bar 3 wait 1 bar", "E_STATE", 1, 10),
        ("at next bar quit", "E_STATE", 1, 13),
        ("{ run x.chronus }", "E_STATE", 1, 3),
        ("every 2 bars at next bar every 1 bar stop", "E_STATE", 1, 14),
        ("every 1.5 bars stop", "E_VALUE", 1, 7),
        ("every 500ms stop", "E_VALUE", 1, 7),
        ("at 500ms stop", "E_SYNTAX", 1, 4),
        ("at bar 0 stop", "E_RANGE", 1, 8),
        ("cancel 1.5", "E_VALUE", 1, 8),
        ("at next bar", "E_SYNTAX", 1, 12),
        ("at next bar lod saw", "E_SYNTAX", 1, 13),
        ("{ a" + "b" * 100_000 + "}", "E_LIMIT", 1, 1),
        ("{\n\x00}", "E_SYNTAX", 2, 1),
    ],
)
def test_a_wrong_block(text: str, code: str, line: int, column: int) -> None:
    """One error, with the line and column of what is wrong."""
    with pytest.raises(UserError) as caught:
        parse_line(text)
    error = caught.value
    assert error.span is not None
    assert (error.code, error.span.line, error.span.column) == (code, line, column), error.message


def test_lines_are_gathered_to_blocks() -> None:
    """A block's lines are one text; what is not closed comes last, whatever stands in between."""
    lines = ["a", "at x { b # }", '"}"', "{ c }", "}", "d }", "e {", "f\n"]
    assert list(gathered(lines)) == [
        ("a", 1),
        ('at x { b # }\n"}"\n{ c }\n}', 2),
        ("d }", 6),
        ("e {\nf", 7),
    ]
