"""A simulated worker: it lives as `chronus.machine.worker` does, and has troubles at any point."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from chronus.engine.entries import HAS_ROOM
from chronus.engine.layout import NONE, Head, Lane, lane_place, recover
from chronus.machine import blame, watch
from chronus.machine.locks import Taken
from chronus.machine.worker import is_wanted
from tests.simulation.plan import How, Wrong
from tests.simulation.system import FOR_EVER, STARVED, STOPPED, Wait, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.simulation.half import Half
    from tests.simulation.plan import Trouble
    from tests.simulation.world import World

    Life = Generator[Work | Wait, bool, None]

SPIN_S = 0.02
LOAD_S = 0.004
SIGSEGV = 11


class WrongError(AssertionError):
    """Something happened in a world that must not happen."""


class Killed(BaseException):
    """A process is killed within a function."""


def cut_short(lines: int, function: Callable[..., None], *arguments: object) -> bool:
    """Whether a function ends within so many lines of taking over; there its process is killed."""
    left = lines

    def trace(frame, event, _argument):
        nonlocal left
        if frame.f_code not in (blame.take_over.__code__, recover.__code__):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                raise Killed
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    except Killed:
        return False
    finally:
        sys.settrace(before)
    return True


class Worker:
    """A worker of a lane, which is a standby until it has the hand.

    Args:
        world: it lives in.
        lane: whose share it computes.
        number: counts workers.
    """

    def __init__(self, world: World, lane: int, number: int) -> None:
        self.world, self.lane, self.number = world, lane, number
        self.is_busy = False  # within a block, and all that it waits for is there
        self.half: Half | None = None
        self.loops = False
        self.stuck_s = 0.0  # since when what is seen of it is the same
        self.stuck_at = (0, 0, 0)  # and what that is
        self.was_held = False  # since then
        self.process = world.system.start(self._live(), self._lost, self._held)

    def _place(self, column: Lane) -> int:
        return lane_place(column, self.lane)

    # ---- its life

    def _live(self) -> Life:
        world = self.world
        yield Work(world.chance.uniform(0.0, LOAD_S) if world.system.now_s == 0.0 else LOAD_S)
        taken = yield from self._stand_by()
        if taken is Taken.NOT:
            return
        head, hand = world.head, world.hands[self.lane]
        head[self._place(Lane.PID)] = self.process.pid
        if taken is Taken.INHERITED:
            world.story["taken over"] += 1
            yield from self._take_over()
            head[self._place(Lane.TAKEOVERS)] += 1
        if is_wanted(head, self.number):
            head[self._place(Lane.HAND)] = self.number
        self._note_progress()
        while is_wanted(head, self.number):
            if self._has_room():
                yield from self._compute()
            elif not (yield from self._spin()):
                yield from world.rooms[self.lane].wait(world.look_around_s)
        hand.release()

    def _stand_by(self) -> Generator[Work | Wait, bool, Taken]:
        world = self.world
        lookout = world.new_lookout(self.lane)
        while is_wanted(world.head, self.number):
            taken = yield from world.hands[self.lane].take(self.process, lookout.watch.look_s)
            if taken is not Taken.NOT:
                return taken
            pid = world.look(lookout)
            if pid != 0:
                if world.chance.random() < 0.3:
                    yield Work(world.chance.uniform(0.0, 0.006))  # a late kill
                if world.head[self._place(Lane.PID)] == pid:
                    world.system.kill(world.system.processes[pid])
        return Taken.NOT

    def _take_over(self) -> Life:
        trouble = self.world.next_trouble(self.lane, takes_over=True)
        if trouble is None:
            self.world.take_over(self.lane)
        elif not cut_short(trouble.lines, self.world.take_over, self.lane):
            self.world.story["killed taking over"] += 1
            self.world.system.kill(self.process)
            yield Work(0.0)
        yield Work(self.world.chance.uniform(0.0001, 0.002))

    def _has_room(self) -> bool:
        head = self.world.head
        is_done = head[self._place(Lane.DONE)] > head[Head.COMMITTED] and self.lane > 0
        return not is_done and bool(HAS_ROOM(head.ctypes.data, self.lane))

    def _spin(self) -> Generator[Wait, bool, bool]:
        """Wait for the commit of what is done, if more is due by then; whether it came."""
        head = self.world.head
        own = int(head[self._place(Lane.DONE)])
        if self.lane == 0 or own <= head[Head.COMMITTED] or not self.world.is_due(own):
            return False
        yield Wait(self.world.commits, SPIN_S)
        return bool(own <= head[Head.COMMITTED])

    def _compute(self) -> Life:
        world, head, lane = self.world, self.world.head, self.lane
        chance = world.chance
        block = int(head[Head.COMMITTED])
        trouble = world.next_trouble(lane)
        yield from self._suffer(trouble, "start")
        world.begun = block
        yield from self._suffer(trouble, "cut")
        seconds = chance.uniform(0.0001, 0.0007)
        yield Work(seconds * 0.3)
        while lane == 0 and not world.branches_are_done(block):
            head[Lane.WAITS] = 1
            yield Wait(world.shares, FOR_EVER)
        if lane == 0:
            head[Lane.WAITS] = 0
        if head[Head.COMMITTED if lane == 0 else self._place(Lane.DONE)] != block:
            raise WrongError(f"lane {lane} has two hands")
        self.is_busy = True
        yield from self._meet_faulty_nodes(block)
        yield from self._suffer(trouble, "within")
        yield Work(seconds * 0.7)
        yield from self._suffer(trouble, "stored")
        self._finish(block)
        yield from self._suffer(trouble, "done")

    def _finish(self, block: int) -> None:
        if self.half is None:
            self.world.step(self.lane)
        else:
            self.half.complete()
            self.world.story["went on with a block"] += 1
            self.world.head[self._place(Lane.NODE)] = NONE
        self.half = None
        self.is_busy = False
        self._note_progress()
        self.world.has_done(self.lane, block)

    # ---- what befalls it

    def _meet_faulty_nodes(self, block: int) -> Life:
        faulty = self.world.faulty_in(block)
        if not faulty:
            return
        self.half = half = self.world.half(self.world.engine, self.lane, self.world.chance)
        slots = {self.world.engine.slots[f.node]: f for f in faulty}
        guilty = next((slot for slot in half.nodes() if slot in slots), None)
        if guilty is None:
            half.mix()
            return
        half.mix(tells=True)
        self.world.head[self._place(Lane.NODE)] = guilty
        self.world.story[slots[guilty].wrong.name] += 1
        if slots[guilty].wrong is Wrong.LOOPS:
            self.loops = True
            self.stuck_s = self.world.system.now_s
            yield Work(FOR_EVER)
        if slots[guilty].wrong is Wrong.CRASHES:
            self.world.head[self._place(Lane.CRASH)] = SIGSEGV
        self.loops = True  # it is at the guilty node to its end
        self.world.system.kill(self.process)
        yield Work(0.0)

    def _suffer(self, trouble: Trouble | None, moment: str) -> Life:
        if trouble is None or trouble.moment != moment:
            return
        system = self.world.system
        if moment == "stored" and self.half is None:
            self._stop_within(stored=True)
        if trouble.how is How.KILLED:
            system.kill(self.process)
        elif trouble.how is How.STOPPED:
            system.hold(self.process, STOPPED, trouble.seconds)
        elif trouble.how is How.STARVED:
            system.hold(self.process, STARVED, trouble.seconds)
        elif trouble.how is How.SLOW:
            yield Work(min(trouble.seconds, 0.5 * self.world.deadline_s))
        if trouble.nap_s > 0.0:
            system.after(
                self.world.chance.uniform(0.0, 0.01),
                lambda: system.sleep(trouble.nap_s, clock_goes_on=True),
            )
        yield Work(0.0)

    def _stop_within(self, *, stored: bool = False) -> None:
        """Leave the block half done, at one of its nodes."""
        world = self.world
        if self.half is None:
            self.half = world.half(world.engine, self.lane, world.chance)
            nodes = self.half.nodes()
            if not stored:
                self.half.mix()
        else:
            nodes = self.half.nodes()
        lost = self._place(Lane.LOST_NODE)
        lost_node, lost_block = (int(n) for n in world.head[lost : lost + 2])
        if lost_block == self.half.block:
            nodes = [n for n in nodes if n != lost_node]  # twice in a row is held against a node
        world.head[self._place(Lane.NODE)] = world.chance.choice([*nodes, NONE])
        world.story["left a block half done"] += 1

    def _held(self) -> None:
        if self.loops:
            return
        if self.is_busy:
            self._stop_within()
        self._note_progress()
        self.was_held = True

    def _note_progress(self) -> None:
        seen = watch.progress_of(self.world.head, self.lane)
        if seen != self.stuck_at:
            self.stuck_at = seen
            self.stuck_s = self.world.system.now_s
            self.was_held = False

    def _lost(self) -> None:
        if self.is_busy:
            if not self.loops and not self.process.holds:
                self._stop_within()
            assert self.half is not None
            self.half.leave_rubbish()
        self.world.has_lost(self)
