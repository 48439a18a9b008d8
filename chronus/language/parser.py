"""From a line of text to command objects: the only door into the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lark import Tree
from lark.exceptions import UnexpectedInput

from chronus.language import blocks, later, mistakes, refusals
from chronus.language.grammar import grammar
from chronus.language.strays import SIGNS

if TYPE_CHECKING:
    from chronus.language.statements import Said, Statement

VERBS: Final[tuple[str, ...]] = (
    "load", "unload", "rename", "copy", "file", "patch", "unpatch", "instrument", "expose", "mute",
    "unmute", "solo", "unsolo", "set", "get", "note", "gate", "trigger", "sequence", "unsequence",
    "tempo", "meter", "swing", "start", "stop", "panic", "wait", "at", "every", "cancel", "undo",
    "redo", "history", "snapshot", "recall", "diff", "forget", "list", "describe", "status", "help",
    "search", "reset", "reload", "save", "open", "run", "record", "scene", "unscene", "song",
    "unsong", "import", "export", "capture", "show", "watch", "hear", "test", "lock", "unlock",
    "quit", "exit",
)  # fmt: skip
"""All command words that are understood, in the order of the manual."""


def parse_line(text: str, line: int = 1) -> tuple[Statement, ...]:
    """The commands of one line; none for a blank line or a comment. See `read`."""
    return tuple(said.statement for said in read(text, line))


def read(text: str, line: int = 1) -> tuple[Said, ...]:
    """The commands of one line, each with its own text; none for a blank line or a comment.

    Args:
        text: one line, with or without its line break, or several that a block holds together.
        line: the number of the first one, for the spans.

    Raises:
        UserError: E_SYNTAX for what is not understood, E_VALUE for units and note names that do
            not exist, E_RANGE for numbers beyond use, E_LIMIT for a line that is too long, E_STATE
            for what cannot stand in a block.
    """
    text = text.removesuffix("\n").removesuffix("\r")
    return tuple(said for part in blocks.parts(text, line) for said in _read(*part))


def _read(text: str, line: int) -> tuple[Said, ...]:
    try:
        tree = grammar().parse(text)
    except UnexpectedInput:
        refusal = refusals.refusal(grammar(), text, line, VERBS)
    else:
        commands = [child for child in tree.children if isinstance(child, Tree)]
        return tuple(later.said(command, text, line, read) for command in commands)
    raise mistakes.explain(refusal, VERBS, _is_understood)


def expected_after(text: str) -> frozenset[str]:
    """What may come next behind the beginning of a line.

    Literal words and signs stand in it as they are typed ("load", "by", ">"), all else by its
    category: NODE KIND MODULE NAME PORT VALUE NOTE WORD NUMBER DURATION METER FILE LABEL TOPIC
    OPERATOR, and in patterns HIT REST HOLD BARLINE DEGREE TONIC SCALE. A word that is still being
    typed has to be cut off first; without that, it counts as finished. Empty where the text is
    wrong already.
    """
    try:
        reading = grammar().parse_interactive(text)
        reading.exhaust_lexer()
    except UnexpectedInput:
        return frozenset()
    expected = refusals.friendly(refusals.accepted(reading))
    # A dot and a slide belong to the word before them.
    return expected - {".", *SIGNS} if text[-1:].isspace() else expected


def _is_understood(text: str) -> bool:
    if "\n" in text:
        return False
    try:
        grammar().parse(text)
    except UnexpectedInput:
        return False
    return bool(text)
