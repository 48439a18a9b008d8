"""The audio process: has the device play the tape, and where there is none, lets time go on.

Frames are taken by one hand at a time: a child process that plays through PortAudio, or this one,
at the pace of the clock, while no device is there. It has no other Python thread.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.engine.layout import Head
from chronus.machine.process import leave_signals_to_the_shell, parent_sentinel, quieten_garbage
from chronus.machine.stream import Deck, Dry, Lost, Opened, StreamTask, stream_main

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from chronus.machine.memory import SharedArena

NULL: Final = "null"
"""Name of the device that is none: a sink paced by the clock."""
PLAYING: Final = 1
FAILED: Final = 2
LOOK_S: Final = 0.1
RETRY_S: Final = 1.0
"""A device that is lost is tried so often."""
OPENING_S: Final = 20.0
"""The longest that a device may take to open: a sound server that is asleep."""
END_S: Final = 0.9
"""The time that the child has to end by itself."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What the shell is told when something happens to the device.

    Attributes:
        name: of the device; empty where none has opened yet.
        is_there: whether it plays.
        latency_s: what it holds, 0 where that is not known.
        pid: of the process that plays, 0 where there is none.
        news: a line for the user, or empty.
    """

    name: str = ""
    is_there: bool = False
    latency_s: float = 0.0
    pid: int = 0
    news: str = ""


@dataclass(frozen=True, slots=True)
class AudioTask:
    """All that the audio process is told.

    Attributes:
        shared: the arena.
        device: its index, a part of its name, None for the system's own, or `null`.
        rate_hz: of the frames.
        block: frames a callback.
        latency_s: what the device may hold; None for what suits its kind.
        log: file for what the sound system prints.
        board: takes a DeviceState whenever there is another.
        litter: files, each with its inode, that are removed where the shell is killed.
    """

    shared: SharedArena
    device: str | None
    rate_hz: int
    block: int
    latency_s: float | None
    log: str
    board: Connection
    litter: tuple[tuple[Path, int], ...] = ()


def audio_main(task: AudioTask, report: Connection) -> None:
    """The life of the audio process."""
    leave_signals_to_the_shell()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    keep_chatter_in(task.log)
    quieten_garbage()
    _Keeper(task, report).run()


def keep_chatter_in(log: str) -> None:
    """Let what the sound system's libraries print go to a file: it would tear the prompt."""
    if log:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, 2)
        os.close(descriptor)


class _Pacer:
    """Takes frames at the pace of the monotonic clock, as a device would, and drops them."""

    def __init__(self, task: AudioTask) -> None:
        self._deck = Deck(task.shared, task.rate_hz, is_on=True)
        self._buffer = np.zeros((task.block, 2), np.float32)
        self._period = task.block / task.rate_hz
        self.due = time.monotonic()

    def step(self) -> None:
        """Take a device block if one is due."""
        now = time.monotonic()
        if now >= self.due:
            self._deck.callback(self._buffer, len(self._buffer), None, None)
            # A little lateness is made up for; more would empty the tape at a stroke.
            self.due = max(self.due + self._period, now - self._period)

    def end(self) -> None:
        """Take what the fade at the end takes."""
        while not self._deck.player.has_ended:
            self._deck.callback(self._buffer, len(self._buffer), None, None)


