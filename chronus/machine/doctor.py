"""What is wrong on this machine, and the exact command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import soundfile

from chronus.engine.layout import Limits, arena_dtype
from chronus.machine import devices, locks
from chronus.machine.build import missing
from chronus.machine.process import AUDIO_PRIORITY
from chronus.machine.stream import SERVER_LATENCY_S
from chronus.modules.catalog import kinds
from chronus.settings import cache_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD: Final = "ok"
BAD: Final = "!!"
NOTE: Final = "--"
FREE_BYTES: Final = 200_000_000


def findings() -> list[str]:
    """A line for each thing that matters, with what mends it where it is not as it should be."""
    return [*_system(), *_sound(), *_files()]


def _system() -> Iterator[str]:
    yield f"{GOOD} Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield f"{GOOD if (count or 1) > 1 else NOTE} {count} cores"
    if _may_be_real_time():
        yield f"{GOOD} real-time scheduling is allowed"
    else:
        yield (
            f"{NOTE} no real-time scheduling, so a busy machine may interrupt the sound; "
            "sudo usermod -aG audio $USER, and in /etc/security/limits.d/audio.conf: "
            "@audio - rtprio 70"
        )
    if locks.kind() == locks.ROBUST:
        yield f"{GOOD} robust mutex: a worker that dies is followed by another within a millisecond"
    else:
        yield f"{NOTE} {locks.kind()}: a worker that dies is followed some milliseconds later"
    size = arena_dtype(Limits()).itemsize
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield (
        f"{GOOD if free > size else NOTE} shared memory: {size / 1e6:.0f} MB are mapped, only what"
        f" is used counts; {free / 1e6:.0f} MB are free"
    )
    if "microsoft" in platform.release().lower():
        yield (
            f"{NOTE} WSL2: sound goes through WSLg's PulseAudio; "
            "sudo apt install libasound2-plugins, then --device pulse"
        )


def _may_be_real_time() -> bool:
    """Whether the system lets a thread be real-time: tried, since rights come from many places."""
    allowed = []

    def attempt() -> None:
        try:
            os.sched_setscheduler(
                threading.get_native_id(), os.SCHED_FIFO, os.sched_param(AUDIO_PRIORITY)
            )
        except (OSError, AttributeError):
            return
        allowed.append(True)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return bool(allowed)


def _servers() -> list[str]:
    """Sound servers whose sockets are where they belong."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"))
    pulse = os.environ.get("PULSE_SERVER", "")
    places = {
        "PulseAudio": Path(pulse.removeprefix("unix:")) if pulse else runtime / "pulse" / "native",
        "PipeWire": runtime / "pipewire-0",
    }
    found = [name for name, place in places.items() if place.exists()]
    jack = Path("/dev/shm").glob("jack*")  # noqa: S108 - only looked at
    return found + ["JACK"] * any(place.is_socket() for place in jack)


def _sound() -> Iterator[str]:
    servers = _servers()
    if servers:
        yield (
            f"{GOOD} sound server: {' and '.join(servers)}; latency begins at"
            f" {1000 * SERVER_LATENCY_S:.0f} ms, and grows where that is too little"
        )
    else:
        yield f"{NOTE} no sound server is running"
    found = devices.ask()
    if found.trouble == devices.NO_PORTAUDIO:
        yield f"{BAD} PortAudio is not installed: sudo apt install libportaudio2"
    elif found.trouble:
        yield f"{BAD} {found.trouble}; --device null plays without one, --record FILE keeps it"
    else:
        default = next((d.name for d in found.found if d.is_default), found.found[0].name)
        yield f"{GOOD} {len(found.found)} sound cards, by default {default}"
    yield f"{GOOD} libsndfile {soundfile.__libsndfile_version__}"


def _files() -> Iterator[str]:
    folder = cache_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield f"{BAD} {folder} cannot be written ({error.strerror}); set CHRONUS_CACHE_DIR"
        return
    absent = missing(kinds())
    if absent:
        yield f"{NOTE} {len(absent)} kernels are not compiled yet; the next start does it, once"
    else:
        yield f"{GOOD} all kernels are compiled, in {folder}"
    free = shutil.disk_usage(Path(folder)).free
    yield f"{GOOD if free > FREE_BYTES else BAD} {free / 1e9:.1f} GB free there"
