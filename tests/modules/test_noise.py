"""What noise must sound like."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from .driver import RATE_HZ, Player, play

MINUTE = 60 * RATE_HZ


def densities(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and power densities, averaged over windows of 16384 samples."""
    size = 16_384
    window = np.hanning(size)
    parts = wave[: len(wave) // size * size].reshape(-1, size) * window
    power = np.mean(np.abs(np.fft.rfft(parts)) ** 2, axis=0)
    return np.arange(len(power)) * RATE_HZ / size, power


def bands(colour: float, edges: np.ndarray) -> np.ndarray:
    """The mean power density between each two edges, in decibel."""
    hz, power = densities(play("noise", MINUTE, colour=colour)["out"].astype(float))
    return np.array(
        [10 * np.log10(power[(hz >= low) & (hz < high)].mean()) for low, high in pairwise(edges)]
    )


def test_white_is_flat() -> None:
    """All octaves from 47 Hz to 24 kHz have the same density within 0.3 dB."""
    levels = bands(0.0, 24_000.0 / 2.0 ** np.arange(9, -1, -1))
    assert np.ptp(levels) < 0.3


def test_pink_falls_3_db_an_octave() -> None:
    """From 50 Hz to 15 kHz the density is that of 1/f within 0.5 dB."""
    edges = np.geomspace(50.0, 15_000.0, 17)
    middle = (edges[1:] - edges[:-1]) / np.log(edges[1:] / edges[:-1])
    against = bands(1.0, edges) + 10 * np.log10(middle)
    assert np.abs(against - np.median(against)).max() < 0.5


def test_brown_falls_6_db_an_octave() -> None:
    """From 100 Hz to 5 kHz the density is that of 1/f/f within 0.5 dB."""
    edges = np.geomspace(100.0, 5000.0, 13)
    against = bands(2.0, edges) + 10 * np.log10(edges[1:] * edges[:-1])
    assert np.abs(against - np.median(against)).max() < 0.5


@pytest.mark.parametrize("colour", [0.0, 1.0, 2.0])
def test_noise_has_no_offset_and_stays_in_range(colour: float) -> None:
    """The mean is 0 within some thousandths, and the peaks stay within -1..1."""
    wave = play("noise", MINUTE, colour=colour)["out"].astype(float)
    assert abs(wave.mean()) < (0.001, 0.005, 0.02)[round(colour)]
    assert 0.5 < np.abs(wave).max() <= 1.0


def test_noise_is_repeatable_and_differs_between_seeds() -> None:
    """The same seed gives the same noise, another seed one that is not alike."""

    def wave(seed: int) -> np.ndarray:
        return Player("noise", seed=seed).play(RATE_HZ)["out"].astype(float)

    np.testing.assert_array_equal(wave(1), wave(1))
    one, other = (np.fft.rfft(wave(seed), 2 * RATE_HZ) for seed in (1, 2))
    likeness = np.fft.irfft(one * np.conj(other)) / (RATE_HZ / 3)
    assert np.abs(likeness).max() < 0.03, "moved against the other it is the same"
