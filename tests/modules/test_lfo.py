"""What the low-frequency oscillator must do."""

from __future__ import annotations

import numpy as np
import pytest

from .driver import RATE_HZ, Player, play

SINE, TRIANGLE, SQUARE, RAMP, RANDOM = (float(index) for index in range(5))


@pytest.mark.parametrize("rate", [0.5, 2.0, 7.3, 100.0])
def test_the_rate_is_exact(rate: float) -> None:
    """After any number of cycles the ramp falls where it must, to the sample."""
    wave = play("lfo", 40 * RATE_HZ, rate=rate, shape=RAMP)["out"]
    falls = np.flatnonzero(np.diff(wave) < -1.0) + 1
    wanted = np.arange(1, len(falls) + 1) * RATE_HZ / float(np.float32(rate))
    assert len(falls) >= 19
    assert np.abs(falls - wanted).max() <= 1.1


def test_the_slowest_rate_keeps_its_time() -> None:
    """At 0.01 Hz a quarter of a cycle takes 25 s, to a few samples."""
    wave = play("lfo", 26 * RATE_HZ, rate=0.01, shape=SQUARE, phase=0.25)["out"]
    assert abs(np.flatnonzero(wave < 0)[0] - 25 * RATE_HZ) < 3


def test_shapes_are_what_they_are_called() -> None:
    """A cycle of each shape lies on the curve of its name, from -1 to 1."""
    cycle = np.arange(RATE_HZ) / RATE_HZ
    curves = {
        SINE: np.sin(2 * np.pi * cycle),
        TRIANGLE: 1 - 4 * np.abs((cycle + 0.25) % 1.0 - 0.5),
        SQUARE: np.where(cycle < 0.5, 1.0, -1.0),
        RAMP: 2 * cycle - 1,
    }
    for shape, curve in curves.items():
        got = play("lfo", RATE_HZ, rate=1.0, shape=shape)["out"]
        wrong = np.abs(got - curve) > 1e-4
        assert wrong.sum() <= 2, shape


def test_phase_shifts_the_wave() -> None:
    """A quarter ahead, a sine starts at its top, at once and for ever."""
    got = play("lfo", RATE_HZ, rate=1.0, phase=0.25)["out"]
    cosine = np.cos(2 * np.pi * np.arange(RATE_HZ) / RATE_HZ)
    np.testing.assert_allclose(got, cosine, atol=1e-4)


@pytest.mark.parametrize("shape", range(5))
def test_uni_is_the_wave_from_0_to_1(shape: int) -> None:
    """`uni` is half of `out` plus a half."""
    heard = play("lfo", RATE_HZ, rate=9.0, shape=float(shape))
    np.testing.assert_array_equal(heard["uni"], 0.5 * heard["out"] + np.float32(0.5))
    assert heard["uni"].min() >= 0.0
    assert heard["uni"].max() <= 1.0


def test_random_holds_a_new_value_each_cycle() -> None:
    """A hundred cycles hold a hundred values, all different, spread over -1..1."""
    wave = play("lfo", RATE_HZ, rate=100.0, shape=RANDOM)["out"]
    values = wave.reshape(100, 480)[:, 240]
    assert len(set(values)) == 100
    assert values.min() < -0.8
    assert values.max() > 0.8
    assert 98 <= np.count_nonzero(np.diff(wave)) <= 100


def test_random_is_repeatable_and_differs_between_seeds() -> None:
    """The same seed gives the same row, another seed another."""

    def row(seed: int) -> np.ndarray:
        return Player("lfo", seed=seed).play(RATE_HZ, rate=50.0, shape=RANDOM)["out"]

    np.testing.assert_array_equal(row(1234), row(1234))
    assert np.abs(row(1234) - row(4321)).max() > 0.5


FALL, SMOOTH, ONCE = 5.0, 6.0, 1.0


def test_fall_is_the_ramp_turned_over() -> None:
    """`fall` goes down where `ramp` goes up, to the bit."""
    ramp = play("lfo", RATE_HZ, rate=3.0, shape=RAMP)["out"]
    np.testing.assert_array_equal(play("lfo", RATE_HZ, rate=3.0, shape=FALL)["out"], -ramp)


@pytest.mark.parametrize("width", [0.01, 0.2, 0.5, 0.9])
def test_a_square_is_high_for_its_width(width: float) -> None:
    """The share of the cycle that is high, at its start, is `width`."""
    wave = play("lfo", RATE_HZ, rate=1.0, shape=SQUARE, width=width)["out"]
    assert abs(np.count_nonzero(wave > 0) / RATE_HZ - width) < 1e-4
    assert wave[1] == 1.0
    assert wave[-1] == -1.0


def test_smooth_goes_from_value_to_value_without_a_jump() -> None:
    """It passes those values that `random` holds, flat there, and monotone between them."""
    held = play("lfo", RATE_HZ, rate=100.0, shape=RANDOM)["out"].reshape(100, 480)[:, 240]
    wave = play("lfo", RATE_HZ, rate=100.0, shape=SMOOTH)["out"].astype(float)
    np.testing.assert_allclose(wave[479::480][:99], held[1:], atol=1e-3)
    assert np.abs(np.diff(wave)).max() < 1.5 * 2 / 480 + 1e-6
    for k in range(1, 99):
        ways = np.diff(wave[480 * k + 1 : 480 * k + 480])
        assert (ways * np.sign(held[k + 1] - held[k]) >= -1e-6).all()


def test_a_gate_begins_a_cycle() -> None:
    """Where a gate opens the wave is at its start, to the sample, and goes on from there."""
    gate = np.zeros(RATE_HZ, np.float32)
    gate[12_345:15_000] = 1.0
    wave = play("lfo", RATE_HZ, rate=3.3, shape=RAMP, gate=gate)["out"]
    plain = play("lfo", RATE_HZ, rate=3.3, shape=RAMP)["out"]
    np.testing.assert_array_equal(wave[:12_345], plain[:12_345])
    np.testing.assert_array_equal(wave[12_345:], plain[: RATE_HZ - 12_345])


@pytest.mark.parametrize("shape", [SINE, TRIANGLE, SQUARE, RAMP, FALL])
def test_once_is_one_cycle_for_each_gate(shape: float) -> None:
    """The wave rests at its end until a gate opens, and again after one cycle; `phase` moves it."""
    gate = np.zeros(RATE_HZ, np.float32)
    gate[4800:4900] = gate[30_000:31_000] = 1.0
    wave = play("lfo", RATE_HZ, rate=5.0, shape=shape, gate=gate, mode=ONCE)["out"]
    cycle = play("lfo", 9600, rate=5.0, shape=shape)["out"]
    end = cycle[-1]
    for start in (4800, 30_000):
        np.testing.assert_array_equal(wave[start : start + 9600], cycle)
    for rest in (wave[:4800], wave[14_401:30_000], wave[39_601:]):
        assert np.abs(rest - end).max() < 1e-3
        assert len(set(rest)) == 1
