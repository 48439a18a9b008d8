"""Sound files that nodes play are read here: whole, checked, and at the session's rate."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from chronus.data import data_path
from chronus.errors import Code, UserError, nearest
from chronus.patch.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from chronus.dsp.declaration import Kind
    from chronus.language.statements import SoundFile
    from chronus.patch.model import Node

MOST_BYTES: Final = 200_000_000
RATES_HZ: Final = range(1000, 192_001)
LOUDEST: Final = 16.0
"""24 dB above full scale: a file that is louder holds no sound."""
OWN: Final = "patches"
"""The folder of the files that come with the program, found under this name from anywhere."""
_KNOWN: Final[WeakValueDictionary[tuple[str, int, bool], Recording]] = WeakValueDictionary()
"""What is in use, by the mark of its content, the session's rate, and whether it has levels: nodes
that play the same file hold its frames but once."""
SUFFIXES: Final = (".wav", ".flac", ".aif", ".aiff", ".ogg")


def read_recording(file: SoundFile, rate_hz: int, folders: Sequence[str], kind: Kind) -> Recording:
    """Read a sound file.

    Args:
        file: as it was said.
        rate_hz: of the session.
        folders: in which a relative path is looked for, one after the other.
        kind: of the node that is to play it.

    Raises:
        UserError: E_FILE, it cannot be read, is no sound, or not what it was; E_LIMIT, too long.
    """
    path = _found(file, folders)
    content = _content(path, file)
    mark = hashlib.sha256(content).hexdigest()[:12]
    if file.mark not in ("", mark):
        message = (
            f"{file.path} has changed: its mark is {mark}, and what was played had {file.mark}."
            " Without `mark` it is played as it is now"
        )
        raise UserError(Code.FILE, message, file.span, (f"mark {mark}",))
    key = (mark, rate_hz, kind.levels)
    known = _KNOWN.get(key)
    if known is not None and known.seconds <= kind.recording_s:
        return known if known.path == str(path) else replace(known, path=str(path))
    decoded, own_hz = _decoded(content, file, kind.recording_s)
    seconds = decoded.shape[1] / own_hz
    samples = _at_rate(decoded, own_hz, rate_hz)
    levels = _levels_of(samples) if kind.levels else ()
    read = Recording(str(path), mark, own_hz, seconds, samples, levels)
    _KNOWN[key] = read
    return read


def _levels_of(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """The levels of a sound."""
    from chronus.dsp.recording import banded  # noqa: PLC0415 - the shell's first second does without

    return banded(samples)


def file_text(node: Node, folder: Path | None = None) -> str:
    """How the line that loads a node names its file: by its path from a folder, or whole."""
    recording = node.recording
    assert recording is not None, node.name
    path, own = Path(recording.path), data_path(OWN)
    if path.is_relative_to(own):  # wherever the program is installed
        shown = Path(OWN, path.relative_to(own)).as_posix()
    else:
        shown = recording.path if folder is None else os.path.relpath(path, folder)
    return f'file "{shown}" mark {recording.mark}'


def _found(file: SoundFile, folders: Sequence[str]) -> Path:
    """The absolute path of a file.

    Raises:
        UserError: E_FILE, there is none, or it cannot be named in a line.
    """
    try:
        said = Path(file.path).expanduser()
    except RuntimeError as error:
        raise UserError(Code.FILE, f"cannot use {file.path[:80]}: {error}", file.span) from error
    places = [Path(folder, said) for folder in (*folders, "")]
    if said.parts[:1] == (OWN,) and ".." not in said.parts:
        places.append(data_path(OWN).joinpath(*said.parts[1:]))
    try:
        there = next((place.absolute() for place in places if place.exists()), None)
    except (OSError, ValueError) as error:
        raise UserError(Code.FILE, f"cannot use {file.path[:80]}: {error}", file.span) from error
    if there is None:
        names = sorted(p.name for p in _sounds_in(places[0].parent))
        near = nearest(said.name, names) or tuple(names[:3])
        message = f"there is no file {file.path}"
        raise UserError(Code.FILE, message, file.span, tuple(f'file "{name}"' for name in near))
    if not there.is_file():
        message = f"cannot read {file.path}: it is a folder, a device or a pipe"
        raise UserError(Code.FILE, message, file.span)
    if '"' in str(there) or " ".join(str(there).split()) != str(there):
        message = f"cannot use {file.path}: no line can hold a path with a quote or wide gaps"
        raise UserError(Code.FILE, message, file.span)
    return Path(os.path.normpath(there))


def _sounds_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError:
        return []


def _content(path: Path, file: SoundFile) -> bytes:
    """All bytes of a file.

    Raises:
        UserError: E_FILE or E_LIMIT.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot read {file.path}: {error.strerror}"
        raise UserError(Code.FILE, message, file.span) from error
    if len(content) > MOST_BYTES:
        message = f"{file.path} is larger than {MOST_BYTES // 1_000_000} MB"
        raise UserError(Code.LIMIT, message, file.span)
    return content


