"""An engine that lines are typed at, and blocks that are half done.

A worker that dies leaves a block half done: of all that the block stores, some is there and some
is not. Which stores come first is the compiler's affair, so no order is guessed: the arena before
and after the block are mixed at random, array by array, cut anywhere; the scratch that nothing may
outlive a block gets rubbish. Only the commit comes last, behind a fence. That is every half-done
block that there can be, and more.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from chronus.commands.registry import handlers
from chronus.dsp.compile import write_kernel
from chronus.engine.layout import LANE_COLUMNS as COLUMNS
from chronus.engine.layout import NONE, Clock, Count, Fault, Head, Lane, Node, Reason
from chronus.engine.offline import Stepper
from chronus.language.parser import read
from chronus.modules.catalog import catalog, form_of, kinds, wide
from chronus.patch.graph import key_of
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import BLOCK
from tests.support.voices import PAD

if TYPE_CHECKING:
    import random

    from chronus.language.statements import Said

PORTS, CABLES, ROWS, STATE, SEQUENCES, NODES = 192, 48, 128, 16_384, 8, 48
VOICES = 64
"""So much of the arena the small patches of the simulation use."""
RATE_HZ = 48_000
SCORE = (
    "tempo 177",
    "load kick; load kick as hat; load saw as bass; load filter; load adsr as env; load lfo rate=3",
    "patch bass > filter > env",
    "patch env.env > filter.cutoff by 900hz",
    "patch lfo > bass.freq by 30ct",
    "sequence kick: x.xX",
    "sequence hat: xx?x{level=-30db}. step 1/32",
    "sequence bass: c2 <eb2~ [c2 c3]> g1 _ step 1/32; sequence lfo.rate: 3 <9 5> step 1/16 smooth",
    "sequence env: x_x. step 1/32 gate 90%",
    "set filter.cutoff 4khz env.level -12db over 45ms; tempo 230 over 1/16",
)
CHORDS = (
    PAD,
    "load pad as pad voices 3; set pad.level -9db",
    "note pad c3 e3 for 1/64; sequence pad: c2 . . g2 eb3 . . . . step 1/32 gate 70%",
)
RESTING = (
    "load noise as wires; load strike as rattle attack=0 decay=2ms; patch wires > rattle",
    "load sine as skin; load ar as tick attack=0 release=3ms mode=once; patch skin > tick",
    "sequence rattle: x. step 1/128; sequence tick: .xx. step 1/128; set rattle.level -6db",
)
"""What gives nothing between its strokes, and stands meanwhile: many times in a world."""
ECHO = "load delay as echo; set echo.time 5ms; patch env > echo"
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
    "set filter.mode band",
    "set filter.mode low",
    "sequence filter.mode: low high step 1/32 now",
    "load square",
    "unload square",
    "copy filter as other",
    "copy square as third with cables",
    "copy echo as again",
    "unload env tail",
    "unload other tail",
    "unload again tail",
    "rename bass low",
    "mute kick",
    "solo hat",
    "unsolo hat",
    "panic",
    "tempo 140",
    "sequence hat: x.x{decay=30}x*2{pan=-1}x now",
    "unsequence bass",
    "stop",
    "start",
    "reset bass; reset filter",
)
PLAYED = (
    "note pad c3 e3 for 30ms",
    "note pad g2 for 9ms at 0.4",
    "note pad c2 c3 c4 for 50ms",
    "gate pad off",
    "trigger pad",
    "set pad.cutoff 900hz",
    "set pad.freq 200hz",
    "set pad/filter.mode high",
    "set pad/filter.mode low",
    "sequence pad: c3 . g3 eb3 step 1/32 now",
    "unsequence pad",
    "reset pad",
    "copy pad as dup",
    "unload dup tail",
    "unload pad tail",
)
"""What is typed where there is an instrument of several voices."""
STRUCK = (
    "trigger rattle",
    "trigger tick",
    "gate tick on",
    "gate tick off",
    "set rattle.strokes 2 rattle.gap 3ms",
    "set rattle.decay 5ms over 4ms",
    "set wires.colour pink",
    "set skin.freq 300hz over 9ms",
    "unpatch wires > rattle",
    "patch wires > rattle",
    "patch wires > tick",
    "unsequence rattle",
    "reset wires; reset tick",
    "copy rattle as other",
)
"""What is typed where there are nodes that rest."""
ASK_THE_ENGINE = {
    "start", "stop", "set filter.cutoff *1.4", "set hat.level -20db bass.freq - 1oct over 1/32"
}  # fmt: skip
"""Lines whose meaning depends on what the engine has done: who plays waits for a reply first."""
FINE = tuple(line for line in EDITS if line not in ASK_THE_ENGINE)


@cache
def hands() -> Stepper:
    """The compiled step and all kernels, loaded once for all worlds."""
    pad = ("keys", "saw", "filter", "adsr")
    names = [*kinds(), *map(wide, pad)]
    for name in names:
        kind, is_wide = form_of(name)
        write_kernel(kinds()[kind], wide=is_wide)
    return Stepper(catalog().kernels(names))


@cache
def score(*, echoes: bool, voices: bool, rests: bool) -> list[tuple[Said, ...]]:
    """The lines of the score, parsed once for all worlds."""
    lines = (*SCORE, *[ECHO] * echoes, *CHORDS * voices, *RESTING * rests)
    return [read(line, 1) for line in lines]


class Engine:
    """An arena with a session that writes to it.

    Args:
        lanes: that compute.
        echoes: whether there is a node with delay memory.
        voices: whether there is an instrument of several voices.
        rests: whether there are nodes that rest between their strokes.
    """

    def __init__(self, lanes: int, *, echoes: bool, voices: bool, rests: bool) -> None:
        self.echoes = echoes
        self.voices = voices
        self.backend = Offline(RATE_HZ, lanes=lanes)
        self.session = Session(self.backend, handlers(), is_score=True)
        # When a line is typed differs from world to world, and must not be part of what it means.
        self.session.timing.block_in_ramp = lambda: None
        for statements in score(echoes=echoes, voices=voices, rests=rests):
            self.session.carry_out(statements)
        self.session.release()
        self.writer = self.backend.writer
        self.arena = self.writer.arena
        self.head = self.arena.head
        self.places = {
            name: self.writer.place(key_of(node)) for name, node in self.session.patch.nodes.items()
        }
        self.slots = {name: place.slot for name, place in self.places.items()}

    @property
    def block(self) -> int:
        """The block that is committed next."""
        return int(self.head[Head.COMMITTED])

    def type(self, line: str) -> None:
        """A line is published, and not waited for; a line that makes no sense now does nothing."""
        settle, self.backend.settle = self.backend.settle, lambda _mark: 0
        try:
            self.session.run_line(line, at_once=True)
        finally:
            self.backend.settle = settle

    def spoil(self, name: str) -> None:
        """What a node goes on from is no number any more: its delay memory, or else its state."""
        place = self.places[name]
        old = 1 - (self.block & 1)
        if place.size.memory > 0:
            self.arena.memory[place.memory : place.memory + place.size.memory] = np.nan
        else:
            state = self.arena.state[old, place.state : place.state + place.size.state]
            state.view(np.float32)[:] = np.nan

    def bypass(self, name: str) -> None:
        """A node is not computed in the next block, whatever resets it."""
        fault = self.arena.faults[self.slots[name]]
        if not fault[Fault.BYPASS]:
            fault[Fault.SINCE] = self.block
        fault[Fault.BYPASS] = 1
        fault[Fault.REASON] = Reason.CRASHED
        fault[Fault.RESET] = self.block
        self.head[Lane.LOST_BLOCK] = self.block  # a node is blamed in a block that was lost

    def some_nodes(self, lane: int) -> list[int]:
        """Slots of what a lane has computed in the last block."""
        plan = int(self.arena.clock[lane, 1 - (self.block & 1), Clock.PLAN])
        if plan == NONE:
            return []
        count = self.arena.plan_counts[plan, lane, Count.NODES]
        return [int(slot) for slot in self.arena.plan_nodes[plan, lane, :count, Node.SLOT]]

    def frames(self, blocks: int) -> np.ndarray:
        """What lies on the tape."""
        return self.arena.tape[: blocks * BLOCK].copy()

    def bypassed(self) -> set[str]:
        """Nodes that are not computed."""
        return {n for n, slot in self.slots.items() if self.arena.faults[slot, Fault.BYPASS] != 0}


def _bits(array: np.ndarray) -> np.ndarray:
    return array.view(np.int32)


class Half:
    """A lane's next block, half done.

    Args:
        engine: what computes it.
        lane: whose share.
        chance: what is stored, and what not yet.
    """

    def __init__(self, engine: Engine, lane: int, chance: random.Random) -> None:
        self._engine = engine
        self._lane = lane
        self._chance = chance
        self.block = engine.block
        before = [array.copy() for array in self._stores()]
        done = hands().run(engine.arena, 1, lane)
        assert done == 1, (lane, self.block)
        self._take_back_commit()
        self.plan = int(engine.arena.clock[lane, self.block & 1, Clock.PLAN])
        self._after = [array.copy() for array in self._stores()]
        self._before = before
        self._mixed: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def nodes(self) -> list[int]:
        """Slots of what the lane computes in this block, in this order; not what is bypassed."""
        if self.plan == NONE:
            return []
        arena = self._engine.arena
        count = arena.plan_counts[self.plan, self._lane, Count.NODES]
        slots = arena.plan_nodes[self.plan, self._lane, :count, Node.SLOT]
        return [int(slot) for slot in slots if self._faults()[slot, Fault.BYPASS] == 0]

    def _faults(self) -> np.ndarray:
        return self._after[-1]

    def mix(self, *, tells: bool = False) -> None:
        """Let some of what was stored not have been stored.

        Args:
            tells: whether what is known of nodes that went wrong has been stored.
        """
        if not tells:
            self._mix_faults()
        stores = self._stores()
        for array, old in zip(stores[:-1], self._before[:-1], strict=True):
            self._mix(array, old)
        for array, new in zip(stores, self._after, strict=True):
            rest = _bits(array) != _bits(new)
            if rest.any():
                self._mixed.append((array, rest, new))

    def _mix_faults(self) -> None:
        """What is known of nodes that went wrong is stored in the order that fences give it."""
        faults, before, after = self._stores()[-1], self._before[-1], self._after[-1]
        for slot in np.flatnonzero((before != after).any(axis=1)):
            row, old, new = faults[slot], before[slot], after[slot]
            is_reset = new[Fault.RESET] != old[Fault.RESET]
            is_noted = self.block in new[Fault.RECENT : Fault.RESET]
            row[:] = old
            if self._chance.random() < 0.5:
                if not is_reset:
                    order = ([2, 3, 4], [Fault.REASON], [Fault.BYPASS])
                    for columns in order[: self._chance.randrange(4)]:
                        row[columns] = new[columns]
                elif not is_noted:
                    columns = self._chance.sample(range(5), self._chance.randrange(6))
                    row[columns] = new[columns]
            elif self._chance.random() < 0.5:
                row[:] = new

    def _mix(self, after: np.ndarray, before: np.ndarray) -> None:
        way = self._chance.randrange(3)
        if way == 0:
            after[...] = before
        elif way == 1 and after.flags.c_contiguous:
            flat, old = after.reshape(-1), before.reshape(-1)
            cut = self._chance.randrange(len(old) + 1)
            flat[cut:] = old[cut:]

    def complete(self) -> None:
        """Store the rest, and commit."""
        for array, rest, new in self._mixed:
            _bits(array)[rest] = _bits(new)[rest]
        if self._lane == 0:
            self._engine.head[Head.COMMITTED] = self.block + 1
        else:
            self._engine.head[Lane.DONE + self._lane * COLUMNS] = self.block + 1

    def _take_back_commit(self) -> None:
        if self._lane == 0:
            self._engine.head[Head.COMMITTED] = self.block
        else:
            self._engine.head[Lane.DONE + self._lane * COLUMNS] = self.block

    def _stores(self) -> list[np.ndarray]:
        """All that a block may store, but for scratch and the commit."""
        a = self._engine.arena
        new = self.block & 1
        at = self.block * BLOCK % a.tape.shape[0]
        echo = self._engine.places.get("echo")
        more = 4 if self._engine.voices else 1
        return [
            a.clock[:, new], a.beats[:, new], a.pending[:, new, :64],
            a.sequences[:, new, :SEQUENCES], a.sequence_at[:, new, :SEQUENCES],
            a.due_frames[:, new, :SEQUENCES], a.due_values[:, new, :SEQUENCES],
            a.ports[new, : more * PORTS], a.port_left[new, : more * PORTS],
            a.port_moved[: more * PORTS],
            a.gate_off[new, : more * PORTS], a.cables[new, :CABLES], a.cable_left[new, :CABLES],
            a.state[new, : more * STATE], a.rows_out[new, : more**2 * ROWS],
            a.choices[new, :NODES], a.calm[new, :NODES], a.still[new, :NODES],
            a.voice_off[:, new, : VOICES * self._engine.voices],
            a.voice_quiet[new, : VOICES * self._engine.voices],
            a.voice_peak[new, : VOICES * self._engine.voices],
            a.rings[new, :NODES], a.tape[at : at + BLOCK],
            *([a.memory[echo.memory : echo.memory + echo.size.memory]] if echo else []),
            a.faults[:NODES],
        ]  # fmt: skip

    def leave_rubbish(self) -> None:
        """What holds nothing that outlives a block is anything once its worker has died."""
        a, lane, chance = self._engine.arena, self._lane, self._chance
        for array in (a.changes[lane, :256], a.change_value[lane, :256], a.live[lane, :CABLES]):
            array.view(np.uint8)[...] = chance.randrange(256)
        a.awake[lane, :VOICES] = a.woken[lane, :VOICES] = chance.randrange(-1, 1 << 16)
        a.change_first[lane, chance.randrange(PORTS)] = chance.randrange(64)
        if self.plan != NONE:
            count = int(a.plan_counts[self.plan, lane, Count.NODES])
            if count > 0:
                node = a.plan_nodes[self.plan, lane, chance.randrange(count)]
                first, rows = int(node[Node.ROW_IN]), int(node[Node.INPUTS])
                a.rows_in[first + chance.randrange(max(rows, 1))] = np.nan
