"""Modulators in a whole patch: an LFO that is played, a walk that plays notes, a key."""

from __future__ import annotations

import numpy as np

from tests.support.score import Stage
from tests.support.sound import amplitude

RATE_HZ = 48_000


def test_an_lfo_is_begun_by_a_grid_on_the_beat():
    """A ramp of two cycles a beat falls where a step of a grid begins it anew, to the sample."""
    stage = Stage()
    stage.say("tempo 125; load lfo rate=1/8 shape=ramp width=0.5; patch lfo > out by 0.5")
    stage.say("sequence lfo: x.....x. step 1/16 gate 20%", "wait 2 bars")
    wave = stage.frames[:, 0].astype(float)
    step = round(RATE_HZ * 60 / 125 / 4)
    falls = np.flatnonzero(np.diff(wave) < -0.4) + 1
    for bar in range(2):
        for begun in (0, 6, 8, 14):
            at = (16 * bar + begun) * step
            if at:
                assert np.abs(falls - at).min() <= 1
            np.testing.assert_allclose(wave[at + 100], -0.5 + 100 / (2 * step), atol=2e-3)


def test_a_new_lfo_fades_in():
    """What a new LFO moves while it plays does not jump: its cable fades in over 5 ms."""
    stage = Stage()
    stage.say("load knob value=0.25; patch knob > out", "wait 100ms")
    stage.say("load lfo rate=0.5 phase=0.25; patch lfo > out by 0.5", "wait 100ms")
    wave = stage.frames[:, 0].astype(float)
    assert wave[-1] > 0.7
    assert np.abs(np.diff(wave[2400:])).max() < 1.5 * 0.5 / (0.005 * RATE_HZ)


def test_a_walk_plays_notes_of_a_scale():
    """An oscillator behind a quantizer sounds notes of the scale and no others."""
    stage = Stage()
    stage.say("load walk rate=8 step=1; load quantize scale=pentatonic root=220hz")
    stage.say("patch walk > quantize.freq by 12st; load sine freq=0; patch quantize > sine.freq")
    stage.say("set sine.level -6db", "wait 4s")
    wave = stage.frames[:, 0].astype(float)
    found = set()
    for start in range(0, len(wave) - 2400, 2400):
        part = wave[start : start + 2400]
        zeros = np.flatnonzero((part[1:] > 0) & (part[:-1] <= 0))
        cycles = np.diff(zeros + part[zeros] / (part[zeros] - part[zeros + 1]))
        if len(cycles) > 4 and np.ptp(cycles) < 0.01 * cycles.mean():
            st = 12 * np.log2(RATE_HZ / cycles.mean() / 220.0)
            assert abs(st - round(st)) < 0.02
            found.add(round(st) % 12)
    assert found <= {0, 2, 4, 7, 9}
    assert len(found) >= 3


def test_a_gate_listens_to_itself_or_to_its_key():
    """With nothing patched to its key a gate hears its own sound; with a key only that."""
    stage = Stage()
    stage.say("load sine as a freq=1000; load noisegate threshold=-20db hold=0 release=5")
    stage.say("load vca as quiet gain=1; patch a > quiet > noisegate", "wait 200ms")
    assert amplitude(stage.frames[-4800:, 0], 1000.0) > 0.9
    stage.say("set quiet.gain -40db", "wait 300ms")
    assert np.abs(stage.frames[-4800:]).max() < 1e-5
    stage.say("load sine as b freq=200; patch b > noisegate.key", "wait 300ms")
    assert abs(amplitude(stage.frames[-4800:, 0], 1000.0) - 0.01) < 0.001
    assert amplitude(stage.frames[-4800:, 0], 200.0) < 1e-5
