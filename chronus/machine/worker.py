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

from chronus.engine.layout import Head, Lane, lane_place
from chronus.machine import crash, preload
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
from chronus.machine.watch import Watch, deadline_s, guard

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from types import FrameType

    from chronus.engine.layout import Longs
    from chronus.engine.offline import Stepper
    from chronus.machine.memory import SharedArena

LOOK_AROUND_S: Final = 0.05
"""Seconds after which a worker that waits sees whether it is still wanted."""
LOOKS_TO_PARENT: Final = 8
"""A standby sees after so many looks whether its parent lives; a signal tells it sooner."""
LOOKS_TO_MAP: Final = 128
"""After so many looks it has mapped what the engine has come to use."""
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
        stepper.run(task.shared.arena, 0, task.lane)
        crash.install()
    except OSError as error:
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
    hand = task.shared.hand(task.lane)

    def goes_on() -> bool:
        return is_wanted(head, task.number) and not ending.asked

    taken = Taken.NOT
    watch = Watch(deadline_s(int(head[Head.AHEAD]), int(head[Head.RATE])))
    looks = 0
    while taken is Taken.NOT:
        if looks % LOOKS_TO_MAP == 0:
            task.shared.map_what_is_used()
        looks += 1
        if not goes_on() or (looks % LOOKS_TO_PARENT == 0 and is_orphan()):
            return
        taken = hand.take(watch.look_s)
        if taken is Taken.NOT:
            guard(head, task.lane, watch)
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
        hand.release()


def _step(
    task: WorkerTask, stepper: Stepper, goes_on: Callable[[], bool], *, inherited: bool
) -> None:
    """Step whenever there is room; the first block of an inherited hand by itself, and timed."""
    arena = task.shared.arena
    room = task.shared.lane_room(task.lane)
    most = 1 if inherited else BLOCKS_AT_ONCE
    while goes_on():
        done = stepper.run(arena, most, task.lane)
        if done == most == 1:
            arena.head[lane_place(Lane.STEPPED_NS, task.lane)] = time.monotonic_ns()
            most = BLOCKS_AT_ONCE
        elif done < most and not room.wait(LOOK_AROUND_S) and is_orphan():
            return
