"""What a sink's monitor hears, sample for sample."""

from __future__ import annotations

import subprocess
import threading
import time

import numpy as np

from tests.audio.null_sink import MONITOR, RATE_HZ

SETTLE_S = 0.7
"""The time in which the monitor hands on what it has heard."""


class Listener:
    """Records the monitor from `start` to `stop`."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def start(self) -> None:
        """Begin to listen; returns when something, be it silence, is heard."""
        self._process = subprocess.Popen(
            ["parec", f"--device={MONITOR}", "--raw", "--format=float32le", f"--rate={RATE_HZ}",
             "--channels=2", "--latency-msec=20"],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self._thread.start()
        limit = time.monotonic() + 20.0
        while not self._parts:
            assert time.monotonic() < limit, "the monitor is deaf"
            time.sleep(0.05)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while chunk := self._process.stdout.read1(1 << 16):
            self._parts.append(chunk)

    def stop(self) -> np.ndarray:
        """End; all frames that were heard, shape (frames, 2)."""
        assert self._process is not None
        time.sleep(SETTLE_S)
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        raw = b"".join(self._parts)
        return np.frombuffer(raw[: len(raw) // 8 * 8], np.float32).reshape(-1, 2)


def place_of(frames: np.ndarray, heard: np.ndarray) -> int:
    """Where in what was heard the frames begin, found by their first sound; -1 where nowhere."""
    first = int(np.flatnonzero(frames.any(axis=1))[0])
    for place in np.flatnonzero(heard.any(axis=1)):
        if (heard[place : place + 64] == frames[first : first + 64]).all():
            return int(place) - first
    return -1
