"""The table of wrong lines: each says what is wrong, where, and what was probably meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.doors.replies import as_json, as_text
from chronus.language.parser import VERBS
from tests.support.score import Stage

TABLE = Path(__file__).with_name("wrong_lines.txt")
ROW = re.compile(r"(E_[A-Z]+) +([0-9]+|-)  (.*?)(?:  =>  (.*))?")
START = (
    "load saw; load filter; load lfo; load kick; load adsr; load vca; load delay",
    "patch saw > filter; sequence kick: x...",
)
FORBIDDEN = ("save", "record", "run", "open", "quit", "exit", "reload")


def rows():
    for line in TABLE.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            match = ROW.fullmatch(line)
            assert match is not None, line
            yield match.groups()


ROWS = list(rows())


@pytest.fixture(scope="module")
def stage():
    stage = Stage()
    stage.say(*START)
    return stage


def state(session):
    """All that an error must leave as it is, as the very objects."""
    return (session.patch, session.history, session.agenda, session.snapshots, session.transport)


def is_same(before, after):
    return all(a is b or a == b for a, b in zip(before, after, strict=True))


def test_the_table_is_long_and_names_each_line_once():
    """At least 120 different lines are in it."""
    lines = [line for _, _, line, _ in ROWS]
    assert len(set(lines)) == len(lines) >= 120


@pytest.mark.parametrize(
    ("code", "column", "line", "suggestion"), ROWS, ids=[ascii(line) for _, _, line, _ in ROWS]
)
def test_a_wrong_line(stage, code, column, line, suggestion, tmp_path, monkeypatch):
    """Code, column and a suggestion are those of the table; nothing has changed."""
    monkeypatch.chdir(tmp_path)
    before = state(stage.session)
    error = stage.fails(line)
    assert error.code == code, error.message
    assert str(error.span.column if error.span else "-") == column, error.message
    if suggestion:
        assert suggestion in error.suggestions, error.suggestions
    assert is_same(before, state(stage.session))
    assert len(error.message) < 240
    assert not error.message.endswith(".")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("line", [line for *_, line, suggestion in ROWS if suggestion], ids=ascii)
def test_advice_works(line, tmp_path, monkeypatch):
    """A whole command that is suggested is understood: at most things are no longer so."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    stage.say(*START)
    for suggestion in stage.fails(line).suggestions:
        verb, _, rest = suggestion.partition(" ")
        if verb in VERBS and rest and verb not in FORBIDDEN:
            reply = stage.session.run_line(suggestion)
            assert reply.ok or reply.error.code != "E_SYNTAX", as_text(reply)


WORDS = st.sampled_from(
    [word for *_, line, _ in ROWS for word in line.split()] + [*VERBS, "{", "}", ";", "\t", "\n"]
)
CHARACTERS = st.characters(exclude_categories=())


@st.composite
def mutated(draw):
    """A line of the table, or a wild one, with some of it taken away, put in or swapped."""
    line = draw(st.sampled_from([line for *_, line, _ in ROWS]))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(line)))
        what = draw(st.one_of(st.just(""), CHARACTERS, WORDS.map(" {} ".format)))
        line = line[:at] + what + line[at + draw(st.integers(0, 3)) :]
    return line


@pytest.fixture(scope="module")
def playground():
    return Stage()


@settings(max_examples=500, deadline=None)
@given(line=st.one_of(mutated(), st.lists(WORDS, max_size=12).map(" ".join)))
def test_any_line_is_answered_and_an_error_changes_nothing(playground, line):
    """Random and mutated lines never crash: each has one reply, and errors leave all as it was."""
    if any(word in line.lower() for word in FORBIDDEN) or "wait" in line.lower():
        return
    session = playground.session
    before = state(session)
    reply = session.run_line(line)
    closing = as_text(reply).split("\n")[-1]
    assert closing.split(" ")[0] in ("ok", "error")
    assert closing.isprintable()
    assert "\n" not in as_json(reply)
    if reply.error is not None:
        assert reply.error.code != "E_INTERNAL"
        assert is_same(before, state(session))
