"""The standby's look at the worker: one that stands still is killed, and the hand falls to it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from chronus.engine.layout import Head, Lane, lane_place
from chronus.machine.blame import lane_block
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.engine.layout import Longs

    Progress = tuple[int, int, int]
    See = Callable[[int, Progress], "Sight"]

SHORTEST_S: Final = 0.010
LONGEST_S: Final = 0.250
"""Deadlines: below, a busy machine looks like a worker that stands still; above, nobody waits."""
LONGEST_LOOK_S: Final = 0.05
LATE: Final = 1.5
"""A look that comes so many look times after the one before it is late."""
STARVED: Final = 3.0
"""A worker that is neither stopped nor busy gets so many deadlines: it waits for a processor."""


class Sight(NamedTuple):
    """What a standby sees of the worker."""

    at_s: float  # any clock that only goes on
    progress: tuple[int, int, int]  # process, block and node
    cpu_s: float  # processor time that it has used
    is_stopped: bool  # whether the system has stopped it


class Verdict(Enum):
    """What a look comes to."""

    WAIT = auto()
    STOPPED = auto()  # it stands still, through no fault of what it computes
    LOOPED = auto()  # it computes for ever


def deadline_s(ahead: int, rate_hz: int) -> float:
    """How long a worker may stand still: half of what the tape is ahead, within bounds."""
    return min(max(0.5 * ahead * BLOCK / rate_hz, SHORTEST_S), LONGEST_S)


class Watch:
    """Tells a worker that stands still from one that only waits, and a loop from a stopped process.

    Time in which the watch itself did not run hardly counts: a machine that had too much to do held
    up both of them, and so did one that was asleep, where the clock goes on meanwhile (it does
    where a virtual machine is paused; the monotonic clock of a suspended one stands still).

    Args:
        deadline_s: how long a worker may do nothing of what is due.
    """

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self.look_s = min(deadline_s / 2.0, LONGEST_LOOK_S)
        self._last: Sight | None = None
        self._passed_s = 0.0
        self._cpu_s = 0.0

    def has_seen(self, progress: tuple[int, int, int]) -> bool:
        """Whether the last look saw this very progress."""
        return self._last is not None and self._last.progress == progress

    def rest(self) -> None:
        """The worker has nothing to do."""
        self._last = None

    def look(self, sight: Sight) -> Verdict:
        """Judge by one more look while there is something to do."""
        last, self._last = self._last, sight
        if last is None or sight.progress != last.progress:
            self._passed_s = 0.0
            self._cpu_s = sight.cpu_s
            return Verdict.WAIT
        gap_s = sight.at_s - last.at_s
        self._passed_s += gap_s if gap_s <= LATE * self.look_s else self.look_s / 2.0
        if self._passed_s < self._deadline_s:
            return Verdict.WAIT
        if sight.cpu_s - self._cpu_s >= 0.5 * self._passed_s:
            return Verdict.LOOPED
        starved = not sight.is_stopped and self._passed_s < STARVED * self._deadline_s
        return Verdict.WAIT if starved else Verdict.STOPPED


def is_due(head: Longs, lane: int) -> bool:
    """Whether a lane has a block to compute, and waits for no other lane."""
    block = int(head[Head.COMMITTED])
    room = int(head[Head.PLAYED]) + int(head[Head.AHEAD]) * BLOCK
    if head[Head.QUIT] != 0 or block >= head[Head.GO] or block * BLOCK >= room:
        return False
    if lane > 0:
        return bool(head[lane_place(Lane.DONE, lane)] <= block)
    others = range(1, int(head[Head.LANES]))
    waits = head[lane_place(Lane.WAITS, 0)] != 0
    return not (waits and any(head[lane_place(Lane.DONE, n)] <= block for n in others))


def progress_of(head: Longs, lane: int) -> tuple[int, int, int]:
    """What changes as long as a lane's worker does anything.

    Its process is the first thing that a worker says of itself: who has just taken over is not held
    to account for the time in which the one before it stood still.
    """
    pid = int(head[lane_place(Lane.PID, lane)])
    return pid, lane_block(head, lane), int(head[lane_place(Lane.NODE, lane)])


def judge(head: Longs, lane: int, watch: Watch, see: See) -> int:
    """Look at a lane's worker once; its process, which is to be killed, where it stands still.

    Args:
        head: of the arena.
        lane: the lane.
        watch: what was seen of its workers before.
        see: looks at a process.

    Returns:
        The number of a process, or 0.
    """
    if not is_due(head, lane):
        watch.rest()
        return 0
    progress = progress_of(head, lane)
    pid = int(head[lane_place(Lane.PID, lane)])
    verdict = watch.look(see(pid, progress))
    if verdict is Verdict.WAIT or progress_of(head, lane) != progress:
        return 0
    if verdict is Verdict.LOOPED:
        head[lane_place(Lane.LOOPED, lane)] = progress[1] + 1
    return pid


def guard(head: Longs, lane: int, watch: Watch) -> None:
    """Look at a lane's worker once, and kill it where it stands still."""

    def see(pid: int, progress: Progress) -> Sight:
        stopped = watch.has_seen(progress) and _is_stopped(pid)  # to ask the system takes long
        return Sight(time.monotonic(), progress, process_cpu_s(pid), stopped)

    pid = judge(head, lane, watch, see)
    if pid != 0:
        _kill(pid, head, lane)


def _kill(pid: int, head: Longs, lane: int) -> None:
    """Kill a worker, unless it has ended and its number belongs to another process by now."""
    with contextlib.suppress(ProcessLookupError):
        if not hasattr(os, "pidfd_open"):
            os.kill(pid, signal.SIGKILL)
            return
        descriptor = os.pidfd_open(pid)
        try:
            if head[lane_place(Lane.PID, lane)] == pid:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def process_cpu_s(pid: int) -> float:
    """Processor time of another process, to the nanosecond; 0 where the system does not say."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of a process, as in glibc
    except OSError:
        return 0.0


def _is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal or a debugger."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] in "Tt"
