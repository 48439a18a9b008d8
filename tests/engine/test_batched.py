"""Like nodes that are computed at once: what is heard is what they give one by one."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.recipe import recipe_of
from chronus.dsp.stages import leaping_of
from chronus.engine import plan
from chronus.engine.batched import TABLE_AT
from chronus.engine.entries import DO_NOTHING
from chronus.engine.findings import faults
from chronus.engine.layout import NONE, Head, Lane, Node, recover
from chronus.modules.catalog import catalog, wide
from chronus.session import offline
from chronus.settings import BLOCK
from tests.engine.edits import AROUND, AT_IT, FILTERED, OTHER, Edits
from tests.support.score import Stage

LADDERS = range(14)
SETUP = (
    "load lfo as far rate=9hz; load lfo as near rate=2hz shape=square; load noise",
    *(
        f"load saw as s{i} freq={110 + 31 * i}hz; load slew as g{i} rise={4 + i}ms fall=30ms;"
        f"load ladder as f{i} cutoff={300 + 50 * i}hz resonance=0.7;"
        f"patch s{i} > f{i} > out; patch near > g{i}; patch g{i} > f{i}.cutoff by {i}0hz;"
        f"set f{i}.level -20db"
        for i in LADDERS[:-1]
    ),
    "load strike decay=20ms; load ladder as f13; patch noise > strike > f13 > out",
)
"""Ladders behind as many slews, and one that stands between strokes, on the same level."""
LINES = (
    "wait 61ms",
    "set f0.cutoff 2khz over 100ms; set f1.resonance 0.2; set f2.cutoff 5khz",
    "wait 50ms",
    "trigger strike; set f3.mode bp12; set f13.mode hp24",
    "wait 40ms",
    "patch far > f4.cutoff by 1oct; patch f5 > f6 by 0.5",
    "sequence f2.cutoff: 500 900 4khz step 1/32",
    "wait 77ms",
    "patch f6 > f5 by -0.3; set g1.shape linear; set s2.freq 100hz over 50ms",
    "wait 61ms",
    "unpatch f6 > f5; unload f0 tail; reset f4; set f3.mode lp12",
    "wait 45ms",
    "unpatch f5 > f6; load ladder as late; patch s0 > late > out; mute f1",
    "wait 50ms",
    "trigger strike; unload g2; copy f3 as f99",
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


def leaps(kind):
    """Whether a kind is rounded otherwise alone than among others."""
    return bool(leaping_of(recipe_of(kind)).groups)


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
    stage = Batches(*SETUP, *LINES, lanes=lanes)
    assert np.array_equal(stage.frames, plain)
    assert stage.share > 0.9


def test_a_plan_puts_like_nodes_together():
    """Slews are in one batch, ladders in another one, with the one that stands; edits change it."""
    stage = Batches(*SETUP, "wait 3ms")
    assert sorted(stage.batched()) == [13, 14]
    stage.say("patch f5 > f6 by 0.5", "wait 3ms")
    assert sorted(stage.batched()) == [13, 13], "a ladder behind a ladder is of another level"
    stage.say("load ladder as x0", *(f"copy x0 as x{i}" for i in range(1, 18)), "wait 3ms")
    assert sorted(stage.batched()) == [13, 13, 16], "as many as are computed side by side, no less"
    assert sorted(Batches(*SETUP, "unload f6; unload g6", "wait 3ms").batched()) == [12, 13]
    assert Batches(*SETUP[:3], "wait 3ms").batched() == [], "for few it does not pay"


def test_what_is_heard_comes_from_the_wide_kernel(plain):
    """With a kernel that does nothing in its place something else is heard: it is that one."""
    number = catalog().number(wide("ladder"))

    def silence(stage):
        stage.pump.stepper._addresses[number : number + 1] = DO_NOTHING.address

    heard = Batches(*SETUP, "wait 61ms", before=silence).frames
    assert not np.array_equal(heard, plain[: len(heard)])


def test_a_rehearsal_leaves_states_as_they_are():
    """Where neither kernel of a kind does anything, no state of it changes, as node by node."""
    number = catalog().number("ladder")

    def rehearse(stage):
        stage.pump.stepper._addresses[number : number + 2] = DO_NOTHING.address
        stage.arena.batch_state[:] = 1

    states = [
        Batches(*SETUP, "wait 61ms", before=rehearse, batches=batches).arena.state
        for batches in (True, False)
    ]
    assert states[0].any()
    assert np.array_equal(*states)


def test_a_block_may_be_computed_again(plain):
    """As where a worker is lost behind the last node: the second time gives the same bits."""
    assert np.array_equal(Batches(*SETUP, *LINES, redone=True).frames, plain)


def test_the_block_of_a_lost_worker_is_computed_node_by_node(plain):
    """As if a worker were lost in every third block: they take turns, and nothing changes."""
    blocks = iter(range(1 << 20))

    def lose(stage):
        is_lost = next(blocks) % 3 == 0
        stage.arena.head[Lane.LOST_BLOCK] = stage.arena.head[Head.COMMITTED] if is_lost else NONE

    stage = Batches(*SETUP, *LINES, before=lose)
    assert np.array_equal(stage.frames, plain)
    assert 0.5 < stage.share < 0.7


def test_edits_at_once_sound_as_one_by_one(tmp_path, monkeypatch):
    """Random edits of a patch in which any two like nodes are computed at once: no bit differs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it.chronus").write_text(OTHER)
    monkeypatch.setattr(plan, "least_of", lambda kind: 99 if kind.memories or leaps(kind) else 2)
    heard = []
    for batches in ("0", "1"):
        monkeypatch.setenv("CHRONUS_BATCH", batches)
        edits = Edits(6)
        heard.append(edits.played(FILTERED, 200, {**AROUND, **AT_IT}))
        assert edits.stage.backend.writer.arena.batch_rows.any() == (batches == "1")
    assert np.max(np.abs(heard[0])) > 0.1
    assert np.array_equal(*heard)


def test_one_node_of_several_that_goes_wrong_is_silenced_alone():
    """A shifter is fed with more than float32 holds: the others play on, as node by node."""
    mixes = "; ".join(f"load mix as m{i}" for i in range(7))
    chain = "; ".join(f"patch m{i} > m{i + 1} by 1e6" for i in range(6))
    shifters = "; ".join(
        f"load shift as f{i}; patch m6 > f{i} by {i + 1}e-30; set f{i}.shift {i + 1}hz;"
        f"patch f{i} > out"
        for i in range(14)
    )
    patched = (f"load saw; {mixes}; patch saw > m0; {chain}; {shifters}", "wait 50ms")
    one, other = Batches(*patched, batches=False), Batches(*patched)
    for stage in (one, other):
        stage.say("patch m6 > f2 by 1e6", "wait 20ms")
    found = faults(other.backend.writer)
    assert found == faults(one.backend.writer)
    wrong = {name.partition("#")[0] for name, (is_bypassed, _, _) in found.items() if is_bypassed}
    assert wrong == {"f2"}
    for stage in (one, other):
        stage.say("patch m6 > f2 by 1e-30; reset f2", "wait 50ms")
    assert np.array_equal(one.frames, other.frames)
    assert other.share > 0.9
