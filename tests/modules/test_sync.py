"""What a hard-synced saw must sound like."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, Player, play
from .test_oscillators import cents, phase_slope_hz, spectrum

SECONDS: Final = 4


@pytest.mark.parametrize("hz", [32.7, 110.0, 440.0, 1046.5, 2093.0])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 2.5, 3.97, 7.3, 15.0])
def test_aliases_are_58_db_below(hz: float, ratio: float) -> None:
    """Up to c7 what is no harmonic of `freq` is, all together, 58 dB below the whole."""
    wave = play("sync", SECONDS * RATE_HZ, freq=hz, ratio=ratio)["out"].astype(float)
    power = spectrum(wave) ** 2
    bins = np.arange(len(power)) / SECONDS
    is_harmonic = np.abs(bins / hz - np.round(bins / hz)) * hz < 3.0
    assert 10 * np.log10(power[~is_harmonic].sum() / power[is_harmonic].sum()) < -58.0


@pytest.mark.parametrize("ratio", [1.0, 2.0, 3.3, 6.8])
def test_the_wave_is_a_saw_that_starts_afresh(ratio: float) -> None:
    """Away from its jumps it is the saw of `ratio` times the pitch, begun at each cycle."""
    frames = RATE_HZ
    wave = play("sync", frames, freq=50.0, ratio=ratio)["out"].astype(float)
    cycle = np.arange(frames) * 50.0 / RATE_HZ % 1.0
    along = cycle * ratio % 1.0
    rest = ratio % 1.0
    wanted = 2.0 * along - 1.0 + rest * (1.0 - rest) / ratio
    margin = 5.0 * 50.0 * ratio / RATE_HZ
    calm = (along > margin) & (along < 1 - margin) & (cycle > margin) & (cycle < 1 - margin)
    assert calm.mean() > 0.8
    assert np.abs(wave - wanted)[calm].max() < 1e-3


@pytest.mark.parametrize("ratio", [1.5, 2.5, 5.2])
def test_the_pitch_is_that_of_freq(ratio: float) -> None:
    """Whatever the ratio, the fundamental is at `freq`."""
    wave = play("sync", 2 * RATE_HZ, freq=220.0, ratio=ratio)["out"].astype(float)
    assert abs(cents(phase_slope_hz(wave, 220.0), 220.0)) < 0.05


def test_ratio_1_is_the_saw_half_a_cycle_on() -> None:
    """At a ratio of 1 it is the oscillator `saw`, which starts in the middle of its rise."""
    wave = play("sync", RATE_HZ, freq=480.0, ratio=1.0)["out"]
    saw = play("saw", RATE_HZ, freq=480.0)["out"]
    assert np.abs(wave[50:-50] - np.roll(saw, 50)[50:-50]).max() < 2e-3


def test_there_is_no_offset() -> None:
    """The mean is 0 within 0.003 at any ratio."""
    for ratio in (1.2, 1.5, 2.05, 2.5, 3.9):
        assert abs(play("sync", RATE_HZ, freq=100.0, ratio=ratio)["out"].mean()) < 3e-3


def test_sweeping_the_ratio_stays_in_bounds() -> None:
    """A sweep of the ratio over four octaves has no spikes beyond those of a rounded edge."""
    sweep = np.geomspace(1.0, 16.0, 2 * RATE_HZ).astype(np.float32)
    wave = Player("sync").play(2 * RATE_HZ, freq=110.0, ratio=sweep)["out"]
    assert np.abs(wave).max() < 1.4
