"""How much of a core each process uses, as the system counts it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def cpu_seconds(pid: int) -> float | None:
    """Processor time of a process so far; None where it has ended or the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Usage:
    """The share of a core that processes took since they were last asked about."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[float, float]] = {}

    def shares(self, pids: Iterable[int]) -> dict[int, float]:
        """Share of a core by process, since the last call or, the first time, since now."""
        shares = {}
        for pid in pids:
            used = cpu_seconds(pid)
            if used is None:
                continue
            now = time.monotonic()
            before, since = self._before.get(pid, (used, now))
            passed = now - since
            shares[pid] = round((used - before) / passed, 3) if passed > 0 else 0.0
            self._before[pid] = (used, now)
        return shares
