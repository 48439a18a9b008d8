"""What a topic of help is: a word, a line on it, and a page whose examples run as tests."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.commands import topics as room

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TYPED: Final = "> "
"""Begins what is typed, on a page."""


@dataclass(frozen=True, slots=True)
class Example:
    """A line on a page that is typed, and the reply that it is said to get.

    Attributes:
        line: as it is typed.
        reply: what is shown of its reply, a line each; none where nothing is shown.
    """

    line: str
    reply: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of help that is about no single command or kind.

    A line that begins with `> ` is typed; the lines from there to the next one, or to a blank line,
    are its reply: in text, or in JSON where they begin with a brace. All that is typed on a page is
    carried out in order, in one new session, from frame 0 of a score on. A reply's line that ends
    with ` ...` is its beginning.

    Attributes:
        name: the word behind `help`.
        doc: one line, what the page tells.
        page: at most 80 columns wide; what is typed, and its replies, 78.
    """

    name: str
    doc: str
    page: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The page, line by line; what is typed and said is set in, so that it is no reply."""
        shown, is_said = [], False
        for line in self._page:
            is_said = bool(line) and (is_said or line.startswith(TYPED))
            shown.append(f"  {line}" if is_said else line)
        return tuple(shown)

    @property
    def _page(self) -> list[str]:
        return self.page.strip("\n").split("\n")

    @property
    def examples(self) -> Iterator[Example]:
        """What is typed on the page, in order."""
        typed: str | None = None
        reply: list[str] = []
        for line in (*self._page, ""):
            if typed is not None and (not line or line.startswith(TYPED)):
                yield Example(typed, tuple(reply))
                typed, reply = None, []
            if line.startswith(TYPED):
                typed = line.removeprefix(TYPED)
            elif typed is not None:
                reply.append(line)


@cache
def topics() -> Mapping[str, Topic]:
    """Every topic by its word, in alphabetical order."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(room.__path__))
    found = [importlib.import_module(f"{room.__name__}.{name}").TOPIC for name in names]
    return MappingProxyType({topic.name: topic for topic in found})
