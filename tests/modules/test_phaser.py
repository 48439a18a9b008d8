"""What a phaser must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, level_db, play

SECOND: Final = RATE_HZ


def response(**signals: float) -> np.ndarray:
    """The magnitude at each Hz of a phaser that stands still."""
    click = np.zeros(SECOND, np.float32)
    click[0] = 1.0
    got = play("phaser", SECOND, in_left=click, depth=0.0, **signals)
    return np.abs(np.fft.rfft(got["out_left"]))


def chain(stages: int, centre: float) -> np.ndarray:
    """The response of the bare all-passes at each Hz, by the bilinear transform."""
    hz = np.arange(1 + SECOND // 2)
    bent = np.tan(np.pi * np.minimum(hz, SECOND // 2 - 1e-3) / RATE_HZ)
    corner = np.tan(np.pi * centre / RATE_HZ)
    return ((1 - 1j * bent / corner) / (1 + 1j * bent / corner)) ** stages


@pytest.mark.parametrize("stages", [2, 4, 6, 8])
@pytest.mark.parametrize("centre", [200.0, 2000.0])
def test_notches_lie_where_theory_has_them(stages: int, centre: float) -> None:
    """Without feedback the response is half the sound and half the chain, within 0.1 dB."""
    got = response(stages=stages, centre=centre, feedback=0.0)[10:20_000]
    wanted = np.abs(0.5 + 0.5 * chain(stages, centre))[10:20_000]
    heard = wanted > 0.02
    assert np.abs(20 * np.log10(got[heard] / wanted[heard])).max() < 0.1
    notches = (np.diff(np.sign(np.diff(wanted))) > 0).sum()
    assert notches == stages // 2
    assert level_db(got[~heard].max()) < -33.0


@pytest.mark.parametrize("feedback", [-0.8, 0.8])
def test_feedback_makes_peaks_as_theory_has_them(feedback: float) -> None:
    """What goes round a sample late sharpens the response as it must, within 0.1 dB."""
    got = response(stages=4, centre=1000.0, feedback=feedback)[10:20_000]
    turn = np.exp(-2j * np.pi * np.arange(1 + SECOND // 2) / RATE_HZ)
    passed = chain(4, 1000.0)
    wanted = np.abs(0.5 + 0.5 * passed / (1 - feedback * turn * passed))[10:20_000]
    heard = wanted > 0.02
    assert np.abs(20 * np.log10(got[heard] / wanted[heard])).max() < 0.1


def test_the_chain_alone_changes_no_level() -> None:
    """At mix 1 and without feedback all frequencies pass as they are; at mix 0, bit for bit."""
    assert np.abs(20 * np.log10(response(mix=1.0, feedback=0.0))).max() < 0.01
    noise = np.random.default_rng(1).uniform(-1, 1, SECOND).astype(np.float32)
    np.testing.assert_array_equal(play("phaser", SECOND, in_left=noise, mix=0.0)["out_left"], noise)


def test_the_notches_sweep_as_far_as_depth_says() -> None:
    """The notch of two stages goes an octave up and down from `centre` in a cycle of `rate`."""
    noise = np.random.default_rng(2).uniform(-1, 1, 64 * SECOND).astype(np.float32)
    signals = {"stages": 2.0, "depth": 12.0, "centre": 1000.0, "rate": 1.0, "feedback": 0.0}
    got = play("phaser", len(noise), in_left=noise, in_right=noise, spread=0.5, **signals)
    for side, turned in (("left", 1), ("right", -1)):
        cycles = got[f"out_{side}"].reshape(64, SECOND)
        for middle, octaves in ((12_000, turned), (36_000, -turned), (24_000, 0)):
            part = cycles[:, middle - 512 : middle + 512] * np.hanning(1024)
            power = (np.abs(np.fft.rfft(part, axis=1)) ** 2).mean(axis=0)
            lowest = power[2:100].argmin() + 2
            assert abs(lowest * RATE_HZ / 1024 - 1000.0 * 2.0**octaves) < 1.5 * RATE_HZ / 1024


def test_full_feedback_never_runs_away() -> None:
    """Loud noise into the highest feedback stays in bounds, and dies afterwards."""
    noise = np.random.default_rng(3).uniform(-1, 1, 2 * SECOND).astype(np.float32)
    noise[SECOND:] = 0.0
    for feedback in (-0.9, 0.9):
        got = play("phaser", len(noise), in_left=noise, feedback=feedback, mix=1.0)["out_left"]
        assert np.abs(got).max() < 8.0
        assert level_db(np.abs(got[-SECOND // 4 :]).max()) < -60.0
