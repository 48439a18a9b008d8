"""The errors that the helpers of ticks state, measured in float32 in compiled kernels."""

from __future__ import annotations

import numpy as np

from chronus.dsp.approx import (
    arc_tangent,
    bipolar,
    cycles,
    db_gain,
    exp2,
    folded,
    log2,
    loop_limit,
    next_random,
    round_,
    sin_cycles,
    soft_clip,
    sqrt,
    tan_numerator,
    tanh,
    turned,
    wrapped,
)
from chronus.dsp.declaration import Family, Output, State, audio, module
from chronus.settings import BLOCK

from .driver import Player, level_db


def probe(*outputs: str, state: tuple[State, ...] = ()):  # type: ignore[no-untyped-def]
    return module(
        doc="Probe of helpers.",
        family=Family.EFFECT,
        inputs=(audio("x", "Their argument"),),
        outputs=tuple(Output(name, "What they give") for name in outputs),
        state=state,
        source="Test",
        example="",
    )


@probe(
    *(
        "rounded",
        "wrap",
        "fold",
        "sine",
        "tangent",
        "power",
        "gain",
        "soft",
        "loop",
        "hyper",
        "log",
    ),
)
def helpers(x: float, dt: float):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return (
        round_(x),
        wrapped(x),
        folded(x),
        sin_cycles(x),
        tan_numerator(x) / (0.25 - x * x),
        exp2(x),
        db_gain(x),
        soft_clip(x),
        loop_limit(x),
        tanh(x),
        log2(x),
    )


@probe("phase", "random", state=(State("place", dtype="i4"), State("seed", 1.0, "u4")))
def counters(place: int, seed: int, x: float, dt: float):  # type: ignore[no-untyped-def]  # noqa: ARG001
    phase = cycles(place)
    value = bipolar(seed)
    return turned(place, x), next_random(seed), phase, value


