"""What a flanger must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, level_db, play

SECOND: Final = RATE_HZ


def click(frames: int) -> np.ndarray:
    wave = np.zeros(frames, np.float32)
    wave[0] = 1.0
    return wave


def test_mix_0_is_the_dry_sound() -> None:
    """At mix 0 what comes in goes out, bit for bit, and the sides keep apart."""
    noise = np.random.default_rng(1).uniform(-1, 1, SECOND).astype(np.float32)
    got = play("flanger", SECOND, in_left=noise, mix=0.0)
    np.testing.assert_array_equal(got["out_left"], noise)
    assert not got["out_right"].any()


@pytest.mark.parametrize("feedback", [0.0, 0.8, -0.8])
def test_a_comb_that_stands_has_its_notches_where_theory_has_them(feedback: float) -> None:
    """At depth 0 the response is that of an echo with feedback, within 0.1 dB."""
    frames, late = 1 << 16, 96
    got = play("flanger", frames, in_left=click(frames), time=2.0, depth=0.0, feedback=feedback)
    response = np.abs(np.fft.rfft(got["out_left"]))
    turn = np.exp(-2j * np.pi * np.arange(len(response)) / frames * late)
    wanted = np.abs(0.5 + 0.5 * turn / (1.0 - feedback * turn))
    heard = wanted > 0.01
    assert np.abs(20 * np.log10(response[heard] / wanted[heard])).max() < 0.1
    if feedback == 0.0:
        # The first notch lies at half a cycle of 2 ms.
        assert level_db(response[round(250 / RATE_HZ * frames)]) < -40.0


def test_the_comb_sweeps_as_far_as_depth_says() -> None:
    """The echo's time goes from `time` down to `time` less `depth` of it, in a cycle of `rate`."""
    frames = 2 * SECOND
    clicks = np.zeros(frames, np.float32)
    clicks[::480] = 1.0
    signals = {"time": 4.0, "depth": 0.75, "rate": 1.0, "mix": 1.0, "feedback": 0.0}
    for side, ahead in (("left", 0.0), ("right", 0.25)):
        got = play("flanger", frames, in_left=clicks, in_right=clicks, spread=0.25, **signals)
        parts = np.abs(got[f"out_{side}"].reshape(-1, 480))
        places = (parts * np.arange(480)).sum(axis=1) / parts.sum(axis=1)
        cycle = np.arange(len(parts)) / 100 + ahead
        wanted = 192 * (1.0 - 0.375 - 0.375 * np.sin(2 * np.pi * cycle))
        assert np.abs(places - wanted).max() < 2.0
        assert places.min() < 49.0
        assert places.max() > 191.0


def test_sweeping_makes_no_clicks() -> None:
    """While the comb sweeps, a low sine stays smooth."""
    tone = (0.5 * np.sin(2 * np.pi * 100 * np.arange(4 * SECOND) / RATE_HZ)).astype(np.float32)
    got = play("flanger", len(tone), in_left=tone, rate=1.0, depth=1.0, mix=1.0, feedback=0.0)
    late = got["out_left"][SECOND:].astype(float)
    assert np.abs(np.diff(late, 2)).max() < 0.75 * (2 * np.pi * 100 * 1.1 / RATE_HZ) ** 2 + 2e-4


def test_full_feedback_never_runs_away() -> None:
    """Loud noise into the highest feedback stays in bounds, and dies afterwards."""
    noise = np.random.default_rng(2).uniform(-1, 1, 4 * SECOND).astype(np.float32)
    noise[2 * SECOND :] = 0.0
    for feedback in (-0.95, 0.95):
        got = play("flanger", len(noise), in_left=noise, feedback=feedback, mix=1.0)["out_left"]
        assert np.abs(got).max() < 3.6
        assert level_db(np.abs(got[-SECOND // 4 :]).max()) < -60.0
