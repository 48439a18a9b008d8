"""What is to be done later: an immutable value, kept in musical time, so that tempo moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, UserError
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Collection

    from chronus.language.statements import Said
    from chronus.session.tempo import Transport

MOST_PENDING: Final = 1000
NEAR_BEATS: Final = 1e-3
"""Who is nearer to a line than this is on it."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """At every bar or beat line whose number is 1 modulo `count`."""

    unit: str
    count: int

    def __str__(self) -> str:
        return f"every {self.unit}" if self.count == 1 else f"every {self.count} {self.unit}s"

    def line_from(self, transport: Transport, beat: float) -> float:
        """The beat of the first such line at a beat or after it."""
        if self.unit == "bar":
            return transport.next_bar(beat, self.count)
        return math.ceil((beat - NEAR_BEATS) / self.count) * float(self.count)

    def line_after(self, transport: Transport, beat: float) -> float:
        """The beat of the first such line after a beat."""
        line = self.line_from(transport, beat)
        return (
            line if line > beat + NEAR_BEATS else self.line_from(transport, beat + 2 * NEAR_BEATS)
        )

    def name_of(self, transport: Transport, beat: float) -> str:
        """What a line is called: `bar 17`."""
        number = transport.bar_at(beat) if self.unit == "bar" else beat + 1.0
        return f"{self.unit} {round(number)}"


@dataclass(frozen=True, slots=True)
class Item:
    """Commands that are done later, all at once.

    Attributes:
        number: by which it is cancelled.
        when: in words.
        beat: at which they are done; None where that is a frame.
        frame: at which they are done, whatever the tempo; None where that is a beat.
        repeat: when they are done again; None for once.
        parts: the commands.
        text: theirs, on one line.
        who: said it.
        in_score: whether virtual time counts.
    """

    number: int
    when: str
    beat: float | None
    frame: float | None
    repeat: Repeat | None
    parts: tuple[Said, ...]
    text: str
    who: str
    in_score: bool

    @property
    def line(self) -> str:
        """A line that has it done at the same times, as long as they are to come."""
        if self.repeat is not None:
            return f"{self.repeat} {self.text}"
        if self.beat is not None:
            return f"at beat {self.beat + 1.0:.12g} {self.text}"
        return f"at frame {round(self.frame or 0)} {self.text}"

    @property
    def line_once(self) -> str:
        """The same for what is done once; "" for what is still pending once it has been done."""
        return self.line if self.repeat is None else ""

    def frame_in(self, transport: Transport) -> float:
        """The frame at which it is due; infinite while the transport stands before its beat."""
        if self.frame is not None:
            return self.frame
        assert self.beat is not None
        return transport.frame_at(self.beat) if transport.is_playing else math.inf

    def block_frame(self, transport: Transport) -> int | None:
        """The first frame of the block at which it is done, None while the transport stands."""
        frame = self.frame_in(transport)
        return None if math.isinf(frame) else int(frame + 0.5) // BLOCK * BLOCK


@dataclass(frozen=True, slots=True)
class Agenda:
    """All that is pending.

    Attributes:
        items: in the order of their numbers.
        count: numbers that have been given so far.
    """

    items: tuple[Item, ...] = ()
    count: int = 0

    def added(self, item: Item) -> Agenda:
        """With one more, which has the next number.

        Raises:
            UserError: E_LIMIT, there are too many.
        """
        if len(self.items) >= MOST_PENDING:
            message = f"{MOST_PENDING} commands are pending already, which is the most"
            raise UserError(Code.LIMIT, message, None, ("cancel all",))
        return Agenda((*self.items, item), self.count + 1)

    def without(self, numbers: Collection[int]) -> Agenda:
        """Without some."""
        return replace(self, items=tuple(i for i in self.items if i.number not in numbers))

    def after(self, item: Item, transport: Transport) -> Agenda:
        """Once an item has been done: without it, or with its next time."""
        if item.repeat is None:
            return self.without({item.number})
        assert item.beat is not None
        beat = item.repeat.line_after(transport, item.beat)
        coming = replace(item, beat=beat, when=item.repeat.name_of(transport, beat))
        return replace(self, items=tuple(coming if i is item else i for i in self.items))

    def next_due(self, transport: Transport, *, in_score: bool) -> tuple[float, Item] | None:
        """The item that is due first, and its frame; None where nothing will be."""
        due = [(i.frame_in(transport), i.number, i) for i in self.items if i.in_score == in_score]
        frame, _, item = min(due, default=(math.inf, 0, None))
        return None if item is None or math.isinf(frame) else (frame, item)

    def in_real_time(self) -> Agenda:
        """The same once a score's time is real time again."""
        return replace(self, items=tuple(replace(i, in_score=False) for i in self.items))
