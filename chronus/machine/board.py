"""What the audio process has told the shell of the device: its name, its latency, its loss."""

from __future__ import annotations

import threading
from dataclasses import replace

from chronus.machine.audio import DeviceState
from chronus.machine.children import CONTEXT


class Board:
    """A pipe from the audio process, whichever it is by now, and the last that it said."""

    def __init__(self) -> None:
        self._receiver, self.sender = CONTEXT.Pipe(duplex=False)
        self._lock = threading.Lock()
        self._state = DeviceState()
        self._news: list[str] = []

    def state(self) -> DeviceState:
        """How things stand; a device that is lost keeps its name."""
        with self._lock:
            self._read()
            return self._state

    def news(self) -> list[str]:
        """Lines for the user since the last call."""
        with self._lock:
            self._read()
            news, self._news = self._news, []
            return news

    def _read(self) -> None:
        while not self._receiver.closed and self._receiver.poll(0):
            said: DeviceState = self._receiver.recv()
            self._state = replace(said, name=said.name or self._state.name)
            if said.news:
                self._news.append(said.news)

    def close(self) -> None:
        """Hear no more."""
        with self._lock:
            self._read()
            self._receiver.close()
            self.sender.close()
