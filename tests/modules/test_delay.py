"""What the echo must do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from .driver import RATE_HZ, Player, play

SECOND = RATE_HZ


def click(frames: int) -> np.ndarray:
    wave = np.zeros(frames, np.float32)
    wave[0] = 1.0
    return wave


@pytest.mark.parametrize("ms", [1.0, 10.0, 250.0, 375.0, 4000.0])
def test_echoes_come_to_the_sample(ms: float) -> None:
    """With an open loop filter each echo peaks `time` after the one before, to the sample."""
    frames = -(-int(ms * 48 * 3 + 640) // 64) * 64
    heard = play(
        "delay", frames, in_left=click(frames), time=ms, feedback=0.5, mix=1.0, tone=20_000.0
    )["out_left"]
    first, second = int(ms * 48), int(ms * 96)
    assert int(np.argmax(np.abs(heard))) == first
    assert int(np.argmax(np.abs(heard[second - 20 : second + 20]))) == 20


def test_feedback_is_the_ratio_of_echoes() -> None:
    """Each echo of a low tone is `feedback` times the one before."""
    frames = 2 * SECOND
    time = np.arange(frames)
    burst = np.where(time < 4800, 0.5 * np.sin(time * 2 * np.pi * 200 / RATE_HZ), 0.0)
    heard = play(
        "delay",
        frames,
        in_left=burst.astype(np.float32),
        time=250.0,
        feedback=0.6,
        mix=1.0,
        tone=20_000.0,
    )["out_left"]
    levels = [np.sqrt(np.mean(heard[n * 12_000 : n * 12_000 + 4800] ** 2)) for n in (1, 2, 3, 4)]
    for before, after in pairwise(levels):
        assert abs(after / before - 0.6) < 0.01


def test_the_loop_darkens() -> None:
    """The corner of the loop's lowpass is at `tone`: 3 dB an echo."""
    frames = SECOND
    time = np.arange(frames)
    burst = np.where(time < 9600, 0.5 * np.sin(time * 2 * np.pi * 2000 / RATE_HZ), 0.0)
    heard = play(
        "delay",
        frames,
        in_left=burst.astype(np.float32),
        time=300.0,
        mix=1.0,
        feedback=0.5,
        tone=2000.0,
    )["out_left"]
    level = np.sqrt(2 * np.mean(heard[14_400 + 2400 : 14_400 + 7200] ** 2)) / 0.5
    assert abs(20 * np.log10(level) + 3.01) < 0.2


def test_left_and_right_keep_apart() -> None:
    """What comes in at the left is never heard at the right."""
    heard = play("delay", SECOND, in_left=click(SECOND), time=50.0, feedback=0.9)
    assert heard["out_left"].any()
    assert not heard["out_right"].any()


def test_mix_goes_from_dry_to_echoes() -> None:
    """At mix 0 the sound comes through untouched."""
    noise = np.random.default_rng(8).uniform(-1, 1, SECOND).astype(np.float32)
    heard = play("delay", SECOND, in_left=noise, in_right=-noise, mix=0.0)
    np.testing.assert_array_equal(heard["out_left"], noise)
    np.testing.assert_array_equal(heard["out_right"], -noise)


def test_moving_the_time_makes_no_clicks() -> None:
    """While `time` glides and wobbles, a low sine stays smooth: its echo only changes pitch."""
    frames = 4 * SECOND
    time = np.arange(frames)
    sine = (0.5 * np.sin(time * 2 * np.pi * 100 / RATE_HZ)).astype(np.float32)
    wobble = 300.0 + 5.0 * np.sin(time * 2 * np.pi * 3 / RATE_HZ) + 20.0 * time / frames
    heard = play(
        "delay",
        frames,
        in_left=sine,
        time=wobble.astype(np.float32),
        mix=1.0,
        feedback=0.0,
        tone=20_000.0,
    )["out_left"].astype(float)[SECOND:]
    # The second difference of a sine is its square frequency; a click of 0.001 would stand out.
    bend = np.abs(np.diff(heard, 2)).max()
    assert bend < 0.5 * (2 * np.pi * 100 * 1.3 / RATE_HZ) ** 2 + 2e-4


def test_full_feedback_never_runs_away() -> None:
    """With the highest feedback and a loud input the echo stays below 2.5, and dies afterwards."""
    noise = np.random.default_rng(9).uniform(-1, 1, 20 * SECOND).astype(np.float32)
    noise[5 * SECOND :] = 0.0
    heard = play("delay", len(noise), in_left=noise, time=20.0, feedback=0.98, mix=1.0)["out_left"]
    assert np.abs(heard).max() < 2.5
    assert np.abs(heard[-SECOND:]).max() < 0.01


def test_echoes_come_to_the_sample_at_other_rates() -> None:
    """At 44.1 kHz 100 ms are 4410 samples."""
    frames = 6400
    heard = Player("delay", rate_hz=44_100).play(
        frames, in_left=click(frames), time=100.0, mix=1.0, tone=20_000.0
    )["out_left"]
    assert int(np.argmax(np.abs(heard))) == 4410
