"""Reading the tape in the shell: recorders get every frame that was played, at their own pace."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.engine.layout import Arena, Head
from chronus.errors import Code, UserError
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.session.backend import FrameSink

MOST_AT_ONCE: Final = 16_384
"""Frames that a sink is given in one call."""
LOOK_S: Final = 0.02
MARGIN_FRAMES: Final = 64 * BLOCK
"""What a reader stays clear of, before the place that is written to."""


@dataclass(slots=True)
class _Reader:
    """A sink and how far it is."""

    sink: FrameSink
    frame: int
    stop: int | None = None
    error: UserError | None = None


def next_part(frame: int, played: int, stop: int | None) -> int:
    """How many frames a sink that is at `frame` may be given now."""
    limit = played if stop is None else min(played, stop)
    return max(0, min(limit - frame, MOST_AT_ONCE))


def is_overwritten(frame: int, done: int, size: int) -> bool:
    """Whether a frame is no longer on a tape of `size` frames, or soon will not be."""
    return done - frame > size - MARGIN_FRAMES


class Feeder:
    """A thread that gives sinks what was played.

    Args:
        arena: whose tape is read.
        tell: called with a line of news when a sink fails.
    """

    def __init__(self, arena: Arena, tell: Callable[[str], None]) -> None:
        self._arena = arena
        self._tell = tell
        self._readers: list[_Reader] = []
        self._changed = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="chronus-sinks", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def add(self, sink: FrameSink, start_frame: int) -> None:
        """Give a sink all frames from one on, which may have been played already.

        Raises:
            UserError: E_RANGE, that frame is no longer on the tape.
        """
        size = len(self._arena.tape)
        if is_overwritten(start_frame, self._done(), size):
            seconds = size // int(self._arena.head[Head.RATE])
            raise UserError(Code.RANGE, f"only the last {seconds} s of what was played are kept")
        with self._changed:
            self._readers.append(_Reader(sink, start_frame))
            self._changed.notify_all()

    def stop_at(self, sink: FrameSink, stop_frame: int) -> None:
        """Let a sink get nothing from a frame on."""
        with self._changed:
            self._reader(sink).stop = stop_frame
            self._changed.notify_all()

    def has_all(self, sink: FrameSink) -> bool:
        """Whether a sink has had all until where it stops, or has failed."""
        with self._changed:
            reader = self._reader(sink)
            stopped = reader.stop is not None and reader.frame >= reader.stop
            return stopped or reader.error is not None

    def remove(self, sink: FrameSink) -> None:
        """Forget a sink.

        Raises:
            UserError: what kept it from taking all frames.
        """
        with self._changed:
            reader = self._reader(sink)
            self._readers.remove(reader)
        if reader.error is not None:
            raise reader.error

    def are_at(self, frame: int) -> bool:
        """Whether every sink has had all before a frame that it is to have."""
        with self._changed:
            return all(
                r.error is not None
                or r.frame >= frame
                or (r.stop is not None and r.frame >= r.stop)
                for r in self._readers
            )

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _reader(self, sink: FrameSink) -> _Reader:
        return next(reader for reader in self._readers if reader.sink is sink)

    def _done(self) -> int:
        return int(self._arena.head[Head.COMMITTED]) * BLOCK

    def _run(self) -> None:
        while not self._ends:
            with self._changed:
                readers = [reader for reader in self._readers if reader.error is None]
            gave = [self._give(reader) for reader in readers]
            if not any(gave):
                with self._changed:
                    self._changed.wait(LOOK_S)

    def _give(self, reader: _Reader) -> bool:
        """Give a sink its next part; whether there was one."""
        count = next_part(reader.frame, int(self._arena.head[Head.PLAYED]), reader.stop)
        if count == 0:
            return False
        size = len(self._arena.tape)
        places = np.arange(reader.frame, reader.frame + count) % size
        frames = self._arena.tape[places]
        try:
            if is_overwritten(reader.frame, self._done(), size):
                raise UserError(Code.FILE, "the file could not be written as fast as it was played")
            reader.sink.take(reader.frame, frames)
        except UserError as error:
            reader.error = error
            self._tell(f"recording stopped: {error.message}")
        reader.frame += count
        return True
