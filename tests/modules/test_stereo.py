"""What happens between left and right: pan, width and tremolo."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, level_db, play

RANDOM: Final = np.random.default_rng(31)
LEFT: Final = RANDOM.uniform(-1, 1, 9600).astype(np.float32)
RIGHT: Final = RANDOM.uniform(-1, 1, 9600).astype(np.float32)
BOTH: Final = {"in_left": LEFT, "in_right": RIGHT}


@pytest.mark.parametrize("position", [-1.0, -0.6, -0.1, 0.0, 0.3, 1.0])
def test_a_place_has_the_same_power_everywhere(position: float) -> None:
    """The gains lie on the law of equal power, within a hundredth of a decibel of its sum."""
    got = play("pan", 9600, in_left=1.0, in_right=1.0, position=position)
    left, right = float(got["out_left"][0]), float(got["out_right"][0])
    assert abs(left - np.sqrt(2) * np.sin((1 - position) * np.pi / 4)) < 1e-5
    assert abs(right - np.sqrt(2) * np.sin((1 + position) * np.pi / 4)) < 1e-5
    assert abs(level_db((left**2 + right**2) / 2)) < 0.01


def test_in_the_middle_nothing_is_touched() -> None:
    """A pan of 0, a width of 1 and a tremolo of no depth are wires, to the bit."""
    for name, port in (("pan", "position"), ("width", "mono"), ("tremolo", "depth")):
        got = play(name, 9600, **BOTH, **{port: 0.0})
        np.testing.assert_array_equal(got["out_left"], LEFT)
        np.testing.assert_array_equal(got["out_right"], RIGHT)


@pytest.mark.parametrize("width", [0.0, 0.5, 2.0])
def test_a_width_scales_the_side_and_leaves_the_middle(width: float) -> None:
    """The difference of both sides is `width` times what it was, their sum is what it was."""
    got = play("width", 9600, **BOTH, width=width)
    left, right = got["out_left"], got["out_right"]
    np.testing.assert_allclose(left - right, width * (LEFT - RIGHT), atol=1e-6)
    np.testing.assert_allclose(left + right, LEFT + RIGHT, atol=1e-6)
    np.testing.assert_allclose(got["mid"] + got["side"], left, atol=1e-6)
    if width == 0.0:
        np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize(("hz", "least", "most"), [(20.0, -22.0, -18.0), (200.0, -3.1, -2.9)])
def test_the_bass_is_mono(hz: float, least: float, most: float) -> None:
    """Below `mono` the side falls by 6 dB an octave: 3 dB at its corner, 20 dB a decade below."""
    tone = np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    got = play("width", RATE_HZ, in_left=tone, in_right=-tone, mono=200.0)
    assert least < level_db(got["out_left"][RATE_HZ // 2 :].std() / tone.std()) < most
    np.testing.assert_array_equal(got["out_left"], -got["out_right"])


@pytest.mark.parametrize("rate", [0.5, 5.0, 21.3])
@pytest.mark.parametrize("depth", [0.3, 1.0])
def test_a_tremolo_is_a_sine_on_the_level(rate: float, depth: float) -> None:
    """The level goes between 1 and 1 - depth on a sine of `rate`, the right behind by `spread`."""
    frames = 2 * RATE_HZ
    got = play("tremolo", frames, in_left=1.0, in_right=1.0, rate=rate, depth=depth, spread=0.25)
    turns = rate * np.arange(frames) / RATE_HZ
    for side, behind in (("out_left", 0.0), ("out_right", 0.25)):
        wave = np.sin(2 * np.pi * (turns - behind))
        assert np.abs(got[side] - (1 - depth * (1 - wave) / 2)).max() < 1e-3


def test_apart_it_is_an_auto_pan() -> None:
    """With a `spread` of 0.5 what one side loses the other gains: their sum stands still."""
    got = play("tremolo", RATE_HZ, in_left=1.0, in_right=1.0, depth=1.0, spread=0.5, shape=0.4)
    np.testing.assert_allclose(got["out_left"] + got["out_right"], 1.0, atol=1e-5)
    assert got["out_left"].min() < 1e-3
    assert got["out_left"].max() > 0.999


def test_a_chopper_is_square_but_for_its_edges() -> None:
    """At shape 1 the level is nearly 1 or 0 for 80 % of the time, with no step above a click's."""
    level = play("tremolo", RATE_HZ, in_left=1.0, rate=4.0, depth=1.0, shape=1.0)["out_left"]
    assert np.mean((level > 0.95) | (level < 0.05)) > 0.8
    assert np.abs(np.diff(level)).max() < 0.01
