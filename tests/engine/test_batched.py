"""Like nodes that are computed at once: what is heard is what they give one by one."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine.batched import TABLE_AT
from chronus.engine.entries import DO_NOTHING
from chronus.engine.findings import faults
from chronus.engine.layout import NONE, Head, Lane, Node, recover
from chronus.modules.catalog import catalog, wide
from chronus.session import offline
from chronus.settings import BLOCK
from tests.support.score import Stage

FILTERS = range(8)
SETUP = (
    "load lfo as far rate=9hz; load lfo as near rate=2hz shape=square; load noise",
    *(
        f"load saw as s{i} freq={110 + 31 * i}hz; load slew as g{i} rise={4 + i}ms fall=30ms;"
        f"load filter as f{i} cutoff={300 + 100 * i}hz resonance=0.7;"
        f"patch s{i} > f{i} > out; patch near > g{i}; patch g{i} > f{i}.cutoff by {i}00hz;"
        f"set f{i}.level -20db"
        for i in FILTERS[:-1]
    ),
    "load strike decay=20ms; load filter as f7; patch noise > strike > f7 > out",
)
"""Seven filters behind seven slews, and one that stands between strokes, on the same level."""
LINES = (
    "wait 61ms",
    "set f0.cutoff 2khz over 100ms; set f1.resonance 0.2; set f2.cutoff 5khz",
    "wait 50ms",
    "trigger strike; set f3.mode band; set f7.mode high",
    "wait 40ms",
    "patch far > f4.cutoff by 1oct; patch f5.band > f6 by 0.5",
    "sequence f2.cutoff: 500 900 4k step 1/32",
    "wait 77ms",
    "patch f6 > f5 by -0.3; set g1.shape linear; set s2.freq 100hz over 50ms",
    "wait 61ms",
    "unpatch f6 > f5; unload f0 tail; reset f4; set f3.mode low",
    "wait 45ms",
    "unpatch f5.band > f6; load filter as late; patch s0 > late > out; mute f1",
    "wait 50ms",
    "trigger strike; unload g2; copy f3 as f9",
    "wait 70ms",
    "panic; start",
    "wait 60ms",
)
"""Ramps, words, sequences, strokes, cycles that come and go, tails, copies and a panic."""


@pytest.fixture(scope="module", autouse=True)
def _at_once():
    """Kernels for several nodes are there from the first block on, or soon after."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offline, "FUSED_AFTER_S", 0.0)
        patch.setattr(offline, "CHUNK_BLOCKS", 8)
        yield


class Batches(Stage):
    """A session in which like nodes are computed at once, or not, and the blocks with such counted.

    Args:
        lines: that it begins with.
        batches: whether nodes are computed at once.
        before: called before each block with the stage.
        redone: whether each block is computed twice, the scratch of the first time made worthless.
        lanes: of the engine.
    """

    def __init__(self, *lines, batches=True, before=lambda _: None, redone=False, lanes=1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CHRONUS_BATCH", "1" if batches else "0")
            super().__init__(lanes=lanes)
        self.pump = self.backend._hand()
        self.arena = self.backend.writer.arena
        self.count = 0
        advance = self.pump.advance

        def one_by_one(blocks):
            frames = []
            for _ in range(blocks):
                scratch = self.pump.stepper._scratch
                scratch[TABLE_AT] = NONE
                before(self)
                part = advance(1)
                if redone:
                    self.arena.head[Head.COMMITTED] -= 1
                    recover(self.arena)
                    self.arena.batch_rows[:] = np.nan
                    self.arena.batch_state[:] = 255
                    part = advance(1)
                frames.append(part)
                self.count += scratch[TABLE_AT] != NONE
            return np.concatenate(frames)

        self.pump.advance = one_by_one
        self.say(*lines)

    @property
    def share(self):
        """Of all blocks, those in which nodes of the lane computed last were computed at once."""
        return self.count / (len(self.frames) // BLOCK)

    def batched(self):
        """How many nodes each batch of lane 0 has, in the plan that was written last."""
        slot = self.backend.writer.clock(0)
        found = self.arena.plan_nodes[slot, 0, :, Node.BATCHES]
        return found[found > 0].tolist()


@pytest.fixture(scope="module")
def plain():
    """The frames of all lines, node by node."""
    stage = Batches(*SETUP, *LINES, batches=False)
    assert stage.count == 0
    assert np.max(np.abs(stage.frames)) > 0.1
    return stage.frames


@pytest.mark.parametrize("lanes", [1, 2])
def test_nodes_at_once_sound_as_one_by_one(plain, lanes):
    """Through ramps, words, edits, tails and a panic no bit differs, on any lanes."""
    stage = Batches(*SETUP, lanes=lanes)
    if lanes == 1:
        assert stage.batched() == []
    stage.say("wait 3ms")
    if lanes == 1:
        assert sorted(stage.batched()) == [7, 8], "slews, and filters with the one that stands"
    stage = Batches(*SETUP, *LINES, lanes=lanes)
    assert np.array_equal(stage.frames, plain)
    assert stage.share > 0.9
