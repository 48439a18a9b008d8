"""A world in one thread: workers, standbys, the callback and who types, and what befalls them.

What decides is the engine's own: the compiled step, who may step, the cut, blame, the watch, and
what the callback plays. What it decides about is simulated. Everything is drawn from one seed, so a
world that goes wrong can be seen again.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.entries import CUT_OF
from chronus.engine.layout import NONE, Head, Lane, lane_place
from chronus.machine import blame, watch
from chronus.machine.playing import Player, view_of
from chronus.machine.stream import Deck
from chronus.machine.worker import LOOK_AROUND_NS
from chronus.settings import BLOCK
from tests.simulation.engine import RATE_HZ, Engine, lines_for
from tests.simulation.half import Half
from tests.simulation.listener import Call, Listener
from tests.simulation.lookout import Lookout
from tests.simulation.plan import Accident, Faulty, How, Plan, Trouble, Wrong, drawn
from tests.simulation.system import (
    STARVED,
    STOPPED,
    Channel,
    Hand,
    Semaphore,
    System,
    Wait,
    Work,
)
from tests.simulation.worker import LOAD_S, Worker, WrongError

if TYPE_CHECKING:
    from collections.abc import Generator

    Life = Generator[Work | Wait, bool, None]

MOST_S = 6.0
MOST_EVENTS = 20_000
MOST_LOOKS = 16
"""A worker that does not get on is killed within so many looks of one standby, starved or not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a world.

    Attributes:
        frames: of the tape.
        story: how often something happened.
        typed: lines by the block in which they were to take effect.
        bypassed: nodes.
        listener: who heard it.
    """

    frames: np.ndarray
    story: Counter[str]
    typed: dict[int, list[str]]
    bypassed: set[str]
    listener: Listener


class World:
    """A machine that plays.

    Args:
        plan: what is to happen.
        seed: of what is drawn meanwhile.
    """

    player: type[Player] = Player
    half: type[Half] = Half
    look_around_s = 1e-9 * LOOK_AROUND_NS

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.chance = random.Random(seed)
        self.system = System(self.chance)
        self.engine = Engine(plan.lanes, plan.extras)
        self.head = self.engine.head
        self.head[Head.GO] = plan.score[0] if plan.score else plan.blocks
        self.head[Head.AHEAD] = plan.ahead
        self.hands = [Hand(self.system) for _ in range(plan.lanes)]
        self.rooms = [Semaphore(self.system) for _ in range(plan.lanes)]
        self.commits = Channel(self.system)
        self.shares = Channel(self.system)
        self.deadline_s = watch.deadline_s(plan.ahead, RATE_HZ)
        self.typed: dict[int, list[str]] = {}
        self.listener = Listener()
        self.workers: dict[int, Worker] = {}
        self.count = 0
        self.story: Counter[str] = Counter()
        self.begun = NONE  # the last block that a lane has begun
        self._troubles = {place: list(those) for place, those in plan.troubles.items()}
        for _ in range(1 + plan.standbys):
            for lane in range(plan.lanes):
                self.start_worker(lane)
        self.device = self.system.start(self._play())
        self.system.start(self._type())
        self.system.start(self._score())
        for accident in plan.accidents:
            self.system.after(accident.at_s, lambda a=accident: self._befall(a))

    def run(self) -> Outcome:
        """Let it play to its end.

        Raises:
            WrongError: something that must not happen.
        """
        end = BLOCK * self.plan.blocks
        if not self.system.run(lambda: self.head[Head.PLAYED] < end, MOST_S, MOST_EVENTS):
            raise WrongError(f"the music stands still after {self.engine.block} blocks")
        frames = self.engine.frames(self.plan.blocks)
        self.story["sounds"] = int(np.abs(frames).max() > 0.01)
        self.story["underrun"] = int(self.head[Head.UNDERRUNS])
        self.story["slept"] = len(self.system.naps)
        self.story["bypassed"] = len(self.engine.bypassed())
        self.story["at once"] = int(self.engine.has_batched)
        self.story["rests"] = int(self.engine.arena.still[:, 1:].max() > 1)
        return Outcome(frames, self.story, self.typed, self.engine.bypassed(), self.listener)

    # ---- what is decided, so that a mutant may decide otherwise

    def new_lookout(self, lane: int) -> Lookout:
        """What a standby watches with."""
        robust = self.plan.is_robust
        return Lookout(self.system, self.head, lane, self.deadline_s, is_native=robust)

    def judge(self, lookout: Lookout) -> int:
        """What a standby thinks of the worker: which process it is to kill, or 0."""
        return lookout.look()

    def take_over(self, lane: int) -> None:
        """What a standby does that inherits the hand."""
        blame.take_over(self.engine.arena, lane)

    def step(self, lane: int) -> None:
        """Compute a lane's share of the next block."""
        self.engine.compute(lane)

    # ---- workers

    def start_worker(self, lane: int) -> None:
        """Start a standby."""
        self.count += 1
        worker = Worker(self, lane, self.count)
        self.workers[worker.process.pid] = worker

    def holder(self, lane: int) -> Worker | None:
        """The worker that has the hand of a lane."""
        process = self.hands[lane].holder
        return self.workers[process.pid] if process is not None and process.is_alive else None

    def has_lost(self, worker: Worker) -> None:
        """A worker was killed: the kernel hands on what it held, and another is started."""
        self.hands[worker.lane].let_fall(worker.process)
        self.system.after(self.chance.uniform(0.003, 0.03), lambda: self.start_worker(worker.lane))

    def has_done(self, lane: int, block: int) -> None:
        """A lane has done its share."""
        if lane > 0:
            self.shares.broadcast()
            return
        for faulty in self.plan.faulty:
            if faulty.wrong is Wrong.NO_NUMBER and block + 1 in faulty.blocks:
                self.engine.spoil(faulty.node)
                self.story[faulty.wrong.name] += 1
        self.commits.broadcast()

    def branches_are_done(self, block: int) -> bool:
        """Whether lane 0 need not wait."""
        return all(
            self.head[lane_place(Lane.DONE, lane)] > block for lane in range(1, self.plan.lanes)
        )

    def is_due(self, block: int) -> bool:
        """Whether score and tape have room for a block."""
        head = self.head
        room = head[Head.PLAYED] + BLOCK * head[Head.AHEAD]
        return bool(block < head[Head.GO] and BLOCK * block < room)

    def next_trouble(self, lane: int, *, takes_over: bool = False) -> Trouble | None:
        """What befalls who computes a lane's next block, or who takes it over."""
        block = int(self.head[Head.COMMITTED])
        if lane > 0:
            block = int(self.head[lane_place(Lane.DONE, lane)])
        troubles = self._troubles.get((block, lane), [])
        if troubles and (troubles[0].how is How.KILLED_TAKING_OVER) == takes_over:
            return troubles.pop(0)
        return None

    def faulty_in(self, block: int) -> list[Faulty]:
        """Nodes that end the worker which computes them in a block."""
        return [f for f in self.plan.faulty if f.wrong is not Wrong.NO_NUMBER and block in f.blocks]

    # ---- the watch

    def look(self, lookout: Lookout) -> int:
        """Let a standby look at the worker, and see whether it is right to kill it."""
        lane = lookout.lane
        worker = self.holder(lane)
        if worker is not None and worker.is_busy and worker.half is None:
            nodes = self.engine.some_nodes(lane)
            self.head[lane_place(Lane.NODE, lane)] = self.chance.choice([*nodes, NONE])
        pid = self.judge(lookout)
        gets_on = worker is None or not self._does_not_get_on(worker) or self._waits(worker)
        lookout.unkilled = 0 if pid != 0 or gets_on else lookout.unkilled + 1
        if lookout.unkilled > MOST_LOOKS:
            raise WrongError(f"nobody kills the worker of lane {lane}, which stands still")
        if pid != 0:
            self._approve(self.workers[pid])
        return pid

    def _does_not_get_on(self, worker: Worker) -> bool:
        return worker.process.is_alive and (bool(worker.process.holds) or worker.loops)

    def _waits(self, worker: Worker) -> bool:
        """Whether a worker has nothing to do."""
        head = self.head
        if worker.lane > 0:
            done = head[lane_place(Lane.DONE, worker.lane)] > head[Head.COMMITTED]
            return bool(done) or not self.is_due(self.engine.block)
        waits = head[Lane.WAITS] != 0 and not self.branches_are_done(self.engine.block)
        return waits or not self.is_due(self.engine.block)

    def _approve(self, worker: Worker) -> None:
        if not worker.process.is_alive:
            return
        self.story["killed by the watch"] += 1
        holds = worker.process.holds
        # One that has just begun to run again cannot be told from one that is still starved.
        runs_again = worker.was_held and isinstance(worker.process.pause, Work)
        if not (self._does_not_get_on(worker) or runs_again) or self._waits(worker):
            raise WrongError(f"the worker of lane {worker.lane} is killed while it only waits")
        naps = sum(nap >= worker.stuck_s for nap in self.system.naps)
        look_s = min(self.deadline_s / 2.0, watch.LONGEST_LOOK_S)
        passed_s = self.system.now_s - worker.stuck_s + look_s * (1.0 + 0.5 * naps)
        least_s = self.deadline_s
        if not worker.loops and STOPPED not in holds:
            least_s *= watch.STARVED
        if passed_s < least_s:
            raise WrongError(f"the worker of lane {worker.lane} is killed too soon")

    # ---- the others

    def _play(self) -> Life:
        yield Work(0.0)
        shared = SimpleNamespace(arena=self.engine.arena, room=self)
        deck = Deck(shared, RATE_HZ, is_on=True)
        deck.player = self.player(RATE_HZ, resumes=bool(self.head[Head.PLAYED] > 0))
        deck._thread = 1
        period_s = self.plan.device / RATE_HZ
        due_s = self.system.now_s + period_s
        out = np.zeros((self.plan.device, 2), np.float32)
        while True:
            late_s = self.plan.late.get(int(self.head[Head.AUDIO_BEAT]), 0.0)
            yield Wait(None, max(due_s + late_s - self.system.now_s, 0.0))
            due_s += period_s
            view = view_of(self.head)
            is_first = deck.frames == 0
            deck.callback(out, self.plan.device, None, None)
            taken = int(self.head[Head.PLAYED]) - view.played
            self.listener.calls.append(Call(out.copy(), taken, view, is_first))

    def _play_again(self) -> None:
        self.device = self.system.start(self._play())

    def post(self) -> None:
        """There is room on the tape: the callback's bell."""
        for room in self.rooms:
            room.post()

    def _type(self) -> Life:
        yield Work(0.0)
        for at_s in sorted(self.plan.lines):
            yield Wait(None, max(at_s - self.system.now_s, 0.0))
            block = self.engine.block
            is_late = self.begun == block
            if is_late:  # whoever began it has fixed what it sees
                arena = self.engine.arena
                CUT_OF(arena.head.ctypes.data, arena.cuts.ctypes.data, block)
            line = self.chance.choice(lines_for(self.plan.extras, is_late=is_late))
            self.typed.setdefault(block + is_late, []).append(line)
            self.engine.type(line)

    def _score(self) -> Life:
        yield Work(0.0)
        for go in (*self.plan.score[1:], self.plan.blocks):
            while self.engine.block < self.head[Head.GO]:
                yield Wait(None, 0.004)
            yield Wait(None, self.chance.uniform(0.0, 0.03))
            self.head[Head.GO] = go
            self.post()

    def _befall(self, accident: Accident) -> None:
        what, seconds = accident.what, accident.seconds
        worker, standbys = self.holder(accident.lane), self._standbys(accident.lane)
        if what == "nap":
            self.system.sleep(30.0 * seconds, clock_goes_on=accident.clock_goes_on)
        elif what == "rush":
            for process in self.system.processes.values():
                self.system.hold(process, STARVED, seconds * self.chance.uniform(0.05, 0.2))
        elif what == "reload":
            self._reload()
        elif what == "device":
            self.system.hold(self.device, STARVED, seconds)
        elif what == "audio" and self.device.is_alive:
            self.system.kill(self.device)
            self.system.after(seconds, self._play_again)
        elif what == "standby" and standbys:
            self.system.kill(standbys[0].process)
        elif what == "watch":
            for standby in standbys:
                self.system.hold(standby.process, STARVED, seconds)
        elif what == "holder" and worker is not None:
            self.system.kill(worker.process)
        elif what in {STOPPED, STARVED} and worker is not None:
            self.system.hold(worker.process, what, seconds)

    def _reload(self) -> None:
        """New workers and standbys are started, and the old ones let go."""
        first = self.count + 1
        for lane in 2 * list(range(self.plan.lanes)):
            self.start_worker(lane)
        self.system.after(2 * LOAD_S, lambda: self._turn(first))

    def _standbys(self, lane: int) -> list[Worker]:
        workers = [w for w in self.workers.values() if w.lane == lane and w.process.is_alive]
        return [worker for worker in workers if worker is not self.holder(lane)]

    def _turn(self, first: int) -> None:
        self.head[Head.TURN] = first
        self.post()


