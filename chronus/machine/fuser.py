"""Kernels that compute several nodes, made in the background for a patch that is left as it is.

What is played does not change by it: see `chronus.engine.fused` and `chronus.engine.batched`.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from chronus.dsp import objects
from chronus.engine.fusable import Fusable, write
from chronus.errors import UserError
from chronus.machine import build

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.engine.fusable import FusedKernels, Wanted
    from chronus.machine.crew import Crew

STILL_S: Final = 3.0
"""A patch that has been left as it is for so long gets its kernels."""
LOOK_S: Final = 0.25


class Fuser:
    """Watches what plans want, and hands over to workers that have it.

    Args:
        kernels: what plans want.
        crew: the workers.
        tell: told what goes wrong.
    """

    def __init__(self, kernels: FusedKernels, crew: Crew, tell: Callable[[str], None]) -> None:
        self._kernels = kernels
        self._crew = crew
        self._tell = tell
        self._wrong: set[int] = set()
        self._ends = threading.Event()
        self._build: build.NamedBuild | None = None
        self._thread = threading.Thread(target=self._run, name="chronus-fuse", daemon=True)
        self._thread.start()

    @property
    def facts(self) -> dict[str, int]:
        """How many kinds of groups there are, and how many of them have kernels."""
        wanted = {n for n, it in self._kernels.wanted.items() if isinstance(it, Fusable)}
        return {"groups": len(wanted), "fused": len(wanted & self._crew.kernels.keys())}

    def close(self) -> None:
        """End it, whatever it is at."""
        self._ends.set()
        if self._build is not None:
            self._build.stop()
        self._thread.join()

    def _run(self) -> None:
        seen: Mapping[int, Wanted] = {}
        since = time.monotonic()
        while not self._ends.wait(LOOK_S):
            wanted = self._kernels.wanted
            if wanted.keys() != seen.keys():
                seen, since = wanted, time.monotonic()
            missing = wanted.keys() - self._crew.kernels.keys() - self._wrong
            if missing and time.monotonic() - since > STILL_S:
                self._fuse({number: wanted[number] for number in missing})

    def _fuse(self, several: Mapping[int, Wanted]) -> None:
        """Compile what some nodes want, and load it into new workers."""
        try:
            names = {number: write(kernel) for number, kernel in several.items()}
            absent = [name for name in names.values() if not objects.is_there(name)]
            if absent:
                self._build = build.NamedBuild(absent)
                self._build.run()
            if not self._ends.is_set():
                self._crew.add_kernels(names)
        except (OSError, UserError) as error:
            # It plays on as it is.
            self._wrong |= several.keys()
            if not self._ends.is_set():
                reason = error.message if isinstance(error, UserError) else str(error)
                self._tell(f"nodes play on without kernels for several at once: {reason}")
