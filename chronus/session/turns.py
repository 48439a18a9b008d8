"""Whose turn it is: lines of several doors are done one at a time, in the order they came."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turns:
    """A lock that threads get in the order in which they asked for it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[tuple[int, threading.Event]] = deque()
        self._holder: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it for as long as the block lasts."""
        self._take()
        try:
            yield
        finally:
            self._give()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Let others have their turns while the holder waits for something."""
        self._give()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        me = (threading.get_ident(), threading.Event())
        with self._guard:
            if self._holder is None:
                self._holder = me[0]
                return
            self._waiting.append(me)
        try:
            me[1].wait()
        except BaseException:  # Ctrl-C while it waits: whoever is next does not wait for it
            with self._guard:
                if me in self._waiting:
                    self._waiting.remove(me)
            self._give()
            raise

    def _give(self) -> None:
        with self._guard:
            if self._holder != threading.get_ident():
                return  # it was interrupted while it waited for its turn
            if self._waiting:
                self._holder, event = self._waiting.popleft()
                event.set()
            else:
                self._holder = None
