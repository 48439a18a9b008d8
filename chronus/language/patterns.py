"""Patterns: from the marks of a sequence to its steps, its normal form and its options."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from lark import Token, Tree

from chronus.errors import Code, Span, UserError
from chronus.language import quantities
from chronus.language.quantities import in_unit
from chronus.language.statements import SequenceOptions, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chronus.language.statements import Quantity

VELOCITIES: Final = {"x": 0.8, "X": 1.0, "o": 0.45}
"""How hard each mark of a grid hits; a note name hits like `x`."""

SHORTEST_STEP: Final = Fraction(1, 1024)
LONGEST_STEP: Final = Fraction(64)
_TRANSPOSE_ST: Final = 120


class Pattern(NamedTuple):
    """The steps of a pattern and its text in normal form."""

    steps: tuple[Step, ...]
    text: str
    span: Span


class _Mark(NamedTuple):
    """A step or a bar line as the grammar found it, with its place in the line."""

    text: str
    start: int
    end: int
    span: Span
    step: Step | None


def node_pattern(tree: Tree[Token], line: int) -> Pattern:
    """The steps that play a node: a grid, or, where a note or a slide occurs, words.

    Raises:
        UserError: E_SYNTAX where marks of a pattern of words touch, or there is no step;
            E_VALUE for a note name that does not exist.
    """
    marks = [_node_mark(child, line) for child in tree.children]
    is_grid = all(mark.text in {"x", "X", "o", ".", "_", "|"} for mark in marks)
    if not is_grid:
        _need_words(marks, "where notes occur, each step is a word of its own")
    return _pattern(marks)


def port_pattern(tree: Tree[Token], line: int) -> Pattern:
    """The steps that move a port: each word a value, `.` or `_`.

    Raises:
        UserError: E_SYNTAX where words touch or a grid stands in place of values;
            E_VALUE and E_RANGE for values that are none.
    """
    tokens = [child for child in tree.children if isinstance(child, Token)]
    marks = [_port_mark(token, line) for token in tokens]
    grid = "".join(token for token in tokens if token.type != "BARLINE")
    if len(tokens) > 1 and grid.strip("xXo._") == "" and grid.strip("._"):
        message = "a grid plays a node; a port is moved by values such as 400 . 800hz"
        raise UserError(Code.SYNTAX, message, _pattern(marks).span)
    _need_words(marks, "a port is moved by values, and each is a word of its own")
    return _pattern(marks)


def _node_mark(child: Tree[Token] | Token, line: int) -> _Mark:
    tokens = [child] if isinstance(child, Token) else list(_tokens(child))
    first, last = tokens[0], tokens[-1]
    start, end = place(first)[0], place(last)[1]
    span = Span(line, start + 1, end + 1)
    slide = last.type == "SLIDE"
    match first.type:
        case "BARLINE":
            return _Mark("|", start, end, span, None)
        case "REST" | "HOLD":
            if slide:
                message = "only a hit or a note can slide into the next step, such as c2~"
                raise UserError(Code.SYNTAX, message, span)
            return _Mark(str(first), start, end, span, _silent(first, span))
        case "HIT":
            step = Step("hit", None, VELOCITIES[first], slide, None, span)
            return _Mark("".join(tokens), start, end, span, step)
    pitch = quantities.note(first, Span(line, start + 1, place(first)[1] + 1))
    step = Step("hit", pitch.value, VELOCITIES["x"], slide, None, span)
    return _Mark("".join(tokens).lower(), start, end, span, step)


def _port_mark(token: Token, line: int) -> _Mark:
    start, end = place(token)
    span = Span(line, start + 1, end + 1)
    if token.type == "BARLINE":
        return _Mark("|", start, end, span, None)
    if token.type in {"REST", "HOLD"}:
        return _Mark(str(token), start, end, span, _silent(token, span))
    value = quantity(token, line)
    step = Step("hit", None, VELOCITIES["x"], slide=False, value=value, span=span)
    return _Mark(value.text, start, end, span, step)


def _silent(token: Token, span: Span) -> Step:
    kind: Final = "rest" if token.type == "REST" else "hold"
    return Step(kind, None, 0.0, slide=False, value=None, span=span)


def _need_words(marks: Sequence[_Mark], reason: str) -> None:
    for before, after in pairwise(marks):
        touching = before.end == after.start and before.step and after.step
        if touching:
            apart = f"{before.text} {after.text}"
            message = f"{reason}: write {apart!r}, not {before.text + after.text!r}"
            span = Span(before.span.line, before.span.column, after.span.end)
            raise UserError(Code.SYNTAX, message, span, [apart])


def _pattern(marks: Sequence[_Mark]) -> Pattern:
    steps = tuple(mark.step for mark in marks if mark.step is not None)
    span = Span(marks[0].span.line, marks[0].span.column, marks[-1].span.end)
    if not steps:
        message = "a pattern needs a step: x, X, o, a note such as c2, a rest . or a hold _"
        raise UserError(Code.SYNTAX, message, span)
    text = marks[0].text
    for before, after in pairwise(marks):
        text += after.text if before.end == after.start else f" {after.text}"
    return Pattern(steps, text, span)


def options(trees: Iterable[Tree[Token]], line: int) -> SequenceOptions:
    """What stands behind a pattern.

    Raises:
        UserError: E_SYNTAX for an option given twice, E_VALUE for a wrong unit,
            E_RANGE for a value out of bounds.
    """
    chosen = SequenceOptions()
    seen: set[str] = set()
    for tree in trees:
        word = tree.data.removesuffix("_option")
        tokens = list(_tokens(tree))
        if word in seen:
            start, end = place(tokens[0]) if tokens else (tree.meta.start_pos, tree.meta.end_pos)
            message = f"{word} is given twice; once is enough"
            raise UserError(Code.SYNTAX, message, Span(line, start + 1, end + 1))
        seen.add(word)
        chosen = (
            _OPTIONS[word](chosen, quantity(tokens[0], line))
            if tokens
            else replace(chosen, now=True)
        )
    return chosen


def _step(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    if value.unit not in {"fraction", "beats"} and value.exact != 0:
        message = f"{value.text} is no length of a step, which is written 1/16, 1/8 or 1 beat"
        near = [f"1/{value.text}"] if value.unit == "" and value.text.isdigit() else ["1/16"]
        raise UserError(Code.VALUE, message, value.span, near)
    whole_notes = value.exact / 4 if value.unit == "beats" else value.exact
    if not SHORTEST_STEP <= whole_notes <= LONGEST_STEP:
        message = (
            f"a step lasts from {SHORTEST_STEP} to {LONGEST_STEP} whole notes, not {value.text}"
        )
        raise UserError(Code.RANGE, message, value.span)
    return replace(chosen, step=whole_notes)


def swing(value: Quantity) -> float:
    """Where in its pair the second of two steps begins, 0..1.

    Raises:
        UserError: E_VALUE for a wrong unit, E_RANGE for a value out of bounds.
    """
    share = in_unit(value, "")
    if not 0 < share < 1:
        message = f"swing goes from 1% to 99%, 50% is straight; {value.text} is out of it"
        near = [f"{value.text}%"] if value.unit == "" and 0 < value.value < 100 else []
        raise UserError(Code.RANGE, message, value.span, near)
    return share


def _swing(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    return replace(chosen, swing=swing(value))


def _gate(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    share = in_unit(value, "")
    if not 0 < share <= 1:
        message = f"gate is a share of the step, from 1% to 100%; {value.text} is out of it"
        raise UserError(Code.RANGE, message, value.span)
    return replace(chosen, gate=share)


def _rotate(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    if value.unit != "" or value.exact.denominator != 1:
        message = f"rotate takes a whole number of steps such as 2 or -1, not {value.text}"
        raise UserError(Code.VALUE, message, value.span)
    return replace(chosen, rotate=int(value.exact))


def _transpose(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    semitones = in_unit(value, "st")
    if abs(semitones) > _TRANSPOSE_ST:
        message = f"transpose goes from -{_TRANSPOSE_ST}st to {_TRANSPOSE_ST}st, not {value.text}"
        raise UserError(Code.RANGE, message, value.span)
    return replace(chosen, transpose_st=semitones)


_OPTIONS: Final[dict[str, Callable[[SequenceOptions, Quantity], SequenceOptions]]] = {
    "step": _step,
    "swing": _swing,
    "gate": _gate,
    "rotate": _rotate,
    "transpose": _transpose,
}


def quantity(token: Token, line: int) -> Quantity:
    """The value that a token of the grammar writes.

    Raises:
        UserError: E_VALUE and E_RANGE as `quantities` says.
    """
    start, end = place(token)
    span = Span(line, start + 1, end + 1)
    match token.type:
        case "NOTE":
            return quantities.note(token, span)
        case "WORD":
            return quantities.word(token, span)
    return quantities.number(token, span)


def place(token: Token) -> tuple[int, int]:
    """Where a token begins and ends, counted from 0."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return token.start_pos, token.end_pos


def _tokens(tree: Tree[Token]) -> Iterable[Token]:
    return tree.scan_values(lambda child: isinstance(child, Token))
