"""The worker process: holds its lane's hand and steps whenever the tape has room.

It keeps nothing between two blocks; another worker that takes the hand goes on where it stopped. A
standby is a worker that waits for the hand, and watches who holds it.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.engine.entries import RUN_BLOCKS
from chronus.engine.layout import Head, Lane, lane_place
from chronus.engine.offline import Stepper
from chronus.machine import crash
from chronus.machine.blame import take_over
from chronus.machine.locks import Taken
from chronus.machine.process import (
    STANDBY_PRIORITY,
    WORKER_PRIORITY,
    die_with_parent,
    is_orphan,
    leave_signals_to_the_shell,
    quieten_garbage,
    raise_priority,
)
from chronus.machine.vigil import Vigil
from chronus.machine.waiting import load_loops, step_while_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection
    from types import FrameType

    from chronus.engine.layout import Longs
    from chronus.machine.memory import SharedArena

LOOK_AROUND_NS: Final = 20_000_000
"""Nanoseconds after which a worker that waits sees whether it is wanted, and whether there is room.

Who makes room wakes it for much room alone. So this is less than the time after which a worker that
leaves a block undone counts as starved: a callback that stands still must not look like that.
"""
WAITS_TO_MAP: Final = 16
"""After so many waits for the hand a standby has mapped what the engine has come to use."""
BLOCKS_AT_ONCE: Final = 8
"""Blocks from one look around to the next while there is room."""


@dataclass(frozen=True, slots=True)
class WorkerTask:
    """All that a worker is told.

    Attributes:
        shared: the arena.
        lane: which share of the patch.
        number: counts workers from 1; see Head.TURN.
        kernels: names of those that it must have, by their numbers.
    """

    shared: SharedArena
    lane: int
    number: int
    kernels: Mapping[int, str]


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
        stepper = Stepper(task.kernels)
        stepper.run(task.shared.arena, 0, task.lane)
        load_loops()
        crash.install()
    except (OSError, ImportError) as error:
        report.send((False, f"a worker could not load its kernels: {error}"))
        return
    raise_priority(STANDBY_PRIORITY)
    quieten_garbage()
    report.send((True, ""))
    report.close()
    work(task, stepper, ending)


def work(task: WorkerTask, stepper: Stepper, ending: _Ending) -> None:
    """Wait for the hand, step while wanted, and let go between two blocks."""
    arena = task.shared.arena
    head = arena.head
    vigil = Vigil(task.shared, task.lane, task.number)

    def goes_on() -> bool:
        return is_wanted(head, task.number) and not ending.asked

    taken = Taken.NOT
    waits = 0
    while taken is Taken.NOT:
        if waits % WAITS_TO_MAP == 0:
            task.shared.map_what_is_used()
        waits += 1
        if not goes_on() or is_orphan():
            return
        taken = vigil.take()
    try:
        head[lane_place(Lane.PID, task.lane)] = os.getpid()
        if taken is Taken.INHERITED:
            head[lane_place(Lane.TAKEN_NS, task.lane)] = time.monotonic_ns()
            take_over(arena, task.lane)
            head[lane_place(Lane.TAKEOVERS, task.lane)] += 1
        if goes_on():
            raise_priority(WORKER_PRIORITY)
            head[lane_place(Lane.HAND, task.lane)] = task.number
            crash.mark_crashes_at(head[lane_place(Lane.CRASH, task.lane) :].ctypes.data)
        _step(task, stepper, goes_on, inherited=taken is Taken.INHERITED)
    finally:
        crash.mark_crashes_at(0)
        task.shared.hand(task.lane).release()


def _step(
    task: WorkerTask, stepper: Stepper, goes_on: Callable[[], bool], *, inherited: bool
) -> None:
    """Step whenever there is room; the first block of an inherited hand by itself, and timed."""
    arena = task.shared.arena
    room = task.shared.lane_room(task.lane)
    while inherited and goes_on():
        if stepper.run(arena, 1, task.lane) == 1:
            arena.head[lane_place(Lane.STEPPED_NS, task.lane)] = time.monotonic_ns()
            break
        room.wait(LOOK_AROUND_NS / 1e9)
    given = stepper.arguments(arena, task.lane)
    head = arena.head.ctypes.data
    timespec = np.zeros(2, np.int64)
    while goes_on() and not is_orphan():
        step_while_wanted(
            RUN_BLOCKS.address,
            *given,
            BLOCKS_AT_ONCE,
            head,
            task.number,
            room.address,
            timespec.ctypes.data,
            LOOK_AROUND_NS,
        )
