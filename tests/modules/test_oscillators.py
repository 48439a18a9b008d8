"""What the oscillators must sound like."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, Player, level_db, play

SECOND: Final = RATE_HZ
WAVES: Final = ("sine", "saw", "square", "triangle")


def phase_slope_hz(wave: np.ndarray, near_hz: float, rate_hz: int = RATE_HZ) -> float:
    """Frequency of the partial near a frequency, from how its phase walks through the wave.

    The wave is beaten down to 0 Hz and smoothed by a long window at its start and at its end; the
    difference of the two phases, which must be below half a turn, is spread over the time between.
    """
    time = np.arange(len(wave)) / rate_hz
    beaten = wave * np.exp(-2j * np.pi * near_hz * time)
    part = len(wave) // 3
    window = np.blackman(part)
    turn = np.angle(np.dot(beaten[-part:], window) / np.dot(beaten[:part], window))
    return near_hz + turn / (2 * np.pi) * rate_hz / (len(wave) - part)


def cents(hz: float, wanted_hz: float) -> float:
    return 1200.0 * np.log2(hz / wanted_hz)


def spectrum(wave: np.ndarray) -> np.ndarray:
    """Amplitude of each bin, a full-scale sine being 1; the window's skirts fall below -110 dB."""
    count = np.arange(len(wave)) / len(wave)
    window = sum(
        c * np.cos(2 * np.pi * k * count)
        for k, c in enumerate(
            (0.27105140, -0.43329794, 0.21812300, -0.06592545, 0.01081174, -0.00077658, 0.00001389)
        )
    )
    return np.abs(np.fft.rfft(wave * window)) * 2.0 / window.sum()


@pytest.mark.parametrize("name", WAVES)
@pytest.mark.parametrize("hz", [20.0, 55.0, 110.0, 440.0, 1234.5, 5000.0, 8000.0])
def test_pitch_is_right(name: str, hz: float) -> None:
    """From 20 to 8000 Hz the pitch is right within a twentieth of a cent."""
    wave = play(name, 2 * SECOND, freq=hz)["out"].astype(float)
    assert abs(cents(phase_slope_hz(wave, hz), hz)) < 0.05


@pytest.mark.parametrize("name", WAVES)
def test_pitch_does_not_drift(name: str) -> None:
    """Over a minute, 440 Hz is 440 Hz within a thousandth of a cent."""
    wave = play(name, 60 * SECOND, freq=440.0)["out"].astype(float)
    assert abs(cents(phase_slope_hz(wave, 440.0), 440.0)) < 0.001


@pytest.mark.parametrize("hz", [32.703, 110.0, 440.0, 1046.5, 2093.0, 3520.0, 5000.0])
@pytest.mark.parametrize(
    ("name", "width"),
    [("saw", None), ("square", 0.5), ("square", 0.3), ("triangle", None), ("sine", None)],
)
def test_aliases_are_60_db_below(name: str, width: float | None, hz: float) -> None:
    """Up to 5 kHz, whatever is not a partial is at least 60 dB below the fundamental."""
    signals = {} if width is None else {"width": width}
    wave = play(name, 4 * SECOND, freq=hz, **signals)["out"].astype(float)
    amplitudes = spectrum(wave)
    bins = np.arange(len(amplitudes)) * RATE_HZ / len(wave)
    partial = np.abs(bins / hz - np.round(bins / hz)) * hz < 4.0
    fundamental = amplitudes[np.abs(bins - hz) < 4.0].max()
    alias = amplitudes[~partial].max()
    assert level_db(alias / fundamental) < -60.0, f"{level_db(alias / fundamental):.1f} dB"


