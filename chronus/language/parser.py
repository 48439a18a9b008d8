"""From a line of text to command objects: the only door into the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from chronus.errors import Span
from chronus.language import build, characters, mistakes
from chronus.language.grammar import grammar
from chronus.language.statements import Said

if TYPE_CHECKING:
    from chronus.language.statements import Statement

VERBS: Final[tuple[str, ...]] = (
    "load", "unload", "patch", "unpatch", "set", "get", "note", "gate", "trigger", "sequence",
    "unsequence", "tempo", "meter", "swing", "start", "stop", "wait", "list", "describe", "status",
    "help", "reset", "reload", "save", "open", "run", "record", "quit", "exit",
)  # fmt: skip
"""All command words that are understood, in the order of the manual."""


def parse_line(text: str, line: int = 1) -> tuple[Statement, ...]:
    """The commands of one line; none for a blank line or a comment. See `read`."""
    return tuple(said.statement for said in read(text, line))


def read(text: str, line: int = 1) -> tuple[Said, ...]:
    """The commands of one line, each with its own text; none for a blank line or a comment.

    Args:
        text: one line, with or without its line break.
        line: its number, for the spans.

    Raises:
        UserError: E_SYNTAX for what is not understood, E_VALUE for units and note names that do
            not exist, E_RANGE for numbers beyond use, E_LIMIT for a line that is too long.
    """
    text = text.removesuffix("\n").removesuffix("\r")
    characters.check(text, line)
    try:
        tree = grammar().parse(text)
    except UnexpectedInput:
        refusal = mistakes.refusal(grammar(), text, line)
    else:
        commands = [child for child in tree.children if isinstance(child, Tree)]
        return tuple(_said(command, text, line) for command in commands)
    raise mistakes.explain(refusal, VERBS, _is_understood)


def _said(command: Tree[Token], text: str, line: int) -> Said:
    start, end = command.meta.start_pos, command.meta.end_pos
    span = Span(line, start + 1, end + 1)
    return Said(build.statement(command, line), text[start:end], span)


def expected_after(text: str) -> frozenset[str]:
    """What may come next behind the beginning of a line.

    Literal words and signs stand in it as they are typed ("load", "by", ">"), all else by its
    category: NODE KIND NAME PORT VALUE NOTE WORD NUMBER DURATION METER FILE TOPIC OPERATOR, and
    in patterns HIT REST HOLD BARLINE. A word that is still being typed has to be cut off first;
    without that, it counts as finished. Empty where the text is wrong already.
    """
    try:
        reading = grammar().parse_interactive(text)
        reading.exhaust_lexer()
    except UnexpectedInput:
        return frozenset()
    expected = mistakes.friendly(mistakes.accepted(reading))
    # A dot and a slide belong to the word before them.
    return expected - {".", "~"} if text[-1:].isspace() else expected


def _is_understood(text: str) -> bool:
    try:
        grammar().parse(text)
    except UnexpectedInput:
        return False
    return bool(text)