def _decoded(content: bytes, file: SoundFile, longest_s: float) -> tuple[NDArray[np.float32], int]:
    """The sound of a file at its own rate, (channels, frames), and that rate.

    Raises:
        UserError: E_FILE, it is no sound that can be played; E_LIMIT, it is too long.
    """
    import numpy as np  # noqa: PLC0415 - the shell's first second does without
    import soundfile  # noqa: PLC0415 - the same

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            _check_form(sound, file, longest_s)
            frames, rate_hz = sound.frames, int(sound.samplerate)
            samples = sound.read(dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        reason = str(error).rstrip(".").rpartition(": ")[2]
        if "SF_INFO" in reason:  # the library speaks of itself
            reason = "its header makes no sense"
        message = f"cannot play {file.path}: {reason[:1].lower()}{reason[1:]}"
        raise UserError(Code.FILE, message, file.span, ("a WAV or FLAC file",)) from error
    if len(samples) < frames:
        raise UserError(Code.FILE, f"{file.path} is cut off in the middle", file.span)
    if not np.isfinite(samples).all() or float(np.abs(samples).max()) > LOUDEST:
        message = f"cannot play {file.path}: what it holds is no sound, or 24 dB too loud"
        raise UserError(Code.FILE, message, file.span)
    return np.ascontiguousarray(samples.T), rate_hz


def _check_form(sound: Any, file: SoundFile, longest_s: float) -> None:
    """Make sure that a sound file is one that can be played.

    Raises:
        UserError: E_FILE or E_LIMIT.
    """
    if "(should be" in sound.extra_info:
        raise UserError(Code.FILE, f"{file.path} is cut off in the middle", file.span)
    if sound.frames <= 0:
        raise UserError(Code.FILE, f"{file.path} is empty", file.span)
    if sound.channels > 2:
        message = f"{file.path} has {sound.channels} channels; one or two can be played"
        raise UserError(Code.FILE, message, file.span)
    if sound.samplerate not in RATES_HZ:
        message = f"{file.path} has {sound.samplerate} frames a second, which no sound has"
        raise UserError(Code.FILE, message, file.span)
    if sound.frames > longest_s * sound.samplerate:
        message = f"{file.path} is longer than {longest_s:g} seconds"
        raise UserError(Code.LIMIT, message, file.span)


def _at_rate(samples: NDArray[np.float32], own_hz: int, rate_hz: int) -> NDArray[np.float32]:
    """A sound at another rate, by soxr at its highest quality; as it is at its own."""
    if own_hz == rate_hz:
        return samples
    import numpy as np  # noqa: PLC0415 - the shell's first second does without
    import soxr  # noqa: PLC0415 - only who needs it waits for it

    return np.ascontiguousarray(soxr.resample(samples.T, own_hz, rate_hz, "VHQ").T)
