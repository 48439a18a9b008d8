"""A block that is computed again, as after a worker was lost in it, gives the same samples."""

from __future__ import annotations

import numpy as np
import soundfile

from tests.support.redo import redo_blocks
from tests.support.score import Stage

SYNCED = (
    "tempo 120; load lfo rate=1/8 shape=ramp; patch lfo > out by 0.2",
    "load saw freq=110; load delay time=1/32 mix=0.5 feedback=0.4; patch saw > delay; wait 20ms",
    "tempo 170; wait 30ms",  # times are on their way for 50 ms
    "tempo 131; wait 70ms",
    "tempo 240 over 1/8; set delay.time 1/16 over 1/16; wait 1/16",
    "set lfo.rate 5hz over 30ms; wait 20ms; set lfo.rate 1/16; copy lfo as other; wait 40ms",
    "sequence lfo.rate: 4hz 1/16 1/16 step 1/32 smooth; tempo 90 over 1/8; wait 1/8",
    "sequence delay.time: 1/64 9ms step 1/32 now; wait 1/8; unsequence delay.time",
    "unsequence lfo.rate; set delay.time 30ms; wait 1/8",
)
"""Rates and times in beats: jumps, ramps, glides, a copy, a sequence, and back to seconds."""
RECORDED = (
    "load sampler as s file tone.wav start=0.02 loop=on; set s.level -6db",
    "sequence s: c4 c6~ e7~ c4 step 1/32 gate 100%; wait 1/8",
    "set s.slices 4 s.slice 3; sequence s.pitch: 0st 30st -7st step 1/32 smooth; wait 1/8",
    "set s.reverse on; wait 1/8",
    "load grains as g file tone.wav; set g.pitch 24st over 1/8; wait 1/8",
)
"""Files that are read ever faster, through several of their levels, and backwards."""


def both(*lines):
    """The frames of lines, each block computed once, and each twice."""
    found = []
    for stage in (Stage(), redo_blocks(Stage())):
        stage.say(*lines)
        found.append(stage.frames)
    return found


def test_ports_that_follow_the_tempo_may_be_computed_again():
    """Through all that the tempo, and who sets them, may do no bit differs."""
    once, twice = both(*SYNCED)
    assert np.abs(once).max() > 0.1
    assert np.array_equal(once, twice)


def test_levels_of_a_recording_may_be_computed_again(tmp_path, monkeypatch):
    """Where a file is read at speeds of several levels, each cross of levels comes out the same."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(6).uniform(-0.5, 0.5, (24_000, 2))
    soundfile.write("tone.wav", noise, 48_000)
    once, twice = both(*RECORDED)
    assert np.abs(once).max() > 0.1
    assert np.array_equal(once, twice)
