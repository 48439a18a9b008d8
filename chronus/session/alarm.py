"""A thread that looks again and again, as often as there is reason to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Alarm:
    """Looks, and looks again after the time that the look says.

    Args:
        look: gives the seconds until the next look; None to wait until it is woken.
    """

    def __init__(self, look: Callable[[], float | None]) -> None:
        self._look = look
        self._woken = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Have it look now."""
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._run, name="alarm", daemon=True)
            self._thread.start()
        self._woken.set()

    def _run(self) -> None:
        wait_s: float | None = 0.0
        while not self._is_closed:
            self._woken.wait(wait_s)
            self._woken.clear()
            if not self._is_closed:
                wait_s = self._look()

    def close(self) -> None:
        """Let it look no more; a look that has begun is ended first."""
        self._is_closed = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
