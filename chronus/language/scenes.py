"""What lines about scenes, songs and music files mean: one frozen object a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Body, Name, PortRef, Quantity

Ending = Literal["", "end", "loop"]
"""What comes behind a song's last part: nothing new, the transport stops, or it begins again."""


@dataclass(frozen=True, slots=True)
class StoreScene:
    """`scene drop { … }`."""

    name: Name
    body: Body


@dataclass(frozen=True, slots=True)
class PlayScene:
    """`scene drop`, at the next bar line; `now` for at once."""

    name: Name
    now: bool = False


@dataclass(frozen=True, slots=True)
class Unscene:
    """`unscene drop`."""

    name: Name


@dataclass(frozen=True, slots=True)
class DefineSong:
    """`song: intro 8, drop 16, loop`.

    Attributes:
        parts: the scenes, each with its bars.
        ending: what comes behind the last one.
        starts: whether it is played from the next bar line on, too.
        span: where.
    """

    parts: tuple[tuple[Name, int], ...]
    ending: Ending
    starts: bool
    span: Span


@dataclass(frozen=True, slots=True)
class PlaySong:
    """`song start`, `song from 3`.

    Attributes:
        part: with which it begins, counted from 1.
        now: at once, in the bar where time is.
        goes_on: whether the song itself says so, as a part ends and this one follows.
        span: where.
    """

    part: int
    now: bool
    goes_on: bool
    span: Span


@dataclass(frozen=True, slots=True)
class StopSong:
    """`song stop`: what plays goes on."""


@dataclass(frozen=True, slots=True)
class ShowSong:
    """`song`."""


@dataclass(frozen=True, slots=True)
class Unsong:
    """`unsong`."""


@dataclass(frozen=True, slots=True)
class ImportMidi:
    """`import riff.mid track 2 note c2 as lead`.

    Attributes:
        path: of the file.
        path_span: where that stands.
        track: among those that have notes, counted from 1; None for the first.
        note: the only pitch that is taken, as a grid; None for all.
        target: what is to play it.
    """

    path: str
    path_span: Span
    track: Quantity | None
    note: Quantity | None
    target: PortRef


@dataclass(frozen=True, slots=True)
class ExportMidi:
    """`export song.mid bars 16`; without bars as long as the song."""

    path: str
    span: Span
    bars: Quantity | None


@dataclass(frozen=True, slots=True)
class Capture:
    """`capture last 8 bars to take.wav`."""

    length: Quantity
    path: str
    span: Span


SceneStatement = (
    StoreScene
    | PlayScene
    | Unscene
    | DefineSong
    | PlaySong
    | StopSong
    | ShowSong
    | Unsong
    | ImportMidi
    | ExportMidi
    | Capture
)