@pytest.mark.parametrize("hz", [7000.0, 11_000.0, 16_000.0, 20_000.0])
@pytest.mark.parametrize("name", ["saw", "square", "triangle"])
def test_aliases_of_very_high_pitches_are_60_db_below(name: str, hz: float) -> None:
    """Above 5 kHz too, what is not a partial is 60 dB below the fundamental."""
    wave = play(name, 4 * SECOND, freq=hz)["out"].astype(float)
    amplitudes = spectrum(wave)
    bins = np.arange(len(amplitudes)) * RATE_HZ / len(wave)
    partial = np.abs(bins / hz - np.round(bins / hz)) * hz < 4.0
    fundamental = amplitudes[np.abs(bins - hz) < 4.0].max()
    assert level_db(amplitudes[~partial].max() / fundamental) < -60.0


@pytest.mark.parametrize("hz", [55.0, 440.0, 2000.0])
@pytest.mark.parametrize(
    ("name", "amplitudes"),
    [
        ("sine", {1: 1.0}),
        ("saw", {n: 2 / (np.pi * n) for n in range(1, 6)}),
        ("square", {n: 4 / (np.pi * n) for n in (1, 3, 5)}),
        ("triangle", {n: 8 / (np.pi * n) ** 2 for n in (1, 3, 5)}),
    ],
)
def test_partials_are_those_of_the_wave(name: str, amplitudes: dict[int, float], hz: float) -> None:
    """The first partials have the strength of the ideal wave within 0.2 dB."""
    got = spectrum(play(name, 2 * SECOND, freq=hz)["out"].astype(float))
    for number, wanted in amplitudes.items():
        at = round(number * hz * 2)
        assert abs(level_db(got[at - 2 : at + 3].max() / wanted)) < 0.2, f"partial {number}"


@pytest.mark.parametrize("name", WAVES)
def test_there_is_no_offset(name: str) -> None:
    """Over whole cycles the mean is 0 within 0.001, up to 5 kHz."""
    for hz in (50.0, 480.0, 2000.0, 5000.0):
        wave = play(name, SECOND, freq=hz)["out"].astype(float)
        assert abs(wave.mean()) < 1e-3, hz


@pytest.mark.parametrize("width", [0.1, 0.3, 0.5, 0.8])
def test_a_square_has_the_offset_of_its_width(width: float) -> None:
    """A square is high for `width` of its cycle, and its mean is that of such a wave."""
    wave = play("square", SECOND, freq=100.0, width=width)["out"].astype(float)
    assert abs(wave.mean() - (2 * width - 1)) < 1e-3
    assert abs((wave > 0).mean() - width) < 0.01


@pytest.mark.parametrize("name", WAVES)
def test_waves_fill_their_range(name: str) -> None:
    """At 100 Hz the peaks are at -1 and 1 within a tenth, where a rounded edge rings."""
    wave = play(name, SECOND, freq=100.0)["out"]
    assert 0.99 < wave.max() < 1.1
    assert -1.1 < wave.min() < -0.99


def test_waves_start_as_they_say() -> None:
    """Sine, saw and triangle start at 0 and rise; a square is rising through 0."""
    for name in ("sine", "saw", "triangle"):
        wave = play(name, 64, freq=100.0)["out"]
        assert wave[0] == 0.0
        assert (np.diff(wave[:64]) > 0).all(), name
    square = play("square", 64, freq=100.0)["out"]
    assert abs(square[0]) < 1e-3
    assert square[6] > 0.9


def test_a_sine_is_pure() -> None:
    """No partial of a sine but the first is above -115 dB."""
    amplitudes = spectrum(play("sine", 4 * SECOND, freq=1000.0)["out"].astype(float))
    amplitudes[3990:4010] = 0.0
    assert level_db(amplitudes.max()) < -115.0


@pytest.mark.parametrize("name", WAVES)
def test_a_glide_has_no_steps(name: str) -> None:
    """While the pitch glides through the crossover to partials, the peaks stay near 1.

    A square that has only its fundamental left peaks at 4 / pi.
    """
    freq = np.geomspace(1500.0, 9000.0, SECOND).astype(np.float32)
    wave = Player(name).play(SECOND, freq=freq)["out"]
    assert np.abs(wave).max() < 1.28
