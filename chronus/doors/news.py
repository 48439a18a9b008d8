"""What no line asked for, told to all who listen, each line once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOK_S: Final = 0.25


class News:
    """Collects news and hands them on.

    Args:
        source: gives what is new since it was last asked.
        write: the first who listens; it is given each line, and who knows of it already, or "".
    """

    def __init__(self, source: Callable[[], list[str]], write: Callable[[str, str], None]) -> None:
        self._source = source
        self._listeners = [write]
        self._lock = threading.Lock()
        self._own: list[tuple[str, str]] = []
        self._askers: list[Callable[[], None]] = []

    def add_source(self, ask: Callable[[], None]) -> None:
        """Have somebody asked, who says then what is new."""
        self._askers.append(ask)

    def listen(self, write: Callable[[str, str], None]) -> None:
        """Let another have every line from now on."""
        self._listeners.append(write)

    def say(self, text: str, author: str = "") -> None:
        """Add a line; it is told with the next ones.

        Args:
            text: the line.
            author: who need not be told.
        """
        self._own.append((text, author))

    def tell(self) -> None:
        """Hand on what is new."""
        with self._lock:
            for ask in self._askers:
                ask()
            lines = [(line, "") for line in self._source()]
            while self._own:
                lines.append(self._own.pop(0))
            for line, author in lines:
                for write in self._listeners:
                    write(line, author)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Tell news as they come, for as long as the block lasts."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(LOOK_S):
                self.tell()

        thread = threading.Thread(target=watch, name="news", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
