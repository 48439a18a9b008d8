"""What two operators must sound like."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import jv

from .driver import RATE_HZ, level_db, play
from .test_oscillators import cents, phase_slope_hz, spectrum

SECONDS = 4


def lines(**signals: float | np.ndarray) -> np.ndarray:
    """Amplitudes of the bins of four seconds: a quarter of a Hz each."""
    return spectrum(play("fm", SECONDS * RATE_HZ, **signals)["out"].astype(float))


@pytest.mark.parametrize("index", [0.1, 0.5, 1.0, 2.0, 5.0, 9.0])
def test_sidebands_are_those_of_bessel(index: float) -> None:
    """Carrier and sidebands above -40 dB have the amplitudes of the textbook within 0.1 dB."""
    amplitudes = lines(freq=2000.0, ratio=0.0625, index=index)
    for number in range(-12, 13):
        wanted = abs(jv(number, index))
        if wanted > 0.01:
            got = amplitudes[round(SECONDS * (2000.0 + 125.0 * number))]
            assert abs(level_db(got / wanted)) < 0.1, f"sideband {number}"


def test_what_falls_below_0_hz_comes_back() -> None:
    """At a ratio of 1 the n-th harmonic is the difference of two Bessel functions."""
    amplitudes = lines(freq=500.0, ratio=1.0, index=3.0)
    for harmonic in range(1, 8):
        wanted = abs(jv(harmonic - 1, 3.0) - (-1) ** (harmonic + 1) * jv(harmonic + 1, 3.0))
        got = amplitudes[round(SECONDS * 500.0 * harmonic)]
        assert abs(level_db(got / wanted)) < 0.1, f"harmonic {harmonic}"


@pytest.mark.parametrize("hz", [65.41, 261.63, 1046.5, 2093.0])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.41, 3.5, 7.3, 14.0])
@pytest.mark.parametrize("index", [0.7, 3.0, 20.0])
def test_aliases_are_60_db_below(hz: float, ratio: float, index: float) -> None:
    """Up to c7, whatever is no sideband below half the rate is 60 dB below the whole."""
    power = lines(freq=hz, ratio=ratio, index=index) ** 2
    bins = np.arange(len(power)) / SECONDS
    sidebands = hz + np.arange(-600, 601) * hz * ratio
    sidebands = np.abs(sidebands[np.abs(sidebands) < RATE_HZ / 2])
    place = np.searchsorted(np.sort(sidebands), bins)
    near = np.sort(np.concatenate([[-1e9], sidebands, [1e9]]))
    away = np.minimum(np.abs(bins - near[place]), np.abs(bins - near[place + 1]))
    assert 10 * np.log10(power[away > 2.5].sum() / power.sum()) < -60.0


@pytest.mark.parametrize("ratio", [1.0, 2.0, 3.5])
def test_the_index_is_whole_where_there_is_room(ratio: float) -> None:
    """At 110 Hz an index of 10 is not held back: the spectrum is that of the formula."""
    frames = RATE_HZ
    got = play("fm", frames, freq=110.0, ratio=ratio, index=10.0)["out"]
    time = np.arange(frames) / RATE_HZ
    bend = 10.0 * np.sin(2 * np.pi * 110.0 * ratio * time)
    assert np.abs(got - np.sin(2 * np.pi * 110.0 * time + bend)).max() < 2e-3


def test_feedback_makes_a_saw_of_the_modulator() -> None:
    """Without it the modulator is a sine; at 0.5 its harmonics are those of a saw within 2 dB."""
    pure = spectrum(play("fm", RATE_HZ, freq=100.0)["modulator"].astype(float))
    assert level_db(pure[200::100].max()) < -100.0
    wave = play("fm", RATE_HZ, freq=100.0, feedback=0.5)["modulator"].astype(float)
    got = spectrum(wave)[100:1001:100]
    for harmonic in range(2, 6):
        assert abs(level_db(got[harmonic - 1] / got[0] * harmonic)) < 2.0, f"harmonic {harmonic}"


def test_more_feedback_is_brighter_and_stays_in_bounds() -> None:
    """With each step of feedback more of the modulator is above 1 kHz; all is within -1 to 1."""
    shares = []
    for feedback in (0.0, 0.2, 0.4, 0.7, 1.0):
        wave = play("fm", RATE_HZ, freq=100.0, feedback=feedback)["modulator"].astype(float)
        assert np.abs(wave).max() <= 1.0 + 1e-6
        power = spectrum(wave) ** 2
        shares.append(power[1050:].sum() / power.sum())
    assert (np.diff(shares) > 0).all()


def test_pm_bends_the_carrier_in_radians() -> None:
    """A sine of 1.5 at `pm` makes the sidebands of an index of 1.5."""
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    pm = (1.5 * np.sin(2 * np.pi * 300.0 * time)).astype(np.float32)
    amplitudes = lines(freq=2000.0, index=0.0, pm=pm)
    for number in range(-4, 5):
        got = amplitudes[round(SECONDS * (2000.0 + 300.0 * number))]
        assert abs(level_db(got / abs(jv(number, 1.5)))) < 0.1, f"sideband {number}"


def test_ratio_and_fine_set_the_modulator() -> None:
    """The modulator is at `freq` times `ratio` plus `fine`, the carrier at `freq`."""
    got = play("fm", 2 * RATE_HZ, freq=220.0, ratio=3.5, fine=7.0, index=0.5)
    assert abs(cents(phase_slope_hz(got["modulator"].astype(float), 777.0), 777.0)) < 0.01
    assert abs(cents(phase_slope_hz(got["out"].astype(float), 220.0), 220.0)) < 0.01
