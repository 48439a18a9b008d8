"""The limiter: looks ahead, so that its gain is down before a peak is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.approx import (
    bits_of,
    clip,
    db_gain,
    earlier,
    f4,
    f8,
    i4,
    of_bits,
    rarely,
    seldom,
    steady,
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
from chronus.dsp.levels import ONE, let_go, needed, peaks_go_on, share_of_time, span_goes_on

if TYPE_CHECKING:
    from collections.abc import MutableSequence


@helper
def before(line: MutableSequence[float], place: int, frames: int) -> float:
    """What was written to a ring so many frames ago."""
    index = place - frames
    return line[index + len(line) if index < 0 else index]


@helper
def steps_of(taken: float) -> int:
    """What is taken from the sound in steps of 2**-16, upwards: whole numbers add up without loss.

    Also in rings of floats.
    """
    steps = 65536.0 * taken
    return int(steps) + 1 if steps > 0.02 else 0


@module(
    doc="Limiter in stereo: no sample is louder than `ceiling`; looks 2 ms ahead.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is limited", channels=2),
        Input("ceiling", "No sample is louder", -1.0, -30.0, 0.0, "db"),
        Input("release", "Time back by 63 %", 80.0, 5.0, 1000.0, "ms", Curve.EXPONENTIAL),
    ),
    outputs=(Output("out", "The sound, 2 ms later, below the ceiling", channels=2),),
    state=(
        State("place", dtype="i8"),
        State("newer", dtype="i4"),
        State("older", dtype="i4"),
        State("age", dtype="i4"),
        State("taken"),
        State("once", dtype="i8"),
        State("twice", dtype="i8"),
    ),
    memories=(
        Memory("line_left", 0.002),
        Memory("line_right", 0.002),
        Memory("wanted", 0.002),
        Memory("smooth", 0.002),
    ),
    source="Hämäläinen, Smoothing of the control signal without clipped output in digital peak "
    "limiters, DAFx-02: the reduction that a peak needs is held and then smoothed for as long as "
    "the sound is delayed, here by two moving means of 1 ms (a triangle). They are sums of whole "
    "numbers, so the gain comes back to exactly 1",
    example="load kick; load noise colour=pink; load limiter release=300ms; patch kick, noise > "
    "limiter; set limiter.ceiling -9db; sequence kick: x... x...",
)
def limiter(
    place: int,
    newer: int,
    older: int,
    age: int,
    taken: float,
    once: int,
    twice: int,
    in_left: float,
    in_right: float,
    ceiling: float,
    release: float,
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    wanted: MutableSequence[float],
    smooth: MutableSequence[float],
    dt: float,
) -> tuple[int, int, int, int, float, int, int, float, float]:
    top = steady(db_gain(ceiling))
    falling = steady(share_of_time(1000.0 * dt, release))
    span = int(f8(0.001) / f8(dt) + f8(0.5))
    # Held for longer than the sound is delayed: for half a period of 100 Hz.
    held = steady(i4(0.005 / dt + 0.5))
    # Rates below 33 kHz; at all others what comes out went in before the block.
    is_near = seldom(dt > 3.03e-5)  # noqa: F841 - what is marked `earlier` needs it
    delay = span + span - 2
    # One condition for each of what is carried on, so that none waits for what comes behind it.
    loud = bits_of(max(abs(in_left), abs(in_right)) / top)
    works = rarely(max(loud, newer, older) > ONE)
    takes = rarely(works or taken > 0.0)
    adds = rarely(takes or once > 0)
    smooths = rarely(adds or twice > 0)
    age, is_over = span_goes_on(age, held)
    newest, oldest = peaks_go_on(loud, newer, older, is_over)
    newer = newest if works else newer
    older = oldest if works else older
    need = needed(of_bits(max(newer, older)))
    less = let_go(need, taken, falling)
    taken = less if takes else taken
    count = steps_of(taken)
    single = once + count - int(before(wanted, place, span))
    wanted[place] = f4(count) if takes else 0.0
    once = single if adds else once
    double = twice + once - int(before(smooth, place, span))
    smooth[place] = f4(once) if adds else 0.0
    twice = double if smooths else twice
    line_left[place] = in_left
    line_right[place] = in_right
    gain = 1.0 - f4(f8(twice) / (f8(65536.0) * span * span)) if smooths else 1.0
    late_left = earlier(before(line_left, place, delay))
    late_right = earlier(before(line_right, place, delay))
    # The gain reaches what a peak needs to the last bit but one; that one is cut off.
    out_left = clip(late_left * gain, -top, top)
    out_right = clip(late_right * gain, -top, top)
    place = place + 1 if place + 1 < len(line_left) else 0
    return place, newer, older, age, taken, once, twice, out_left, out_right
