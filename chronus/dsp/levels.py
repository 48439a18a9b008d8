"""What kinds that follow a level have in common: times, and peaks that are held."""

from __future__ import annotations

from chronus.dsp.declaration import helper


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
