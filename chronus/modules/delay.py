"""The stereo echo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.approx import f4, f8, loop_limit, tan_numerator
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
def read_between(line: MutableSequence[float], before: int, share: float) -> float:
    """A value between the samples `before` and the older one, by a cubic through four samples.

    Args:
        line: a ring of samples.
        before: index of the newer neighbour, may be negative by one length.
        share: 0..1 towards the older neighbour.

    Source: Catmull, Rom, A class of local interpolating splines, 1974; gain never above 1.
    """
    size = len(line)
    i1 = before + size if before < 0 else before
    i0 = i1 + 1 if i1 + 1 < size else 0
    i2 = i1 - 1 if i1 > 0 else size - 1
    i3 = i2 - 1 if i2 > 0 else size - 1
    y0, y1, y2, y3 = line[i0], line[i1], line[i2], line[i3]
    c1 = 0.5 * (y2 - y0)
    c2 = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
    c3 = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
    return ((c3 * share + c2) * share + c1) * share + y1


@module(
    doc="Stereo echo with feedback and a darkening loop.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is echoed", channels=2),
        Input("time", "Between echoes", 375.0, 1.0, 4000.0, "ms", Curve.EXPONENTIAL, ramp_s=0.05),
        Input("feedback", "How much of an echo is echoed again", 0.35, 0.0, 0.98),
        Input("mix", "0 only the sound, 1 only the echoes", 0.35, 0.0, 1.0),
        Input(
            "tone",
            "Corner of the lowpass in the loop",
            6000.0,
            200.0,
            20_000.0,
            "hz",
            Curve.EXPONENTIAL,
        ),
    ),
    outputs=(Output("out", "The sound and its echoes", channels=2),),
    state=(State("place", dtype="i8"), State("low_left"), State("low_right")),
    # A little over 4 s: a block that is computed again must not have overwritten what it reads.
    memories=(Memory("line_left", 4.02), Memory("line_right", 4.02)),
    source="Dattorro, Effect Design Part 2, JAES 45 (10), 1997; one-pole lowpass: Zavalishin, "
    "The Art of VA Filter Design 2.1.2, section 3.10. The loop is linear up to full scale and "
    "bent above it; the lowpass in the loop weakens what that adds",
    example="load saw; load delay; patch saw > delay; set delay.time 250 delay.feedback 0.5",
)
def delay(
    place: int,
    low_left: float,
    low_right: float,
    in_left: float,
    in_right: float,
    time: float,
    feedback: float,
    mix: float,
    tone: float,
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    dt: float,
) -> tuple[int, float, float, float, float]:
    # float64: float32 has steps of 1/64 sample at four seconds. The rate is a whole number.
    rate = int(f8(1.0) / f8(dt) + f8(0.5))
    samples = f8(time) * rate * f8(0.001)
    whole = int(samples)
    share = f4(samples - whole)
    echo_left = read_between(line_left, place - whole, share)
    echo_right = read_between(line_right, place - whole, share)
    x = min(tone * dt, 0.45)
    n = tan_numerator(x)
    g = n / (n + (0.25 - x * x))
    step_left = g * (echo_left - low_left)
    step_right = g * (echo_right - low_right)
    dark_left = low_left + step_left
    dark_right = low_right + step_right
    line_left[place] = loop_limit(in_left + feedback * dark_left)
    line_right[place] = loop_limit(in_right + feedback * dark_right)
    place = place + 1 if place + 1 < len(line_left) else 0
    out_left = in_left + mix * (dark_left - in_left)
    out_right = in_right + mix * (dark_right - in_right)
    return place, dark_left + step_left, dark_right + step_right, out_left, out_right
