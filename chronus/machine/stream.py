"""The process that plays through PortAudio: a child of the audio process, which may be killed.

PortAudio knows the devices of the moment at which it was started, and may hang where the sound
server has died. So each try has a process of its own, and what hangs is killed with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from chronus.engine.layout import Head
from chronus.machine.latency import Health, Look
from chronus.machine.playing import Player, is_roomy, view_of
from chronus.machine.process import AUDIO_PRIORITY, quieten_garbage, raise_priority

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    import numpy as np
    from numpy.typing import NDArray

    from chronus.machine.memory import SharedArena

SERVER_LATENCY_S: Final = 0.05
"""What sound servers need on an ordinary system, so that they do not run dry."""
SERVERS: Final = frozenset({"pulse", "pipewire", "default", "sysdefault"})
NO_PORTAUDIO: Final = (
    "the library PortAudio is missing: `sudo apt install libportaudio2` installs it on Debian and"
    " Ubuntu, `sudo dnf install portaudio` on Fedora"
)
STALL_S: Final = 1.0
"""A device that asks for nothing for so long is lost."""
LOOK_S: Final = 0.05
ENDING_S: Final = 0.3
"""The time that a fade at the end may take."""
MOST_HELD_S: Final = 0.4
"""The time after that in which a device may let out what it holds."""
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class StreamTask:
    """All that is needed to play.

    Attributes:
        shared: the arena.
        device: its index, a part of its name, or None for the system's own.
        rate_hz: of the frames.
        block: frames a callback.
        latency_s: what the device may hold; None for what suits its kind.
    """

    shared: SharedArena
    device: str | None
    rate_hz: int
    block: int
    latency_s: float | None


@dataclass(frozen=True, slots=True)
class Opened:
    """The device plays silence, and waits to be told to play."""

    name: str
    latency_s: float


@dataclass(frozen=True, slots=True)
class Lost:
    """The device did not open, or is there no more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dry:
    """The device ran dry too often, and should be opened anew with more latency."""

    latency_s: float


class Deck:
    """The callback: a player between the arena and a device's buffer.

    Args:
        shared: the arena.
        rate_hz: of the frames.
        is_on: whether frames are taken from the start on; until then there is silence.
    """

    def __init__(self, shared: SharedArena, rate_hz: int, *, is_on: bool) -> None:
        self.head = shared.arena.head
        self.tape = shared.arena.tape
        self.room = shared.room
        self.player = Player(rate_hz, resumes=bool(self.head[Head.PLAYED] > 0))
        self.is_on = is_on
        self.ends = False
        self.calls = 0
        self.frames = 0
        self.underflows = 0
        self.ahead_s: float | None = None
        self._thread = 0

    def callback(self, out: NDArray[np.float32], frames: int, when: Any, status: Any) -> None:
        """Fill a device's buffer, tell the engine how far it is, and wake it."""
        if self._thread == 0:
            self._thread = threading.get_native_id()
            raise_priority(AUDIO_PRIORITY, self._thread)
        self.calls += 1
        if not self.is_on:
            out[:] = 0.0
            return
        self.frames += frames
        self._note(when, status)
        view = view_of(self.head)
        if self.ends:
            view = view._replace(quits=True)
        holes = self.player.holes
        taken = self.player.fill(out, self.tape, view)
        self.head[Head.PLAYED] = view.played + taken
        self.head[Head.UNDERRUNS] += self.player.holes - holes
        self.head[Head.AUDIO_BEAT] += 1
        if is_roomy(view, taken):
            self.room.post()

    def _note(self, when: Any, status: Any) -> None:
        """Keep what the sound system says of itself."""
        if status and status.output_underflow and self.player.flows:
            self.underflows += 1
            self.head[Head.DEVICE_UNDERRUNS] += 1
        if when is not None and when.outputBufferDacTime > 0.0:
            ahead_s = when.outputBufferDacTime - when.currentTime
            if self.ahead_s is None or ahead_s < self.ahead_s:
                self.ahead_s = ahead_s


def stream_main(task: StreamTask, link: Connection) -> None:
    """The life of the process, from its fork to its end.

    Args:
        task: what to play on.
        link: takes what happens; the other end says when to play, and is closed when to end.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    try:
        link.send(_play(task, link))
    except DeviceError as error:
        link.send(Lost(str(error)))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the audio process has ended


class DeviceError(Exception):
    """A device could not be opened, or was lost."""


def _play(task: StreamTask, link: Connection) -> Dry | None:
    """Play until the end, or until the device should be opened anew.

    Raises:
        DeviceError: it could not be opened, or asks for nothing any more.
    """
    deck = Deck(task.shared, task.rate_hz, is_on=False)
    try:
        import sounddevice  # noqa: PLC0415 - opens the sound system, in this process alone
    except OSError as error:
        raise DeviceError(NO_PORTAUDIO) from error
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
        raise DeviceError(_first_line(error)) from error
    quieten_garbage()
    link.send(Opened(str(device["name"]), float(stream.latency)))
    try:
        wanted = _watch(deck, stream, link, Health(task.rate_hz, float(stream.latency)))
        _end(deck, stream)
        _let_out(stream, task)
        stream.stop()
        stream.close()
    except sounddevice.PortAudioError as error:
        raise DeviceError(_first_line(error)) from error
    return None if wanted is None else Dry(wanted)


def _watch(deck: Deck, stream: Any, link: Connection, health: Health) -> float | None:
    """Wait for the end, or for the need of another latency, which is returned.

    Raises:
        DeviceError: the device is lost.
    """
    calls, since = deck.calls, time.monotonic()
    start = since
    while deck.head[Head.QUIT] == 0:
        if link.poll(LOOK_S):
            try:
                link.recv()
            except EOFError:
                return None
            start = time.monotonic()
            deck.is_on = True
        now = time.monotonic()
        if deck.calls != calls:
            calls, since = deck.calls, now
        if not stream.active:
            raise DeviceError("the sound system has stopped it")
        if now - since > STALL_S:
            raise DeviceError(f"it took nothing for {STALL_S:.0f} s")
        if deck.is_on:
            look = Look(now - start, deck.frames, deck.underflows, deck.ahead_s)
            deck.ahead_s = None
            wanted = health.wanted_latency_s(look)
            if wanted is not None:
                return wanted
    return None


def _end(deck: Deck, stream: Any) -> None:
    """Fade out."""
    deck.ends = True
    limit = time.monotonic() + ENDING_S
    while not deck.player.has_ended and stream.active and time.monotonic() < limit:
        time.sleep(0.002)


def _let_out(stream: Any, task: StreamTask) -> None:
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
