"""The audio process: copies frames from the tape to a device, and does nothing else.

It has no other Python thread: one beside the callback would hold the interpreter when sound is due.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chronus.engine.layout import Head
from chronus.machine.playing import Player, view_of
from chronus.machine.process import (
    AUDIO_PRIORITY,
    leave_signals_to_the_shell,
    parent_sentinel,
    quieten_garbage,
    raise_priority,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from numpy.typing import NDArray

    from chronus.machine.memory import SharedArena

NULL: Final = "null"
"""Name of the device that is none: a sink paced by the clock."""
PLAYING: Final = 1
FAILED: Final = 2
SERVER_LATENCY_S: Final = 0.05
"""What sound servers need on an ordinary system, so that they do not run dry."""
SERVERS: Final = frozenset({"pulse", "pipewire", "default", "sysdefault"})
NO_PORTAUDIO: Final = (
    "the library PortAudio is missing: `sudo apt install libportaudio2` installs it on Debian and"
    " Ubuntu, `sudo dnf install portaudio` on Fedora"
)
STALL_S: Final = 3.0
"""A device that asks for nothing for so long is lost."""
ENDING_S: Final = 0.3
"""The time that a fade at the end may take."""
MOST_HELD_S: Final = 0.4
"""The time after that in which a device may let out what it holds."""


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
    """

    shared: SharedArena
    device: str | None
    rate_hz: int
    block: int
    latency_s: float | None
    log: str


class Deck:
    """The callback: a player between the arena and a device's buffer."""

    def __init__(self, task: AudioTask) -> None:
        self.head = task.shared.arena.head
        self.tape = task.shared.arena.tape
        self.room = task.shared.room
        self.player = Player(task.rate_hz, resumes=bool(self.head[Head.PLAYED] > 0))
        self.thread = 0

    def callback(self, out: NDArray[np.float32], _frames: int, _when: Any, status: Any) -> None:
        """Fill a device's buffer, tell the engine how far it is, and wake it."""
        if self.thread == 0:
            self.thread = threading.get_native_id()
            raise_priority(AUDIO_PRIORITY, self.thread)
        view = view_of(self.head)
        holes = self.player.holes
        if status and status.output_underflow and self.player.flows:
            self.head[Head.DEVICE_UNDERRUNS] += 1
        taken = self.player.fill(out, self.tape, view)
        self.head[Head.PLAYED] = view.played + taken
        self.head[Head.UNDERRUNS] += self.player.holes - holes
        self.head[Head.AUDIO_BEAT] += 1
        self.room.post()


def audio_main(task: AudioTask, report: Connection) -> None:
    """The life of the audio process."""
    leave_signals_to_the_shell()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    keep_chatter_in(task.log)
    deck = Deck(task)
    head = deck.head
    ends = _Ends(head)
    try:
        if task.device == NULL:
            pace(deck, task, ends, lambda: _report_playing(head, report, NULL))
        else:
            play(deck, task, ends, lambda name: _report_playing(head, report, name))
    except _DeviceError as error:
        head[Head.AUDIO_STATE] = FAILED
        report.send((False, str(error)))


def keep_chatter_in(log: str) -> None:
    """Let what the sound system's libraries print go to a file: it would tear the prompt."""
    if log:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, 2)
        os.close(descriptor)


def _report_playing(head: NDArray[np.int64], report: Connection, name: str) -> None:
    quieten_garbage()
    head[Head.AUDIO_STATE] = PLAYING
    report.send((True, name))


class _DeviceError(Exception):
    """A device could not be opened, or was lost."""


class _Ends:
    """Whether playing is to end, because it was asked to or because the shell has died."""

    def __init__(self, head: NDArray[np.int64]) -> None:
        self.head = head
        self._sentinel = parent_sentinel()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; True as soon as playing is to end."""
        if self.head[Head.QUIT] != 0:
            return True
        if select.select([self._sentinel], [], [], max(seconds, 0.0))[0]:
            self.head[Head.QUIT] = 1
            signal.setitimer(signal.ITIMER_REAL, 1.0)  # and, should the device hang, die of it
        return bool(self.head[Head.QUIT] != 0)


def pace(deck: Deck, task: AudioTask, ends: _Ends, started: Callable[[], None]) -> None:
    """Take frames at the pace of the monotonic clock, as a device would, and drop them."""
    buffer = np.zeros((task.block, 2), np.float32)
    period = task.block / task.rate_hz
    started()
    due = time.monotonic()
    while not ends.wait(due - time.monotonic()):
        now = time.monotonic()
        if now < due:
            continue
        deck.callback(buffer, task.block, None, None)
        due = max(due + period, now)  # a late period moves all that follow, as no device would
    while not deck.player.has_ended:
        deck.callback(buffer, task.block, None, None)


def play(deck: Deck, task: AudioTask, ends: _Ends, started: Callable[[str], None]) -> None:
    """Play through PortAudio until the end, or until the device is lost.

    Raises:
        _DeviceError: it could not be opened, or asks for nothing any more.
    """
    try:
        import sounddevice  # noqa: PLC0415 - opens the sound system, in this process alone
    except OSError as error:
        raise _DeviceError(NO_PORTAUDIO) from error
    try:
        device = _device_of(sounddevice, task.device)
        stream = sounddevice.OutputStream(
            samplerate=task.rate_hz,
            blocksize=task.block,
            device=device["index"],
            channels=2,
            dtype="float32",
            latency=_latency(sounddevice, device, task.latency_s),
            callback=deck.callback,
        )
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise _DeviceError(_first_line(error)) from error
    started(str(device["name"]))
    try:
        _watch(deck, stream, ends)
        _let_out(stream, task)
        stream.stop()
    finally:
        stream.close()


def _watch(deck: Deck, stream: Any, ends: _Ends) -> None:
    """Wait for the end, and for its fade."""
    beat, since = 0, time.monotonic()
    while not ends.wait(0.05):
        if int(deck.head[Head.AUDIO_BEAT]) != beat:
            beat, since = int(deck.head[Head.AUDIO_BEAT]), time.monotonic()
        if not stream.active or time.monotonic() - since > STALL_S:
            raise _DeviceError("the device stopped")
    limit = time.monotonic() + ENDING_S
    while not deck.player.has_ended and stream.active and time.monotonic() < limit:
        time.sleep(0.002)


def _let_out(stream: Any, task: AudioTask) -> None:
    """Play silence until the device has let out what it holds: some drop the last of it."""
    held = stream.latency + 2 * task.block / task.rate_hz
    if stream.active:
        time.sleep(min(held, MOST_HELD_S))


def _device_of(sounddevice: Any, wanted: str | None) -> dict[str, Any]:
    """What PortAudio knows of a device, found by its index or a part of its name."""
    if wanted is not None and wanted.isdigit():
        found = sounddevice.query_devices(int(wanted), "output")
    else:
        found = sounddevice.query_devices(wanted, "output")
    assert isinstance(found, dict)
    return found


def _latency(sounddevice: Any, device: dict[str, Any], wanted_s: float | None) -> float | str:
    if wanted_s is not None:
        return wanted_s
    api = sounddevice.query_hostapis(device["hostapi"])["name"]
    if api == "ALSA" and device["name"].split(":")[0] in SERVERS:
        return SERVER_LATENCY_S
    return "low"


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
