"""The click detector finds what is planted, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from tests.support.clicks import clicks

RATE = 48_000
TIME = np.arange(2 * RATE) / RATE
AT = [RATE // 2 + 37, RATE, RATE + 12_345]
"""Where clicks are planted: on the way up, at no special place, on the way down."""


def tone(hz=110.0, level=0.5):
    return level * np.sin(2 * np.pi * hz * TIME)


def chord():
    """Sines of a chord with overtones that fall, each swelling at its own pace."""
    parts = [
        0.12
        / k
        * np.sin(2 * np.pi * hz * k * TIME + k)
        * (1.2 + np.sin(2 * np.pi * hz / 90 * TIME))
        for hz in (110.0, 138.6, 164.8)
        for k in (1, 2, 3)
    ]
    return np.sum(parts, axis=0)


def bass_and_wind():
    """A dark bass of 55 Hz, and noise below 300 Hz."""
    wind = sosfilt(
        butter(6, 300, fs=RATE, output="sos"), np.random.default_rng(1).normal(size=2 * RATE)
    )
    bass = sosfilt(butter(4, 200, fs=RATE, output="sos"), (TIME * 55) % 1.0 - 0.5)
    return (0.4 * bass + 0.3 * wind) * (1.0 - np.exp(-TIME / 0.1))


def glide():
    """A tone that glides from 40 Hz to 400 Hz and back."""
    hz = 40.0 * 10.0 ** np.sin(np.pi * TIME / 2) ** 2
    return 0.5 * np.sin(2 * np.pi * np.cumsum(hz) / RATE)


def fades(x):
    """A signal that is faded out and in by lines of 5 ms, and turned round within such a fade."""
    gain = np.ones(len(x))
    at = np.arange(3000, len(x) - 4000, 2111)
    for k, start in enumerate(at):
        down = max(240 - 37 * (k % 7), 0)
        line = np.concatenate((np.arange(240, 240 - down, -1), np.arange(240 - down, 241))) / 240
        gain[start : start + len(line)] = line
        if k % 3 == 0:
            stay = start + 700
            gain[stay : stay + 240] = 1 - np.arange(240) / 240
            gain[stay + 240 : stay + 500] = 0
            gain[stay + 500 : stay + 740] = np.arange(240) / 240
    return x * gain


SIGNALS = [tone, chord, bass_and_wind, glide]


@pytest.mark.parametrize("signal", SIGNALS)
def test_there_are_no_clicks_where_none_are_planted(signal):
    """Tones, chords, dark noise and glides have none, nor have their 5 ms fades."""
    assert len(clicks(signal())) == 0
    assert len(clicks(fades(signal()))) == 0
    assert len(clicks(np.zeros(RATE))) == 0


@pytest.mark.parametrize("level_db", [-12, -24, -40, -60])
@pytest.mark.parametrize("signal", [tone, chord, bass_and_wind])
def test_steps_and_spikes_are_found(signal, level_db):
    """Steps and spikes of a single frame are found at their place, down to -60 dBFS, with fades."""
    height = 10 ** (level_db / 20)
    for whole in (signal(), fades(signal())):
        for at in AT:
            for sign in (1, -1):
                step, spike = whole.copy(), whole.copy()
                step[at:] += sign * height
                spike[at] += sign * height
                for broken in (step, spike):
                    found = clicks(broken)
                    assert len(found) == 1
                    assert abs(found[0] - at) <= 2


@pytest.mark.parametrize("count", [1, 3, 64, 480])
def test_dropped_and_doubled_frames_are_found(count):
    """Frames that are left out or played twice are found wherever the wave moves by -60 dBFS."""
    whole = tone()
    for at in AT:
        dropped = np.delete(whole, slice(at, at + count))
        doubled = np.concatenate((whole[:at], whole[at - count :]))
        for broken in (dropped, doubled):
            jump = abs(broken[at] - 2 * broken[at - 1] + broken[at - 2])
            assert jump > 1e-3
            assert abs(clicks(broken)[0] - at) <= 2


def test_a_sudden_end_and_a_short_fade_are_found():
    """A tone that is cut off, or faded within half a millisecond, has a click."""
    cut = tone()
    cut[RATE + 50 :] = 0.0
    assert len(clicks(cut)) == 1
    short = tone()
    short[RATE + 50 : RATE + 74] *= 1 - np.arange(24) / 24
    short[RATE + 74 :] = 0.0
    assert len(clicks(short)) >= 1


def test_clicks_are_counted():
    """Hundreds are hundreds, in either channel of a pair."""
    pair = np.stack((tone(), tone()), axis=1)
    for k in range(150):
        pair[1000 + 600 * k :, k % 2] += 0.01 * (-1) ** (k // 2)
    assert len(clicks(pair)) == 150
