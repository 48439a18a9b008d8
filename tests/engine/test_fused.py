"""Groups of voices that one kernel computes: what is heard is what their nodes give one by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from chronus.dsp.layout import VERDICT
from chronus.engine.entries import DO_NOTHING
from chronus.engine.findings import faults
from chronus.engine.fusable import FIRST_NUMBER
from chronus.engine.layout import NONE, Head, Lane
from chronus.session import offline
from tests.support.score import Stage
from tests.support.voices import PAD

WAH = """instrument wah { load keys
load square freq=0 width=0.3
load filter cutoff=300hz resonance=0.6
load adsr as env velocity=0 attack=3ms decay=60ms sustain=0.6 release=80ms
load lfo rate=5hz shape=triangle
load delay time=7ms feedback=0.3
load vca
patch square > filter > env > vca > delay > out
patch lfo > square.width by 0.15
patch env.env > filter.cutoff by 2oct
patch lfo > filter.cutoff by 100hz
patch keys.freq > square.freq
patch keys.velocity > vca.gain by 0.5
patch keys.gate > env.gate
patch keys.velocity > env.velocity
expose cutoff = filter.cutoff
expose mode = filter.mode
expose shape = lfo.shape
expose rise = env.rise
expose width = square.width }"""
"""Words, bent cables, several cables in one port, delay memory, and a knob of a seldom kind."""
LINES = (
    "load wah as w voices 5; set w.level -9db; load pad as p voices 20; set p.level -15db",
    "note p c3 e3 g3 for 150ms; note w c2 for 40ms",
    "wait 61ms",
    "note w g2 eb3 for 90ms at 0.6; set p.cutoff 900hz over 100ms",
    "wait 150ms",
    "set w.mode band; set p.cutoff 200hz",
    "wait 81ms",
    "load lfo as far rate=9hz; patch far > w.cutoff by 200hz; set w.shape square",
    "sequence w: c2 g2 . eb3 step 1/32 gate 90%; note p a2 for 20ms",
    "wait 133ms",
    "set w.rise -0.7; unpatch far > w.cutoff; note p a2 a3 a4 for 77ms",
    "wait 100ms",
    "set w.mode low; unsequence w; mute p",
    "wait 50ms",
    "unmute p; note p c3 c3 c3 c3 c3 c3 for 1/8",
    "wait 40ms",
    "unload w; note p e3 for 20ms",
    "wait 100ms",
    "panic; start",
    "note p e3 for 20ms",
    "wait 200ms",
)


@pytest.fixture
def fuse(monkeypatch):
    """What says whether groups are computed by kernels of their own, from the first block on."""

    def choose(*, fuses):
        monkeypatch.setenv("CHRONUS_FUSE", "1" if fuses else "0")
        monkeypatch.setattr(offline, "FUSED_AFTER_S", 0.0)
        monkeypatch.setattr(offline, "CHUNK_BLOCKS", 8)

    return choose


class Voices(Stage):
    """A session that knows some instruments, and counts the blocks of fused kernels.

    Args:
        spoil: gets the stepper before each block.
        how: arguments of the stage.
    """

    def __init__(self, *lines, spoil=lambda _: None, **how):
        super().__init__(**how)
        hand = self.backend._hand
        self.fused = 0

        def watched():
            pump = hand()
            if not hasattr(pump, "advance_as_it_is"):
                pump.advance_as_it_is = pump.advance
                pump.advance = self._advance
            self.pump = pump
            return pump

        self._spoil = spoil
        self.backend._hand = watched
        self.say(PAD, WAH, *lines)

    def _advance(self, blocks):
        parts = []
        for _ in range(blocks):
            scratch = self.pump.stepper._scratch
            scratch[VERDICT] = -1
            self._spoil(self.pump.stepper)
            parts.append(self.pump.advance_as_it_is(1))
            self.fused += scratch[VERDICT] == 0
        return np.concatenate(parts)


@pytest.fixture
def plain(fuse):
    """The frames of LINES, node by node."""
    fuse(fuses=False)
    stage = Voices(*LINES)
    assert stage.fused == 0
    return stage.frames


@pytest.mark.parametrize("lanes", [1, 2])
def test_fused_voices_sound_as_their_nodes_do(fuse, plain, lanes):
    """Through notes, ramps, words, edits, fades and a panic no bit differs, on any lanes."""
    fuse(fuses=True)
    stage = Voices(*LINES, lanes=lanes)
    assert np.max(np.abs(plain)) > 0.1
    assert np.array_equal(stage.frames, plain)
    if lanes == 1:
        blocks = len(stage.frames) // 64
        assert stage.fused > 0.5 * blocks, "most blocks were computed by fused kernels"


def test_what_is_heard_comes_from_the_fused_kernel(fuse):
    """With kernels that do nothing in their place something else is heard: it is they that play."""
    fuse(fuses=True)

    def silence(stepper):
        stepper._addresses[FIRST_NUMBER:] = DO_NOTHING.address

    lines = ("load pad as p voices 4", "wait 20ms", "note p c3 e3 for 100ms", "wait 50ms")
    heard = Voices(*lines).frames
    assert np.max(np.abs(heard)) > 0.1
    assert not np.array_equal(Voices(*lines, spoil=silence).frames, heard)


def test_the_block_of_a_lost_worker_is_computed_node_by_node(fuse, plain):
    """As if a worker were lost in every third block: they take turns, and nothing changes."""
    fuse(fuses=True)
    blocks = iter(range(1 << 20))

    def spoil(_stepper):
        head = stage.pump.arena.head
        is_lost = next(blocks) % 3 == 0
        head[Lane.LOST_BLOCK] = head[Head.COMMITTED] if is_lost else NONE

    stage = Voices(spoil=spoil)
    stage.say(*LINES)
    assert np.array_equal(stage.frames, plain)
    assert 0.3 < stage.fused / (len(stage.frames) // 64) < 0.67


@pytest.mark.parametrize("name", ["pad", "keys", "stab", "bell", "lead", "pluck", "hoover"])
def test_shipped_instruments_sound_the_same(fuse, name):
    """A chord of each, with what comes after it."""
    lines = (
        f"load {name} as i voices 6",
        "note i c3 g3 eb4 for 200ms",
        "wait 300ms",
        "note i d3 f3 for 50ms at 0.5",
        "wait 200ms",
    )
    frames = []
    for fuses in (False, True):
        fuse(fuses=fuses)
        stage = Stage()
        stage.say(*lines)
        frames.append(stage.frames)
    assert np.max(np.abs(frames[0])) > 0.05
    assert np.array_equal(*frames)


def test_what_is_no_number_is_silenced_in_a_fused_group_too(fuse):
    """A voice whose filter is fed with more than float32 holds: node by node or not, the same."""
    chain = " > ".join(["saw", *(f"m{i}" for i in range(8)), "filter"])
    mixes = "; ".join(f"load mix as m{i}" for i in range(8))
    cables = "; ".join(f"patch {a} > {b} by 1e6" for a, b in pairwise(chain.split(" > ")))
    blown = f"""instrument blown {{ load keys
load saw freq=0
{mixes}
load filter
{cables}
patch filter > out
patch keys.freq > saw.freq }}"""
    lines = (blown, "load blown as b voices 3", "note b c3 e3 for 100ms", "wait 300ms")
    found = []
    for fuses in (False, True):
        fuse(fuses=fuses)
        stage = Stage()
        stage.say(*lines)
        found.append((stage.frames, faults(stage.backend.writer)))
    assert np.array_equal(found[0][0], found[1][0])
    assert found[0][1], "a node went wrong"
    assert found[0][1] == found[1][1]


SYNCED = """instrument pulse { load keys
load square freq=0
load filter as low cutoff=900hz; load filter as high cutoff=3khz mode=high
load adsr as env velocity=0 attack=1/64 release=1/32
load lfo as slow rate=1/4 shape=triangle; load lfo as fast rate=1/16
load delay as echo time=1/32 feedback=0.3
patch square > low > high > env > echo > out
patch slow > square.width by 0.3; patch fast > low.cutoff by 200hz
patch keys.freq > square.freq; patch keys.gate > env.gate; patch keys.velocity > env.velocity
expose low = low.cutoff; expose high = high.cutoff
expose rate = fast.rate; expose time = echo.time }"""
"""Rates and times in beats, and two nodes of a kind that something outside moves, each its way."""
BEATS = (
    "load pulse as p voices 4; note p c2 g2 for 1/2",
    "load lfo as far rate=9hz; patch far > p.low by 300hz; patch far > p.high by 2khz",
    "wait 1/8; tempo 150; wait 1/8; tempo 90 over 1/16; wait 1/8; set p.rate 1/8; wait 1/8",
    "set p.time 20ms; note p c3 for 1/8; wait 1/8",
    "sequence p: c2{rate=1/32} eb2 step 1/16; wait 1/4",
)


def test_knobs_in_beats_are_no_hindrance(fuse):
    """Groups with rates and times in beats are fused where the tempo rests; no bit differs."""
    frames, fused = [], []
    for fuses in (False, True):
        fuse(fuses=fuses)
        stage = Voices(SYNCED, *BEATS)
        frames.append(stage.frames)
        fused.append(stage.fused / (len(stage.frames) // 64))
    assert np.max(np.abs(frames[0])) > 0.1
    assert np.array_equal(*frames)
    # The tempo moves for a fifth of the time, and what knobs are on their way for some more.
    assert fused[0] == 0.0
    assert fused[1] > 0.4
