"""The chorus: two moving echoes a side, for pads, strings and hoovers; with feedback a flanger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.approx import (
    counted,
    cycles,
    f4,
    i4,
    loop_limit,
    sin_cycles,
    steady,
    turning,
    wrapped,
)
from chronus.dsp.declaration import (
    Curve,
    Family,
    Input,
    Memory,
    Output,
    State,
    audio,
    helper,
    module,
)

if TYPE_CHECKING:
    from collections.abc import MutableSequence


@helper
def tap(line: MutableSequence[float], place: int, samples: float) -> float:
    """What lay `samples` before `place`, at least two; by the cubic of the echo `delay`."""
    kept = max(samples, 2.0)
    whole = i4(kept)
    share = kept - f4(whole)
    # An index below 0 counts from the end, so that the ring closes by itself.
    at = place - whole
    y0, y1, y2, y3 = line[at + 1], line[at], line[at - 1], line[at - 2]
    c1 = 0.5 * (y2 - y0)
    c2 = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
    c3 = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
    return ((c3 * share + c2) * share + c1) * share + y1


@module(
    doc="Stereo chorus; with a short `time` and `feedback` a flanger.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is made wide", channels=2),
        Input("rate", "Cycles a second of the movement", 0.6, 0.02, 10.0, "hz", Curve.EXPONENTIAL),
        Input("depth", "How far the echoes move either way", 2.5, 0.0, 10.0, "ms"),
        Input("time", "Around which the echoes move", 8.0, 0.5, 30.0, "ms", ramp_s=0.05),
        Input("feedback", "How much of an echo is echoed again, or turned over", 0.0, -0.95, 0.95),
        Input("mix", "0 only the sound, 1 only the echoes", 0.5, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound and its echoes", channels=2),),
    state=(State("place", dtype="i4"), State("turn", dtype="i4")),
    memories=(Memory("line_left", 0.06), Memory("line_right", 0.06)),
    source="Dattorro, Effect Design Part 2, JAES 45 (10), 1997, section 5; the sides move "
    "against each other, as in the Roland Juno-60, the two echoes of a side a quarter apart. What "
    "is fed back is bent above full scale only",
    example="load triangle; load chorus rate=0.8 depth=4 level=-6db; patch triangle > chorus; "
    "set chorus.mix 0.6; sequence triangle.freq: g4 e4 c4 d4 step 1/2",
)
def chorus(
    place: int,
    turn: int,
    in_left: float,
    in_right: float,
    rate: float,
    depth: float,
    time: float,
    feedback: float,
    mix: float,
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    dt: float,
) -> tuple[int, int, float, float]:
    step = steady(turning(rate * dt))
    unit = 0.001 / dt
    phase = cycles(turn)
    # The right side is half a turn ahead: its waves are those of the left, turned over.
    one = depth * unit * sin_cycles(phase)
    other = depth * unit * sin_cycles(wrapped(phase + 0.25))
    near = time * unit
    far = 1.31 * near
    left = tap(line_left, place, near + one)
    left_too = tap(line_left, place, far + other)
    right = tap(line_right, place, near - one)
    right_too = tap(line_right, place, far - other)
    line_left[place] = loop_limit(in_left + feedback * left)
    line_right[place] = loop_limit(in_right + feedback * right)
    wet_left = 0.707106781 * (left + left_too)
    wet_right = 0.707106781 * (right + right_too)
    place = counted(place, len(line_left))
    return (
        place,
        i4(turn + step),
        in_left + mix * (wet_left - in_left),
        in_right + mix * (wet_right - in_right),
    )
