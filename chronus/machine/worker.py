"""The worker process: holds its lane's hand and steps whenever the tape has room.

It keeps nothing between two blocks; another worker that takes the hand goes on where it stopped.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chronus.engine.layout import Head, recover
from chronus.machine import preload
from chronus.machine.locks import Taken
from chronus.machine.process import (
    WORKER_PRIORITY,
    die_with_parent,
    is_orphan,
    leave_signals_to_the_shell,
    quieten_garbage,
    raise_priority,
)

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import FrameType

    from chronus.engine.layout import Longs
    from chronus.engine.offline import Stepper
    from chronus.machine.memory import SharedArena

LOOK_AROUND_S: Final = 0.05
"""Seconds after which a worker that waits sees whether it is still wanted."""
BLOCKS_AT_ONCE: Final = 8
"""Blocks from one look around to the next while there is room."""


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """All that a worker is told.

    Attributes:
        shared: the arena.
        lane: which share of the patch.
        number: counts workers from 1; see Head.TURN.
        kinds: whose kernels it must have.
    """

    shared: SharedArena
    lane: int
    number: int
    kinds: frozenset[str]


class _Ending:
    """Whether the process was asked to end, which it does between two blocks."""

    asked = False

    def ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True


def is_wanted(head: Longs, number: int) -> bool:
    """Whether a worker of this number may take the hand or go on stepping."""
    return bool(head[Head.QUIT] == 0 and number >= head[Head.TURN])


def worker_main(task: WorkerTask, report: Connection) -> None:
    """The life of a worker."""
    leave_signals_to_the_shell()
    ending = _Ending()
    signal.signal(signal.SIGTERM, ending.ask)
    die_with_parent()
    try:
        stepper = preload.stepper()
        stepper.load_step()
        stepper.load(sorted(task.kinds))
        stepper.run(task.shared.arena, 0)
    except OSError as error:
        report.send((False, f"a worker could not load its kernels: {error}"))
        return
    raise_priority(WORKER_PRIORITY)
    quieten_garbage()
    report.send((True, ""))
    report.close()
    work(task, stepper, ending)


def work(task: WorkerTask, stepper: Stepper, ending: _Ending) -> None:
    """Wait for the hand, step while wanted, and let go between two blocks."""
    arena = task.shared.arena
    head = arena.head
    hand = task.shared.hand(task.lane)
    room = task.shared.room

    def goes_on() -> bool:
        return is_wanted(head, task.number) and not ending.asked

    taken = Taken.NOT
    while taken is Taken.NOT:
        if not goes_on() or is_orphan():
            return
        taken = hand.take(LOOK_AROUND_S)
    try:
        if taken is Taken.INHERITED:
            recover(arena)
            head[Head.TAKEOVERS] += 1
        if goes_on():
            head[Head.HAND] = task.number
        while goes_on():
            done = stepper.run(arena, BLOCKS_AT_ONCE)
            if done < BLOCKS_AT_ONCE and not room.wait(LOOK_AROUND_S) and is_orphan():
                return
    finally:
        hand.release()
