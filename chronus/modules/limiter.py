"""The limiter: looks ahead, so that its gain is down before a peak is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import (
    clip,
    counted,
    db_gain,
    f4,
    f8,
    held_peak,
    i4,
    latched,
    lately,
    moving,
    rarely,
    running_sum,
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
from chronus.dsp.levels import above_one, let_go, needed, share_of_time

if TYPE_CHECKING:
    from collections.abc import MutableSequence

STEPS: Final = 32768.0
"""Of the whole sound, in which is counted what is taken from it."""


@helper
def before(line: MutableSequence[float], place: int, frames: int) -> float:
    """What was written to a ring so many frames ago."""
    return line[place - frames]  # what is below 0 is counted from the end


@helper
def steps_of(taken: float) -> int:
    """What is taken from the sound in steps of 2**-15, upwards: whole numbers add up without loss.

    Also in rings of floats.
    """
    steps = STEPS * taken
    return i4(i4(steps) + 1) if steps > 0.01 else 0


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
        State("once", dtype="i4"),
        State("twice", dtype="i4"),
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
    share = 1.0 / (STEPS * f4(span) * f4(span))
    # Held for longer than the sound is delayed: for half a period of 100 Hz.
    held_for = steady(i4(0.005 / dt + 0.5))
    over = steady(1.0 / top)
    above = above_one(max(abs(in_left), abs(in_right)) * over)
    works = rarely(max(above, newer, older) > 0 or taken > 0.0 or max(once, twice) > 0)
    age = counted(age, held_for)
    begins = age == 0
    older = moving(latched(older, newer, begins) if works else older)
    newer = moving(held_peak(newer, above, begins) if works else newer)
    need = needed(max(newer, older))
    taken = moving(let_go(need, taken, falling) if works else taken)
    count = moving(steps_of(taken) if works else 0)
    wanted[place] = f4(count)
    old_count = lately(before(wanted, place, span))
    once = moving(running_sum(once, count - int(old_count)) if works else once)
    smooth[place] = f4(once)
    old_sum = lately(before(smooth, place, span))
    twice = moving(running_sum(twice, once - int(old_sum)) if works else twice)
    gain = moving(1.0 - f4(twice) * share if works else 1.0)
    line_left[place] = in_left
    line_right[place] = in_right
    late_left = lately(before(line_left, place, span + span - 2))
    late_right = lately(before(line_right, place, span + span - 2))
    # The gain reaches what a peak needs to the last bit but one; that one is cut off.
    out_left = clip(late_left * gain, -top, top)
    out_right = clip(late_right * gain, -top, top)
    place = counted(place, len(line_left))
    return place, newer, older, age, taken, once, twice, out_left, out_right
