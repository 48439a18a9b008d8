"""What a chorus must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tests.support.sound import momentary_hz

from .driver import RATE_HZ, level_db, play

SECOND: Final = RATE_HZ


def sine(hz: float, seconds: int) -> np.ndarray:
    time = np.arange(seconds * SECOND) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def test_mix_0_is_the_dry_sound() -> None:
    """At mix 0 what comes in goes out, bit for bit."""
    tone = sine(440.0, 1)
    got = play("chorus", SECOND, in_left=tone, in_right=-tone, mix=0.0)
    np.testing.assert_array_equal(got["out_left"], tone)
    np.testing.assert_array_equal(got["out_right"], -tone)


def test_without_depth_two_echoes_a_side_stand_still() -> None:
    """At depth 0 a click comes back after `time` and after 1.31 times that, on its own side."""
    click = np.zeros(SECOND, np.float32)
    click[0] = 1.0
    got = play("chorus", SECOND, in_left=click, depth=0.0, time=10.0, mix=1.0)
    at = np.flatnonzero(np.abs(got["out_left"]) > 0.1)
    assert sorted({480, 629} & set(at.tolist())) == [480, 629]
    assert abs(got["out_left"][480] - 0.7071) < 1e-3
    assert not got["out_right"].any()


@pytest.mark.parametrize(("rate", "depth"), [(0.5, 3.0), (2.0, 1.0), (6.0, 0.3)])
def test_the_pitch_moves_as_far_as_depth_and_rate_say(rate: float, depth: float) -> None:
    """A tone is bent by 2 pi times `rate` times `depth` at most, and by more than half of that."""
    tone = sine(1000.0, 4)
    got = play("chorus", len(tone), in_left=tone, in_right=tone, rate=rate, depth=depth, mix=1.0)
    bent = 2 * np.pi * rate * 0.001 * depth
    spectrum = np.abs(np.fft.rfft(got["out_left"][SECOND:] * np.hanning(3 * SECOND)))
    bins = np.arange(len(spectrum)) / 3
    inside = np.abs(bins - 1000.0) <= 1000.0 * bent + 4 * rate
    assert (spectrum[~inside] ** 2).sum() < 1e-3 * (spectrum**2).sum()
    half = np.abs(bins - 1000.0) <= 500.0 * bent - 2 * rate
    assert (spectrum[half] ** 2).sum() < 0.9 * (spectrum**2).sum()


def test_the_sides_move_against_each_other() -> None:
    """Where the left is bent up, the right is bent down: wide, and in mono a steady pitch."""
    tone = sine(500.0, 4)
    signals = {"rate": 0.5, "depth": 2.0, "mix": 1.0, "time": 6.0}
    got = play("chorus", len(tone), in_left=tone, in_right=tone, **signals)
    wide = np.corrcoef(got["out_left"][SECOND:], got["out_right"][SECOND:])[0, 1]
    assert abs(wide) < 0.8
    left, right = (momentary_hz(got[side][SECOND:]) for side in ("out_left", "out_right"))
    smooth = np.ones(4800) / 4800
    bend = [np.convolve(np.clip(x, 400, 600) - 500.0, smooth, "valid") for x in (left, right)]
    assert np.corrcoef(*bend)[0, 1] < 0.0


def test_moving_makes_no_clicks() -> None:
    """At full depth a low sine stays smooth."""
    tone = sine(100.0, 4)
    got = play("chorus", len(tone), in_left=tone, in_right=tone, rate=1.0, depth=5.0, mix=1.0)
    late = got["out_left"][SECOND:].astype(float)
    assert np.abs(np.diff(late, 2)).max() < 0.75 * (2 * np.pi * 100 * 1.1 / RATE_HZ) ** 2 + 2e-4


def test_feedback_makes_a_flanger() -> None:
    """With a short time and much feedback there are peaks a few dB above and deep valleys."""
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, 8 * SECOND).astype(np.float32)
    signals = {"depth": 0.0, "time": 1.0, "feedback": 0.9, "mix": 1.0}
    got = play("chorus", len(noise), in_left=noise, in_right=noise, **signals)["out_left"]
    parts = np.abs(np.fft.rfft(got.reshape(-1, 4800) * np.hanning(4800), axis=1)) ** 2
    power = parts.mean(axis=0)
    peak, valley = power[100 * 3 - 3 : 100 * 3 + 4].mean(), power[350 - 3 : 350 + 4].mean()
    assert 10 * np.log10(peak / valley) > 15.0


def test_full_feedback_never_runs_away() -> None:
    """Loud noise into the highest feedback stays in bounds, and dies afterwards."""
    noise = np.random.default_rng(2).uniform(-1, 1, 10 * SECOND).astype(np.float32)
    noise[5 * SECOND :] = 0.0
    for feedback in (-0.95, 0.95):
        got = play("chorus", len(noise), in_left=noise, feedback=feedback, mix=1.0)["out_left"]
        assert np.abs(got).max() < 3.6
        assert level_db(np.abs(got[-SECOND:]).max()) < -60.0
