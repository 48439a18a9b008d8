"""The processes of a live machine: they are started, watched, replaced when they die, and ended."""

from __future__ import annotations

import select
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chronus.engine.layout import Head, Lane, lane_place
from chronus.errors import Code, UserError
from chronus.machine.audio import NULL, AudioTask, audio_main
from chronus.machine.children import Child, Report
from chronus.machine.watch import process_cpu_s
from chronus.machine.worker import WorkerTask, worker_main

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from chronus.machine.memory import SharedArena

START_S: Final = 30.0
"""The longest that a process may take to be ready: a slow disk, a sound server that is asleep."""
END_S: Final = 1.0
"""The time that processes have to end by themselves."""
LOOK_S: Final = 0.1
HAND_S: Final = 2.0
"""The time that a new worker may take to have the hand."""
POLL_S: Final = 0.001
ROUND_S: Final = 1.0
ROUNDS: Final = 3
"""A standby that has done nothing in so many rounds is replaced."""
DEATHS: Final = 5
"""So many deaths of one role in a row, with nothing done in between, are no accident."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is to be there.

    Attributes:
        lanes: shares of the patch, each with a worker.
        standbys: workers of each lane that wait, ready, for the hand.
        kernels: names of those that every worker has, by their numbers.
        first: lowest number of a worker that is wanted.
    """

    lanes: int
    standbys: int
    kernels: Mapping[int, str]
    first: int = 1


def is_hopeless(deaths: Sequence[int]) -> bool:
    """Whether to start a role again is no use.

    Args:
        deaths: how much it had done at each of its deaths: blocks, or callbacks.
    """
    return len(deaths) >= DEATHS and deaths[-DEATHS] == deaths[-1]


class Rounds:
    """Looks now and then whether those who only wait still do: each wakes many times a second.

    One that was stopped, or hangs, would be missed only when it is needed.

    Args:
        used_s: processor time of a process so far; 0 where the system does not say.
    """

    def __init__(self, used_s: Callable[[int], float] = process_cpu_s) -> None:
        self._used_s = used_s
        self._next_s = 0.0
        self._seen: dict[int, tuple[float, int]] = {}

    def idle(self, children: Iterable[Child], now_s: float) -> list[Child]:
        """Those that have had no processor time for so many looks in a row.

        Args:
            children: all that wait.
            now_s: by any clock that only goes on.
        """
        if now_s < self._next_s:
            return []
        self._next_s = now_s + ROUND_S
        before, self._seen = self._seen, {}
        idle = []
        for child in children:
            used = self._used_s(child.pid)
            last, looks = before.get(child.pid, (0.0, 0))
            looks = looks + 1 if used == last else 0
            if used == 0.0:
                continue  # the system does not say
            self._seen[child.pid] = (used, looks)
            if looks >= ROUNDS:
                idle.append(child)
        return idle


