"""Patterns: from the marks of a sequence to its steps and its normal form.

A written step may stand for several (`x!3`, `x(3,8)`); what is left are hits, holds and rests, and
groups and turns of them. How they lie in time is not said here (`patch.cells`).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from lark import Token, Tree

from chronus.errors import Code, Span, UserError, nearest
from chronus.language import marks as marks_of
from chronus.language.euclid import euclid
from chronus.language.harmony import CHORDS
from chronus.language.quantities import midi_hz, note, note_number
from chronus.language.steps import Step
from chronus.language.tokens import place, quantity, span_of
from chronus.language.written import is_number, marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chronus.language.harmony import Scale
    from chronus.language.marks import Marks

    Node = Tree[Token]

VELOCITIES: Final = {"x": 0.8, "X": 1.0, "o": 0.45}
"""How hard each mark of a grid hits; a note name hits like `x`."""

MOST_ONSETS: Final = 4096
"""Notes, locks and values that a cycle may have, all turns of `< >` counted."""
MOST_CYCLES: Final = 10**9
"""After how many cycles one of `< >` and `%` may come again at most."""
MOST_NOTES: Final = 16
"""Of a chord."""
DEEPEST: Final = 12
"""Brackets within brackets."""
DEEPEST_CHANCE: Final = 4
"""Chance within chance."""
HIGHEST_DEGREE: Final = 128

_QUIET_MARKS: Final = {"CHANCE", "RATCHET", "EVERY", "EUCLID", "locks"}


class Pattern(NamedTuple):
    """The steps of a pattern and its text in normal form."""

    steps: tuple[Step, ...]
    text: str
    span: Span


class _Written(NamedTuple):
    """Something between spaces, or a bar line, with its place in the line.

    Attributes:
        text: normal form.
        start: its first column, counted from 0, and `end`.
        steps: that it stands for; none of a bar line.
        is_word: whether a note or value is in it, so that it may not touch what is beside it.
        onsets: how many notes, values and locks it has.
        cycles: after how many at most it comes again.
        chances: how deep chance stands in chance.
    """

    text: str
    start: int
    end: int
    span: Span
    steps: tuple[Step, ...] = ()
    is_word: bool = False
    onsets: int = 0
    cycles: int = 1
    chances: int = 0


class _Reader(NamedTuple):
    """What is known of a whole pattern while its parts are read."""

    line: int
    is_port: bool
    scale: Scale | None

    def span(self, tree: Node) -> Span:
        return Span(self.line, tree.meta.start_pos + 1, tree.meta.end_pos + 1)


def node_pattern(tree: Node, line: int, scale: Scale | None = None) -> Pattern:
    """The steps that play a node: a grid, or, where a note or a slide occurs, words.

    Raises:
        UserError: E_SYNTAX where marks of a pattern of words touch, or there is no step, or a mark
            is wrong; E_VALUE and E_NAME for notes and chords that do not exist; E_RANGE and E_LIMIT
            for too much.
    """
    written = _all(tree, _Reader(line, is_port=False, scale=scale), 0)
    has_slide = any(step.slide for item in written for step in item.steps)
    if has_slide or any(item.is_word for item in written):
        _need_words(written, "where notes occur, each step is a word of its own")
    return _pattern(written)


def port_pattern(tree: Node, line: int) -> Pattern:
    """The steps that move a port: each word a value, `.` or `_`.

    Raises:
        UserError: E_SYNTAX where words touch or a grid stands in place of values;
            E_VALUE and E_RANGE for values that are none; E_LIMIT for too much.
    """
    written = _all(tree, _Reader(line, is_port=True, scale=None), 0)
    words = [item for item in written if item.steps]
    grid = "".join(item.text for item in words)
    if len(words) > 1 and grid.strip("xXo._") == "" and grid.strip("._"):
        message = "a grid plays a node; a port is moved by values such as 400 . 800hz"
        raise UserError(Code.SYNTAX, message, _pattern(written).span)
    _need_words(written, "a port is moved by values, and each is a word of its own")
    return _pattern(written)


def _all(tree: Node, reader: _Reader, depth: int) -> list[_Written]:
    written: list[_Written] = []
    for child in tree.children:
        if isinstance(child, Token):
            written.append(_Written("|", *place(child), span_of(child, reader.line)))
            continue
        first = next(child.scan_values(lambda token: isinstance(token, Token)), None)
        if first and first.type == "DEGREE" and written and written[-1].end == place(first)[0]:
            before = written[-1]
            span = Span(reader.line, before.span.column, place(first)[1] + 1)
            message = f"it is not clear whether {first[:12]} belongs to {before.text}: part them"
            raise UserError(Code.SYNTAX, message, span, [f"{before.text} {first[:12]}"])
        written.append(_step(child, reader, depth))
    return written


def _step(tree: Node, reader: _Reader, depth: int) -> _Written:
    """A step with its marks, as all that it stands for."""
    atom, *behind = tree.children
    base = _atom(atom, reader, depth)
    kind = base.steps[0].kind
    if kind in {"rest", "hold"} and len(base.steps) == 1:
        why = "only a hit or a note can slide into the next step, such as c2~"
        marks_of.refuse(behind, reader.line, {"SLIDE"}, why)
        why = f"{base.text} has nothing to play: only a repeat such as {base.text}!3 may follow it"
        marks_of.refuse(behind, reader.line, _QUIET_MARKS, why)
    if reader.is_port:
        why = "a value slides by the option smooth, which stands behind the pattern"
        marks_of.refuse(behind, reader.line, {"SLIDE"}, why)
        why = "a lock belongs to a step that plays a node; this sequence moves a port"
        marks_of.refuse(behind, reader.line, {"locks"}, why)
    marks = marks_of.read(behind, reader.line)
    return _marked(base, marks, reader.span(tree))


def _marked(base: _Written, marks: Marks, span: Span) -> _Written:
    (step,) = base.steps
    step = replace(
        step,
        span=span,
        ratchet=marks.ratchet,
        every=marks.every,
        chance=marks.chance,
        locks=marks.locks,
        slide=marks.slide,
    )
    steps: tuple[Step, ...] = (step,)
    hits = 1
    if marks.euclid is not None:
        count, size, rotation = marks.euclid
        rest = Step("rest", None, 0.0, slide=False, value=None, span=span)
        steps = tuple(step if hit else rest for hit in euclid(count, size, rotation))
        hits = count
    onsets = base.onsets * (1 + len(marks.locks)) * marks.ratchet * hits * marks.repeat
    cycles, chances = base.cycles * marks.every, base.chances + (marks.chance is not None)
    if onsets > MOST_ONSETS or len(steps) * marks.repeat > MOST_ONSETS:
        message = f"a pattern has room for {MOST_ONSETS} onsets; this step alone needs more"
        raise UserError(Code.LIMIT, message, span)
    if cycles > MOST_CYCLES:
        message = f"this comes again only after {cycles} cycles; {MOST_CYCLES} is the limit"
        raise UserError(Code.LIMIT, message, span)
    if chances > DEEPEST_CHANCE:
        message = f"chance stands in chance {DEEPEST_CHANCE} deep at most"
        raise UserError(Code.LIMIT, message, span)
    return base._replace(
        text=marked(base.text, marks, is_number=is_number(step)),
        end=span.end - 1,
        span=span,
        steps=steps * marks.repeat,
        onsets=onsets,
        cycles=cycles,
        chances=chances,
    )


def _atom(atom: Node | Token, reader: _Reader, depth: int) -> _Written:
    """A step without its marks."""
    if isinstance(atom, Tree):
        if atom.data == "notes":
            return _notes(atom, reader)
        return _bracketed(atom, reader, depth + 1)
    span = span_of(atom, reader.line)
    start, end = place(atom)
    if atom.type in {"REST", "HOLD"}:
        kind: Final = "rest" if atom.type == "REST" else "hold"
        step = Step(kind, None, 0.0, slide=False, value=None, span=span)
        return _Written(str(atom), start, end, span, (step,), onsets=int(kind == "hold"))
    if atom.type == "HIT":
        step = Step("hit", None, VELOCITIES[atom], slide=False, value=None, span=span, word=atom)
        return _Written(str(atom), start, end, span, (step,), onsets=1)
    value = quantity(atom, reader.line)
    step = Step("hit", None, VELOCITIES["x"], False, value, span, word=value.text)
    return _Written(value.text, start, end, span, (step,), is_word=True, onsets=1)


def _notes(tree: Node, reader: _Reader) -> _Written:
    """A note, or a chord by its notes or by name."""
    tokens = [child for child in tree.children if isinstance(child, Token)]
    names = [token for token in tokens if token.type != "CHORD"]
    span = reader.span(tree)
    midis = [_midi(token, reader) for token in names]
    if tokens[-1].type == "CHORD":
        intervals = _intervals(tokens[-1], reader.line)
        if len(names) > 1:
            message = "a chord is written by its notes or by its name, not both"
            raise UserError(Code.SYNTAX, message, span)
        midis = [midis[0] + interval for interval in intervals]
    if len(midis) > MOST_NOTES:
        message = f"a chord has up to {MOST_NOTES} notes, not {len(midis)}"
        raise UserError(Code.LIMIT, message, span)
    if reader.scale is not None:
        midis = [reader.scale.nearest(midi) for midi in midis]
    first, *others = (midi_hz(midi) for midi in dict.fromkeys(midis))
    chord_name = tokens[-1].lower() if tokens[-1].type == "CHORD" else ""
    text = "+".join(token.lower() for token in names) + chord_name
    step = Step("hit", first, VELOCITIES["x"], False, None, span, chord=tuple(others), word=text)
    start, end = tree.meta.start_pos, tree.meta.end_pos
    return _Written(text, start, end, span, (step,), is_word=True, onsets=len(midis))


def _midi(token: Token, reader: _Reader) -> int:
    """The MIDI number of a note name or degree."""
    span = span_of(token, reader.line)
    if token.type == "DEGREE":
        if reader.scale is None:
            message = f"{token[:12]} is a degree, and needs a scale behind the pattern"
            raise UserError(Code.VALUE, message, span, ["scale c minor"])
        if len(token) > 5 or abs(int(token)) > HIGHEST_DEGREE:
            message = f"degrees go from -{HIGHEST_DEGREE} to {HIGHEST_DEGREE}, not {token[:12]}"
            raise UserError(Code.RANGE, message, span)
        return reader.scale.degree(int(token))
    note(token, span)  # says what is wrong with it
    midi = note_number(token)
    assert midi is not None, token
    return midi


def _intervals(token: Token, line: int) -> tuple[int, ...]:
    name, span = token[1:].lower(), span_of(token, line)
    if name not in CHORDS:
        near = [f":{known}" for known in nearest(name, CHORDS) if name] or [":maj", ":m7"]
        message = f"{name[:12]!r} is no chord; there are {', '.join(CHORDS)}"
        raise UserError(Code.NAME, message, span, near)
    return CHORDS[name]


def _bracketed(tree: Node, reader: _Reader, depth: int) -> _Written:
    """A group `[a b]` or a turn `<a b>`; of one plain hit it is that hit."""
    span = reader.span(tree)
    is_group = tree.data == "group"
    signs = "[]" if is_group else "<>"
    if depth > DEEPEST:
        message = f"brackets stand in brackets {DEEPEST} deep at most"
        raise UserError(Code.LIMIT, message, span)
    written = _all(tree, reader, depth)
    bar = next((item for item in written if not item.steps), None)
    if bar is not None:
        message = f"a bar line stands between steps, not within {signs}"
        raise UserError(Code.SYNTAX, message, bar.span)
    if not written:
        message = f"{signs} is empty: write {signs[0]}.{signs[1]} or . for a rest"
        raise UserError(Code.SYNTAX, message, span, ["."])
    if any(item.is_word for item in written):
        _need_words(written, "where notes or values occur, each step is a word of its own")
    parts = tuple(step for item in written for step in item.steps)
    text = _joined(written)
    start, end = tree.meta.start_pos, tree.meta.end_pos
    base = _Written(
        f"{signs[0]}{text}{signs[1]}",
        start,
        end,
        span,
        is_word=any(item.is_word for item in written),
        onsets=sum(item.onsets for item in written),
        cycles=max(item.cycles for item in written) * (1 if is_group else len(parts)),
        chances=max(item.chances for item in written),
    )
    if len(parts) == 1 and parts[0].kind == "hit" and not parts[0].is_marked:
        return base._replace(text=text, steps=(replace(parts[0], span=span),))
    kind: Final = "group" if is_group else "turn"
    step = Step(kind, None, 0.0, slide=False, value=None, span=span, parts=parts)
    return base._replace(steps=(step,))


def _need_words(written: Sequence[_Written], reason: str) -> None:
    for before, after in pairwise(written):
        if before.end == after.start and before.steps and after.steps:
            apart = f"{before.text} {after.text}"
            message = f"{reason}: write {apart!r}, not {before.text + after.text!r}"
            span = Span(before.span.line, before.span.column, after.span.end)
            raise UserError(Code.SYNTAX, message, span, [apart])


def _pattern(written: Sequence[_Written]) -> Pattern:
    steps = tuple(step for item in written for step in item.steps)
    span = Span(written[0].span.line, written[0].span.column, written[-1].span.end)
    if not steps:
        message = "a pattern needs a step: x, X, o, a note such as c2, a rest . or a hold _"
        raise UserError(Code.SYNTAX, message, span)
    onsets = max(sum(item.onsets for item in written), len(steps))
    if onsets > MOST_ONSETS:
        message = f"a pattern has room for {MOST_ONSETS} steps and onsets; this one has {onsets}"
        raise UserError(Code.LIMIT, message, span)
    return Pattern(steps, _joined(written), span)


def _joined(written: Sequence[_Written]) -> str:
    """Normal form: what touches still touches, all else is parted by one space."""
    text = written[0].text
    for before, after in pairwise(written):
        text += after.text if before.end == after.start else f" {after.text}"
    return text
