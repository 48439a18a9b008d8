"""What one person says is news to the others; who says much at once is summed up."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TOLD: Final = 10
"""Lines of one person that are told within a window of time, each by itself."""
WINDOW_S: Final = 2.0
LONGEST: Final = 400
"""Of a longer line, so much is told."""
PEOPLE: Final = ("prompt", "pipe", "client ", "osc ")
"""How those are called who play by hand; a file that is played is nobody."""


@dataclass(slots=True)
class _Window:
    """What somebody has said of late."""

    since_s: float
    told: int = 0
    held: int = 0
    last: str = ""


class Chatter:
    """Tells what people say.

    Args:
        say: takes a line of news, and who said it.
        clock: gives the time in seconds.
    """

    def __init__(self, say: Callable[[str, str], None], clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def hear(self, who: str, text: str) -> None:
        """Tell a line that somebody has said and that has done something."""
        if not who.startswith(PEOPLE):
            return
        text = " ".join(text.split())
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        with self._lock:
            self._sum_up()
            window = self._windows.setdefault(who, _Window(self._clock()))
            if window.told < MOST_TOLD:
                window.told += 1
                self._say(f"{who}: {text}", who)
            else:
                window.held += 1
                window.last = text

    def tell(self) -> None:
        """Sum up what was not told line by line, once its time is over."""
        with self._lock:
            self._sum_up()

    def _sum_up(self) -> None:
        now = self._clock()
        for who, window in list(self._windows.items()):
            if now - window.since_s < WINDOW_S:
                continue
            del self._windows[who]
            if window.held:
                lines = "1 line" if window.held == 1 else f"{window.held} lines"
                self._say(f"{who}: {lines} more, at last {window.last}", who)
