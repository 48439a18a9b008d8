"""Nodes that give nothing are not computed, and nobody hears it."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine.layout import Head
from chronus.modules.catalog import kinds
from chronus.patch.graph import key_of
from chronus.settings import BLOCK
from tests.modules.driver import Player, strokes
from tests.support.clicks import clicks
from tests.support.redo import redo_blocks
from tests.support.score import DC, Stage

DRUMS = """tempo 170
load kick decay=90ms
load noise as wires; load filter as band cutoff=1800hz mode=band; load strike as rattle decay=40ms
patch wires > band > rattle
load sine as skin freq=190hz; load adsr as thump attack=1ms decay=20ms sustain=0 release=5ms
patch skin > thump
load noise as air colour=pink; load ar as tick attack=1ms release=20ms; patch air > tick
load hat decay=30ms
load mix as sum; patch kick, rattle, thump, tick, hat > sum; patch sum > out""".splitlines()
LINES = (
    "sequence kick: x... .... .... ....; sequence rattle: .... x... .... x...",
    "sequence thump: .... .... x... ....; sequence tick: ..x. .... .... ..x.",
    "wait 700ms",
    "trigger hat; set band.cutoff 900hz over 200ms",
    "wait 333ms",
    "set band.mode low; set wires.colour brown",
    "wait 200ms",
    f"{DC}; patch dc > tick.gate",
    "wait 100ms",
    "unpatch dc > tick.gate; set rattle.strokes 3; trigger rattle",
    "wait 300ms",
    "copy wires as other; unpatch wires > band; patch other > band",
    "wait 250ms",
    "reset rattle; reset skin; trigger rattle; trigger thump",
    "wait 150ms",
    "panic; start",
    "wait 400ms",
    "unload kick; undo",
    "wait 400ms",
)
"""Words, glides, gates that come by cable, copies, resets: at times when much of it stands."""


def played(*lines, computes_all=False, **how):
    """The frames of lines, said one after the other."""
    stage = Stage(**how)
    stage.backend.writer.arena.head[Head.COMPUTES_ALL] = int(computes_all)
    stage.say(*lines)
    return stage.frames


def row(stage, name):
    """What a node gives in the last block, and whether it stood in it."""
    writer = stage.backend.writer
    place = writer.place(key_of(stage.session.patch.nodes[name]))
    bank = writer.bank
    return writer.arena.rows_out[bank, place.rows_out], writer.arena.still[bank, place.slot] > 1


@pytest.fixture(scope="module")
def awhile():
    """The frames of LINES."""
    return played(*DRUMS, *LINES)


def test_what_stands_need_not_be_computed(awhile):
    """Whether what stands is computed or not is not heard in any sample."""
    assert np.max(np.abs(awhile)) > 0.3
    assert np.array_equal(awhile, played(*DRUMS, *LINES, computes_all=True))


@pytest.mark.parametrize("lanes", [2, 3])
def test_it_stands_alike_on_any_number_of_lanes(awhile, lanes):
    """Each sample is that of one lane."""
    assert np.array_equal(awhile, played(*DRUMS, *LINES, lanes=lanes))


def test_a_block_in_which_much_stands_may_be_computed_again(awhile):
    """Each block is computed twice, the scratch of the first time forgotten: no bit differs."""
    stage = redo_blocks(Stage())
    stage.say(*DRUMS, *LINES)
    assert np.array_equal(awhile, stage.frames)


def test_what_nobody_hears_pauses():
    """A stroke of noise sounds the same, bit for bit, whenever it comes: the noise had stopped."""
    stage = Stage()
    patched = "load noise; load filter; load strike decay=30ms; patch noise > filter > strike > out"
    stage.say(patched, "wait 1s")
    for name in ("noise", "filter", "strike"):
        samples, stands = row(stage, name)
        assert stands
        assert not samples.any()
    late = 48_000 // BLOCK * BLOCK
    stage.say("trigger strike", "wait 300ms")
    early = played(patched, "wait 2s", "trigger strike", "wait 300ms")[2 * 48_000 :]
    assert np.max(np.abs(early)) > 0.05
    assert np.array_equal(stage.frames[late : late + 9600], early[:9600])


def test_what_is_heard_elsewhere_goes_on():
    """A noise that feeds a stroke and a mixer plays on through the pauses of the stroke."""
    stage = Stage()
    stage.say("load noise; load strike decay=30ms; patch noise > strike > out; patch noise > out")
    stage.say("wait 1s")
    quiet = stage.frames[24_000:]
    assert np.sqrt(np.mean(quiet**2)) > 0.1
    assert not row(stage, "noise")[1]
    assert row(stage, "strike")[1]


def test_a_paused_tone_that_is_patched_elsewhere_is_heard_without_a_click():
    """It fades in, and out again, whether or not the stroke that it also feeds is silent."""
    stage = Stage()
    stage.say("load sine freq=200hz; load strike decay=30ms; patch sine > strike > out")
    stage.say("wait 1s", "patch sine > out", "wait 200ms")
    assert np.max(np.abs(stage.frames[-4800:])) > 0.3
    stage.say("unpatch sine > out", "wait 200ms", "trigger strike", "wait 100ms")
    assert np.max(np.abs(stage.frames[-9600:-4900])) == 0.0
    assert len(clicks(stage.frames[: 48_000 + 9600 + 4800])) == 0
    assert np.max(np.abs(stage.frames[-4800:])) > 0.3


def test_an_envelope_that_is_opened_by_a_cable_wakes_at_its_frame():
    """Where nothing tells before that a gate opens, what it feeds goes on, and nothing is lost."""
    stage = Stage()
    stage.say("load sine freq=300hz; load adsr attack=0 sustain=1; patch sine > adsr > out")
    stage.say("load ar as opener attack=0; patch opener.env > adsr.gate; unpatch opener > out")
    stage.say("wait 1s")
    assert row(stage, "adsr")[1]
    assert not row(stage, "sine")[1]
    stage.say("trigger opener", "wait 100ms")
    assert np.max(np.abs(stage.frames[-2400:])) > 0.3


@pytest.mark.parametrize("name", [name for name, kind in kinds().items() if kind.shuts])
def test_what_a_kind_shuts_moves_none_of_its_states(name):
    """All that it keeps is the same, bit for bit, whatever comes in there."""
    random = np.random.default_rng(3)
    gate = strokes(20 * BLOCK, 100, 700, length=200)
    players = [Player(name) for _ in range(2)]
    for player in players:
        shut = f"{player.kind.shuts}_" if player.kind.shuts == "in" else player.kind.shuts
        player.play(len(gate), gate=gate, **{shut: random.uniform(-1.0, 1.0, len(gate))})
    assert np.array_equal(players[0].state, players[1].state)
