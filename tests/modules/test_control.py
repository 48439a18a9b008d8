"""What the kinds that make and shape control values must do: slew, hold, walk, follower."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, Player, play, strokes

MS: Final = RATE_HZ // 1000
EXPONENTIAL: Final = 1.0


def jump(frames: int, at: int, size: float = 1.0) -> np.ndarray:
    """0, and `size` from frame `at` on."""
    return np.where(np.arange(frames) >= at, size, 0.0).astype(np.float32)


@pytest.mark.parametrize("time", [0.5, 20.0, 900.0])
def test_a_linear_slew_takes_its_time_up_and_down(time: float) -> None:
    """A way of 1 takes `rise` upwards and `fall` downwards, a straight line, to the sample."""
    frames = 2000 * MS
    got = play("slew", frames, in_=jump(frames, 64), rise=time, fall=1.0)["out"]
    line = np.clip((np.arange(frames) - 63) / (time * MS), 0.0, 1.0)
    np.testing.assert_allclose(got, line, atol=1e-6)
    got = play("slew", frames, in_=-jump(frames, 64, 0.5), rise=1.0, fall=time)["out"]
    np.testing.assert_allclose(got, -np.minimum(line, 0.5), atol=1e-6)


@pytest.mark.parametrize("time", [0.01, 0.08, 3.0, 20_000.0])
def test_an_exponential_slew_is_a_pole(time: float) -> None:
    """A step becomes 1 - exp(-t / time), for times of half a sample and of 20 s."""
    frames = 1000 * MS
    got = play("slew", frames, in_=jump(frames, 64), rise=time, shape=EXPONENTIAL)["out"]
    along = np.maximum(np.arange(frames) - 63, 0) / (time * MS)
    np.testing.assert_allclose(got, 1.0 - np.exp(-along), atol=3e-6)


@pytest.mark.parametrize("shape", [0.0, EXPONENTIAL])
def test_a_slew_without_time_is_a_wire(shape: float) -> None:
    """With 0 ms both ways what comes in goes out, Hertz as well as shares."""
    noise = np.random.default_rng(1).uniform(-1, 1, 4800).astype(np.float32)
    for size in (1.0, 5000.0):
        got = play("slew", 4800, in_=size * noise, rise=0.0, fall=0.0, shape=shape)["out"]
        np.testing.assert_allclose(got, size * noise, atol=2e-7 * size)


def test_hold_keeps_what_was_there_as_its_gate_opened() -> None:
    """Between two openings the value stays, to the bit, that of the frame of the first."""
    noise = np.random.default_rng(2).uniform(-1, 1, 9600).astype(np.float32)
    gate = strokes(9600, 1000, 3333, 7001)
    got = play("hold", 9600, in_=noise, gate=gate)["out"]
    assert not got[:1000].any()
    for start, end in ((1000, 3333), (3333, 7001), (7001, 9600)):
        np.testing.assert_array_equal(got[start:end], noise[start])


def test_track_follows_while_the_gate_is_open() -> None:
    """In the mode `track` an open gate is a wire, and what was last stays when it closes."""
    noise = np.random.default_rng(3).uniform(-1, 1, 9600).astype(np.float32)
    gate = strokes(9600, 1000, 5000)
    got = play("hold", 9600, in_=noise, gate=gate, mode=1.0)["out"]
    np.testing.assert_array_equal(got[gate > 0], noise[gate > 0])
    np.testing.assert_array_equal(got[1480:5000], noise[1479])


@pytest.fixture(scope="module")
def far() -> dict[str, np.ndarray]:
    """200 s of a walk that may go anywhere at each of its 100 steps a second."""
    return play("walk", 200 * RATE_HZ, rate=100.0, step=1.0)


def test_a_walk_takes_its_steps_in_time(far: dict[str, np.ndarray]) -> None:
    """At 100 Hz a new value comes every 480 samples."""
    changes = np.flatnonzero(np.diff(far["steps"])) + 1
    assert abs(len(changes) - 20_000) <= 2
    assert set(np.diff(changes)) <= {479, 480, 481}


def test_a_walk_that_may_go_anywhere_is_uniform(far: dict[str, np.ndarray]) -> None:
    """Its steps have the mean 0, the variance 1/3 of -1..1, and know nothing of each other."""
    steps = far["steps"][240::480].astype(float)
    assert abs(steps.mean()) < 0.02
    assert abs(steps.var() - 1 / 3) < 0.01
    assert abs(np.corrcoef(steps[1:], steps[:-1])[0, 1]) < 0.03
    assert np.abs(steps).max() <= 1.0


def test_a_walk_goes_no_farther_than_its_step_and_everywhere() -> None:
    """Steps are at most `step` of the range, evenly spread, and all of the range is reached."""
    steps = play("walk", 200 * RATE_HZ, rate=100.0, step=0.2)["steps"][240::480].astype(float)
    ways = np.diff(steps)
    assert np.abs(ways).max() <= 0.4 + 1e-6
    inside = ways[np.abs(steps[:-1]) < 0.6]
    assert abs(inside.std() / (0.4 / np.sqrt(3)) - 1.0) < 0.03
    counts, _ = np.histogram(steps, bins=4, range=(-1, 1))
    assert counts.min() > 0.2 * len(steps)


def test_a_walk_is_the_spline_of_its_steps(far: dict[str, np.ndarray]) -> None:
    """`out` lies on the cubic B-spline of `steps`: no jump, no corner, never out of its range."""
    out = far["out"].astype(float)[: 40 * 480]
    steps = far["steps"].astype(float)
    points = steps[240::480]
    t = np.arange(480) / 480.0
    base = np.array([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (t + t**2 - t**3) + 1, t**3])
    first = int(np.flatnonzero(np.diff(steps))[3]) + 1
    at = (first + 240) // 480
    for k in range(5):
        curve = points[at - 2 + k : at + 2 + k] @ base / 6
        part = out[first + 480 * k :][:480]
        assert np.abs(part - curve).max() < 0.01
    assert np.abs(np.diff(out, 2)).max() < 6 / 480**2 * 4
    assert np.abs(out).max() <= 1.0 + 1e-6
    np.testing.assert_array_equal(far["uni"], np.float32(0.5) * far["out"] + np.float32(0.5))


def test_a_walk_repeats_and_differs_between_seeds() -> None:
    """The same seed goes the same way, another one another; a step of 0 goes nowhere."""

    def way(seed: int, step: float = 0.5) -> np.ndarray:
        return Player("walk", seed=seed).play(RATE_HZ, rate=50.0, step=step)["out"]

    np.testing.assert_array_equal(way(5), way(5))
    assert np.abs(way(5) - way(6)).max() > 0.3
    assert not way(5, 0.0).any()


@pytest.mark.parametrize("hz", [220.0, 1000.0, 7777.0])
@pytest.mark.parametrize("size", [0.05, 0.8])
def test_a_follower_says_the_peak_of_a_tone(hz: float, size: float) -> None:
    """A tone above 200 Hz has one level, that of its peaks, within 1 %."""
    tone = size * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)
    got = play("follower", RATE_HZ, in_right=tone.astype(np.float32))["out"][RATE_HZ // 2 :]
    assert abs(got.max() / size - 1.0) < 0.01
    assert abs(got.min() / size - 1.0) < 0.01


@pytest.mark.parametrize(("attack", "release"), [(1.0, 20.0), (50.0, 1000.0)])
def test_a_follower_rises_and_falls_in_its_times(attack: float, release: float) -> None:
    """63 % of a rise are there after `attack`, 63 % of a fall after `release`, within 3 %.

    A fall begins as the peaks are let go, up to 5 ms later.
    """
    frames, on = 4000 * MS, 1000 * MS
    tone = np.where(np.arange(frames) < on, np.float32(0.5), np.float32(0.0))
    got = play("follower", frames, in_left=tone, attack=attack, release=release)["out"]
    rise = np.flatnonzero(got > 0.5 * (1 - np.exp(-1)))[0] / MS
    assert abs(rise - attack) < 0.03 * attack + 0.03
    fall = (np.flatnonzero(got > 0.5 * np.exp(-1))[-1] - on) / MS
    assert -0.03 * release < fall - release < 5.1 + 0.03 * release
    assert got[-1] < 0.06