def measured(output: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The float32 arguments, as float64, and what a helper gives for them."""
    count = -(-len(x) // BLOCK) * BLOCK
    padded = np.pad(x.astype(np.float32), (0, count - len(x)), mode="edge")
    return padded.astype(float), Player(helpers).play(count, x=padded)[output].astype(float)


def test_a_sine_errs_by_less_than_8e_7() -> None:
    """sin_cycles is within 5e-7 of the sine, from -0.5 to 0.5 cycles."""
    x, got = measured("sine", np.linspace(-0.5, 0.5, 100_001))
    assert np.abs(got - np.sin(2 * np.pi * x)).max() < 5e-7


def test_a_tangent_errs_by_less_than_2e_6_of_itself() -> None:
    """tan_numerator over its pole is within 2e-6 of the tangent up to 0.45 of the rate."""
    x, got = measured("tangent", np.linspace(1e-5, 0.45, 100_001))
    assert np.abs(got / np.tan(np.pi * x) - 1.0).max() < 2e-6


def test_a_power_of_two_errs_by_less_than_2e_7_of_itself() -> None:
    """exp2 is within 2e-7 over its range, and exact at whole numbers."""
    x, got = measured("power", np.linspace(-126.0, 126.0, 100_001))
    assert np.abs(got / 2.0**x - 1.0).max() < 2e-7
    x, got = measured("power", np.arange(-126.0, 127.0))
    np.testing.assert_array_equal(got, 2.0**x)


def test_a_gain_errs_by_less_than_3e_5_db() -> None:
    """db_gain is within 3e-5 dB from -59.9 to 12 dB, exactly 1 at 0 dB, and 0 at -60 dB."""
    x, got = measured("gain", np.linspace(-59.9, 12.0, 10_001))
    assert np.abs(20 * np.log10(got) - x).max() < 3e-5
    assert measured("gain", np.array([0.0]))[1][0] == 1.0
    assert measured("gain", np.array([-60.0]))[1][0] == 0.0


def test_soft_clip_is_near_a_hyperbolic_tangent() -> None:
    """soft_clip errs by at most 0.024, has slope 1 at 0, and is held at 1 from 3 on."""
    x, got = measured("soft", np.linspace(-6.0, 6.0, 20_001))
    assert np.abs(got - np.tanh(x)).max() <= 0.024
    assert np.abs(got).max() <= 1.0 + 2e-7
    assert (got[x >= 3.0] == 1.0).all()
    x, got = measured("soft", np.array([1e-3]))
    assert abs(got[0] / x[0] - 1.0) < 1e-6


def test_a_hyperbolic_tangent_errs_by_less_than_1e_4() -> None:
    """Tanh is within 1e-4 everywhere, never above 1, never falls, and has slope 1 at 0."""
    x, got = measured("hyper", np.linspace(-20.0, 20.0, 200_001))
    assert np.abs(got - np.tanh(x)).max() < 1e-4
    assert np.abs(got).max() <= 1.0
    assert (np.diff(got) > -1e-6).all()
    x, got = measured("hyper", np.array([1e-3]))
    assert abs(got[0] / x[0] - 1.0) < 1e-6


def test_a_logarithm_errs_by_less_than_1e_6() -> None:
    """log2 is within 1e-6 where its value is small, and keeps a float's digits where it is not."""
    x, got = measured("log", np.geomspace(2.0**-24, 255.0, 200_001))
    wanted = np.log2(x)
    assert (np.abs(got - wanted) < 1e-6 + 1.2e-7 * np.abs(wanted)).all()
    x, got = measured("log", np.array([0.0, -1.0, 1e-12, 1e9]))
    np.testing.assert_allclose(got[:4], [-24.0, -24.0, -24.0, 8.0], atol=1e-3)


def test_loop_limit_is_the_identity_up_to_one_and_never_above_two() -> None:
    """loop_limit leaves -1..1 alone, bends without a step, and is held at 2."""
    x, got = measured("loop", np.linspace(-8.0, 8.0, 16_001))
    inside = np.abs(x) <= 1.0
    np.testing.assert_array_equal(got[inside], x[inside])
    assert np.abs(got).max() == 2.0
    assert np.abs(np.diff(got)).max() < 1.01e-3
    assert (np.diff(got) >= 0).all()


def test_rounding_wrapping_and_folding() -> None:
    """round_ gives whole numbers; phases come to -0.5..0.5, and fold onto a quarter."""
    x, got = measured("rounded", np.linspace(-1000.3, 1000.3, 10_001))
    np.testing.assert_array_equal(got, np.round(x))
    x, got = measured("wrap", np.linspace(0.0, 2.0, 10_001))
    np.testing.assert_allclose(np.exp(2j * np.pi * got), np.exp(2j * np.pi * x), atol=1e-6)
    assert got.min() >= -0.5
    assert got.max() <= 0.5
    x, got = measured("fold", np.linspace(-0.5, 0.5, 10_001))
    np.testing.assert_allclose(np.sin(2 * np.pi * got), np.sin(2 * np.pi * x), atol=1e-6)
    assert np.abs(got).max() <= 0.25


def test_turned_counts_cycles_without_loss() -> None:
    """A hundred thousand small steps end where a hundred thousand times the step does."""
    step = np.float32(0.0012345)
    frames = 1563 * BLOCK
    phase = Player(counters).play(frames, x=float(step))["phase"].astype(float)
    wanted = np.arange(frames) * (np.floor(float(step) * 2.0**32) / 2.0**32)
    error = (phase - wanted + 0.5) % 1.0 - 0.5
    assert np.abs(error).max() < 4e-8


def test_the_random_row_is_marsaglias() -> None:
    """next_random walks the xorshift row (13, 17, 5); its values are spread over -1..1."""
    frames = 1024 * BLOCK
    got = Player(counters).play(frames, x=0.0)["random"].astype(float)
    seed = 1
    for value in got[:200]:
        assert abs(value - (seed / 2**31 - 1.0)) < 1e-7
        seed ^= (seed << 13) & 0xFFFFFFFF
        seed ^= seed >> 17
        seed ^= (seed << 5) & 0xFFFFFFFF
    assert abs(got.mean()) < 0.01
    assert abs(got.std() - 3**-0.5) < 0.005
    assert level_db(np.abs(got).max()) > -0.01


@probe("angle", "root")
def angles(x: float, dt: float):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return arc_tangent(x), sqrt(x)


def test_the_arc_tangent_is_exact_to_3e_6_and_the_root_to_the_bit() -> None:
    """From 0 to a million the angle is right, and a root is the nearest float32."""
    x = np.concatenate([[0.0], np.geomspace(1e-9, 1e6, 63_999)]).astype(np.float32)
    got = Player(angles).play(len(x), x=x)
    assert np.abs(got["angle"] - np.arctan(x.astype(float))).max() < 3e-6
    np.testing.assert_array_equal(got["root"], np.sqrt(x))
