"""Distortion: curves that bend a sound, without the aliases that bending makes."""

from __future__ import annotations

from chronus.dsp.approx import exp2, steady, tan_numerator
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module
from chronus.dsp.oversampling import (
    four_of_two,
    half_as_many,
    half_band,
    twice_as_many,
    two_of_four,
)
from chronus.modules.curves import bend_four, held


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
def darken(x: float, dull: float, open_to: float) -> tuple[float, float]:
    """A one-pole lowpass: what comes out, and its next state."""
    step = open_to * (x - dull)
    dark = dull + step
    return dark, dark + step


@helper
def darken_four(
    w: float,
    x: float,
    y: float,
    z: float,
    drift: float,
    dull: float,
    level: float,
    open_to: float,
) -> tuple[float, float, float, float, float]:
    """Four samples at their level and without their drift, through that lowpass; its next state."""
    w, dull = darken(level * w - drift, dull, open_to)
    x, dull = darken(level * x - drift, dull, open_to)
    y, dull = darken(level * y - drift, dull, open_to)
    z, dull = darken(level * z - drift, dull, open_to)
    return w, x, y, z, dull


@module(
    doc="Distortion (overdrive) in stereo: five curves and a tone control, with little aliasing.",
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
    example="load saw as low freq=82.4; load saw as high freq=123.6; load adsr; load distortion "
    "level=-6db; patch low, high > adsr > distortion; set distortion.drive 0.8 distortion.type "
    "tube; sequence adsr: x.x. xxx.",
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
    left_w, left_x, left_y, left_z, left_dull = darken_four(
        left_w, left_x, left_y, left_z, left_drift, left_dull, level, open_to
    )
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
    right_w, right_x, right_y, right_z, right_dull = darken_four(
        right_w, right_x, right_y, right_z, right_drift, right_dull, level, open_to
    )
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
