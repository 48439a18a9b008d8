"""An engine that lines are typed at: its patch, what is typed, and what goes wrong in it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from chronus.commands.registry import handlers
from chronus.dsp.compile import write_kernel
from chronus.engine.batched import TABLE_AT
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
    from chronus.language.statements import Said
    from tests.simulation.plan import Extras

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
ALIKE = (
    "; ".join(
        f"load follower as f{i}; patch {'kick' if i < 5 else 'hat'} > f{i}" for i in range(10)
    ),
    "patch f0, f1, f2 > filter.cutoff by 900hz; patch f3, f4 > env.decay by 90ms",
    "patch f5, f6 > filter.resonance; patch f7, f8, f9 > bass.freq by 1st",
)
"""Like nodes, which are computed at once where enough of them are left in a lane."""
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
FOLLOWED = (
    "set f0.attack 9ms f6.release 3ms",
    "set f2.attack 1ms over 9ms",
    "unload f0",
    "unload f7 tail",
    "unpatch hat > f6; patch kick > f6",
    "patch f2 > f4.attack by 9ms",
    "unpatch f2 > f4.attack",
    "reset f1; reset f5",
    "copy f3 as other with cables",
    "sequence f4.release: 5 90 step 1/64 now",
)
"""What is typed where like nodes are computed at once."""
ASK_THE_ENGINE = {
    "start", "stop", "set filter.cutoff *1.4", "set hat.level -20db bass.freq - 1oct over 1/32"
}  # fmt: skip
"""Lines whose meaning depends on what the engine has done: who plays waits for a reply first."""
FINE = tuple(line for line in EDITS if line not in ASK_THE_ENGINE)


def lines_for(extras: Extras, *, is_late: bool) -> tuple[str, ...]:
    """What may be typed; what is typed late is for the next block."""
    more = (*PLAYED * extras.voices, *STRUCK * extras.rests, *FOLLOWED * extras.alike)
    return (*(FINE if is_late else EDITS), *2 * more)


@cache
def hands() -> Stepper:
    """The compiled step and all kernels, loaded once for all worlds."""
    pad = ("keys", "saw", "filter", "adsr")
    names = [*kinds(), *map(wide, (*pad, "follower"))]
    for name in names:
        kind, is_wide = form_of(name)
        write_kernel(kinds()[kind], wide=is_wide)
    return Stepper(catalog().kernels(names))


@cache
def score(extras: Extras) -> list[tuple[Said, ...]]:
    """The lines of the score, parsed once for all worlds."""
    more = (*[ECHO] * extras.echoes, *CHORDS * extras.voices, *RESTING * extras.rests)
    lines = (*SCORE, *more, *ALIKE * extras.alike)
    return [read(line, 1) for line in lines]


class Engine:
    """An arena with a session that writes to it.

    Args:
        lanes: that compute.
        extras: what there is in the patch besides.
        batches: whether those that are alike are computed at once.
    """

    def __init__(self, lanes: int, extras: Extras, *, batches: bool = True) -> None:
        self.voices = extras.voices
        self.has_batched = False
        self.backend = Offline(RATE_HZ, lanes=lanes)
        self.backend.writer.fused.batches = extras.alike and batches
        self.session = Session(self.backend, handlers(), is_score=True)
        # When a line is typed differs from world to world, and must not be part of what it means.
        self.session.timing.block_in_ramp = lambda: None
        for statements in score(extras):
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

    def compute(self, lane: int) -> None:
        """Compute a lane's share of the next block."""
        scratch = hands()._scratch
        scratch[TABLE_AT] = NONE
        done = hands().run(self.arena, 1, lane)
        assert done == 1, (lane, self.block)
        self.has_batched = self.has_batched or scratch[TABLE_AT] != NONE

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
