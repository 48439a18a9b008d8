"""What kinds that follow a level have in common: times, and peaks above a ceiling."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import bits_of, exp2, fading_peak, i4, of_bits
from chronus.dsp.declaration import helper

ONE: Final = 0x3F800000
"""The bits of a level of 1."""
LEAST: Final = 0x33000000
"""Those of 2**-25: what is taken from 1 leaves 1 there, and less."""


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
def above_one(loud: float) -> int:
    """By how much a level is above 1: what its bits are more, a whole number; 0 below."""
    return max(i4(bits_of(loud) - ONE), 0)


@helper
def needed(above: int) -> float:
    """The part of the sound that a limiter takes away where its level is so much above 1."""
    return 1.0 - 1.0 / of_bits(i4(above + ONE))


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
    return fading_peak(taken, need, 1.0 - falling, back)


@helper
def in_steps(part: float) -> int:
    """A part of the sound as a whole number: how far its bits are above those of 2**-25, or 0.

    Such numbers are in the order of the parts; 2**-25 taken from 1 leaves 1.
    """
    return max(i4(bits_of(part) - LEAST), 0)


@helper
def of_steps(steps: int) -> float:
    """The part of the sound, of what `in_steps` gives."""
    return of_bits(i4(steps + LEAST))


@helper
def steps_in_frame(dt: float, time: float) -> int:
    """By how many such steps a part falls in a frame if it falls by 63 % in a time, on average.

    Bits that fall evenly are a straight line for each halving of the part: close to an exponential,
    and without rounding.
    """
    return max(i4(12102203.0 * dt / time + 0.5), 1)
