"""A world in one thread: the real step, and workers that die at any point of a block.

A worker that dies leaves a block half done: of all that the block stores, some is there and some
is not. Which stores come first is the compiler's affair, so the world does not guess an order: it
takes the arena before and after the block and mixes the two at random, array by array, cut
anywhere; the scratch that nothing may outlive a block gets rubbish. Only the commit comes last,
behind a fence. That is every half-done block that there can be, and more. A hand that takes over
recovers and computes the block again; from outside nothing may differ from a world in which nobody
died.

Everything is drawn from one seed, so a world that goes wrong can be seen again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from chronus.commands.registry import handlers
from chronus.engine.layout import LANE_COLUMNS as COLUMNS
from chronus.engine.layout import Head, Lane, recover
from chronus.engine.offline import Stepper
from chronus.modules.catalog import kinds
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import BLOCK

PORTS, CABLES, ROWS, STATE, SEQUENCES = 192, 48, 96, 16_384, 8
"""So much of the arena the small patches of the simulation use."""

SCORE = (
    "tempo 177",
    "load kick; load hat; load saw as bass; load filter; load adsr as env; load lfo rate=3",
    "patch bass > filter > env",
    "patch env.env > filter.cutoff by 900hz",
    "patch lfo > bass.freq by 30ct",
    "sequence kick: x.xX",
    "sequence hat: xxx. step 1/32",
    "sequence bass: c2 eb2~ g1 . step 1/32",
    "sequence env: x_x. step 1/32 gate 90%",
    "set filter.cutoff 4khz env.level -12db over 45ms; tempo 230 over 1/16",
)
EDITS = (
    "set filter.cutoff 700hz",
    "set filter.cutoff *1.4",
    "set hat.level -9db",
    "set filter.cutoff 6khz over 9ms",
    "set hat.level -20db bass.freq - 1oct over 1/32",
    "tempo 90 over 1/32",
    "meter 1/32",
    "set bass.freq g1",
    "trigger kick",
    "gate env on",
    "gate env off",
    "note kick c2",
    "patch lfo > filter.cutoff by 300hz",
    "unpatch lfo > filter.cutoff",
    "load square",
    "unload square",
    "tempo 140",
    "sequence hat: x.x.x now",
    "unsequence bass",
    "stop",
    "start",
)


ASK_THE_ENGINE = {
    "start", "stop", "set filter.cutoff *1.4", "set hat.level -20db bass.freq - 1oct over 1/32"
}  # fmt: skip
"""Lines whose meaning depends on what the engine has done: who plays waits for a reply first."""


@cache
def hands() -> Stepper:
    """The compiled step and all kernels, loaded once for all worlds."""
    return Stepper(kinds())


@dataclass
class Plan:
    """What is to happen in a world: edits at blocks, and troubles at blocks.

    Attributes:
        edits: lines by the block before which they are typed.
        deaths: by block and lane, how many workers in a row die in it.
        late: lines by the block in whose midst they are typed: too late for it.
        lanes: that compute.
        blocks: that are computed.
    """

    edits: dict[int, list[str]]
    deaths: dict[tuple[int, int], int]
    late: dict[int, str]
    lanes: int
    blocks: int

    @staticmethod
    def drawn(seed: int) -> Plan:
        chance = random.Random(seed)
        blocks = chance.randint(20, 60)
        lanes = chance.choice((1, 1, 2, 3))
        edits: dict[int, list[str]] = {}
        for _ in range(chance.randint(0, 8)):
            edits.setdefault(chance.randrange(blocks), []).append(chance.choice(EDITS))
        deaths = {
            (chance.randrange(blocks), chance.randrange(lanes)): chance.randint(1, 3)
            for _ in range(chance.randint(1, 10))
        }
        late = {
            block: chance.choice([line for line in EDITS if line not in ASK_THE_ENGINE])
            for block, lane in deaths
            if lane == 0 and chance.random() < 0.5
        }
        return Plan(edits, deaths, late, lanes, blocks)


@dataclass
class World:
    """An engine, moved on block by block.

    Attributes:
        lanes: that compute.
        chance: what is drawn while it runs.
    """

    lanes: int
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def __post_init__(self) -> None:
        self.backend = Offline(48_000, lanes=self.lanes)
        self.session = Session(self.backend, handlers(), is_score=True)
        for line in SCORE:
            reply = self.session.run_line(line)
            assert reply.ok, reply
        self.session.release()
        self.arena = self.backend.writer.arena
        self.stepper = hands()
        self.arena.head[Head.GO] = 1 << 40
        self.arena.head[Head.AHEAD] = 1 << 30

    def type(self, line: str) -> None:
        """A line is published, and not waited for; a line that makes no sense now does nothing."""
        settle, self.backend.settle = self.backend.settle, lambda _mark: 0
        try:
            self.session.run_line(line, at_once=True)
        finally:
            self.backend.settle = settle

    @property
    def block(self) -> int:
        return int(self.arena.head[Head.COMMITTED])

    def step(self, lane: int) -> None:
        done = self.stepper.run(self.arena, 1, lane)
        assert done == 1, (lane, self.block)

    # ---- half-done blocks

    def stores(self) -> list[np.ndarray]:
        """All that a block may store, but for scratch and the commit."""
        a = self.arena
        new = self.block & 1
        at = self.block * BLOCK % a.tape.shape[0]
        return [
            a.clock[:, new], a.beats[:, new], a.pending[:, new, :64],
            a.sequences[:, new, :SEQUENCES], a.sequence_at[:, new, :SEQUENCES],
            a.ports[new, :PORTS], a.port_left[new, :PORTS], a.port_moved[:PORTS],
            a.gate_off[new, :PORTS], a.cables[new, :CABLES], a.cable_left[new, :CABLES],
            a.state[new, :STATE], a.rows_out[new, :ROWS], a.tape[at : at + BLOCK],
        ]  # fmt: skip

    def scratch(self, lane: int) -> list[np.ndarray]:
        """What holds nothing that outlives a block: rubbish may stand there."""
        a = self.arena
        return [a.changes[lane, :256], a.change_value[lane, :256], a.live[lane, :CABLES]]

    def die(self, lane: int) -> None:
        """A worker of a lane dies somewhere in this block."""
        before = [array.copy() for array in self.stores()]
        kept = self.block
        tape_lane = lane == 0
        self.step(lane)
        self.take_back_commit(lane, kept)
        for array, old in zip(self.stores(), before, strict=True):
            self.mix(array, old)
        for array in self.scratch(lane):
            values = array.view(np.uint8) if array.flags.c_contiguous else None
            if values is not None:
                values[...] = self.chance.randrange(256)
        firsts = self.arena.change_first[lane, :PORTS]
        firsts[self.chance.randrange(PORTS)] = self.chance.randrange(64)
        self.arena.rows_in[self.chance.randrange(ROWS)] = np.nan
        assert tape_lane or self.block == kept

    def take_back_commit(self, lane: int, block: int) -> None:
        if lane == 0:
            self.arena.head[Head.COMMITTED] = block
        else:
            self.arena.head[Lane.DONE + lane * COLUMNS] = block

    def mix(self, after: np.ndarray, before: np.ndarray) -> None:
        """Let some of what was stored not have been stored."""
        way = self.chance.randrange(3)
        if way == 0:
            after[...] = before
        elif way == 1:
            flat, old = after.reshape(-1) if after.flags.c_contiguous else None, before.reshape(-1)
            if flat is None:
                return
            cut = self.chance.randrange(len(old) + 1)
            flat[cut:] = old[cut:]

    def take_over(self, lane: int) -> None:
        """Another worker takes the hand: it forgets the scratch, and computes the block again."""
        recover(self.arena, lane)

    def run(self, plan: Plan, *, with_deaths: bool) -> np.ndarray:
        """Compute the plan's blocks; the frames that were made."""
        for block in range(plan.blocks):
            for line in plan.edits.get(block, ()):
                self.type(line)
            branches = list(range(1, self.lanes))
            self.chance.shuffle(branches)
            for lane in (*branches, 0):
                deaths = plan.deaths.get((block, lane), 0) if with_deaths else 0
                for death in range(deaths):
                    self.die(lane)
                    if lane == 0 and death == 0 and block in plan.late:
                        self.type(plan.late[block])
                    self.take_over(lane)
                self.step(lane)
            if block in plan.late and not with_deaths:
                self.type(plan.late[block])
        return self.arena.tape[: plan.blocks * BLOCK].copy()


def undisturbed(plan: Plan) -> np.ndarray:
    """What is heard where nobody dies, on one lane."""
    return World(1).run(plan, with_deaths=False)
