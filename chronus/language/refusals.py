"""Where the grammar refuses a line, and what could have stood there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lark.exceptions import UnexpectedInput

from chronus.errors import Span
from chronus.language.strays import TERMINALS
from chronus.language.tokens import place

if TYPE_CHECKING:
    from lark import Lark, Token
    from lark.parsers.lalr_interactive_parser import InteractiveParser

_WORD: Final = re.compile(r'"[^"]*"?|[^\s;,>=:"]+|.')
_SIGNS: Final = {
    "_ARROW": ">", "_COLON": ":", "_COMMA": ",", "_DOT": ".", "_EQUALS": "=", "_SEMICOLON": ";",
    "BLOCK": "{", **TERMINALS,
}  # fmt: skip
_WORDS: Final = frozenset(
    (
        *(
            "BAR",
            "BEAT",
            "FRAME",
            "ON",
            "OFF",
            "KINDS",
            "INSTRUMENTS",
            "NODES",
            "CABLES",
            "SEQUENCES",
        ),
        *("DEVICES", "PENDING", "ALL", "SNAPSHOTS", "SCENES", "READY"),
        *("LOCKS", "METERS", "SCOPE", "SPECTRUM"),
    )
)
_HOLDERS: Final = frozenset({"_AT", "_EVERY"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where the grammar stopped.

    Attributes:
        text: the whole line.
        line: its number.
        tokens: what was read of the command, from its verb on.
        start: where the command begins, counted from 0.
        position: where it goes on wrongly, counted from 0.
        word: what stands there; empty where the command ends too early.
        expected: what could stand there, as `expected_after` says it.
        complete: whether the command could have ended there.
    """

    text: str
    line: int
    tokens: tuple[Token, ...]
    start: int
    position: int
    word: str
    expected: frozenset[str]
    complete: bool

    @property
    def verb(self) -> str:
        """The command's first word, lower case; empty at its very start."""
        return self.tokens[0].lower() if self.tokens else ""

    @property
    def span(self) -> Span:
        """The place of `word`."""
        return Span(self.line, self.position + 1, self.position + 1 + max(1, len(self.word)))

    @property
    def command(self) -> tuple[str, str]:
        """The command's text before and from the place where it goes wrong."""
        end = self.text.find(";", self.position)
        rest = self.text[self.position : end if end >= 0 else None]
        return self.text[self.start : self.position], rest


def accepted(reading: InteractiveParser) -> set[str]:
    """The names of the grammar's terminals that may come next."""
    return set(reading.accepts())  # type: ignore[no-untyped-call]  # lark does not type it


def friendly(terminals: set[str]) -> frozenset[str]:
    """The grammar's terminals as categories (upper case), and literal words and signs."""
    return frozenset(name for terminal in terminals for name in _friendly(terminal))


def _friendly(terminal: str) -> tuple[str, ...]:
    if terminal == "$END":
        return ()
    if terminal == "THING":
        return ("NODE", "KIND")
    if terminal in _SIGNS:
        return (_SIGNS[terminal],)
    if terminal.startswith("_") or terminal in _WORDS:
        return (terminal.lstrip("_").lower(),)
    return (terminal,)


def refusal(parser: Lark, text: str, line: int, verbs: tuple[str, ...]) -> Refusal:
    """Read a line that does not parse once more, up to the place where it goes wrong.

    Args:
        parser: of lines.
        text: the line.
        line: its number.
        verbs: all command words.
    """
    reading = parser.parse_interactive(text)
    tokens: list[Token] = []
    position = -1
    try:
        for token in reading.iter_parse():
            tokens.append(token)  # noqa: PERF402 - what came before the stop is wanted
    except UnexpectedInput as stopped:
        position = -1 if stopped.pos_in_stream is None else stopped.pos_in_stream
        if tokens and place(tokens[-1])[0] == position:
            tokens.pop()  # the word that stopped it
    found = _WORD.match(text, position) if position >= 0 else None
    word = found[0] if found else ""
    while tokens and tokens[-1].type == "_SEMICOLON" and not word:
        tokens.pop()
    begins = [index for index, token in enumerate(tokens) if token.type == "_SEMICOLON"]
    current = tokens[begins[-1] + 1 :] if begins else tokens
    start = place(tokens[begins[-1]])[1] if begins else 0
    accepts = accepted(reading)
    while current and current[0].type in _HOLDERS:
        inner = _inner(current, verbs)
        if inner is None and not {"_LOAD", "_PATCH"} <= accepts:
            break  # the time of an `at` is not all there
        start = place(current[-1 if inner is None else inner - 1])[1]
        current = [] if inner is None else current[inner:]
    if not word or word == ";":
        word = ""
        position = place(tokens[-1])[1] if tokens else 0
    return Refusal(
        text, line, tuple(current), start, position, word, friendly(accepts), "$END" in accepts
    )


def _inner(tokens: list[Token], verbs: tuple[str, ...]) -> int | None:
    """Where the command begins that an `at` or `every` holds; None where it has none yet."""
    words = {f"_{verb.upper()}" for verb in verbs}
    return next((i for i, token in enumerate(tokens) if i and token.type in words), None)
