"""Stems: what each heard node adds to the mix, each in a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.findings import strip_rows
from chronus.machine.recorder import FileRecorder
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from chronus.engine.writer import Writer


class Stems:
    """A sink for every channel strip, in front of the master's level and ceiling.

    Args:
        folder: gets NAME.wav for each node that is heard at any time, all of one length.
        rate_hz: of the frames.
        bits: a sample, 32 for float.
    """

    def __init__(self, folder: Path, rate_hz: int, bits: int) -> None:
        self._folder = folder
        self._rate_hz = rate_hz
        self._bits = bits
        self._files: dict[str, FileRecorder] = {}

    def take_block(self, writer: Writer, first_frame: int, count: int) -> None:
        """Take the first `count` frames of the block that was just computed."""
        parts = {name: np.zeros((BLOCK, 2), np.float32) for name in self._files}
        rows = writer.arena.rows_out[writer.bank]
        for name, row in strip_rows(writer):
            part = parts.setdefault(name, np.zeros((BLOCK, 2), np.float32))
            part += rows[row : row + 2].T
        for name, part in parts.items():
            if name not in self._files:
                self._files[name] = self._begun(name, first_frame)
            self._files[name].take(first_frame, part[:count])

    def _begun(self, name: str, frame: int) -> FileRecorder:
        path = self._folder / f"{name.replace('/', '-')}.wav"
        recorder = FileRecorder(path, self._rate_hz, self._bits)
        silence: NDArray[np.float32] = np.zeros((self._rate_hz, 2), np.float32)
        for start in range(0, frame, self._rate_hz):
            recorder.take(start, silence[: min(frame - start, self._rate_hz)])
        return recorder

    def close(self) -> None:
        """Finish the files."""
        for file in self._files.values():
            file.close()
