"""Patterns and their options."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from chronus.errors import Span
from chronus.language.parser import parse_line
from chronus.language.steps import Sequence, SequenceOptions


def sequence(line: str) -> Sequence:
    (statement,) = parse_line(line)
    assert isinstance(statement, Sequence)
    return statement


def marks(line: str) -> str:
    """One character a step: hits by velocity, `n` a note, `v` a value, `~` after a slide."""
    shown = ""
    for step in sequence(line).steps:
        hit = "n" if step.pitch else {0.8: "x", 1.0: "X", 0.45: "o", 0.0: "?"}[step.velocity]
        mark = {"hit": "v" if step.value else hit, "rest": ".", "hold": "_"}[step.kind]
        shown += mark + ("~" if step.slide else "")
    return shown


@pytest.mark.parametrize(
    ("pattern", "steps", "text"),
    [
        ("x.x.X.o. | x...", "x.x.X.o.x...", "x.x.X.o. | x..."),
        ("x", "x", "x"),
        ("x...|x...", "x...x...", "x...|x..."),
        ("x  _ .\tX", "x_.X", "x _ . X"),
        ("xXo._", "xXo._", "xXo._"),
        ("C2 . eb2 _ G2", "n.n_n", "c2 . eb2 _ g2"),
        ("c2~ c3", "n~n", "c2~ c3"),
        ("x~ . | X", "x~.X", "x~ . | X"),
        ("c2 . | x o", "n.xo", "c2 . | x o"),
        ("f#2 c-1 b9", "nnn", "f#2 c-1 b9"),
    ],
)
def test_a_pattern_has_steps_and_a_normal_form(pattern: str, steps: str, text: str) -> None:
    """Grids and words give their steps in order; the normal form reads back to the same steps."""
    line = f"sequence a: {pattern}"
    assert marks(line) == steps
    assert sequence(line).text == text
    assert marks(f"sequence a: {text}") == steps


@pytest.mark.parametrize(
    ("pattern", "steps", "text"),
    [
        ("400 . 800 hz _", "v.v_", "400 . 800hz _"),
        (".5 . -.5", "v.v", ".5 . -.5"),
        ("Saw square | c4 on", "vvvv", "saw square | c4 on"),
        ("-6db 50% 1/8 2 bars", "vvvv", "-6db 50% 1/8 2bars"),
    ],
)
def test_a_port_is_moved_by_values(pattern: str, steps: str, text: str) -> None:
    """In a sequence of a port each word is a value, a rest or a hold."""
    line = f"sequence a.b: {pattern}"
    assert marks(line) == steps
    assert sequence(line).text == text
    assert marks(f"sequence a.b: {text}") == steps


def test_the_pitch_of_a_step() -> None:
    """A note name is its frequency; a hit without one has the node's own pitch."""
    steps = sequence("sequence a: a4 x").steps
    assert steps[0].pitch == pytest.approx(440)
    assert steps[1].pitch is None


def test_steps_know_their_places() -> None:
    """Each step and the pattern as a whole know where they stand."""
    found = sequence("sequence a: c2~ .|x now")
    assert [(step.span.column, step.span.end) for step in found.steps] == [
        (13, 16),
        (17, 18),
        (19, 20),
    ]
    assert found.span == Span(1, 13, 20)


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ("", {}),
        ("step 1/8", {"step": Fraction(1, 8)}),
        ("STEP 1 beat", {"step": Fraction(1, 4)}),
        ("step 1/12", {"step": Fraction(1, 12)}),
        ("swing 60%", {"swing": 0.6}),
        ("swing .66", {"swing": 0.66}),
        ("rotate -2", {"rotate": -2}),
        ("gate 80%", {"gate": 0.8}),
        ("transpose -12st", {"transpose_st": -12.0}),
        ("transpose 1oct", {"transpose_st": 12.0}),
        ("transpose 25ct", {"transpose_st": 0.25}),
        ("now", {"now": True}),
        ("now gate 1 step 1/32", {"now": True, "gate": 1.0, "step": Fraction(1, 32)}),
    ],
)
@pytest.mark.parametrize("start", ["sequence a: x.x.", "sequence a.b: 1 . 2"])
def test_options_stand_behind_a_pattern(start: str, options: str, changed: dict[str, Any]) -> None:
    """Each option changes its own value, in any order, and leaves the others as they are."""
    assert sequence(f"{start} {options}").options == SequenceOptions(**changed)
    assert sequence(f"{start} {options}").text == sequence(start).text
