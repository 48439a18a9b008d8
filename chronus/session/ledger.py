"""What was done: told to who listens as soon as it has taken effect."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.patch.model import Patch


LONGEST: Final = 60
"""Characters of what is told to have come late."""
END: Final = "the end"
"""Who says that the transport stops at the end of a score."""


@dataclass(frozen=True, slots=True)
class Done:
    """An instant that has taken effect.

    Attributes:
        frame: at which it did.
        texts: of the commands that did something, in order; of a file that was run, its own.
        publication: the number of what was published: alike for all that came in one piece.
        who: said them: `prompt`, `pipe`, the name of a file, `client 3`, … .
        before: the patch that was found, and `after` the one that was left.
    """

    frame: int
    texts: tuple[str, ...]
    publication: int
    who: str
    before: Patch
    after: Patch


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that has been published.

    Attributes:
        publication: see `Done`.
        mark: to ask the engine when it took effect; None where `frame` is known.
        frame: at which it does.
        due: the frame at which it was to take effect; None for as soon as possible.
        is_unheard: whether it does nothing in the engine, and so belongs behind what it was said
            after, whenever that takes effect.
        pending: a line that would have it done; "" where that is not known, or remains pending.
    """

    texts: tuple[str, ...]
    publication: int
    who: str
    before: Patch
    after: Patch
    mark: int | None = None
    frame: int = 0
    due: int | None = None
    is_unheard: bool = False
    pending: str = ""


class Ledger:
    """Keeps what was published until it has taken effect.

    What was published ahead waits for its frame, and what is said meanwhile is told before it.

    Args:
        took: says at which frame what has a mark took effect, None before that.
        late: is told what came late: what, when it was due, when it came.
    """

    def __init__(
        self, took: Callable[[int], int | None], late: Callable[[str, int, int], None]
    ) -> None:
        self._took = took
        self._late = late
        self._open: deque[Entry] = deque()
        self._listeners: list[Callable[[Done], None]] = []
        self._reached = 0

    @property
    def is_open(self) -> bool:
        """Whether something that was published is still to come."""
        return bool(self._open)

    def listen(self, listener: Callable[[Done], None]) -> None:
        """Have everything told from now on."""
        self._listeners.append(listener)

    @property
    def pending(self) -> tuple[str, ...]:
        """Lines that would have done what was published ahead and is still to come."""
        return tuple(entry.pending for entry in self._open if entry.pending)

    def add(self, entry: Entry) -> None:
        """Note what has just been published."""
        self._open.append(entry)

    def tell(self) -> None:
        """Tell all that has taken effect by now, in the order of its publication."""
        waiting: deque[Entry] = deque()
        came: list[tuple[Entry, int]] = []
        for entry, frame in self._frames():
            if frame is None or (entry.is_unheard and waiting):
                waiting.append(entry)
            else:
                came.append((entry, frame))
        self._open = waiting
        for entry, frame in came:
            self._tell(entry, max(frame, self._reached) if entry.is_unheard else frame)

    def _tell(self, entry: Entry, frame: int) -> None:
        self._reached = max(frame, self._reached)
        if entry.due is not None and frame > entry.due:
            self._late(shorten("; ".join(entry.texts), LONGEST), entry.due, frame)
        done = Done(frame, entry.texts, entry.publication, entry.who, entry.before, entry.after)
        for listener in self._listeners:
            listener(done)

    def _frames(self) -> list[tuple[Entry, int | None]]:
        """What is open, and the frame at which it took effect, None where that is to come.

        The last is asked about first: of two that come in one block, the earlier is then never
        taken for one that comes later.
        """
        found = [
            (entry, entry.frame if entry.mark is None else self._took(entry.mark))
            for entry in reversed(self._open)
        ]
        return found[::-1]
