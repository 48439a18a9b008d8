"""What was done: told to who listens once it has taken effect, in the order of its publication."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.patch.model import Patch


@dataclass(frozen=True, slots=True)
class Done:
    """An instant that has taken effect.

    Attributes:
        frame: at which it did.
        texts: of the commands that did something, in order; of a file that was run, its own.
        who: said them: `prompt`, `pipe`, the name of a file, `client 3`, … .
        before: the patch that was found, and `after` the one that was left.
    """

    frame: int
    texts: tuple[str, ...]
    who: str
    before: Patch
    after: Patch


class Entry:
    """Something published whose frame is to come."""

    def __init__(self, texts: tuple[str, ...], who: str, before: Patch, after: Patch) -> None:
        self.texts = texts
        self.who = who
        self.before = before
        self.after = after
        self.frame: int | None = None


class Ledger:
    """Keeps the order: who has its frame early waits for those that were published before."""

    def __init__(self) -> None:
        self._open: deque[Entry] = deque()
        self._listeners: list[Callable[[Done], None]] = []

    def listen(self, listener: Callable[[Done], None]) -> None:
        """Have everything told from now on."""
        self._listeners.append(listener)

    def add(self, entry: Entry) -> None:
        """Note what has just been published."""
        self._open.append(entry)

    def settle(self, entry: Entry, frame: int) -> None:
        """Say when it took effect."""
        entry.frame = frame
        while self._open and self._open[0].frame is not None:
            first = self._open.popleft()
            assert first.frame is not None
            done = Done(first.frame, first.texts, first.who, first.before, first.after)
            for listener in self._listeners:
                listener(done)
