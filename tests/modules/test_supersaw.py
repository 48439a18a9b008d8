"""What the supersaw must sound like."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, Player, level_db
from .test_oscillators import spectrum

RATIOS: Final = (-0.11002313, -0.06288439, -0.01952356, 0.0, 0.01991221, 0.06216538, 0.10745242)


def play(seconds: float, *, seed: int = 5, **signals: float) -> tuple[np.ndarray, np.ndarray]:
    """Left and right of a supersaw whose saws begin anywhere, as in the engine."""
    player = Player("supersaw")
    starts = np.random.default_rng(seed).integers(1, 2**32, 7)
    player.state[:56].view(np.uint32)[::2] = starts
    got = player.play(round(seconds * RATE_HZ / 64) * 64, **signals)
    return got["out_left"].astype(float), got["out_right"].astype(float)


def spread(detune: float) -> float:
    """The curve of the knob, as it is printed in the source."""
    terms = (
        *(10028.7312891634, -50818.8652045924, 111363.4808729368, -138150.6761080548),
        *(106649.6679158292, -53046.9642751875, 17019.9518580080, -3425.0836591318),
        *(404.2703938388, -24.1878824391, 0.6717417634, 0.0030115596),
    )
    return float(np.polyval(terms, detune))


@pytest.mark.parametrize("detune", [0.3, 0.5, 0.9, 1.0])
def test_seven_saws_lie_where_the_original_has_them(detune: float) -> None:
    """The fundamentals are at the pitch times the seven ratios within 0.05 Hz, and no more."""
    hz = 1000.0
    left, right = play(20, freq=hz, detune=detune, mix=0.6, width=0.0)
    amplitudes = spectrum(left + right)
    bins = np.arange(len(amplitudes)) / 20.0
    wanted = [hz * (1.0 + ratio * spread(detune)) for ratio in RATIOS]
    near = (bins > 850) & (bins < 1150)
    for pitch in wanted:
        around = np.flatnonzero(np.abs(bins - pitch) < 0.5)
        peak = around[np.argmax(amplitudes[around])]
        assert abs(bins[peak] - pitch) <= 0.05
        near &= np.abs(bins - pitch) > 0.5
    assert amplitudes[near].max() < 1e-4 * amplitudes.max()


@pytest.mark.parametrize("mix", [0.0, 0.3, 0.75, 1.0])
def test_the_side_saws_are_as_loud_as_in_the_original(mix: float) -> None:
    """Each side saw stands to the middle one as the source's curves say, within 0.2 dB."""
    left, right = play(20, freq=1000.0, detune=0.9, mix=mix, width=0.0)
    amplitudes = spectrum(left + right)
    at = [round(20 * 1000.0 * (1.0 + ratio * spread(0.9))) for ratio in RATIOS]
    peaks = [np.sqrt((amplitudes[k - 9 : k + 10] ** 2).sum()) for k in at]
    wanted = (-0.73764 * mix**2 + 1.2841 * mix + 0.044372) / (-0.55366 * mix + 0.99785)
    for side, ratio in zip(peaks, RATIOS, strict=True):
        if ratio:
            # The highpass lies at the pitch of the middle saw.
            place = (1.0 + ratio * spread(0.9)) ** 4
            highpass = np.sqrt(2.0 * place / (1.0 + place))
            assert abs(level_db(side / (peaks[3] * wanted * highpass))) < 0.2


def test_the_loudness_stays_while_mix_moves() -> None:
    """From a single saw to all seven the level is the same within 0.7 dB."""
    levels = [play(8, freq=110.0, mix=mix, width=0.0)[0].std() for mix in np.linspace(0, 1, 9)]
    assert level_db(max(levels) / min(levels)) < 0.7


@pytest.mark.parametrize("hz", [65.41, 261.63, 1046.5, 2093.0])
@pytest.mark.parametrize("detune", [0.2, 0.7])
def test_aliases_are_60_db_below(hz: float, detune: float) -> None:
    """Up to c7 what is no partial of a saw is, all together, 60 dB below the sum."""
    seconds = 8
    left, _ = play(seconds, freq=hz, detune=detune, mix=0.8, width=1.0)
    power = spectrum(left) ** 2
    bins = np.arange(len(power)) / seconds
    is_partial = np.zeros(len(power), bool)
    for ratio in RATIOS:
        pitch = hz * (1.0 + ratio * spread(detune))
        is_partial |= np.abs(bins / pitch - np.round(bins / pitch)) * pitch < 0.9
    assert is_partial.mean() < 0.7
    rest = power[~is_partial].sum() / (1.0 - is_partial.mean())
    assert 10 * np.log10(rest / power.sum()) < -60.0


def test_a_mono_listener_hears_no_width() -> None:
    """The sum of the sides is the same at any width, and at width 0 both sides are the same."""
    narrow = play(1, freq=220.0, width=0.0)
    wide = play(1, freq=220.0, width=1.0)
    np.testing.assert_array_equal(narrow[0], narrow[1])
    assert np.abs(sum(wide) - sum(narrow)).max() < 1e-6
    assert np.corrcoef(*wide)[0, 1] < 0.6
    assert abs(level_db(wide[0].std() / wide[1].std())) < 0.5


def test_the_saws_run_freely() -> None:
    """Where they begin depends on the seed, and nothing that is played moves it."""
    one, other = play(1, freq=220.0, seed=1)[0], play(1, freq=220.0, seed=2)[0]
    assert np.abs(one - other).max() > 0.3
    np.testing.assert_array_equal(one, play(1, freq=220.0, seed=1)[0])


def test_there_is_nothing_below_the_pitch() -> None:
    """Two octaves below the pitch nothing is left above -80 dB, the beating of the saws either."""
    left, _ = play(10, freq=440.0, detune=0.6)
    amplitudes = spectrum(left)
    assert level_db(amplitudes[20:1100].max()) < -80.0
