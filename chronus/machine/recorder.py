"""A sound file that takes what is played."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import soundfile

from chronus.errors import Code, UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUBTYPES: Final = {
    ".wav": {32: "FLOAT", 24: "PCM_24", 16: "PCM_16"},
    ".flac": {32: "PCM_24", 24: "PCM_24", 16: "PCM_16"},
}
"""libsndfile's sample format, by ending and bits; FLAC holds whole numbers of 24 bits at most."""
MOST_WAV_BYTES: Final = (1 << 32) - (1 << 16)
_ADD_PEAK_CHUNK: Final = 0x1050
"""libsndfile: a chunk that holds the time of day, so that no two recordings would be one file."""
_UPDATE_HEADER_AUTO: Final = 0x1061
"""libsndfile: a header after each write, so that a killed program leaves a file that opens."""


class FileRecorder:
    """Writes frames to a WAV or FLAC file, by the name's ending.

    Args:
        path: of the file, which is written over.
        rate_hz: of the frames.
        bits: 32 (float), 24 or 16 a sample.

    Raises:
        UserError: E_FILE, the ending is unknown or the file cannot be written.
    """

    def __init__(self, path: Path | str, rate_hz: int, bits: int = 32) -> None:
        self.path = Path(path)
        subtypes = SUBTYPES.get(self.path.suffix.lower())
        if subtypes is None:
            raise UserError(Code.FILE, f"{self.path.name}: the name must end in .wav or .flac")
        assert bits in subtypes, bits
        self._is_wav = self.path.suffix.lower() == ".wav"
        self._bytes_a_frame = 2 * bits // 8
        self._bytes = 0
        if not self.path.parent.is_dir():
            raise UserError(Code.FILE, f"there is no folder {self.path.parent}")
        try:
            with self.path.open("wb"):
                pass  # Python's reasons are better than libsndfile's
            self._file: soundfile.SoundFile | None = soundfile.SoundFile(
                str(self.path), "w", rate_hz, 2, subtypes[bits]
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise _unwritable(self.path, error) from error
        if self._is_wav:
            _command(self._file, _UPDATE_HEADER_AUTO, on=True)
            _command(self._file, _ADD_PEAK_CHUNK, on=False)

    def take(self, start_frame: int, frames: NDArray[np.float32]) -> None:  # noqa: ARG002
        """Write frames, shape (count, 2).

        Raises:
            UserError: E_FILE, the disk or the file is full.
        """
        assert self._file is not None, "the file is closed"
        self._bytes += len(frames) * self._bytes_a_frame
        if self._is_wav and self._bytes > MOST_WAV_BYTES:
            raise UserError(
                Code.FILE, f"{self.path}: a WAV file holds 4 GB at most; FLAC holds more"
            )
        try:
            self._file.write(frames)
        except (OSError, soundfile.SoundFileError) as error:
            raise _unwritable(self.path, error) from error

    def close(self) -> None:
        """Finish the file; may be called twice.

        Raises:
            UserError: E_FILE, the disk is full.
        """
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except (OSError, soundfile.SoundFileError) as error:
                raise _unwritable(self.path, error) from error


def _unwritable(path: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or str(error)
    return UserError(Code.FILE, f"cannot write {path}: {reason}")


def _command(file: soundfile.SoundFile, command: int, *, on: bool) -> None:
    """Ask libsndfile for what soundfile has no name for."""
    library, interface = soundfile._snd, soundfile._ffi  # noqa: SLF001
    library.sf_command(file._file, command, interface.NULL, int(on))  # noqa: SLF001
