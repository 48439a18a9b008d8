"""The stereo echo: with a filtered loop, sides that change places, and a time that sways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.approx import (
    counted,
    cycles,
    earlier,
    f4,
    f8,
    i4,
    loop_limit,
    seldom,
    sin_cycles,
    steady,
    tan_numerator,
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
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import MutableSequence


@helper
def read_between(line: MutableSequence[float], before: int, share: float) -> float:
    """A value between the samples `before` and the older one, by a cubic through four samples.

    Args:
        line: a ring of samples.
        before: index of the newer neighbour, below the place that is written; may be negative.
        share: 0..1 towards the older neighbour.

    Source: Catmull, Rom, A class of local interpolating splines, 1974; gain never above 1.
    """
    # An index below 0 counts from the end, so that the ring closes by itself.
    y0, y1, y2, y3 = line[before + 1], line[before], line[before - 1], line[before - 2]
    c1 = 0.5 * (y2 - y0)
    c2 = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
    c3 = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
    return ((c3 * share + c2) * share + c1) * share + y1


@helper
def opened(hz: float, dt: float) -> float:
    """Of a one-pole lowpass: the share of a new sample that it takes at once; none at 0 Hz."""
    x = min(hz * dt, 0.45)
    n = tan_numerator(x)
    return n / (n + (0.25 - x * x))


@module(
    doc="Stereo echo with a filtered loop; ping-pong and a swaying time where they are wanted.",
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
        Input(
            "lowcut",
            "Corner of the highpass in the loop; at 0 it is open",
            0.0,
            0.0,
            2000.0,
            "hz",
            Curve.EXPONENTIAL,
        ),
        Input("pingpong", "How much of an echo changes sides; 1 begins at the left", 0.0, 0.0, 1.0),
        Input("depth", "How far the time sways either way", 0.0, 0.0, 10.0, "ms"),
        Input("rate", "Cycles a second of the sway", 0.5, 0.02, 10.0, "hz", Curve.EXPONENTIAL),
    ),
    outputs=(Output("out", "The sound and its echoes", channels=2),),
    state=(
        State("place", dtype="i8"),
        State("low_left"),
        State("low_right"),
        State("thin_left"),
        State("thin_right"),
        State("turn", dtype="i4"),
    ),
    # A little over 4 s: a block that is computed again must not have overwritten what it reads.
    memories=(Memory("line_left", 4.02), Memory("line_right", 4.02)),
    source="Dattorro, Effect Design Part 2, JAES 45 (10), 1997; one-pole lowpass: Zavalishin, "
    "The Art of VA Filter Design 2.1.2, section 3.10. The loop is linear up to full scale and "
    "bent above it; the lowpass in the loop weakens what that adds",
    example="load rim; load delay time=3/16 feedback=0.7 mix=0.5 pingpong=on level=3db; patch "
    "rim > delay; sequence rim: x... .... ..x. ....",
)
def delay(
    place: int,
    low_left: float,
    low_right: float,
    thin_left: float,
    thin_right: float,
    turn: int,
    in_left: float,
    in_right: float,
    time: float,
    feedback: float,
    mix: float,
    tone: float,
    lowcut: float,
    pingpong: float,
    depth: float,
    rate: float,
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    dt: float,
) -> tuple[int, float, float, float, float, int, float, float]:
    # float64: float32 has steps of 1/64 sample at four seconds. The rate is a whole number.
    rate_hz = int(f8(1.0) / f8(dt) + f8(0.5))
    samples = steady(f8(time) * rate_hz * f8(0.001))
    step = steady(turning(rate * dt))
    sway = steady(f8(depth * 0.001 / dt))
    phase = cycles(turn)
    # What comes back within a block is read as it is written.
    is_near = seldom(samples - sway < f8(BLOCK + 2))  # noqa: F841 - `earlier` needs it
    # The right side is a quarter ahead.
    samples_left = max(samples + sway * f8(sin_cycles(phase)), f8(2.0))
    samples_right = max(samples + sway * f8(sin_cycles(wrapped(phase + 0.25))), f8(2.0))
    whole_left = int(samples_left)
    whole_right = int(samples_right)
    share_left = f4(samples_left - whole_left)
    share_right = f4(samples_right - whole_right)
    echo_left = earlier(read_between(line_left, place - whole_left, share_left))
    echo_right = earlier(read_between(line_right, place - whole_right, share_right))
    g = steady(opened(tone, dt))
    # How a state goes on is written so that it waits for one product and one sum.
    stay = steady(1.0 - 2.0 * g)
    twice = steady(2.0 * g)
    dark_left = low_left + g * (echo_left - low_left)
    dark_right = low_right + g * (echo_right - low_right)
    low_left = twice * echo_left + stay * low_left
    low_right = twice * echo_right + stay * low_right
    cut = steady(opened(lowcut, dt))
    thins = seldom(lowcut > 0.0)
    lift_left = cut * (dark_left - thin_left) if thins else 0.0
    lift_right = cut * (dark_right - thin_right) if thins else 0.0
    wet_left = dark_left - (thin_left + lift_left if thins else thin_left)
    wet_right = dark_right - (thin_right + lift_right if thins else thin_right)
    thin_left = thin_left + lift_left + lift_left if thins else thin_left
    thin_right = thin_right + lift_right + lift_right if thins else thin_right
    # Crossing over, both sides of the sound go into the left line, and each line into the other.
    fed_left = in_left + pingpong * 0.5 * (in_right - in_left)
    fed_right = in_right - pingpong * in_right
    back_left = wet_left + pingpong * (wet_right - wet_left)
    back_right = wet_right + pingpong * (wet_left - wet_right)
    line_left[place] = loop_limit(fed_left + feedback * back_left)
    line_right[place] = loop_limit(fed_right + feedback * back_right)
    place = counted(place, len(line_left))
    return (
        place,
        low_left,
        low_right,
        thin_left,
        thin_right,
        i4(turn + step),
        in_left + mix * (wet_left - in_left),
        in_right + mix * (wet_right - in_right),
    )
