"""What kinds that follow a level have in common: times, and peaks that are held."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import exp2, i4
from chronus.dsp.declaration import helper

ONE: Final = 0x3F800000
"""The bits of a level of 1."""


@helper
def share_of_time(step: float, length: float) -> float:
    """How much of its way a one-pole follower goes in one step: 1 - exp(-step / length).

    Args:
        step: a sample, in the unit of `length`.
        length: until 63 % of the way are gone, five steps at least for an error below 1e-5.
    """
    y = step / length
    return y / (1.0 + y * (0.5 + 0.0833333333 * y))


@helper
def share_of_any_time(step: float, length: float) -> float:
    """The same for any length from 0 on, which is at once; error below 2e-6 of what is left."""
    y = step / max(length, 1e-6)
    few = share_of_time(step, max(length, 4.0 * step))
    return 1.0 - exp2(max(-1.44269504 * y, -60.0)) if y > 0.25 else few


@helper
def loudest_of_late(
    loud: float, newer: float, older: float, age: float, dt: float, span: float
) -> tuple[float, float, float]:
    """Peaks of two spans of time, so that the greater one of both is a peak held for 1 to 2 spans.

    Args:
        loud: the level now.
        newer: peak of the span that has begun.
        older: peak of the one before.
        age: seconds since the span began.
        dt: seconds a sample.
        span: seconds.
    """
    age = age + dt
    is_over = age >= span
    older = newer if is_over else older
    newer = loud if is_over else max(newer, loud)
    return newer, older, 0.0 if is_over else age


@helper
def span_goes_on(age: int, span: int) -> tuple[int, bool]:
    """The age of a span of so many frames after one more, and whether another one has begun.

    It counts whatever is heard: how a sound is limited does not depend on what was long ago.
    """
    age = i4(age + 1)
    is_over = age >= span
    return i4(0) if is_over else age, is_over


@helper
def peaks_go_on(loud: int, newer: int, older: int, is_over: bool) -> tuple[int, int]:  # noqa: FBT001
    """The peaks of two spans of time as in `loudest_of_late`, from the bits of levels.

    A frame waits less for the one before, since whole numbers are compared sooner.
    """
    oldest = newer if is_over else older
    return loud if is_over else max(newer, loud), oldest


@helper
def needed(loud: float) -> float:
    """The part of the sound that a limiter takes away where its level is `loud`, 1 the ceiling."""
    return 1.0 - 1.0 / max(loud, 1.0)


@helper
def let_go(need: float, taken: float, falling: float) -> float:
    """What a limiter takes away a frame later: at once what a peak needs, and less after it.

    Args:
        need: see `needed`.
        taken: what it took away, 0..1.
        falling: how much of the way back is gone in a frame.
    """
    # It comes to 0 where a 0 is near, below half the last bit of 1, and not only nearer to it.
    back = falling * (need - 2.9e-8)
    return max(need, back + (1.0 - falling) * taken)
