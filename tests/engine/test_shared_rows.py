"""Input rows that groups of voices fill in turn hold what each of them needs."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine import plan
from tests.support.score import Stage

VOICES = """instrument two { load keys
load saw freq=0.01hz
load filter cutoff=900hz resonance=0.4
load adsr as env velocity=0 attack=2ms decay=30ms sustain=0.5 release=20ms
load lfo rate=30hz shape=triangle
load vca
load poly
patch saw > filter > env > vca > poly > out
patch env.env > lfo.rate by 9hz
patch lfo > vca by 0.05
patch keys.freq > saw.freq
patch keys.gate > env.gate
patch keys.velocity > env.velocity
patch env.env > filter.cutoff by 1khz
expose cutoff = filter.cutoff
expose resonance = filter.resonance
expose mode = filter.mode }"""
"""What a word leaves of the rows of `lfo` (shape: 1) is not the gain of `vca`, which is 1, too."""
NOTES = "c2 e2 g2 b2 d3 f3 a3 c4 e4 g4 b4 d5 f5 a5 c6 e6 g6 b6"
LINES = (
    f"load two as a voices 18; load two as b voices 18 cutoff=300hz; note a {NOTES} for 60ms",
    f"wait 5ms; note b {NOTES} for 40ms; set a.resonance 0.7",
    "wait 20ms; set b.cutoff 2khz over 30ms; set a.mode high",
    f"wait 50ms; set a.cutoff 500hz; set b.mode band; note a {NOTES} for 20ms",
    "wait 60ms; unload b; wait 40ms",
)


def frames(lanes):
    stage = Stage(lanes=lanes)
    stage.say(VOICES, *LINES)
    return stage.frames


@pytest.mark.parametrize("lanes", [1, 3])
def test_groups_of_voices_fill_the_same_rows(monkeypatch, lanes):
    """With rows of their own for every group of voices, two instruments give the same samples."""
    shared = frames(lanes)
    monkeypatch.setattr(plan, "share_inputs", lambda _nodes, _places: None)
    assert np.array_equal(shared, frames(lanes))
    assert np.abs(shared).max() > 0.05
