"""What the formant filter must make of a sound."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, play

# The bass of Csound's table of formants: Hz, dB and bandwidth of each of five peaks.
VOWELS: Final = {
    "a": ((600, 0, 60), (1040, -7, 70), (2250, -9, 110), (2450, -9, 120), (2750, -20, 130)),
    "e": ((400, 0, 40), (1620, -12, 80), (2400, -9, 100), (2800, -12, 120), (3100, -18, 120)),
    "i": ((250, 0, 60), (1750, -30, 90), (2600, -16, 100), (3050, -22, 120), (3340, -28, 120)),
    "o": ((400, 0, 40), (750, -11, 80), (2400, -21, 100), (2600, -20, 120), (2900, -40, 120)),
    "u": ((350, 0, 40), (600, -20, 80), (2400, -32, 100), (2675, -28, 120), (2950, -36, 120)),
}


def response(**signals: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and gains, from what a single click becomes."""
    click = np.zeros(RATE_HZ, np.float32)
    click[0] = 1.0
    gains = np.abs(np.fft.rfft(play("formant", RATE_HZ, in_=click, **signals)["out"].astype(float)))
    return np.arange(len(gains)).astype(float), gains


def wanted(hz: np.ndarray, peaks: np.ndarray, ratio: float = 1.0, width: float = 1.0) -> np.ndarray:
    """The gains of five bandpasses side by side, each bent as a bilinear filter is."""
    total = np.zeros(len(hz), complex)
    bent = np.tan(np.pi * hz / RATE_HZ)
    for n, (at, level_db, bandwidth) in enumerate(peaks):
        s = 1j * bent / np.tan(np.pi * at * ratio / RATE_HZ)
        k = width * bandwidth / at
        total += (-1) ** n * 2 * 10 ** (level_db / 20) * k * s / (1 + k * s + s * s)
    return np.abs(total)


@pytest.mark.parametrize("vowel", range(5))
@pytest.mark.parametrize(("shift", "width"), [(0.0, 1.0), (7.0, 1.0), (-12.0, 3.0)])
def test_each_vowel_has_the_peaks_of_its_table(vowel: int, shift: float, width: float) -> None:
    """From 50 Hz to 8 kHz the response is that of the five peaks within 0.1 dB."""
    hz, gains = response(vowel=float(vowel), shift=shift, width=width)
    inside = (hz > 50) & (hz < 8000)
    peaks = np.array(list(VOWELS.values())[vowel], float)
    theory = wanted(hz[inside], peaks, 2 ** (shift / 12), width)
    assert np.abs(20 * np.log10(gains[inside] / theory)).max() < 0.1


def test_between_two_vowels_the_peaks_lie_between() -> None:
    """Half way from a to e each peak is half way in frequency, level and bandwidth."""
    hz, gains = response(vowel=0.5)
    inside = (hz > 50) & (hz < 8000)
    peaks = (np.array(VOWELS["a"], float) + np.array(VOWELS["e"], float)) / 2
    assert np.abs(20 * np.log10(gains[inside] / wanted(hz[inside], peaks))).max() < 0.15


def test_vowels_are_told_apart() -> None:
    """The two loudest peaks of a, i and u are where a voice has them."""
    for vowel, (low, high) in {0.0: (600, 1040), 1.0: (400, 1620), 3.0: (400, 750)}.items():
        _, gains = response(vowel=vowel)
        for hz in (low, high):
            around = gains[hz - 80 : hz + 81]
            assert abs(int(np.argmax(around)) - 80) < 25


def test_mix_leaves_the_sound() -> None:
    """With nothing mixed in the sound is untouched, to the bit."""
    noise = np.random.default_rng(3).uniform(-1, 1, 4800).astype(np.float32)
    np.testing.assert_array_equal(play("formant", 4800, in_=noise, mix=0.0)["out"], noise)
