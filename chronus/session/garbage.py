"""When garbage is collected: between two edits, and not within one.

An edit of a large patch makes thousands of small things, most of which are gone behind it. Within
it they would be gone through a hundred times, and now and then with all else that there is, which
takes longer than the edit.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collecting_later() -> Iterator[None]:
    """Let garbage wait; where nobody collects it anyway, that stays so."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
