"""A standby's view of the worker, as `chronus.machine.vigil` has it of a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import NONE
from chronus.machine import watch
from chronus.machine.vigil import LOOKS, recall
from chronus.machine.waiting import Seen, is_still

if TYPE_CHECKING:
    from chronus.engine.layout import Longs
    from tests.simulation.system import System


class Lookout:
    """Looks at the worker of a lane whenever it is time.

    Args:
        system: that the worker lives in.
        head: of the arena.
        lane: the lane.
        deadline_s: of the watch.
        is_native: whether native code looks first, as it does where the locks are robust.
    """

    def __init__(
        self, system: System, head: Longs, lane: int, deadline_s: float, *, is_native: bool
    ) -> None:
        self._system, self._head = system, head
        self.lane = lane
        self.watch = watch.Watch(deadline_s)
        self.unkilled = 0  # looks in a row that found a worker that should be killed
        self._is_native = is_native
        self._looks = 0
        self._seen = np.zeros(len(Seen), np.int64)
        self._seen[Seen.PID] = NONE

    def look(self) -> int:
        """The process that is to be killed, or 0."""
        if self._is_native and not self._is_still():
            return 0
        return watch.judge(self._head, self.lane, self.watch, self._sight)

    def _is_still(self) -> bool:
        seen = self._seen
        self._looks += 1
        if is_still(self._head.ctypes.data, self.lane, seen.ctypes.data):
            self._looks = 0
            recall(self.watch, seen)
            return True
        if seen[Seen.PID] != NONE:
            process = self._system.processes[int(seen[Seen.PID])]
            seen[Seen.AT_NS] = round(1e9 * self._system.clock_s)
            seen[Seen.CPU_NS] = round(1e9 * self._system.cpu_s(process))
        if self._looks == LOOKS:
            self._looks = 0
            self.watch.rest()
        return False

    def _sight(self, pid: int, progress: tuple[int, int, int]) -> watch.Sight:
        process = self._system.processes[pid]
        cpu_s = self._system.cpu_s(process)
        return watch.Sight(self._system.clock_s, progress, cpu_s, process.is_stopped)
