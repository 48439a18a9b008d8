"""Which sources the compiled step is of: all of them count, and its name has their fingerprint."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE: Final = Path(__file__).parents[1]
ROOMS: Final = ("dsp", "engine", "machine", "patch")
CONSTANTS: Final = frozenset(
    (
        *("approx.py", "recipe.py", "columns.py", "layout.py", "tables.py"),
        *("beats.py", "chance.py", "query.py"),
    )
)
"""Files without a mark whose numbers, or functions, are compiled into the step."""


def _fingerprint(paths: Iterable[Path]) -> str:
    """A digest of sources and of what compiles them."""
    digest = hashlib.sha256((platform.python_version() + version("numba")).encode())
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def step_fingerprint() -> str:
    """A digest of every source that is compiled into the step."""
    sources = [path for room in ROOMS for path in (PACKAGE / room).glob("*.py")]
    marks = (b"@njit", b"@intrinsic")
    return _fingerprint(
        path
        for path in sources
        if path.name in CONSTANTS or any(mark in path.read_bytes() for mark in marks)
    )


@cache
def kernels_fingerprint(files: tuple[Path, ...]) -> str:
    """A digest of the sources that the kernels of all kinds are generated from.

    It is taken once: what is written to a file later is not what this process has read.

    Args:
        files: that declare the kinds.
    """
    return _fingerprint({*(PACKAGE / "dsp").glob("*.py"), *files})
