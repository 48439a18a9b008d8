"""The ears of the tests hear what is known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import ears

RATE = 48_000
TIME = np.arange(5 * RATE) / RATE
TONE = 0.5 * np.sin(2 * np.pi * 1000 * TIME)


def test_loudness_is_that_of_the_standard():
    """A full-scale sine of 997 Hz in one channel has -3.01 LUFS, as BS.1770 says."""
    sine = np.sin(2 * np.pi * 997 * TIME)
    assert ears.loudness_lufs(np.stack([sine, 0 * sine], axis=1)) == pytest.approx(-3.01, abs=0.05)


def test_a_tone_is_where_it_is():
    """Its centroid is its frequency, and all of its power lies in its band."""
    assert ears.centroid_hz(TONE) == pytest.approx(1000.0, abs=0.1)
    assert ears.band_db(TONE, 900, 1100) == pytest.approx(0.0, abs=1e-3)
    assert ears.band_db(TONE, 2000, 3000) < -80.0


def test_an_exponential_decay_takes_its_time():
    """60 dB of a decay with T60 = 0.5 s take half a second; its attack takes none."""
    sound = np.concatenate([np.zeros(4800), TONE * 10.0 ** (-3.0 * TIME / 0.5)])
    assert ears.decay_s(sound, 60.0) == pytest.approx(0.5, abs=0.01)
    assert ears.attack_s(sound) <= 0.004
    rising = np.concatenate([np.zeros(480), TONE * np.minimum(TIME / 0.1, 1.0)])
    assert ears.attack_s(rising) == pytest.approx(0.0707, abs=0.005)


def test_width_and_sections_tell_apart_what_differs():
    """Sides that are opposite are all width; a stretch of silence is far below one of sound."""
    assert ears.width_db(np.stack([TONE, -TONE], axis=1)) > 60.0
    assert ears.width_db(np.stack([TONE, TONE], axis=1)) < -60.0
    levels = ears.sections_db(np.concatenate([TONE, 0 * TONE]), 5.0)
    assert levels.shape == (2, len(ears.BANDS_HZ))
    assert levels[0].max() - levels[1].max() > 100.0
