"""What lines mean that look, listen, or keep several people apart: one frozen object a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Name, Quantity

View = Literal["meters", "scope", "spectrum"]


@dataclass(frozen=True, slots=True)
class ShowGraph:
    """`show graph`, or `show graph to FILE`; `path` is None for text."""

    path: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Show:
    """`show meters`, or `show spectrum to FILE`; `path` is None for text."""

    what: View
    path: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Watch:
    """`watch meters`: again and again, until a key is pressed."""


@dataclass(frozen=True, slots=True)
class Hear:
    """`hear last 2 bars`; without a length, the last seconds."""

    length: Quantity | None


@dataclass(frozen=True, slots=True)
class Tone:
    """`test`: a tone, whatever is patched."""


@dataclass(frozen=True, slots=True)
class Lock:
    """`lock NODE ...`: hands off for all others."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Unlock:
    """`unlock NODE ...`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class UndoMine:
    """`undo --mine`: the last change of who says it."""


@dataclass(frozen=True, slots=True)
class UndoOnly:
    """`undo only 3`: the third last change, and none of those behind it."""

    count: int
    span: Span


ViewStatement = ShowGraph | Show | Watch | Hear | Tone | Lock | Unlock | UndoMine | UndoOnly
