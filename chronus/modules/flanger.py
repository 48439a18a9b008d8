"""The flanger: one very short echo a side that moves, whose comb sweeps through the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import counted, cycles, i4, loop_limit, sin_cycles, steady, turning, wrapped
from chronus.dsp.declaration import Curve, Family, Input, Memory, Output, State, audio, module
from chronus.modules.chorus import tap

if TYPE_CHECKING:
    from collections.abc import MutableSequence

EVEN: Final = Curve.EXPONENTIAL


@module(
    doc="Stereo flanger: a comb of notches that sweeps, with feedback a comb of peaks.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What the comb sweeps through", channels=2),
        Input("rate", "Cycles a second of the sweep", 0.2, 0.02, 10.0, "hz", EVEN),
        Input("depth", "How far the echo comes nearer, as a share of `time`", 0.8, 0.0, 1.0),
        Input("time", "Of the echo where it is farthest", 5.0, 0.1, 20.0, "ms", EVEN, ramp_s=0.05),
        Input("feedback", "How much of the echo is echoed again, or turned over", 0.5, -0.95, 0.95),
        Input("spread", "By how much of a cycle the right side is ahead", 0.25, 0.0, 0.5),
        Input("mix", "0 only the sound, 0.5 the deepest notches, 1 only the echo", 0.5, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound and its echo", channels=2),),
    state=(State("place", dtype="i4"), State("turn", dtype="i4")),
    memories=(Memory("line_left", 0.022), Memory("line_right", 0.022)),
    source="Dattorro, Effect Design Part 2, JAES 45 (10), 1997, section 5; the sweep is a sine of "
    "the echo's time. What is fed back is bent above full scale only",
    example="load noise; load flanger feedback=0.7 rate=0.25 level=-6db; patch noise > flanger",
)
def flanger(
    place: int,
    turn: int,
    in_left: float,
    in_right: float,
    rate: float,
    depth: float,
    time: float,
    feedback: float,
    spread: float,
    mix: float,
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    dt: float,
) -> tuple[int, int, float, float]:
    step = steady(turning(rate * dt))
    far = time * 0.001 / dt
    half = 0.5 * depth * far
    phase = cycles(turn)
    left = tap(line_left, place, far - half - half * sin_cycles(phase))
    right = tap(line_right, place, far - half - half * sin_cycles(wrapped(phase + spread)))
    line_left[place] = loop_limit(in_left + feedback * left)
    line_right[place] = loop_limit(in_right + feedback * right)
    place = counted(place, len(line_left))
    return (
        place,
        i4(turn + step),
        in_left + mix * (left - in_left),
        in_right + mix * (right - in_right),
    )
