"""What a wavetable must sound like."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tests.support.sound import aliases_db

from .driver import RATE_HZ, level_db, play
from .test_oscillators import cents, phase_slope_hz, spectrum

SECOND: Final = RATE_HZ
SETS: Final = ("basic", "sync", "vowel", "metal", "organ")
WAVES: Final = np.linspace(0.0, 1.0, 5)


@pytest.mark.parametrize("hz", [27.5, 110.0, 440.0, 2093.0])
def test_pitch_is_right(hz: float) -> None:
    """From a0 to c7 the pitch is right within a twentieth of a cent."""
    wave = play("wavetable", 2 * SECOND, freq=hz, position=0.25)["out"].astype(float)
    assert abs(cents(phase_slope_hz(wave, hz), hz)) < 0.05


@pytest.mark.parametrize("hz", [65.61, 263.7, 1047.3, 2094.7])
@pytest.mark.parametrize("number", range(5), ids=SETS)
def test_aliases_are_60_db_below(number: int, hz: float) -> None:
    """Up to c7, of each wave what lies between the partials is, all together, 60 dB below."""
    for position in (*WAVES, 0.6):
        wave = play("wavetable", 2 * SECOND, freq=hz, table=number, position=position)["out"]
        assert aliases_db(wave[SECOND // 4 :], hz) < -60.0, position


@pytest.mark.parametrize("hz", [55.0, 440.0])
def test_the_basic_waves_have_their_partials(hz: float) -> None:
    """Of sine, triangle, saw and square the first partials stand to each other as they must."""
    for position, amplitudes in (
        (0.0, {1: 1.0, 2: 0.0, 3: 0.0}),
        (0.25, {1: 1.0, 2: 0.0, 3: 1 / 9, 5: 1 / 25}),
        (0.5, {n: 1 / n for n in range(1, 20)}),
        (0.75, {1: 1.0, 2: 0.0, 3: 1 / 3, 5: 1 / 5, 7: 1 / 7}),
    ):
        got = spectrum(play("wavetable", SECOND, freq=hz, position=position)["out"].astype(float))
        for number, wanted in amplitudes.items():
            at = round(number * hz)
            found = got[at - 2 : at + 3].max() / got[round(hz) - 2 : round(hz) + 3].max()
            assert abs(found - wanted) < 0.002, (position, number)


def test_brightness_does_not_jump_while_the_pitch_glides() -> None:
    """Over the borders of the levels, what lies up to 9.5 kHz is always that of a saw."""
    for hz in np.geomspace(40.0, 1200.0, 23):
        whole = round(hz)
        wave = play("wavetable", SECOND, freq=whole, position=0.5)["out"].astype(float)
        got = spectrum(wave)
        numbers = np.arange(1, int(9500 / whole) + 1)
        numbers = numbers[numbers <= 512 // 2]
        found = np.array([got[n * whole - 2 : n * whole + 3].max() for n in numbers])
        assert np.abs(20 * np.log10(found * numbers / found[0])).max() < 0.2, whole
    # A level is half a saw's partials: while one comes and goes nothing clicks.
    glide = play("wavetable", SECOND, freq=np.geomspace(90, 100, SECOND), position=0.0)["out"]
    assert np.abs(np.diff(glide.astype(float), 2)).max() < (2 * np.pi * 100 / RATE_HZ) ** 2 + 1e-5


def test_there_is_no_offset_and_the_range_is_filled() -> None:
    """Of each wave the mean is 0 within 0.001, and the peaks reach 0.9 to 1.05."""
    for number in range(5):
        for position in WAVES:
            wave = play("wavetable", SECOND, freq=50.0, table=number, position=position)["out"]
            assert abs(wave.astype(float).mean()) < 1e-3
            assert 0.9 < np.abs(wave).max() < 1.05, (number, position)


def test_position_morphs_from_wave_to_wave() -> None:
    """Half-way between two waves the mean of both is heard."""
    first, middle, last = (
        play("wavetable", 4800, freq=200.0, table=2, position=position)["out"]
        for position in (0.25, 0.375, 0.5)
    )
    assert np.abs(middle - 0.5 * (first + last)).max() < 1e-6
    assert level_db(np.abs(first - last).max()) > -6.0
