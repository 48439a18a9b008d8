"""Reading the tape in the shell: recorders get every frame that was played, at their own pace."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from chronus.engine.layout import Arena, Head
from chronus.errors import Code, UserError
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_AT_ONCE: Final = 16_384
"""Frames that a sink is given in one call."""
LOOK_S: Final = 0.02
MARGIN_FRAMES: Final = 64 * BLOCK
"""What a reader stays clear of, before the place that is written to."""


class FrameSink(Protocol):
    """Takes what was played, in order, each frame once."""

    def take(self, start_frame: int, frames: NDArray[np.float32]) -> None:
        """Take frames, shape (count, 2), the first of which is `start_frame` of the session."""

    def close(self) -> None:
        """There will be no more frames."""


@dataclass(slots=True)
class _Reader:
    """A sink and how far it is."""

    sink: FrameSink
    frame: int
    stop: int | None = None
    error: UserError | None = None
    is_closed: bool = False


def next_part(frame: int, played: int, stop: int | None) -> int:
    """How many frames a sink that is at `frame` may be given now."""
    limit = played if stop is None else min(played, stop)
    return max(0, min(limit - frame, MOST_AT_ONCE))


def _is_at(reader: _Reader, frame: int) -> bool:
    """Whether a sink has had all before a frame; one that stops there is closed, too."""
    stops = reader.stop is not None and reader.stop <= frame
    return reader.is_closed or (reader.frame >= frame and not stops)


def is_overwritten(frame: int, done: int, size: int) -> bool:
    """Whether a frame is no longer on a tape of `size` frames, or soon will not be."""
    return done - frame > size - MARGIN_FRAMES


class Feeder:
    """A thread that gives sinks what was played, and closes each when it has had all.

    Args:
        arena: whose tape is read.
        tell: called with a line of news when a sink fails.
    """

    def __init__(self, arena: Arena, tell: Callable[[str], None]) -> None:
        self._arena = arena
        self._tell = tell
        self._readers: list[_Reader] = []
        self._end: int | None = None
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
        """Let a sink get nothing from a frame on, and close it when it has all before that."""
        with self._changed:
            self._reader(sink).stop = stop_frame
            self._changed.notify_all()

    def end_at(self, frame: int) -> None:
        """Let no sink get anything from a frame on: the music ends there."""
        with self._changed:
            self._end = frame

    def is_closed(self, sink: FrameSink) -> bool:
        """Whether a sink that was to stop has had all, or has failed, and is closed."""
        with self._changed:
            return self._reader(sink).is_closed

    def result(self, sink: FrameSink) -> None:
        """See that a closed sink has had all that it was to have.

        Raises:
            UserError: what kept it from that.
        """
        with self._changed:
            error = self._reader(sink).error
        if error is not None:
            raise error

    def are_at(self, frame: int) -> bool:
        """Whether every sink has had all before a frame that it is to have."""
        with self._changed:
            return all(_is_at(reader, frame) for reader in self._readers)

    def close(self) -> None:
        """Give every sink the rest of what was played, close it, and end the thread."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        for reader in self._readers:
            self._close(reader)

    def _reader(self, sink: FrameSink) -> _Reader:
        return next(reader for reader in reversed(self._readers) if reader.sink is sink)

    def _done(self) -> int:
        return int(self._arena.head[Head.COMMITTED]) * BLOCK

    def _run(self) -> None:
        while True:
            with self._changed:
                ends = self._ends
                readers = [reader for reader in self._readers if not reader.is_closed]
            gave = [self._give(reader) for reader in readers]
            if any(gave):
                continue
            if ends:
                return
            with self._changed:
                if not self._ends:
                    is_busy = any(not reader.is_closed for reader in self._readers)
                    self._changed.wait(LOOK_S if is_busy else None)

    def _give(self, reader: _Reader) -> bool:
        """Give a sink its next part, and close it after its last; whether there was one."""
        played = int(self._arena.head[Head.PLAYED])
        played = played if self._end is None else min(played, self._end)
        count = next_part(reader.frame, played, reader.stop)
        if count > 0:
            size = len(self._arena.tape)
            frames = self._arena.tape[np.arange(reader.frame, reader.frame + count) % size]
            if is_overwritten(reader.frame, self._done(), size):
                reason = "the file was not written as fast as it was played"
                self._fail(reader, UserError(Code.FILE, reason))
            else:
                self._take(reader, frames)
            reader.frame += count
        if reader.error or (reader.stop is not None and reader.frame >= reader.stop):
            self._close(reader)
        return count > 0

    def _take(self, reader: _Reader, frames: NDArray[np.float32]) -> None:
        try:
            reader.sink.take(reader.frame, frames)
        except UserError as error:
            self._fail(reader, error)

    def _fail(self, reader: _Reader, error: UserError) -> None:
        if reader.error is None:
            reader.error = error
            self._tell(f"recording stopped: {error.message}")

    def _close(self, reader: _Reader) -> None:
        if not reader.is_closed:
            try:
                reader.sink.close()
            except UserError as error:
                self._fail(reader, error)
            reader.is_closed = True
