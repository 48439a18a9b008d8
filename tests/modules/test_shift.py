"""What a frequency shifter must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, level_db, play

SECOND: Final = RATE_HZ


def tone(*partials_hz: float) -> np.ndarray:
    time = np.arange(2 * SECOND) / RATE_HZ
    return sum(0.25 * np.sin(2 * np.pi * hz * time) for hz in partials_hz).astype(np.float32)


def lines(wave: np.ndarray) -> np.ndarray:
    """Amplitude at each Hz of the second second, a sine of 0.25 being 1."""
    window = np.blackman(SECOND)
    return np.abs(np.fft.rfft(wave[SECOND:] * window)) * 8.0 / window.sum()


@pytest.mark.parametrize("shift", [-150.0, 40.0, 1000.0])
def test_each_partial_is_moved_by_as_many_hz(shift: float) -> None:
    """Partials keep their level within 0.02 dB at their new places; the others lie 60 dB below."""
    places = np.array([220, 440, 3000, 12_000])
    got = play("shift", 2 * SECOND, in_left=tone(*places), shift=shift)
    for output, by in (("out", shift), ("down", -shift)):
        found = lines(got[f"{output}_left"])
        # A place below 0 Hz is heard above it.
        moved = np.abs(places + round(by))
        assert np.abs(20 * np.log10(found[moved])).max() < 0.02
        near = np.abs(np.arange(len(found))[:, None] - moved).min(axis=1) < 4
        assert level_db(found[~near].max()) < -60.0
        assert not got[f"{output}_right"].any()


@pytest.mark.parametrize("hz", [20.0, 25.0, 40.0, 100.0, 1000.0, 10_000.0, 20_000.0])
def test_what_goes_the_wrong_way_is_60_db_below(hz: float) -> None:
    """From 20 Hz to 20 kHz the image on the other side lies 60 dB below."""
    found = lines(play("shift", 2 * SECOND, in_left=tone(hz), shift=13.0)["out_left"])
    assert level_db(found[round(hz) + 13]) > -0.02
    assert level_db(found[abs(round(hz) - 13)]) < -60.0


def test_mix_0_is_the_dry_sound_and_0_hz_moves_nothing() -> None:
    """At mix 0 what comes in goes out, bit for bit; moved by 0 Hz, each partial stays."""
    noise = np.random.default_rng(1).uniform(-1, 1, SECOND).astype(np.float32)
    np.testing.assert_array_equal(play("shift", SECOND, in_left=noise, mix=0.0)["out_left"], noise)
    found = lines(play("shift", 2 * SECOND, in_left=tone(440.0), shift=0.0)["out_left"])
    assert abs(level_db(found[440])) < 0.02


def test_feedback_makes_a_stair() -> None:
    """What was moved is moved again, each step `feedback` times the one before."""
    found = lines(
        play("shift", 2 * SECOND, in_left=0.5 * tone(500.0), shift=100.0, feedback=0.5)["out_left"]
    )
    stair = found[[600, 700, 800, 900]]
    np.testing.assert_allclose(stair[1:] / stair[:-1], 0.5, rtol=0.02)


def test_full_feedback_never_runs_away() -> None:
    """Loud noise into the highest feedback stays in bounds, and dies afterwards."""
    noise = np.random.default_rng(3).uniform(-1, 1, 2 * SECOND).astype(np.float32)
    noise[SECOND:] = 0.0
    for shift in (-300.0, 3.0):
        got = play("shift", len(noise), in_left=noise, feedback=0.9, shift=shift)["out_left"]
        assert np.abs(got).max() < 8.0
        assert level_db(np.abs(got[-SECOND // 4 :]).max()) < -60.0
