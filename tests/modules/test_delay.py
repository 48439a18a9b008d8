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


def test_ping_pong_goes_from_side_to_side() -> None:
    """At `pingpong` 1 a sound in the middle echoes at the left, then the right, then the left."""
    frames, time = SECOND // 64 * 64, 4800
    wave = click(frames)
    heard = play(
        "delay",
        frames,
        in_left=wave,
        in_right=wave,
        time=100.0,
        feedback=0.5,
        mix=1.0,
        tone=20_000.0,
        pingpong=1.0,
    )
    for number in range(1, 6):
        near = slice(number * time - 100, number * time + 100)
        here, there = ("left", "right") if number % 2 else ("right", "left")
        assert abs(int(np.argmax(np.abs(heard[f"out_{here}"][near]))) - 100) <= 2
        assert np.abs(heard[f"out_{there}"][near]).max() < 1e-9


def test_the_loop_thins() -> None:
    """The corner of the loop's highpass is at `lowcut`: 3 dB an echo, and no offset is left."""
    time = np.arange(SECOND)
    burst = np.where(time < 9600, 0.5 * np.sin(time * 2 * np.pi * 300 / RATE_HZ), 0.0)
    signals = {"time": 300.0, "mix": 1.0, "tone": 20_000.0, "lowcut": 300.0}
    heard = play("delay", SECOND, in_left=burst.astype(np.float32), **signals)["out_left"]
    level = np.sqrt(2 * np.mean(heard[14_400 + 2400 : 14_400 + 7200] ** 2)) / 0.5
    assert abs(20 * np.log10(level) + 3.01) < 0.2
    offset = np.full(4 * SECOND, 0.2, np.float32)
    heard = play("delay", 4 * SECOND, in_left=offset, feedback=0.9, **signals)["out_left"]
    assert abs(heard[-14_400:].mean()) < 1e-3


def test_the_time_sways_as_far_as_depth_says() -> None:
    """Echoes of clicks come earlier and later by `depth`, the right side's a quarter ahead."""
    frames, apart = 2 * SECOND, 960
    clicks = np.zeros(frames, np.float32)
    clicks[::apart] = 1.0
    signals = {"time": 50.0, "depth": 4.0, "rate": 1.0, "mix": 1.0, "feedback": 0.0}
    heard = play("delay", frames, in_left=clicks, in_right=clicks, tone=20_000.0, **signals)
    for side, ahead in (("left", 0.0), ("right", 0.25)):
        parts = np.abs(heard[f"out_{side}"].reshape(-1, apart)[5:])
        places = (parts * np.arange(apart)).sum(axis=1) / parts.sum(axis=1)
        at = (5 + np.arange(len(parts))) / 50 + places / RATE_HZ + ahead
        assert np.abs(places - 480 - 192 * np.sin(2 * np.pi * at)).max() < 2.0
