"""Commands that hold others: those done at a time, again and again, or all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from lark import Token, Tree

from chronus.errors import Code, Span, UserError
from chronus.language import arranging, blocks, build, keeping, making, viewing
from chronus.language import statements as st
from chronus.language.build import tokens
from chronus.language.quantities import duration
from chronus.language.scenes import StoreScene
from chronus.language.tokens import place, quantity, span_of
from chronus.language.views import Watch

Node = Tree[Token]
Reader = Callable[[str, int], tuple[st.Said, ...]]
Unit = Literal["bar", "beat"]

_COUNTED: Final[dict[str, Unit]] = {"bars": "bar", "beats": "beat"}
_ALL_AT_ONCE: Final = "all that is done together, or later, is done at one time"
_ALONE: Final[dict[type, str]] = {
    st.Wait: f"wait lets time pass, but {_ALL_AT_ONCE}",
    st.WaitUntil: f"wait lets time pass, but {_ALL_AT_ONCE}",
    keeping.Run: f"what run runs may let time pass, but {_ALL_AT_ONCE}",
    st.Reload: "reload stands on a line of its own",
    st.Quit: "quit stands on a line of its own",
    Watch: "watch goes on until a key is pressed, so it stands on a line of its own",
}
"""What can neither stand in a block nor be done later, and why."""


def said(tree: Node, text: str, line: int, read: Reader) -> st.Said:
    """A command, whatever it is.

    Args:
        tree: what the grammar's rule `statement` found.
        text: in which it was found.
        line: number of the text's first line, on which the command begins.
        read: reads the lines of blocks.

    Raises:
        UserError: E_SYNTAX, E_VALUE or E_RANGE, with its place; E_STATE for what cannot be here.
    """
    start, end = tree.meta.start_pos, tree.meta.end_pos
    if tree.data in _BUILDERS:
        statement = _BUILDERS[tree.data](tree, text, line, read)
    elif tree.data in arranging.BUILDERS:
        statement = arranging.BUILDERS[tree.data](tree, line)
    elif tree.data in viewing.BUILDERS:
        statement = viewing.BUILDERS[tree.data](tree, line)
    else:
        statement = build.statement(tree, line)
    return st.Said(statement, text[start:end], Span(line, start + 1, end + 1))


def _at(tree: Node, text: str, line: int, read: Reader) -> st.Statement:
    when, body = (child for child in tree.children if isinstance(child, Tree))
    return st.At(_when(when, line), _body(body, text, line, read))


def _every(tree: Node, text: str, line: int, read: Reader) -> st.Statement:
    unit, count = _counted(tree, line)
    (body,) = (child for child in tree.children if isinstance(child, Tree))
    found = _body(body, text, line, read)
    if any(isinstance(statement, st.Every) for statement in all_within(found.parts)):
        message = "what is done every so often cannot begin another every"
        raise UserError(Code.STATE, message, found.parts[0].span)
    return st.Every(unit, count, found)


def _block(tree: Node, text: str, line: int, read: Reader) -> st.Statement:
    return st.Block(_body(tree, text, line, read))


def _open_block(tree: Node, text: str, line: int, read: Reader) -> st.Statement:
    (body,) = (child for child in tree.children if isinstance(child, Tree))
    return keeping.OpenBlock(_body(body, text, line, read))


def _instrument_block(tree: Node, text: str, line: int, read: Reader) -> st.Statement:
    (block,) = (child for child in build.trees(tree) if child.data == "block")
    return making.instrument(tree, line, _body(block, text, line, read))


def _scene(tree: Node, text: str, line: int, read: Reader) -> st.Statement:
    name = arranging.name_of(tree, line)
    for block in (child for child in tree.children if isinstance(child, Tree)):
        body = _body(block, text, line, read)
    for quoted in tokens(tree, "TEXT"):  # where a block cannot stand: in another one
        start = place(quoted)[0] + 1
        parts = read(" " * start + quoted[1:-1], line)
        body = st.Body(parts, is_block=True, text=_in_braces(parts))
    arranging.check_scene(name, body)
    return StoreScene(name, body)


_BUILDERS: Final = {
    "at": _at,
    "every": _every,
    "block": _block,
    "open_block": _open_block,
    "scene": _scene,
    "instrument_block": _instrument_block,
}


def _counted(tree: Node, line: int) -> tuple[Unit, int]:
    """`bar` or `4 bars`: what is counted, and every how many."""
    if tokens(tree, "BAR", "BEAT"):
        return ("bar" if tokens(tree, "BAR") else "beat"), 1
    length = quantity(tokens(tree, "DURATION")[0], line)
    if length.unit not in _COUNTED or length.exact.denominator != 1 or length.exact < 1:
        message = f"{length.text} is no whole number of bars or beats"
        raise UserError(Code.VALUE, message, length.span, ["4 bars"])
    return _COUNTED[length.unit], int(length.exact)


def _when(tree: Node, line: int) -> st.When:
    words = tokens(tree, "BAR", "BEAT", "FRAME", "NUMBER", "DURATION")
    span = Span(line, span_of(words[0], line).column, span_of(words[-1], line).end)
    if tree.data == "when_next":
        unit, count = _counted(tree, line)
        return st.When("next", unit, count, None, None, span)
    if tree.data == "when_after":
        length = quantity(words[0], line)
        duration(length)
        if not words[0].startswith("+"):
            message = f"{length.text} from now is written +{length.text}"
            raise UserError(Code.SYNTAX, message, span, [f"+{length.text}"])
        return st.When("after", "beat", 1, None, length, span)
    units: tuple[Literal["bar", "beat", "frame"], ...] = ("bar", "beat", "frame")
    what = next(unit for unit in units if tokens(tree, unit.upper()))
    return st.When("line", what, 1, build.line_number(tree, line, what), None, span)


def _body(tree: Node, text: str, line: int, read: Reader) -> st.Body:
    if tree.data == "block":
        (token,) = tokens(tree, "BLOCK")
        within = blocks.lines_within(token, line, place(token)[0])
        parts = tuple(part for content, number in within for part in read(content, number))
        shown = _in_braces(parts)
    else:
        parts = (said(tree, text, line, read),)
        shown = parts[0].text
    for part in parts:
        if type(part.statement) in _ALONE:
            raise UserError(Code.STATE, _ALONE[type(part.statement)], part.span)
    return st.Body(parts, tree.data == "block", shown)


def _in_braces(parts: tuple[st.Said, ...]) -> str:
    return f"{{ {'; '.join(part.text for part in parts)} }}" if parts else "{ }"


def all_within(parts: tuple[st.Said, ...]) -> list[st.Statement]:
    """What commands mean, and what those mean that they hold."""
    found: list[st.Statement] = []
    for part in parts:
        found.append(part.statement)
        if isinstance(part.statement, (st.At, st.Every, st.Block, StoreScene)):
            found += all_within(part.statement.body.parts)
    return found
