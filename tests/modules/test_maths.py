"""What the kinds of arithmetic and logic must compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from .driver import play

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM = np.random.default_rng(21)
ONE = RANDOM.uniform(-1, 1, 960).astype(np.float32)
OTHER = RANDOM.uniform(-1, 1, 960).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("add", np.add), ("mul", np.multiply), ("min", np.minimum), ("max", np.maximum)],
)
def test_two_values_become_one(
    name: str, wanted: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    """Each sample is the sum, product, lesser or greater of the two, to the bit."""
    np.testing.assert_array_equal(play(name, 960, in_=ONE, b=OTHER)["out"], wanted(ONE, OTHER))


def test_a_value_alone_is_left_as_it_is() -> None:
    """With nothing said of `b`, a sum and a product change nothing."""
    for name in ("add", "mul"):
        np.testing.assert_array_equal(play(name, 960, in_=ONE)["out"], ONE)


def test_abs_and_clip() -> None:
    """A size is without its sign, and a clipped value lies within its limits."""
    np.testing.assert_array_equal(play("abs", 960, in_=ONE)["out"], np.abs(ONE))
    got = play("clip", 960, in_=ONE, low=-0.25, high=0.5)["out"]
    np.testing.assert_array_equal(got, np.clip(ONE, -0.25, 0.5))
    assert (play("clip", 960, in_=ONE, low=1.0, high=-1.0)["out"] == -1.0).all()


def test_compare_opens_above_and_not_is_its_opposite() -> None:
    """`out` is 1 exactly where the one is above the other, `not` everywhere else."""
    heard = play("compare", 960, in_=ONE, b=OTHER)
    np.testing.assert_array_equal(heard["out"], ONE > OTHER)
    np.testing.assert_array_equal(heard["not"], ONE <= OTHER)


def test_hysteresis_keeps_a_noisy_value_from_chattering() -> None:
    """A slow rise and fall under noise opens once and closes once, each at its own limit."""
    frames = 9600
    clean = np.sin(np.pi * np.arange(frames) / frames)
    noisy = (clean + 0.04 * RANDOM.uniform(-1, 1, frames)).astype(np.float32)
    bare = play("compare", frames, in_=noisy, b=0.5)["out"]
    calm = play("compare", frames, in_=noisy, b=0.5, hysteresis=0.1)["out"]
    assert np.count_nonzero(np.diff(bare)) > 10
    opened, closed = np.flatnonzero(np.diff(calm))
    assert abs(clean[opened] - 0.5) < 0.05
    assert abs(clean[closed] - 0.4) < 0.05


def test_gates_are_joined_by_logic() -> None:
    """Of gates `min` is and, `max` is or, and `compare.not` is not."""
    a = (ONE > 0).astype(np.float32)
    b = (OTHER > 0).astype(np.float32)
    np.testing.assert_array_equal(play("min", 960, in_=a, b=b)["out"] > 0.5, (a > 0) & (b > 0))
    np.testing.assert_array_equal(play("max", 960, in_=a, b=b)["out"] > 0.5, (a > 0) | (b > 0))
    np.testing.assert_array_equal(play("compare", 960, in_=a)["not"] > 0.5, a == 0)
