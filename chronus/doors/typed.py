"""What was typed at prompts before: a file in the state folder that several sessions share."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

from prompt_toolkit.history import FileHistory

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES: Final = 1_000_000
"""A file that grows longer than this loses its older half."""
_BEGINS: Final = b"\n# "
"""Stands in front of each entry."""


class Typed(FileHistory):
    """Lines that were typed, in a file that only its user may read.

    A line is added by one write under a lock, so several sessions lose none of each other's; each
    sees what the others have typed when it begins.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path

    def store_string(self, string: str) -> None:
        """Add what was typed."""
        entry = "\n# typed\n" + "".join(f"+{line}\n" for line in string.split("\n"))
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            file = os.open(self._path, flags, 0o600)
        except OSError:
            return  # a full or read-only disk costs the history, not the music
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.fchmod(file, 0o600)
            os.write(file, entry.encode("utf-8", "replace"))
            if os.fstat(file).st_size > MOST_BYTES:
                _halve(file)
        except OSError:
            return
        finally:
            os.close(file)


def _halve(file: int) -> None:
    """Keep the later entries; in place, since others may have the file open."""
    size = os.fstat(file).st_size
    kept = os.pread(file, size, size // 2)
    begin = kept.find(_BEGINS)
    os.ftruncate(file, 0)
    os.write(file, kept[begin:] if begin >= 0 else b"")
