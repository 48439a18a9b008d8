"""How the first thread is woken, which waits for a line or for time: by SIGTERM.

`quit` from outside is heard by another thread; it wakes the first one by the same signal.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Terminated(KeyboardInterrupt):
    """SIGTERM: it ends like Ctrl-C where that ends."""


class Waking:
    """SIGTERM raises `Terminated` in the first thread: once, and no more when that leaves.

    A session that is being closed is closed to its end, however often it is told to end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_leaving = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """SIGTERM is heard for as long as the block lasts; it belongs to the first thread."""
        previous = signal.signal(signal.SIGTERM, self._rouse)
        try:
            yield
        finally:
            self.leave()
            signal.signal(signal.SIGTERM, previous)

    def _rouse(self, _number: int, _frame: object) -> None:
        if not self._is_leaving:
            self._is_leaving = True
            raise Terminated

    def wake(self) -> None:
        """Wake the first thread, from another one."""
        with self._lock:
            if not self._is_leaving:
                os.kill(os.getpid(), signal.SIGTERM)

    def leave(self) -> None:
        """The first thread waits no more: nothing interrupts it from now on."""
        with self._lock:
            self._is_leaving = True
