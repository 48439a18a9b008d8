"""A simulated operating system: one thread, a clock of its own, and processes that are generators.

A process yields what it does next: `Work`, which takes processor time, or `Wait`, for a signal on a
channel or for time to pass. It may be stopped, starved of its processor or killed at any of these
points, and the whole machine may sleep.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from chronus.machine.locks import Taken

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Generator

    Life = Generator["Work | Wait", bool, None]

STOPPED, STARVED = "stopped", "starved"
FOR_EVER = inf
LONGEST_HANDING_ON_S = 0.001
"""The kernel gives the lock of a dead process to the next within this."""
LONGEST_YAWN_S = 0.003
"""After a sleep of the machine each process runs again within this."""


@dataclass(frozen=True, slots=True)
class Work:
    """Processor time that is used before the process goes on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """The process goes on at a signal, which it gets as True, or after so long, as False."""

    channel: Channel | None
    seconds: float


@dataclass(eq=False, slots=True)
class Process:
    """A process.

    Attributes:
        pid: its number.
        life: what it does.
        lost: called when it is killed, before anybody learns of it.
        held: called when it is held.
        holds: why it does not run, of STOPPED and STARVED.
    """

    pid: int
    life: Life
    lost: Callable[[], None]
    held: Callable[[], None]
    holds: list[str] = field(default_factory=list)
    is_alive: bool = True
    pause: Work | Wait | None = None  # None while it runs
    left_s: float = 0.0  # of its work
    since_s: float = 0.0  # when it began or went on to work
    answer: bool | None = None  # to its wait, which came while it was held
    version: int = 0  # of its pause: what is to happen to another is void
    used_s: float = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether a signal has stopped it."""
        return self.is_alive and STOPPED in self.holds


class Channel:
    """What processes wait for."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.waiting: list[Process] = []

    def signal(self) -> None:
        """Let the first that waits go on."""
        if self.waiting:
            self._system.answer(self.waiting.pop(0), is_signal=True)

    def broadcast(self) -> None:
        """Let all that wait go on."""
        while self.waiting:
            self.signal()


