"""A standby's wait for the hand of a lane: it sees to the worker that has it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.engine.layout import NONE, Head
from chronus.machine.locks import RobustLock, Taken
from chronus.machine.waiting import STANDS_STILL, Seen, stand_by
from chronus.machine.watch import Sight, Watch, deadline_s, guard

if TYPE_CHECKING:
    from chronus.engine.layout import Longs
    from chronus.machine.memory import SharedArena

LOOKS: Final = 8
"""Looks at the worker after which who waits looks around for itself."""


class Vigil:
    """The wait.

    Args:
        shared: the arena.
        lane: the lane.
        number: of the worker that waits, see Head.TURN.
    """

    def __init__(self, shared: SharedArena, lane: int, number: int) -> None:
        self._head = shared.arena.head
        self._lane = lane
        self._number = number
        self._hand = shared.hand(lane)
        self._watch = Watch(deadline_s(int(self._head[Head.AHEAD]), int(self._head[Head.RATE])))
        self._seen = np.zeros(len(Seen), np.int64)
        self._seen[Seen.PID] = NONE

    def take(self) -> Taken:
        """Wait for the hand, for LOOKS looks at most."""
        if isinstance(self._hand, RobustLock):
            return self._take_robust(self._hand)
        for _ in range(LOOKS):
            taken = self._hand.take(self._watch.look_s)
            if taken is not Taken.NOT:
                return taken
            guard(self._head, self._lane, self._watch)
        return Taken.NOT

    def _take_robust(self, hand: RobustLock) -> Taken:
        code = stand_by(
            hand.address,
            self._head.ctypes.data,
            self._lane,
            self._number,
            self._seen.ctypes.data,
            round(1e9 * self._watch.look_s),
            LOOKS,
        )
        if code == STANDS_STILL:
            self._look_closely()
            return Taken.NOT
        self._watch.rest()
        return hand.taken(code)

    def _look_closely(self) -> None:
        """Judge a worker that was found where it had been a look before."""
        recall(self._watch, self._seen)
        guard(self._head, self._lane, self._watch)


def recall(watch: Watch, seen: Longs) -> None:
    """Let a watch know of the look before, see Seen."""
    progress = (int(seen[Seen.PID]), int(seen[Seen.BLOCK]), int(seen[Seen.NODE]))
    if not watch.has_seen(progress):
        at_s, cpu_s = 1e-9 * float(seen[Seen.AT_NS]), 1e-9 * float(seen[Seen.CPU_NS])
        watch.look(Sight(at_s, progress, cpu_s, is_stopped=False))