def fault_of(
    seed: int,
    world: type[World] = World,
    lanes: int | None = None,
    story: Counter[str] | None = None,
) -> str:
    """What is wrong with the world of a seed, or nothing.

    Args:
        seed: of the world.
        world: a mutant, perhaps.
        lanes: that compute; by default they are drawn too.
        story: takes how often something happened.
    """
    plan = drawn(seed, lanes)
    try:
        outcome = world(plan, seed).run()
    except WrongError as wrong:
        return str(wrong)
    if story is not None:
        story.update(outcome.story)
    frames, bypassed = undisturbed(plan, outcome.typed)
    different = np.flatnonzero((outcome.frames != frames).any(axis=1))
    if len(different) > 0:
        return f"from block {different[0] // BLOCK} on it sounds different"
    if outcome.bypassed != bypassed:
        return f"{sorted(outcome.bypassed)} are bypassed, not {sorted(bypassed)}"
    return outcome.listener.fault(frames)


def undisturbed(plan: Plan, typed: dict[int, list[str]]) -> tuple[np.ndarray, set[str]]:
    """What is on the tape, and what is bypassed, where nobody dies, on one lane, node by node.

    A node that goes wrong is bypassed from that very block on.
    """
    engine = Engine(1, plan.extras, batches=False)
    engine.head[Head.GO] = 1 << 40
    engine.head[Head.AHEAD] = 1 << 30
    for block in range(plan.blocks):
        for line in typed.get(block, ()):
            engine.type(line)
        wrong = {f.node: f.wrong for f in plan.faulty if block in f.blocks}
        for node, how in wrong.items():
            if how is Wrong.NO_NUMBER:
                if block > 0:
                    engine.spoil(node)
            else:
                engine.bypass(node)
        engine.compute(0)
    return engine.frames(plan.blocks), engine.bypassed()
