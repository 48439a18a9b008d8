"""Scenes and songs over time: what a scene holds, and where a song is.

A running song is one item on the agenda: the part that comes next, or its end. So tempo moves it,
the transport holds it, `cancel` takes it back, and a session that is resumed goes on with it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from chronus.errors import Span
from chronus.language.parser import read
from chronus.language.scenes import PlaySong, StopSong
from chronus.language.statements import Said, Stop

if TYPE_CHECKING:
    from chronus.patch.model import Patch
    from chronus.patch.scenes import Part, Song
    from chronus.session.agenda import Agenda, Item
    from chronus.session.draft import Draft
    from chronus.session.tempo import Transport

NOWHERE = Span()


@lru_cache(maxsize=4096)
def parts_of(text: str) -> tuple[Said, ...]:
    """What a line of a scene says; it has been read before, when the scene was stored."""
    return read(text)


def scene_lines(name: str, commands: tuple[str, ...]) -> list[str]:
    """The lines that store a scene, in a file."""
    return [f"scene {name} {{", *(f"  {command}" for command in commands), "}"]


def scene_line(name: str, commands: tuple[str, ...]) -> str:
    """The same on one line, and so that it may stand in a block."""
    return f'scene {name} "{"; ".join(commands)}"'


# ---- a running song


def following(song: Song, part: int) -> tuple[tuple[Said, ...], str]:
    """What comes behind a part of a song, as commands and as their text."""
    if part < len(song.parts) or song.ending == "loop":
        after = part % len(song.parts) + 1
        text = f"song from {after} now"
        return (Said(PlaySong(after, now=True, goes_on=True, span=NOWHERE), text, NOWHERE),), text
    leave = Said(StopSong(), "song stop", NOWHERE)
    if song.ending == "end":
        return (leave, Said(Stop(), "stop", NOWHERE)), "{ song stop; stop }"
    return (leave,), leave.text


def is_of_song(item: Item) -> bool:
    """Whether an item is how a song begins, goes on or ends."""
    said = item.parts[0].statement
    is_next = isinstance(said, PlaySong) and said.now
    return item.repeat is None and (is_next or isinstance(said, StopSong))


def running(agenda: Agenda) -> Item | None:
    """What a song does next, None where none runs."""
    return next(filter(is_of_song, agenda.items), None)


def leave(draft: Draft) -> bool:
    """Let a song go on no more; whether one was running."""
    numbers = {item.number for item in draft.agenda.items if is_of_song(item)}
    if numbers:
        draft.schedule(draft.agenda.without(numbers))
    return bool(numbers)


class Place(NamedTuple):
    """Where a running song is.

    Attributes:
        number: of the part that plays, counted from 1; 0 before the first.
        part: that plays, or comes first.
        bar: of the part, counted from 1; 0 before the first.
    """

    number: int
    part: Part
    bar: int


def place(patch: Patch, agenda: Agenda, transport: Transport, frame: float) -> Place | None:
    """Where the song is, None where none runs."""
    song, item = patch.song, running(agenda)
    if song is None or item is None or item.beat is None:
        return None
    said = item.parts[0].statement
    after = said.part if isinstance(said, PlaySong) else len(song.parts) + 1
    if after > len(song.parts) + 1:
        return None
    if isinstance(said, PlaySong) and not said.goes_on:
        return Place(0, song.parts[after - 1], 0)
    number = after - 1 or len(song.parts)
    part = song.parts[number - 1]
    bars_left = transport.bar_at(item.beat) - transport.bar_at(transport.beat_at(frame))
    return Place(number, part, min(max(int(part.bars - bars_left + 1e-6) + 1, 1), part.bars))


def place_text(song: Song, there: Place | None) -> str:
    """Where a song is, in words."""
    if there is None:
        return "not playing"
    if there.number == 0:
        return f"begins with {there.part.scene} at the next bar"
    return (
        f"{there.part.scene}, bar {there.bar} of {there.part.bars} "
        f"(part {there.number} of {len(song.parts)})"
    )


def bars_to_end(patch: Patch, agenda: Agenda) -> int | None:
    """Bars from the next thing that a running song does to its end; None without an end."""
    song, item = patch.song, running(agenda)
    if song is None or item is None or song.ending == "loop":
        return None
    said = item.parts[0].statement
    if isinstance(said, PlaySong):
        return sum(part.bars for part in song.parts[said.part - 1 :])
    return 0
