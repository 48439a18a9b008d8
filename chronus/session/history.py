"""What can be undone and redone: patches before and after each change, as an immutable value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chronus.patch.model import Patch

DEPTH: Final = 1000
"""So many changes can be undone; the oldest are forgotten."""

RECENT: Final = 64
"""So many lines at most wait for the engine together."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, or one transaction, that changed the patch.

    Attributes:
        before: the patch that it found, and `after` the one that it left.
        text: the commands that made it.
        who: said them.
        frame: at which it took effect, and `bar` that musical place.
        line: which line it was, so that what one line does is one entry.
        reverts: the line of the entry that this one takes back, 0 for none.
    """

    before: Patch
    after: Patch
    text: str
    who: str = ""
    frame: int = 0
    bar: str = ""
    line: int = 0
    reverts: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Changes that can be undone, oldest first, and those that can be redone, next one last."""

    done: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()

    def changed(self, entry: Entry) -> History:
        """With one more change, after which nothing can be redone.

        What the line of the last change goes on to do belongs to that change.
        """
        last = self.done[-1] if self.done else None
        if last is not None and last.line == entry.line and not self.undone:
            text = f"{last.text}; {entry.text}"
            return History((*self.done[:-1], replace(last, after=entry.after, text=text)))
        return History((*self.done, entry)[-DEPTH:])

    def took(self, line: int | None, frame: int, bar: str) -> History:
        """With the place at which what a line changed took effect."""
        for back, entry in enumerate(reversed(self.done[-RECENT:]), 1):
            if line is not None and entry.line == line:
                here = len(self.done) - back
                known = replace(entry, frame=frame, bar=bar)
                return replace(self, done=(*self.done[:here], known, *self.done[here + 1 :]))
        return self

    def back(self, count: int) -> History:
        """After the last `count` changes have been undone; there must be so many."""
        assert 0 < count <= len(self.done), count
        return History(self.done[:-count], (*self.undone, *reversed(self.done[-count:])))

    def forth(self, count: int) -> History:
        """After the next `count` changes have been redone; there must be so many."""
        assert 0 < count <= len(self.undone), count
        return History((*self.done, *reversed(self.undone[-count:])), self.undone[:-count])
