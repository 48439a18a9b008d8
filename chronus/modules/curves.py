"""The curves that bend a sound, with their integrals, so that few aliases come of them.

A curve is not taken at samples but as its mean on the way from one to the next, weighted by what
is left of the way and by what is done: see the source of `distortion`. Float64, since quotients of
small differences are taken of the integrals.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import f4, f8
from chronus.dsp.declaration import helper

ROUNDER: Final = 6755399441055744.0
"""1.5 * 2**52: adding it to a float64 leaves no bits behind the point."""


@helper
def corner(x: float, top: float, knee: float) -> tuple[float, float, float]:
    """What a curve that is held at `top` takes from x, and its first two integrals, in float64.

    Nothing up to `top - knee`, a parabola up to `top + knee`, and all of the rest from there on.
    """
    inside = min(max(x - (top - knee), f8(0.0)), knee + knee)
    over = max(x - (top + knee), f8(0.0))
    bend = inside * inside / (f8(4.0) * knee)
    once = bend * inside * f8(0.33333333333333333) + (knee + f8(0.5) * over) * over
    twice = bend * inside * inside * f8(0.083333333333333333)
    rest = f8(0.66666666666666667) * knee * knee
    rest = rest + (f8(0.5) * knee + f8(0.16666666666666667) * over) * over
    return bend + over, once, twice + rest * over


@helper
def folded_back(x: float) -> tuple[float, float, float]:
    """A curve that turns back at 1 and -1, and its first two integrals, in float64.

    Arcs of parabolas, a sine but for some 3 %, that first turn back at 2; x is 2 z. The mean of the
    first integral is 0, so that the second has the period too.
    """
    eighth = x * f8(0.125)
    z = f8(4.0) * (eighth - ((eighth + f8(ROUNDER)) - f8(ROUNDER)))
    size = abs(z)
    square = z * z
    once = square * (f8(2.0) - size * f8(0.66666666666666667)) - f8(1.3333333333333333)
    twice = (square * (f8(4.0) - size) * f8(0.33333333333333333) - f8(2.6666666666666667)) * z
    return z * (f8(2.0) - size), once, twice


@helper
def bent(
    driven: float, top: float, knee: float, bottom: float, under: float, fold: float
) -> tuple[float, float, float]:
    """A curve held at `top` and `-bottom`, and its first two integrals, in float64.

    Args:
        driven: where.
        top: what it reaches.
        knee: how far its bend goes to both sides, at most `top`.
        bottom: what it reaches below 0.
        under: its knee there.
        fold: 1 for the curve that folds in its place, else 0.
    """
    x = f8(driven)
    above, above_once, above_twice = corner(x, f8(top), f8(knee))
    below, below_once, below_twice = corner(-x, f8(bottom), f8(under))
    square = f8(0.5) * x * x
    once = square - above_once - below_once
    twice = f8(0.33333333333333333) * square * x - above_twice + below_twice
    arc, arc_once, arc_twice = folded_back(x)
    is_fold = fold > 0.5
    return (
        arc if is_fold else x - above + below,
        arc_once if is_fold else once,
        arc_twice if is_fold else twice,
    )


@helper
def held(x: float, top: float, knee: float) -> float:
    """The upper half of the curve alone, in float32."""
    inside = min(max(x - (top - knee), 0.0), knee + knee)
    return x - inside * inside / (4.0 * knee) - max(x - (top + knee), 0.0)


@helper
def bend_way(
    a: float,
    b: float,
    value_a: float,
    value_b: float,
    once_a: float,
    once_b: float,
    twice_a: float,
    twice_b: float,
) -> tuple[float, float]:
    """The curve on the way from a to b: weighted by what is left of the way, and by what is done.

    Both weights together are 1. Where a and b are too near to each other for a quotient, the curve
    between them is a line.
    """
    way = f8(b) - f8(a)
    is_far = abs(way) > f8(0.002)
    quotient = f8(1.0) / (way if is_far else f8(1.0))
    mean = (twice_b - twice_a) * quotient
    sixth = f8(0.16666666666666667)
    left = (mean - once_a) * quotient if is_far else (value_a + value_a + value_b) * sixth
    done = (once_b - mean) * quotient if is_far else (value_a + value_b + value_b) * sixth
    return f4(left), f4(done)


@helper
def bend_four(
    last: float,
    a: float,
    b: float,
    c: float,
    d: float,
    top: float,
    knee: float,
    bottom: float,
    under: float,
    fold: float,
) -> tuple[float, float, float, float, float]:
    """The curve on the way through five points, around each but the last, and what is left there.

    What the way to the first point gave is still to be added to the first.
    """
    p0, p1, p2 = bent(last, top, knee, bottom, under, fold)
    a0, a1, a2 = bent(a, top, knee, bottom, under, fold)
    b0, b1, b2 = bent(b, top, knee, bottom, under, fold)
    c0, c1, c2 = bent(c, top, knee, bottom, under, fold)
    d0, d1, d2 = bent(d, top, knee, bottom, under, fold)
    at_last, to_a = bend_way(last, a, p0, a0, p1, a1, p2, a2)
    from_a, to_b = bend_way(a, b, a0, b0, a1, b1, a2, b2)
    from_b, to_c = bend_way(b, c, b0, c0, b1, c1, b2, c2)
    from_c, rest = bend_way(c, d, c0, d0, c1, d1, c2, d2)
    return at_last, to_a + from_a, to_b + from_b, to_c + from_c, rest
