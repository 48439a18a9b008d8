"""Whether the compiled step is that of this source: numba's cache looks at one file of it alone.

Who changes `ports.py` would go on with the step that was compiled before. So a fingerprint of all
sources lies beside the cache, and a cache without the right one is thrown away.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOMS: Final = ("dsp", "engine", "patch")
CONSTANTS: Final = frozenset({"layout.py", "tables.py"})
"""Files whose numbers are compiled into the step."""


@cache
def step_fingerprint() -> str:
    """A digest of every source that is compiled into the step, and of what compiles it."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256((platform.python_version() + version("numba")).encode())
    for path in sorted(path for room in ROOMS for path in (package / room).glob("*.py")):
        source = path.read_bytes()
        if b"@njit" in source or b"@intrinsic" in source or path.name in CONSTANTS:
            digest.update(source)
    return digest.hexdigest()[:16]


def forget_stale_step() -> None:
    """Throw away what was compiled of another source.

    Where the package cannot be written nothing lies beside it, and numba's own cache knows each
    installed version by the time of its files.
    """
    package = Path(__file__).parents[1]
    mark = package / "engine" / "__pycache__" / f"step-{step_fingerprint()}.source"
    if mark.exists():
        return
    with contextlib.suppress(OSError):
        mark.parent.mkdir(exist_ok=True)
        for room in ROOMS:
            for index in (package / room / "__pycache__").glob("*.nbi"):
                index.unlink(missing_ok=True)
        for old in mark.parent.glob("step-*.source"):
            old.unlink(missing_ok=True)
        mark.touch()
