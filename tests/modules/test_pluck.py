"""What a plucked string must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from scipy.signal import fftconvolve

from .driver import RATE_HZ, Player, level_db, play, strokes
from .test_oscillators import cents, phase_slope_hz, spectrum

SECOND: Final = RATE_HZ


def ring(seconds: float, **signals: float) -> np.ndarray:
    """A string that is struck once at the start."""
    frames = round(seconds * RATE_HZ / 64) * 64
    return play("pluck", frames, gate=strokes(frames, 0), **signals)["out"].astype(float)


def partial_db(wave: np.ndarray, hz: float) -> np.ndarray:
    """The level of one partial from frame to frame."""
    beaten = wave * np.exp(-2j * np.pi * hz * np.arange(len(wave)) / RATE_HZ)
    window = np.blackman(int(max(4 * RATE_HZ / hz, 2400)))
    return 20 * np.log10(np.abs(fftconvolve(beaten, window / window.sum(), "valid")) + 1e-12)


def time_of_60_db(wave: np.ndarray, hz: float) -> float:
    """How long a partial takes to fall by 60 dB, from the slope over its first 40."""
    level = partial_db(wave, hz)[RATE_HZ // 40 :]
    below = np.flatnonzero(level < level[0] - 40)
    level = level[: below[0] if len(below) else None]
    slope, _ = np.polyfit(np.arange(len(level)) / RATE_HZ, level, 1)
    return -60.0 / float(slope)


@pytest.mark.parametrize("hz", [40.0, 61.7, 110.0, 261.63, 440.0, 987.77, 1760.0, 2637.0, 4000.0])
@pytest.mark.parametrize("brightness", [0.0, 0.5, 1.0])
def test_a_string_is_in_tune(hz: float, brightness: float) -> None:
    """From 40 Hz to 4 kHz, dull or bright, the fundamental is right within half a cent."""
    wave = ring(2.0, freq=hz, brightness=brightness)
    assert abs(cents(phase_slope_hz(wave[4800:], hz), hz)) < 0.5


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_a_string_is_in_tune_at_other_rates(rate_hz: int) -> None:
    """At 44.1 and 96 kHz 440 Hz is 440 Hz within half a cent."""
    frames = 2 * rate_hz // 64 * 64
    wave = Player("pluck", rate_hz=rate_hz).play(frames, freq=440.0, gate=strokes(frames, 0))["out"]
    hz = phase_slope_hz(wave[rate_hz // 10 :].astype(float), 440.0, rate_hz)
    assert abs(cents(hz, 440.0)) < 0.5


@pytest.mark.parametrize("hz", [55.0, 440.0, 1318.5, 4000.0])
@pytest.mark.parametrize("decay", [0.5, 3.0, 10.0])
@pytest.mark.parametrize("brightness", [0.2, 0.8])
def test_the_fundamental_dies_away_in_its_time(hz: float, decay: float, brightness: float) -> None:
    """60 dB take the seconds of `decay` within 4 percent, at any pitch and brightness."""
    wave = ring(0.9 * decay, freq=hz, decay=decay, brightness=brightness)
    assert abs(time_of_60_db(wave, hz) / decay - 1.0) < 0.04


def test_brightness_lets_high_partials_ring() -> None:
    """The partial at 3 kHz rings ever longer, from under 100 ms to over a second."""
    times = [
        time_of_60_db(ring(2.0, freq=150.0, decay=6.0, brightness=b), 3000.0)
        for b in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert (np.diff(times) > 0).all()
    assert times[0] < 0.1
    assert times[-1] > 1.0


def test_the_place_of_the_pick_takes_partials_away() -> None:
    """Plucked in the middle a string has no even partials, at a third none of the third."""
    half = spectrum(ring(2.0, freq=200.0, position=0.5)[SECOND // 2 :])
    third = spectrum(ring(2.0, freq=200.0, position=1 / 3)[SECOND // 2 :])
    at = [round(200 * n * 1.5) for n in range(1, 7)]
    half_db = [level_db(half[k - 3 : k + 4].max()) for k in at]
    third_db = [level_db(third[k - 3 : k + 4].max()) for k in at]
    assert min(half_db[0::2]) > max(half_db[1::2]) + 20
    assert third_db[2] < min(third_db[0], third_db[1], third_db[3]) - 20


def test_harder_strokes_are_louder_and_brighter() -> None:
    """Velocity raises the level, and the share of what is above 2 kHz."""
    soft, hard = (ring(1.0, freq=220.0, velocity=v) for v in (0.3, 1.0))
    assert 8.0 < level_db(hard.std() / soft.std()) < 20.0
    share = [spectrum(w)[2000:].std() / spectrum(w)[:2000].std() for w in (soft, hard)]
    assert share[1] > 1.2 * share[0]


def test_a_soft_thumb_is_duller_than_a_pick() -> None:
    """`pick` opens the top of the stroke."""
    soft, hard = (spectrum(ring(0.5, freq=110.0, pick=p)) for p in (0.0, 1.0))
    assert level_db(hard[1000:].std() / soft[1000:].std()) > 12.0


def test_it_starts_with_its_gate_and_rings_on_behind_it() -> None:
    """Before the gate there is silence, the stroke comes at once, and rings when it has closed."""
    gate = strokes(SECOND, 6400, length=640)
    wave = play("pluck", SECOND, gate=gate, freq=220.0)["out"]
    assert not wave[:6400].any()
    assert np.abs(wave[6400:6500]).max() > 0.05
    assert np.abs(wave[24_000:]).max() > 0.02


def test_strokes_do_not_pile_up() -> None:
    """A hundred strokes a second stay as loud as one; the loop has no offset that grows."""
    frames = 4 * SECOND
    gate = strokes(frames, *range(0, frames, 480), length=240)
    wave = play("pluck", frames, gate=gate, freq=110.0, decay=30.0, velocity=1.0)["out"]
    assert np.abs(wave).max() < 2.0
    assert abs(wave.mean()) < 0.01


def test_each_stroke_is_a_little_other_and_repeatable() -> None:
    """Two strokes of a node differ, and another node of the same seed plays them again."""
    gate = strokes(SECOND, 0, 24_000)
    one, other = (play("pluck", SECOND, gate=gate, decay=0.2)["out"] for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert np.abs(one[:4000] - one[24_000:28_000]).max() > 0.02


def test_a_glide_makes_no_clicks() -> None:
    """While the pitch glides over two octaves the string stays smooth."""
    freq = np.geomspace(110.0, 440.0, SECOND).astype(np.float32)
    gate = strokes(SECOND, 0)
    wave = play("pluck", SECOND, gate=gate, freq=freq, brightness=0.0, decay=10.0)["out"]
    late = wave[SECOND // 4 :].astype(float)
    assert np.abs(np.diff(late, 2)).max() < 0.05 * np.abs(late).max()
