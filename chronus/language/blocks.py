"""Blocks `{ … }`: where they begin and end, and which lines they hold together.

A brace that touches the word before it (`c2{cutoff=3}`) belongs to that word and ends on its line.
Braces in comments and quotes are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from chronus.errors import Code, Span, UserError
from chronus.language import characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_BLOCK: Final = 100_000
_MARK: Final = re.compile(r'"[^"\n]*"|(?<![^\s;{])#[^\n]*|(?<=[^\s;{])\{[^{}\n]*\}|[{};]', re.ASCII)


class Part(NamedTuple):
    """A piece of a text that can be read alone: what is outside of its blocks is on one line.

    Attributes:
        text: with blanks in front, so that columns are those of the whole.
        line: the number of its first line.
    """

    text: str
    line: int


def parts(text: str, line: int) -> list[Part]:
    """The pieces of a text of one line, or of several that blocks hold together.

    Raises:
        UserError: E_SYNTAX, a block is not closed, not opened, in another one, or followed by
            something; E_LIMIT, the text is too long; and what `characters.check` finds.
    """
    _check_characters(text, line)
    found: list[Part] = []
    start, opened, closed = 0, -1, -1
    for mark in _MARK.finditer(text):
        sign, at = mark[0], mark.start()
        if closed >= 0 and (text[closed:at].strip() or sign == "{"):
            break
        if sign == "{":
            if opened >= 0:
                message = "a block cannot stand in a block"
                raise UserError(Code.SYNTAX, message, _span(text, at, line))
            opened = at
        elif sign == "}":
            if opened < 0:
                message = "this } closes no block"
                raise UserError(Code.SYNTAX, message, _span(text, at, line))
            opened, closed = -1, mark.end()
        elif sign == ";" and closed >= 0:
            found.append(_part(text, start, at, line))
            start, closed = mark.end(), -1
        elif sign.startswith("#") and closed >= 0:
            closed = mark.end()
    if opened >= 0:
        message = "the block that begins here is not closed: expected a }"
        raise UserError(Code.SYNTAX, message, _span(text, opened, line))
    rest = text[closed:] if closed >= 0 else ""
    if rest.strip():
        after = closed + len(rest) - len(rest.lstrip())
        message = "expected ; or the end of the line behind a block"
        raise UserError(Code.SYNTAX, message, _span(text, after, line))
    found.append(_part(text, start, len(text), line))
    return found


def lines_within(block: str, line: int, column: int) -> list[Part]:
    """The lines between the braces of a block that begins at a column, counted from 0."""
    first, *others = block[1:-1].split("\n")
    return [Part(text, line + i) for i, text in enumerate([" " * (column + 1) + first, *others])]


def _check_characters(text: str, line: int) -> None:
    if len(text) > LONGEST_BLOCK:
        message = f"the block has more than {LONGEST_BLOCK} characters, which is the most"
        raise UserError(Code.LIMIT, message, Span(line, 1, 2))
    for number, physical in enumerate(text.split("\n"), line):
        characters.check(physical, number)


def _part(text: str, start: int, end: int, line: int) -> Part:
    column = start - (text.rfind("\n", 0, start) + 1)
    return Part(" " * column + text[start:end], line + text.count("\n", 0, start))


def _span(text: str, offset: int, line: int) -> Span:
    column = offset - text.rfind("\n", 0, offset)
    return Span(line + text.count("\n", 0, offset), column, column + 1)


class Gathering:
    """Puts together the lines that a block holds together, as they come."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._size = 0

    @property
    def is_open(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._depth > 0

    def add(self, line: str) -> str | None:
        """The text that a line ends, or is; None where a block goes on."""
        line = line.removesuffix("\n").removesuffix("\r")
        for mark in _MARK.finditer(line):
            if mark[0] == "{":
                self._depth += 1
            elif mark[0] == "}":
                self._depth = max(self._depth - 1, 0)
        if self._size <= LONGEST_BLOCK:  # of more than that, so much is enough to refuse it
            self._lines.append(line)
            self._size += len(line) + 1
        return None if self.is_open else self.take()

    def take(self) -> str:
        """What there is, finished or not."""
        text = "\n".join(self._lines)
        self._lines, self._depth, self._size = [], 0, 0
        return text


def gathered(lines: Iterable[str]) -> Iterator[Part]:
    """Texts, each a line or the lines of a block; a block that is not closed comes last."""
    gathering = Gathering()
    first = 1
    for number, line in enumerate(lines, 1):
        if not gathering.is_open:
            first = number
        text = gathering.add(line)
        if text is not None:
            yield Part(text, first)
    if gathering.is_open:
        yield Part(gathering.take(), first)