class Crew:
    """All processes of a machine but the shell.

    Args:
        shared: the arena.
        audio: what the audio process is told.
        roster: the workers.
        tell: called with a line of news.
    """

    def __init__(
        self, shared: SharedArena, audio: AudioTask, roster: Roster, tell: Callable[[str], None]
    ) -> None:
        self._shared = shared
        self._head = shared.arena.head
        self._task = audio
        self._roster = roster
        self._tell = tell
        self._lock = threading.RLock()
        self._children: list[Child] = []
        self._deaths: dict[tuple[str, int], list[int]] = {}
        self._next_number = 1
        self._seen: set[int] = set()
        self._rounds = Rounds()
        self._opening: tuple[Child, float] | None = None
        self._ends = threading.Event()
        self._watch = threading.Thread(target=self._run, name="chronus-crew", daemon=True)
        self.device = ""
        self.failure = ""

    # ---- starting

    def start(self, *, falls_back: bool) -> None:
        """Start everything, and return when all of it is ready.

        Args:
            falls_back: whether to play into nothing where no device opens.

        Raises:
            UserError: E_DEVICE, no device opened; E_INTERNAL, a process did not start.
        """
        with self._lock:
            audio = self._start_audio()
            workers = self._start_workers()
            self._accept_audio(audio, audio.report(START_S), falls_back=falls_back)
            self._accept_workers(workers)
            self._await_hands()
            self._seen |= {self._hand(lane) for lane in range(self._roster.lanes)}
        self._watch.start()

    def _start_audio(self) -> Child:
        self._head[Head.AUDIO_STATE] = 0
        child = Child("audio", 0, 0, audio_main, self._task)
        self._children.append(child)
        return child

    def _accept_audio(self, child: Child, report: Report, *, falls_back: bool) -> None:
        """Take what the audio process says: its device, or why there is none."""
        if report.is_ready:
            self.device = report.text
            return
        child.kill()
        self._drop(child)
        if not falls_back or self._task.device == NULL:
            raise UserError(Code.DEVICE, report.text)
        self._tell(f"no sound is heard, playing goes on without a device: {report.text}")
        self._task = replace(self._task, device=NULL)
        again = self._start_audio()
        self._accept_audio(again, again.report(START_S), falls_back=False)

    def _start_workers(self) -> list[Child]:
        lanes = range(self._roster.lanes)
        return [self._start_worker(n) for _ in range(1 + self._roster.standbys) for n in lanes]

    def _start_worker(self, lane: int) -> Child:
        task = WorkerTask(self._shared, lane, self._next_number, self._roster.kernels)
        child = Child("worker", lane, self._next_number, worker_main, task)
        self._next_number += 1
        self._children.append(child)
        return child

    def _accept_workers(self, workers: Collection[Child]) -> None:
        """Return when all are ready; one that is lost as it starts is started once more."""
        for worker in workers:
            report = worker.report(START_S)
            if not report.is_ready:
                worker.kill()
                self._drop(worker)
                report = self._start_worker(worker.lane).report(START_S)
            if not report.is_ready:
                raise UserError(Code.INTERNAL, report.text)

    def _hand(self, lane: int) -> int:
        """The number of the worker that steps a lane; 0 before the first."""
        return int(self._head[lane_place(Lane.HAND, lane)])

    def _await_hands(self) -> None:
        """Return when every lane is in the hands of a worker that is wanted."""
        limit = time.monotonic() + HAND_S
        lanes = range(self._roster.lanes)
        while any(self._hand(lane) < self._roster.first for lane in lanes):
            if time.monotonic() > limit:
                return  # it was killed, and the next one is not ready yet
            time.sleep(POLL_S)

    # ---- handing over

    @property
    def kernels(self) -> Mapping[int, str]:
        """Kernels that every worker has, by their numbers."""
        return self._roster.kernels

    def add_kernels(self, kernels: Mapping[int, str]) -> None:
        """Let new workers that have these kernels too go on between two blocks.

        Raises:
            UserError: as `hand_over`.
        """
        with self._lock:
            self.hand_over({**self.kernels, **kernels})

    def hand_over(self, kernels: Mapping[int, str]) -> None:
        """Let new workers that have these kernels go on between two blocks.

        Raises:
            UserError: E_INTERNAL, they did not start; the old ones play on then.
        """
        with self._lock:
            old, before = self._workers(), self._roster
            self._roster = replace(before, kernels=kernels, first=self._next_number)
            try:
                self._accept_workers(self._start_workers())
            except UserError:
                for child in self._workers():
                    if child not in old:
                        child.kill()
                        self._drop(child)
                self._roster = before
                raise
            for child in old:
                child.is_retired = True
            self._head[Head.TURN] = self._roster.first
            self._wake()
            for child in old:
                if not child.wait(END_S):
                    child.kill()  # it hangs within a block; another one does that block again
                self._drop(child)
            self._await_hands()

    def _workers(self) -> list[Child]:
        return [child for child in self._children if child.role == "worker"]

    def _wake(self) -> None:
        """Let every worker that waits for room look around."""
        self._shared.room.post()

    # ---- watching

    def _run(self) -> None:
        while not self._ends.is_set():
            sentinels = [child.sentinel for child in list(self._children)]
            try:
                select.select(sentinels, [], [], LOOK_S)
            except (OSError, ValueError):
                continue  # one of them was just closed
            with self._lock:
                if self._ends.is_set():
                    return
                self._seen |= {self._hand(lane) for lane in range(self._roster.lanes)}
                self._look()

    def _look(self) -> None:
        """Replace what has died, and what stands still."""
        self._accept_opening()
        for child in [c for c in self._children if not c.is_alive and not c.is_retired]:
            self._replace(child)
        waiting = [c for c in self._children if self._role(c) == "standby" and not c.is_retired]
        for child in self._rounds.idle(waiting, time.monotonic()):
            name = self._name(child, "standby")
            self._tell(f"{name} stood still (process {child.pid}); another is started")
            child.kill()
            child.wait(END_S)
            self._drop(child)
            self._start_worker(child.lane)

    def _replace(self, child: Child) -> None:
        """Start another in place of a process that has died."""
        words = child.last_words()
        self._drop(child)
        deaths = self._deaths.setdefault((child.role, child.lane), [])
        work = Head.AUDIO_BEAT if child.role == "audio" else Head.COMMITTED
        deaths.append(int(self._head[work]))
        reason = f": {words}" if words else ""
        if is_hopeless(deaths):
            self.failure = f"the {child.role} process ended {DEATHS} times in a row{reason}"
            self._tell(f"playing has stopped: {self.failure}")
            return
        if child.role == "worker":
            self._tell(self._loss(child) + reason)
            self._start_worker(child.lane)  # should it die as it starts, that is one more death
            return
        self._tell(f"the audio process ended{reason}; it is started again")
        self._opening = (self._start_audio(), time.monotonic() + START_S)

    def _accept_opening(self) -> None:
        """Take what an audio process that was started again says, once it says it."""
        if self._opening is None:
            return
        child, limit = self._opening
        lives = child.is_alive
        report = child.said()
        if report is None and lives and time.monotonic() < limit:
            return
        self._opening = None
        if report is None and not lives:
            return  # one more death
        late = Report(is_ready=False, text=f"it did not start in {START_S:.0f} s")
        try:
            self._accept_audio(child, report or late, falls_back=True)
        except UserError as error:
            self.failure = error.message
            self._tell(f"playing has stopped: {error.message}")

    def _loss(self, child: Child) -> str:
        """What to tell of a worker that has ended, or a standby: one never seen with the hand."""
        if child.number not in self._seen:
            name = self._name(child, "standby")
            return f"{name} ended (process {child.pid}); another is started"
        name = self._name(child, "worker")
        return f"{name} ended (process {child.pid}); another goes on in its place"

    def _name(self, child: Child, role: str) -> str:
        return f"a {role}" + (f" of lane {child.lane}" if self._roster.lanes > 1 else "")

    def _drop(self, child: Child) -> None:
        if child in self._children:
            self._children.remove(child)
            child.close()

    # ---- facts and the end

    def processes(self) -> list[dict[str, str | int]]:
        """Role, lane and process number of each, for `status`."""
        with self._lock:
            return [
                {"role": self._role(child), "lane": child.lane, "pid": child.pid}
                for child in self._children
                if child.is_alive
            ]

    def _role(self, child: Child) -> str:
        waits = child.role == "worker" and child.number != self._hand(child.lane)
        return "standby" if waits else child.role

    def close(self) -> None:
        """End all of them; those that do not end by themselves are killed."""
        self._ends.set()
        self._head[Head.QUIT] = 1
        self._wake()
        if self._watch.ident is not None:
            self._watch.join(START_S)
        with self._lock:
            limit = time.monotonic() + END_S
            for child in list(self._children):
                if not child.wait(max(limit - time.monotonic(), 0.0)):
                    child.kill()
                    child.wait(END_S)
                self._drop(child)
