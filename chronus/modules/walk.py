"""The random walk: a value that wanders, as a hand on a knob does."""

from __future__ import annotations

from chronus.dsp.approx import bipolar, f4, f8, next_random, steady
from chronus.dsp.declaration import SEED, Curve, Family, Input, Output, State, module


@module(
    doc="Random walk, smooth: a value that wanders by chance, the same way each time (drift).",
    family=Family.MODULATION,
    inputs=(
        Input("rate", "Steps a second", 2.0, 0.01, 100.0, "hz", Curve.EXPONENTIAL),
        Input("step", "How far a step goes: 0 nowhere, 1 anywhere", 0.3, 0.0, 1.0),
    ),
    outputs=(
        Output("out", "The way, -1 to 1, without a bend that could be heard"),
        Output("uni", "The same way, 0 to 1"),
        Output("steps", "The steps themselves, -1 to 1, each held"),
    ),
    state=(
        # Two steps are due at the start, so that it is on its way at once.
        State("cycle", 2.0, "f8"),
        State("seed", SEED, "u4"),
        State("first"),
        State("second"),
        State("third"),
        State("fourth"),
    ),
    source="A walk between two walls that throw it back, so that it is everywhere alike often; its "
    "way is the uniform cubic B-spline of its steps (de Boor, A Practical Guide to Splines, 1978), "
    "which never leaves their range. Chance: Marsaglia, Xorshift RNGs, 2003",
    example="load saw; load filter resonance=0.6 level=-15db; patch saw > filter; load walk "
    "rate=6 step=0.8; patch walk > filter.cutoff by 2oct",
)
def walk(
    cycle: float,
    seed: int,
    first: float,
    second: float,
    third: float,
    fourth: float,
    rate: float,
    step: float,
    dt: float,
) -> tuple[float, int, float, float, float, float, float, float, float]:
    pace = steady(f8(rate) * f8(dt))
    after = cycle + pace
    ended = after >= f8(1.0)
    cycle = after - f8(1.0) if ended else after
    # At most two walls away, so that the wall throws it back but once.
    gone = fourth + 2.0 * step * bipolar(seed)
    inside = 2.0 - gone if gone > 1.0 else (-2.0 - gone if gone < -1.0 else gone)
    seed = next_random(seed) if ended else seed
    first = second if ended else first
    second = third if ended else second
    third = fourth if ended else third
    fourth = inside if ended else fourth
    t = f4(cycle)
    left = 1.0 - t
    old = left * left * left * first + (4.0 + t * t * (3.0 * t - 6.0)) * second
    new = (1.0 + 3.0 * t * (1.0 + t * left)) * third + t * t * t * fourth
    out = 0.166666667 * (old + new)
    return cycle, seed, first, second, third, fourth, out, 0.5 * out + 0.5, third
