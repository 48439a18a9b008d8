"""The phaser: a chain of eight all-passes a side, whose notches sweep together."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import (
    clip,
    cycles,
    exp2,
    i4,
    loop_limit,
    sin_cycles,
    steady,
    tan_numerator,
    turning,
    wrapped,
)
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module

EVEN: Final = Curve.EXPONENTIAL
SIDES: Final = ("left", "right")


@helper
def lag(hz: float, dt: float) -> float:
    """Of a one-pole lowpass: the share of a new sample that it takes at once.

    Args:
        hz: its corner, held between 10 Hz and 0.45 of the rate.
        dt: seconds a sample.
    """
    x = clip(hz * dt, 10.0 * dt, 0.45)
    n = tan_numerator(x)
    return n / (n + (0.25 - x * x))


@helper
def two_passed(x: float, first: float, second: float, share: float) -> tuple[float, float, float]:
    """What two all-passes of first order in a row make of a sample, and their next states.

    Each is twice a lowpass less what comes in: in phase far below the corner, turned over far
    above it, a quarter behind at it.
    """
    step = share * (x - first)
    low = first + step
    y = 2.0 * low - x
    step_on = share * (y - second)
    low_on = second + step_on
    return 2.0 * low_on - y, low + step, low_on + step_on


@helper
def tapped(x2: float, x4: float, x6: float, x8: float, stages: float) -> float:
    """The chain's output behind so many stages, 2..8; between two taps a mixture of them."""
    low = x2 + clip(0.5 * stages - 1.0, 0.0, 1.0) * (x4 - x2)
    middle = low + clip(0.5 * stages - 2.0, 0.0, 1.0) * (x6 - low)
    return middle + clip(0.5 * stages - 3.0, 0.0, 1.0) * (x8 - middle)


@module(
    doc="Stereo phaser: notches that sweep, one for each two of its stages.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What the notches sweep through", channels=2),
        Input("rate", "Cycles a second of the sweep", 0.3, 0.02, 10.0, "hz", EVEN),
        Input("depth", "How far it sweeps either way", 18.0, 0.0, 48.0, "st"),
        Input("centre", "Around which the notches lie", 800.0, 50.0, 10_000.0, "hz", EVEN),
        Input("feedback", "How much goes round again, or turned over", 0.4, -0.9, 0.9),
        Input("stages", "All-passes: two make one notch", 6.0, 2.0, 8.0),
        Input("spread", "By how much of a cycle the right side is ahead", 0.25, 0.0, 0.5),
        Input("mix", "0 only the sound, 0.5 the deepest notches, 1 only the chain", 0.5, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound with its notches", channels=2),),
    state=(
        State("turn", dtype="i4"),
        *(State(f"{side}{stage}") for side in SIDES for stage in range(1, 9)),
        State("back_left"),
        State("back_right"),
    ),
    source="Smith, Physical Audio Signal Processing, section Phasing with first-order allpass "
    "filters; each as in Zavalishin, The Art of VA Filter Design 2.1.2, section 10. What goes "
    "round is a sample late, and bent above full scale only",
    example="load supersaw freq=110; load phaser feedback=0.7 rate=0.5; patch supersaw > phaser",
)
def phaser(
    turn: int,
    left1: float,
    left2: float,
    left3: float,
    left4: float,
    left5: float,
    left6: float,
    left7: float,
    left8: float,
    right1: float,
    right2: float,
    right3: float,
    right4: float,
    right5: float,
    right6: float,
    right7: float,
    right8: float,
    back_left: float,
    back_right: float,
    in_left: float,
    in_right: float,
    rate: float,
    depth: float,
    centre: float,
    feedback: float,
    stages: float,
    spread: float,
    mix: float,
    dt: float,
) -> tuple[float, ...]:
    step = steady(turning(rate * dt))
    phase = cycles(turn)
    octaves = 0.0833333333 * depth
    share_left = lag(centre * exp2(octaves * sin_cycles(phase)), dt)
    share_right = lag(centre * exp2(octaves * sin_cycles(wrapped(phase + spread))), dt)
    left_in = loop_limit(in_left + feedback * back_left)
    left_x2, left1, left2 = two_passed(left_in, left1, left2, share_left)
    left_x4, left3, left4 = two_passed(left_x2, left3, left4, share_left)
    left_x6, left5, left6 = two_passed(left_x4, left5, left6, share_left)
    left_x8, left7, left8 = two_passed(left_x6, left7, left8, share_left)
    back_left = tapped(left_x2, left_x4, left_x6, left_x8, stages)
    right_in = loop_limit(in_right + feedback * back_right)
    right_x2, right1, right2 = two_passed(right_in, right1, right2, share_right)
    right_x4, right3, right4 = two_passed(right_x2, right3, right4, share_right)
    right_x6, right5, right6 = two_passed(right_x4, right5, right6, share_right)
    right_x8, right7, right8 = two_passed(right_x6, right7, right8, share_right)
    back_right = tapped(right_x2, right_x4, right_x6, right_x8, stages)
    return (
        i4(turn + step),
        left1,
        left2,
        left3,
        left4,
        left5,
        left6,
        left7,
        left8,
        right1,
        right2,
        right3,
        right4,
        right5,
        right6,
        right7,
        right8,
        back_left,
        back_right,
        in_left + mix * (back_left - in_left),
        in_right + mix * (back_right - in_right),
    )
