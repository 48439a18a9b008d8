"""A progress bar on a terminal, and nothing elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

WIDTH: Final = 30


class Progress:
    """A bar on stderr.

    Args:
        what: the work, one word.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._is_shown = False
        self._on_terminal = sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_shown and self._on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def show(self, done: int, total: int, name: str) -> None:
        """So much is done; a `total` of 0 is one that is not known."""
        if not self._on_terminal:
            return
        self._is_shown = True
        share = done / total if total else 0.0
        bar = ("#" * round(share * WIDTH)).ljust(WIDTH, ".")
        count = f"{done}/{total}" if total else str(done)
        line = f"{self._what} [{bar}] {count} {name}"
        # A line that wraps could not be taken back.
        columns = shutil.get_terminal_size().columns
        sys.stderr.write(f"\r\x1b[K{line[: columns - 1]}")
        sys.stderr.flush()
