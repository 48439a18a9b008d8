"""Distortion: curves that bend a sound, without the aliases that bending makes."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import exp2, f4, f8, steady, tan_numerator
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module
from chronus.dsp.oversampling import (
    four_of_two,
    half_as_many,
    half_band,
    twice_as_many,
    two_of_four,
)

ROUNDER: Final = 6755399441055744.0
"""1.5 * 2**52: adding it to a float64 leaves no bits behind the point."""


def channel(side: str) -> tuple[State, ...]:
    """The states of one channel, each name behind that of its side."""
    return (
        *half_band(f"{side}_up"),
        *(State(f"{side}_fast{i}") for i in (1, 2, 3)),
        *(State(f"{side}_{name}") for name in ("last", "rest", "dull", "still")),
        *(State(f"{side}_slow{i}") for i in (1, 2, 3)),
        *half_band(f"{side}_down"),
        State(f"{side}_top"),
    )


@helper
def corner(x: float, top: float, knee: float) -> tuple[float, float, float]:
    """What a curve that is held at `top` takes from x, and its first two integrals, in float64.

    Nothing up to `top - knee`, a parabola up to `top + knee`, and all of the rest from there on.
    """
    inside = min(max(x - (top - knee), f8(0.0)), knee + knee)
    over = max(x - (top + knee), f8(0.0))
    bend = inside * inside / (f8(4.0) * knee)
    once = bend * inside * f8(0.33333333333333333) + (knee + f8(0.5) * over) * over
    twice = bend * inside * inside * f8(0.083333333333333333)
    rest = f8(0.66666666666666667) * knee * knee
    rest = rest + (f8(0.5) * knee + f8(0.16666666666666667) * over) * over
    return bend + over, once, twice + rest * over


@helper
def folded_back(x: float) -> tuple[float, float, float]:
    """A curve that turns back at 1 and -1, and its first two integrals, in float64.

    Arcs of parabolas, a sine but for some 3 %, that first turn back at 2; x is 2 z. The mean of the
    first integral is 0, so that the second has the period too.
    """
    eighth = x * f8(0.125)
    z = f8(4.0) * (eighth - ((eighth + f8(ROUNDER)) - f8(ROUNDER)))
    size = abs(z)
    square = z * z
    once = square * (f8(2.0) - size * f8(0.66666666666666667)) - f8(1.3333333333333333)
    twice = (square * (f8(4.0) - size) * f8(0.33333333333333333) - f8(2.6666666666666667)) * z
    return z * (f8(2.0) - size), once, twice


@helper
def bent(
    driven: float, top: float, knee: float, bottom: float, under: float, fold: float
) -> tuple[float, float, float]:
    """A curve held at `top` and `-bottom`, and its first two integrals, in float64.

    Args:
        driven: where.
        top: what it reaches.
        knee: how far its bend goes to both sides, at most `top`.
        bottom: what it reaches below 0.
        under: its knee there.
        fold: 1 for the curve that folds in its place, else 0.
    """
    x = f8(driven)
    above, above_once, above_twice = corner(x, f8(top), f8(knee))
    below, below_once, below_twice = corner(-x, f8(bottom), f8(under))
    square = f8(0.5) * x * x
    once = square - above_once - below_once
    twice = f8(0.33333333333333333) * square * x - above_twice + below_twice
    arc, arc_once, arc_twice = folded_back(x)
    is_fold = fold > 0.5
    return (
        arc if is_fold else x - above + below,
        arc_once if is_fold else once,
        arc_twice if is_fold else twice,
    )


@helper
def held(x: float, top: float, knee: float) -> float:
    """The upper half of the curve alone, in float32."""
    inside = min(max(x - (top - knee), 0.0), knee + knee)
    return x - inside * inside / (4.0 * knee) - max(x - (top + knee), 0.0)


@helper
def bend_way(
    a: float,
    b: float,
    value_a: float,
    value_b: float,
    once_a: float,
    once_b: float,
    twice_a: float,
    twice_b: float,
) -> tuple[float, float]:
    """The curve on the way from a to b: weighted by what is left of the way, and by what is done.

    Both weights together are 1. Where a and b are too near to each other for a quotient, the curve
    between them is a line.
    """
    way = f8(b) - f8(a)
    is_far = abs(way) > f8(0.002)
    quotient = f8(1.0) / (way if is_far else f8(1.0))
    mean = (twice_b - twice_a) * quotient
    sixth = f8(0.16666666666666667)
    left = (mean - once_a) * quotient if is_far else (value_a + value_a + value_b) * sixth
    done = (once_b - mean) * quotient if is_far else (value_a + value_b + value_b) * sixth
    return f4(left), f4(done)


@helper
def bend_four(
    last: float,
    a: float,
    b: float,
    c: float,
    d: float,
    top: float,
    knee: float,
    bottom: float,
    under: float,
    fold: float,
) -> tuple[float, float, float, float, float]:
    """The curve on the way through five points, around each but the last, and what is left there.

    What the way to the first point gave is still to be added to the first.
    """
    p0, p1, p2 = bent(last, top, knee, bottom, under, fold)
    a0, a1, a2 = bent(a, top, knee, bottom, under, fold)
    b0, b1, b2 = bent(b, top, knee, bottom, under, fold)
    c0, c1, c2 = bent(c, top, knee, bottom, under, fold)
    d0, d1, d2 = bent(d, top, knee, bottom, under, fold)
    at_last, to_a = bend_way(last, a, p0, a0, p1, a1, p2, a2)
    from_a, to_b = bend_way(a, b, a0, b0, a1, b1, a2, b2)
    from_b, to_c = bend_way(b, c, b0, c0, b1, c1, b2, c2)
    from_c, rest = bend_way(c, d, c0, d0, c1, d1, c2, d2)
    return at_last, to_a + from_a, to_b + from_b, to_c + from_c, rest


@helper
def darken(x: float, dull: float, open_to: float) -> tuple[float, float]:
    """A one-pole lowpass: what comes out, and its next state."""
    step = open_to * (x - dull)
    dark = dull + step
    return dark, dark + step


@module(
    doc="Distortion in stereo: five curves and a tone control, with little aliasing.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is distorted", channels=2),
        Input("drive", "How hard: -6 to 22 dB into the curve", 0.5, 0.0, 1.0),
        Input(
            "type",
            "The curve: tube and asymmetric bend one side more, fold turns back",
            0.0,
            0.0,
            4.0,
            choices=("soft", "hard", "fold", "tube", "asymmetric"),
            ramp_s=0.0,
        ),
        Input(
            "tone",
            "Corner of a lowpass behind the curve",
            12_000.0,
            200.0,
            20_000.0,
            "hz",
            Curve.EXPONENTIAL,
        ),
        Input("mix", "0 only the sound, 1 only the distorted sound", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound with its distortion", channels=2),),
    state=(*channel("left"), *channel("right")),
    source="Bilbao, Esqueda, Parker, Välimäki, Antiderivative antialiasing for memoryless "
    "nonlinearities, IEEE SPL 24 (7), 2017: second order, in float64, at four times the rate. A "
    "sound at half of full scale keeps its level at any drive. The offset that an uneven curve "
    "adds is taken away below 8 Hz",
    example="load saw; load distortion; patch saw > distortion; "
    "set distortion.drive 0.7 distortion.type tube",
)
def distortion(
    left_up_e1: float,
    left_up_e2: float,
    left_up_e3: float,
    left_up_o1: float,
    left_up_o2: float,
    left_up_o3: float,
    left_fast1: float,
    left_fast2: float,
    left_fast3: float,
    left_last: float,
    left_rest: float,
    left_dull: float,
    left_still: float,
    left_slow1: float,
    left_slow2: float,
    left_slow3: float,
    left_down_e1: float,
    left_down_e2: float,
    left_down_e3: float,
    left_down_o1: float,
    left_down_o2: float,
    left_down_o3: float,
    left_top: float,
    right_up_e1: float,
    right_up_e2: float,
    right_up_e3: float,
    right_up_o1: float,
    right_up_o2: float,
    right_up_o3: float,
    right_fast1: float,
    right_fast2: float,
    right_fast3: float,
    right_last: float,
    right_rest: float,
    right_dull: float,
    right_still: float,
    right_slow1: float,
    right_slow2: float,
    right_slow3: float,
    right_down_e1: float,
    right_down_e2: float,
    right_down_e3: float,
    right_down_o1: float,
    right_down_o2: float,
    right_down_o3: float,
    right_top: float,
    in_left: float,
    in_right: float,
    drive: float,
    type: float,
    tone: float,
    mix: float,
    dt: float,
) -> tuple[float, ...]:
    gain = steady(0.5 * exp2(4.5849625 * drive))
    is_tube = type > 2.5 and type < 3.5
    is_uneven = type > 2.5
    # A soft curve has the widest knees that there can be, a hard one has next to none.
    knee = steady((0.05 if type > 0.5 and type < 1.5 else 1.0) if type < 3.5 else 0.4)
    bottom = steady((0.6 if is_tube else 0.35) if is_uneven else 1.0)
    under = steady((0.5 if is_tube else 0.3) if is_uneven else knee)
    fold = steady(1.0 if type > 1.5 and type < 2.5 else 0.0)
    half = 0.5 * gain
    level = steady(1.0 / (held(half, 1.0, knee) + held(half, bottom, under)))
    uneven = steady(1.0 if is_uneven else 0.0)
    x = min(0.25 * tone * dt, 0.12)
    n = tan_numerator(x)
    open_to = steady(n / (n + (0.25 - x * x)))
    slow = 50.0 * dt
    left_even, left_odd, left_up_e1, left_up_e2, left_up_e3, left_up_o1, left_up_o2, left_up_o3 = (
        twice_as_many(
            in_left, left_up_e1, left_up_e2, left_up_e3, left_up_o1, left_up_o2, left_up_o3
        )
    )
    left_a, left_b, left_c, left_d, left_fast1, left_fast2, left_fast3 = four_of_two(
        left_even, left_odd, left_fast1, left_fast2, left_fast3
    )
    left_w, left_x, left_y, left_z, left_next = bend_four(
        gain * left_last,
        gain * left_a,
        gain * left_b,
        gain * left_c,
        gain * left_d,
        1.0,
        knee,
        bottom,
        under,
        fold,
    )
    left_w = left_w + left_rest
    left_drift = uneven * left_still
    left_still = left_still + slow * (
        0.25 * level * ((left_w + left_x) + (left_y + left_z)) - left_still
    )
    left_w, left_dull = darken(level * left_w - left_drift, left_dull, open_to)
    left_x, left_dull = darken(level * left_x - left_drift, left_dull, open_to)
    left_y, left_dull = darken(level * left_y - left_drift, left_dull, open_to)
    left_z, left_dull = darken(level * left_z - left_drift, left_dull, open_to)
    left_w = left_last + mix * (left_w - left_last)
    left_x = left_a + mix * (left_x - left_a)
    left_y = left_b + mix * (left_y - left_b)
    left_z = left_c + mix * (left_z - left_c)
    left_even, left_odd, left_slow1, left_slow2, left_slow3 = two_of_four(
        left_w, left_x, left_y, left_z, left_slow1, left_slow2, left_slow3
    )
    (
        out_left,
        left_down_e1,
        left_down_e2,
        left_down_e3,
        left_down_o1,
        left_down_o2,
        left_down_o3,
        left_top,
    ) = half_as_many(
        left_even,
        left_odd,
        left_down_e1,
        left_down_e2,
        left_down_e3,
        left_down_o1,
        left_down_o2,
        left_down_o3,
        left_top,
    )
    (
        right_even,
        right_odd,
        right_up_e1,
        right_up_e2,
        right_up_e3,
        right_up_o1,
        right_up_o2,
        right_up_o3,
    ) = twice_as_many(
        in_right, right_up_e1, right_up_e2, right_up_e3, right_up_o1, right_up_o2, right_up_o3
    )
    right_a, right_b, right_c, right_d, right_fast1, right_fast2, right_fast3 = four_of_two(
        right_even, right_odd, right_fast1, right_fast2, right_fast3
    )
    right_w, right_x, right_y, right_z, right_next = bend_four(
        gain * right_last,
        gain * right_a,
        gain * right_b,
        gain * right_c,
        gain * right_d,
        1.0,
        knee,
        bottom,
        under,
        fold,
    )
    right_w = right_w + right_rest
    right_drift = uneven * right_still
    right_still = right_still + slow * (
        0.25 * level * ((right_w + right_x) + (right_y + right_z)) - right_still
    )
    right_w, right_dull = darken(level * right_w - right_drift, right_dull, open_to)
    right_x, right_dull = darken(level * right_x - right_drift, right_dull, open_to)
    right_y, right_dull = darken(level * right_y - right_drift, right_dull, open_to)
    right_z, right_dull = darken(level * right_z - right_drift, right_dull, open_to)
    right_w = right_last + mix * (right_w - right_last)
    right_x = right_a + mix * (right_x - right_a)
    right_y = right_b + mix * (right_y - right_b)
    right_z = right_c + mix * (right_z - right_c)
    right_even, right_odd, right_slow1, right_slow2, right_slow3 = two_of_four(
        right_w, right_x, right_y, right_z, right_slow1, right_slow2, right_slow3
    )
    (
        out_right,
        right_down_e1,
        right_down_e2,
        right_down_e3,
        right_down_o1,
        right_down_o2,
        right_down_o3,
        right_top,
    ) = half_as_many(
        right_even,
        right_odd,
        right_down_e1,
        right_down_e2,
        right_down_e3,
        right_down_o1,
        right_down_o2,
        right_down_o3,
        right_top,
    )
    return (
        left_up_e1,
        left_up_e2,
        left_up_e3,
        left_up_o1,
        left_up_o2,
        left_up_o3,
        left_fast1,
        left_fast2,
        left_fast3,
        left_d,
        left_next,
        left_dull,
        left_still,
        left_slow1,
        left_slow2,
        left_slow3,
        left_down_e1,
        left_down_e2,
        left_down_e3,
        left_down_o1,
        left_down_o2,
        left_down_o3,
        left_top,
        right_up_e1,
        right_up_e2,
        right_up_e3,
        right_up_o1,
        right_up_o2,
        right_up_o3,
        right_fast1,
        right_fast2,
        right_fast3,
        right_d,
        right_next,
        right_dull,
        right_still,
        right_slow1,
        right_slow2,
        right_slow3,
        right_down_e1,
        right_down_e2,
        right_down_e3,
        right_down_o1,
        right_down_o2,
        right_down_o3,
        right_top,
        out_left,
        out_right,
    )