class _Child:
    """A process that plays, or tries to."""

    def __init__(self, task: StreamTask) -> None:
        self.link, theirs = multiprocessing.Pipe()
        self.since = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.link.close()
                stream_main(task, theirs)
            finally:
                os._exit(0)
        theirs.close()

    def word(self) -> Opened | Lost | Dry | None:
        """The next thing that it says; None when it has ended."""
        try:
            said: Opened | Lost | Dry | None = self.link.recv()
        except (EOFError, OSError):
            return None
        return said

    def kill(self) -> None:
        """End it now; it takes no frame after that."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.link.close()


class _Keeper:
    """Sees to it that one hand takes frames, whatever becomes of the device."""

    def __init__(self, task: AudioTask, report: Connection) -> None:
        self._task = task
        self._report = report
        self._head = task.shared.arena.head
        self._sentinel = parent_sentinel()
        self._latency_s = task.latency_s
        self._child: _Child | None = None
        self._pacer: _Pacer | None = None
        self._retry_at: float | None = None
        self._state = DeviceState()
        self._is_lost = False
        self._more: str = ""
        self._is_ready = False
        self._ends = False

    def run(self) -> None:
        """Take frames until the end."""
        if self._task.device == NULL:
            self._tell(DeviceState(NULL, is_there=True))
            self._pace()
        elif self._head[Head.AUDIO_BEAT] > 0:
            self._pace()  # another played before and has died: time goes on at once
            self._open()
        else:
            self._open()
        while not self._ends and not self._is_ending():
            if self._pacer is not None:
                self._pacer.step()
            self._look()
        if self._child is not None:
            self._let_end(self._child)
        elif self._pacer is not None:
            self._pacer.end()

    # ---- waiting

    def _is_ending(self) -> bool:
        """Wait until there is something to do; whether playing is to end."""
        now = time.monotonic()
        until = [now + LOOK_S]
        if self._pacer is not None:
            until.append(self._pacer.due)
        if self._retry_at is not None:
            until.append(self._retry_at)
        watched: list[int] = [self._sentinel]
        if self._child is not None:
            watched.append(self._child.link.fileno())
        ready = select.select(watched, [], [], max(min(until) - now, 0.0))[0]
        if self._sentinel in ready:
            self._head[Head.QUIT] = 1
            self._remove_litter()
            signal.setitimer(signal.ITIMER_REAL, 2.0)  # and, should anything hang, die of it
        return bool(self._head[Head.QUIT] != 0)

    def _remove_litter(self) -> None:
        """Remove what the shell, which was killed, could not, unless it is another's now."""
        for path, inode in self._task.litter:
            with suppress(OSError):
                if path.lstat().st_ino == inode:
                    path.unlink()

    def _look(self) -> None:
        """Deal with what the child says, and with what is due."""
        now = time.monotonic()
        child = self._child
        if child is not None and child.link.poll(0):
            self._hear(child, child.word())
        elif child is not None and self._is_waiting() and now - child.since > OPENING_S:
            self._lose(child, f"it did not open within {OPENING_S:.0f} s")
        if self._retry_at is not None and now >= self._retry_at:
            self._open()

    def _is_waiting(self) -> bool:
        """Whether the child does not play yet."""
        return self._pacer is not None or not self._is_ready

    def _hear(self, child: _Child, said: Opened | Lost | Dry | None) -> None:
        if isinstance(said, Opened):
            self._hand_over(child, said)
        elif isinstance(said, Lost):
            self._lose(child, said.reason)
        elif isinstance(said, Dry):
            self._latency_s = said.latency_s
            self._more = (
                "the sound card ran dry again and again;"
                f" latency is now {1000 * said.latency_s:.0f} ms"
            )
            self._drop(child)
            self._pace()
            self._open()
        else:
            was_playing = not self._is_waiting()
            self._drop(child)
            if was_playing and time.monotonic() - child.since > RETRY_S:
                self._tell(
                    replace(
                        self._state,
                        is_there=False,
                        pid=0,
                        news="the audio process ended; it is started again",
                    )
                )
                self._pace()
                self._open()
            else:
                self._lose(None, "the sound system ended as it was opened")

    # ---- the device

    def _open(self) -> None:
        self._retry_at = None
        task = self._task
        self._child = _Child(
            StreamTask(task.shared, task.device, task.rate_hz, task.block, self._latency_s)
        )

    def _hand_over(self, child: _Child, opened: Opened) -> None:
        """Let a device that has opened take the frames from now on."""
        self._pacer = None
        with suppress(BrokenPipeError):
            child.link.send(True)
        news = f"device {opened.name} is back" if self._is_lost else self._more
        self._is_lost, self._more = False, ""
        self._tell(DeviceState(opened.name, True, opened.latency_s, child.pid, news))
        self._ready(opened.name)

    def _lose(self, child: _Child | None, reason: str) -> None:
        """Go on without a device, and try again later."""
        if child is not None:
            self._drop(child)
        if not self._is_ready and self._pacer is None:
            self._head[Head.AUDIO_STATE] = FAILED
            self._report.send((False, reason))
            self._ends = True
            return
        self._pace()
        self._retry_at = time.monotonic() + RETRY_S
        if not self._is_lost:
            self._is_lost = True
            news = f"device lost: {reason}; time goes on, and it is tried again"
            self._tell(DeviceState(self._state.name, news=news))

    def _drop(self, child: _Child) -> None:
        child.kill()
        if self._child is child:
            self._child = None

    def _pace(self) -> None:
        if self._pacer is None:
            self._pacer = _Pacer(self._task)
            self._ready(self._state.name or NULL)

    # ---- telling

    def _ready(self, name: str) -> None:
        if not self._is_ready:
            self._is_ready = True
            self._head[Head.AUDIO_STATE] = PLAYING
            self._report.send((True, name))

    def _tell(self, state: DeviceState) -> None:
        self._state = state
        with suppress(OSError):  # the shell has ended; that is seen elsewhere
            self._task.board.send(state)

    def _let_end(self, child: _Child) -> None:
        """Wait for the fade of a child that has seen that all is to end."""
        limit = time.monotonic() + END_S
        while time.monotonic() < limit:
            if os.waitpid(child.pid, os.WNOHANG) != (0, 0):
                return
            time.sleep(0.005)
        child.kill()