class System:
    """The clock, and all processes.

    Args:
        chance: what is drawn.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.now_s = 0.0  # that the machine was awake
        self.slept_s = 0.0  # that its monotonic clock has counted beside
        self.naps: list[float] = []
        self.processes: dict[int, Process] = {}
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def clock_s(self) -> float:
        """The monotonic clock."""
        return self.now_s + self.slept_s

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something happen."""
        self._count += 1
        heapq.heappush(self._queue, (self.now_s + seconds, self._count, action))

    def run(self, goes_on: Callable[[], bool], most_s: float, most_events: int) -> bool:
        """Let time pass; False if it would take longer than that."""
        for _ in range(most_events):
            if not goes_on():
                return True
            if self.now_s > most_s or not self._queue:
                return False
            self.now_s, _, action = heapq.heappop(self._queue)
            action()
        return False

    # ---- what processes do

    def start(
        self,
        life: Life,
        lost: Callable[[], None] = lambda: None,
        held: Callable[[], None] = lambda: None,
    ) -> Process:
        """A new process, which begins at once."""
        process = Process(100 + len(self.processes), life, lost, held)
        self.processes[process.pid] = process
        self._go_on(process, answer=None)
        return process

    def cpu_s(self, process: Process) -> float:
        """Processor time that a process has used."""
        works = isinstance(process.pause, Work) and process.is_alive and not process.holds
        return process.used_s + (self.now_s - process.since_s if works else 0.0)

    def answer(self, process: Process, *, is_signal: bool) -> None:
        """End a wait; a process that is held goes on when it runs again."""
        process.version += 1
        version = process.version

        def goes_on() -> None:
            if process.version != version or not process.is_alive:
                return
            if process.holds:
                process.answer = is_signal
            else:
                self._go_on(process, answer=is_signal)

        self.after(self._wake_s(), goes_on)

    def _wake_s(self) -> float:
        """How long it takes a process to run after what it waited for: now and then long."""
        draw = self.chance.random()
        return 0.0002 * draw if draw < 0.95 else 0.04 * (draw - 0.95)

    def _go_on(self, process: Process, *, answer: bool | None) -> None:
        process.version += 1
        process.pause = process.answer = None
        try:
            pause = process.life.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            process.is_alive = False
            return
        if not process.is_alive:
            process.life.close()
            return
        process.pause = pause
        if isinstance(pause, Work):
            process.left_s = pause.seconds
            if not process.holds:
                self._work(process)
            return
        if pause.channel is not None:
            pause.channel.waiting.append(process)
        if pause.seconds < FOR_EVER:
            version = process.version
            self.after(pause.seconds, lambda: self._time_out(process, version))

    def _time_out(self, process: Process, version: int) -> None:
        pause = process.pause
        if process.version == version and process.is_alive and isinstance(pause, Wait):
            if pause.channel is not None:
                pause.channel.waiting.remove(process)
            self.answer(process, is_signal=False)

    def _work(self, process: Process) -> None:
        process.version += 1
        version = process.version
        process.since_s = self.now_s

        def is_done() -> None:
            if process.version == version and process.is_alive:
                process.used_s += self.now_s - process.since_s
                self._go_on(process, answer=True)

        if process.left_s < FOR_EVER:
            self.after(process.left_s, is_done)

    # ---- what is done to them

    def hold(self, process: Process, why: str, seconds: float) -> None:
        """Let a process not run for so long."""
        if not process.is_alive:
            return
        if not process.holds:
            if isinstance(process.pause, Work):
                done = self.now_s - process.since_s
                process.used_s += done
                process.left_s -= done
                process.version += 1
            process.holds.append(why)
            process.held()
        else:
            process.holds.append(why)
        self.after(seconds, lambda: self._release(process, why))

    def _release(self, process: Process, why: str) -> None:
        process.holds.remove(why)
        if process.holds or not process.is_alive:
            return
        if isinstance(process.pause, Work):
            self._work(process)
        elif process.answer is not None:
            self._go_on(process, answer=process.answer)

    def kill(self, process: Process) -> None:
        """Kill a process."""
        if not process.is_alive:
            return
        process.is_alive = False
        if isinstance(process.pause, Wait) and process.pause.channel is not None:
            waiting = process.pause.channel.waiting
            if process in waiting:
                waiting.remove(process)
        process.lost()
        if process.pause is not None:
            process.life.close()

    def sleep(self, seconds: float, *, clock_goes_on: bool) -> None:
        """The machine is suspended; then whoever waits with a limit has waited long enough."""
        self.naps.append(self.now_s)
        if clock_goes_on:
            self.slept_s += seconds
        for process in list(self.processes.values()):
            if not process.is_alive:
                continue
            self.hold(process, STARVED, self.chance.uniform(0.0, LONGEST_YAWN_S))
            channel = process.pause.channel if isinstance(process.pause, Wait) else None
            if clock_goes_on and channel is not None and process in channel.waiting:
                self._time_out(process, process.version)


class Hand:
    """A lock that the kernel hands on when its holder dies."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._channel = Channel(system)
        self.holder: Process | None = None
        self._is_orphaned = False

    def _try(self, process: Process) -> Taken:
        if self.holder is not None:
            return Taken.NOT
        self.holder = process
        taken = Taken.INHERITED if self._is_orphaned else Taken.FREE
        self._is_orphaned = False
        return taken

    def take(self, process: Process, timeout_s: float) -> Generator[Wait, bool, Taken]:
        """Wait for it so long at most."""
        taken = self._try(process)
        if taken is Taken.NOT and (yield Wait(self._channel, timeout_s)):
            return self._try(process)
        return taken

    def release(self) -> None:
        """Let go of it."""
        self.holder = None
        self._channel.signal()

    def let_fall(self, process: Process) -> None:
        """What the kernel does with a process that has died."""
        if self.holder is process:
            handing_on_s = self._system.chance.uniform(0.0, LONGEST_HANDING_ON_S)
            self._system.after(handing_on_s, self._hand_on)

    def _hand_on(self) -> None:
        self.holder = None
        self._is_orphaned = True
        self._channel.signal()


class Semaphore:
    """What a worker waits for while there is no room."""

    def __init__(self, system: System) -> None:
        self._channel = Channel(system)
        self._is_posted = False

    def post(self) -> None:
        """Let who waits go on, or who waits next."""
        self._is_posted = True
        self._channel.signal()

    def wait(self, timeout_s: float) -> Generator[Wait, bool, bool]:
        """Wait for a post so long at most, and take all there are."""
        got = self._is_posted or (yield Wait(self._channel, timeout_s))
        self._is_posted = False
        return got
