"""What lines mean that keep a patch or bring one back, and read or write files.

One frozen object a command, as in `chronus.language.statements`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Body, Name, Quantity


@dataclass(frozen=True, slots=True)
class Undo:
    """`undo`, `undo 3`."""

    count: int
    span: Span


@dataclass(frozen=True, slots=True)
class Redo:
    """`redo`, `redo 3`."""

    count: int
    span: Span


@dataclass(frozen=True, slots=True)
class History:
    """`history`: what can be undone."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`snapshot NAME`: the patch as it is."""

    name: Name


@dataclass(frozen=True, slots=True)
class Recall:
    """`recall NAME`; without `over` each port takes its own ramp."""

    name: Name
    over: Quantity | None


@dataclass(frozen=True, slots=True)
class Diff:
    """`diff NAME`: from the patch as it is to the snapshot."""

    name: Name


@dataclass(frozen=True, slots=True)
class Forget:
    """`forget NAME`: the snapshot is there no longer."""

    name: Name


@dataclass(frozen=True, slots=True)
class Save:
    """`save FILE`."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Open:
    """`open FILE`."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """`open { … }`: what a file would hold."""

    body: Body


@dataclass(frozen=True, slots=True)
class Run:
    """`run FILE`."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Record:
    """`record FILE`."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class RecordStop:
    """`record stop`."""


KeepStatement = (
    Undo
    | Redo
    | History
    | Snapshot
    | Recall
    | Diff
    | Forget
    | Save
    | Open
    | OpenBlock
    | Run
    | Record
    | RecordStop
)
