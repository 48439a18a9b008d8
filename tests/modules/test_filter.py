"""What the filter must do to a sound."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from chronus.modules.filter import two_over

from .driver import RATE_HZ, Player, level_db

OUTPUTS: Final = ("low", "high", "band", "notch")


def response(cutoff: float, resonance: float, output: str) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and gains of a response, from what a single click becomes."""
    click = np.zeros(4 * RATE_HZ, np.float32)
    click[0] = 1.0
    heard = Player("filter").play(len(click), in_=click, cutoff=cutoff, resonance=resonance)
    gains = np.abs(np.fft.rfft(heard[output].astype(float)))
    return np.arange(len(gains)) * RATE_HZ / len(click), gains


def at(hz: float, response: tuple[np.ndarray, np.ndarray]) -> float:
    return level_db(float(np.interp(hz, *response)))


@pytest.mark.parametrize("cutoff", [25.0, 100.0, 1000.0, 8000.0])
@pytest.mark.parametrize("output", ["low", "high"])
def test_the_corner_is_where_cutoff_says(cutoff: float, output: str) -> None:
    """Without resonance the response is 3 dB down within 1 % of `cutoff`."""
    hz, gains = response(cutoff, 0.0, output)
    inside = gains > 10 ** (-3.0103 / 20)
    corner = hz[inside].max() if output == "low" else hz[inside].min()
    assert abs(corner / cutoff - 1.0) < 0.01


@pytest.mark.parametrize("cutoff", [100.0, 300.0])
def test_slopes_are_12_db_an_octave(cutoff: float) -> None:
    """Three octaves from the corner each further octave takes 12 dB away."""
    low, high = response(cutoff, 0.0, "low"), response(cutoff, 0.0, "high")
    assert abs(at(8 * cutoff, low) - at(16 * cutoff, low) - 12.0) < 1.5
    assert abs(at(cutoff / 8, high) - at(cutoff / 16, high) - 12.0) < 0.3


@pytest.mark.parametrize("resonance", [0.0, 0.5, 0.9])
def test_the_band_peaks_at_one_and_the_notch_is_deep(resonance: float) -> None:
    """At the corner the band's gain is 1 within 0.1 dB and the notch takes 60 dB away."""
    assert abs(at(1000.0, response(1000.0, resonance, "band"))) < 0.1
    assert at(1000.0, response(1000.0, resonance, "notch")) < -60.0
    assert abs(at(100.0, response(1000.0, resonance, "notch"))) < 0.1


def test_resonance_lifts_the_corner() -> None:
    """The gain at the corner grows with `resonance`, from -3 dB to 37 dB at 1."""
    levels = [at(1000.0, response(1000.0, r, "low")) for r in (0.0, 0.25, 0.5, 0.75, 0.95)]
    assert levels == sorted(levels)
    assert abs(levels[0] + 3.01) < 0.1
    assert abs(levels[4] - 20 * np.log10(1 / (1.41421356 - 1.4 * 0.95))) < 0.3


@pytest.mark.parametrize("mode", range(4))
def test_out_is_the_response_that_mode_names(mode: int) -> None:
    """`out` carries low, high, band or notch."""
    noise = np.random.default_rng(3).uniform(-1, 1, 4096).astype(np.float32)
    heard = Player("filter").play(4096, in_=noise, mode=float(mode))
    np.testing.assert_array_equal(heard["out"], heard[OUTPUTS[mode]])


def test_the_low_and_the_high_and_the_band_make_the_whole() -> None:
    """Low, high and band add up to what comes in."""
    noise = np.random.default_rng(4).uniform(-1, 1, 4096).astype(np.float32)
    heard = Player("filter").play(4096, in_=noise, cutoff=700.0, resonance=0.8)
    np.testing.assert_allclose(heard["low"] + heard["high"] + heard["band"], noise, atol=2e-6)


@pytest.mark.parametrize("resonance", [0.0, 0.5, 1.0])
def test_it_is_stable_while_it_is_swept_at_audio_rate(resonance: float) -> None:
    """Whatever the cutoff does between 20 Hz and 20 kHz, the states never blow up, and die away.

    The gain of a resonance that is driven at its corner is at most 1 / damping, 71 at the edge.
    """
    frames = 2 * RATE_HZ
    random = np.random.default_rng(5)
    time = np.arange(frames)
    sound = random.uniform(-1, 1, frames).astype(np.float32)
    sound[frames // 2 :] = 0.0
    wanders = (
        20.0 * 1000.0 ** random.random(frames),
        20.0 * 1000.0 ** (0.5 + 0.5 * np.sin(time * 0.9)),
        np.where(time % 2 == 0, 20.0, 20_000.0),
        np.where(time % 7 < 3, 200.0, 20_000.0),
    )
    for cutoff in wanders:
        heard = Player("filter").play(
            frames, in_=sound, cutoff=cutoff.astype(np.float32), resonance=resonance
        )
        for output in OUTPUTS:
            assert np.abs(heard[output]).max() < 100.0
        assert np.abs(heard["low"][-RATE_HZ // 10 :]).max() < 1.0


def test_a_low_corner_loses_nothing() -> None:
    """At 20 Hz a steady input comes through the low response whole, within 1e-4."""
    heard = Player("filter").play(RATE_HZ, in_=0.5, cutoff=20.0, resonance=0.0)
    assert abs(heard["low"][-1] - 0.5) < 1e-4


def test_what_stands_for_a_division_is_near_it() -> None:
    """`two_over` errs by less than 3e-6 from 1/16 to 1/8, and by less than 1e-7 at 1/16."""
    x = np.linspace(1 / 16, 1 / 8, 10_001)
    wrong = np.abs(np.array([two_over(each) for each in x]) * x / 2.0 - 1.0)
    assert wrong.max() < 3e-6
    assert wrong[0] < 1e-7
