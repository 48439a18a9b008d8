"""The low-frequency oscillator, for moving other ports."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import (
    bipolar,
    cycles,
    f4,
    f8,
    folded,
    i4,
    next_random,
    seldom,
    sin_cycles,
    steady,
    u4,
)
from chronus.dsp.declaration import SEED, Curve, Family, Input, Output, State, gate, helper, module

LAST: Final = -1
"""The last place in a cycle: its first half is 0..2**31, and its second one -2**31..0."""


@helper
def parts(phase: float) -> int:
    """A phase of 0..1 in parts of 2**-32 of a cycle, every second one of them."""
    return 2 * i4(min(phase, 0.99999994) * 2147483648.0)


@module(
    doc="Low-frequency oscillator: a slow wave that moves other ports.",
    family=Family.MODULATION,
    inputs=(
        Input(
            "rate",
            "Cycles a second; 1/4 is one a quarter note",
            2.0,
            0.01,
            100.0,
            "hz",
            Curve.EXPONENTIAL,
        ),
        Input(
            "shape",
            "The wave; random holds a new value each cycle, smooth goes from one to the next",
            0.0,
            0.0,
            6.0,
            choices=("sine", "triangle", "square", "ramp", "random", "fall", "smooth"),
            ramp_s=0.0,
        ),
        Input("phase", "Where in its cycle it is ahead (not for random)", 0.0, 0.0, 1.0),
        gate(),
        Input(
            "mode",
            "free: it runs, and an opening gate begins a cycle; once: one cycle for each gate",
            0.0,
            0.0,
            1.0,
            choices=("free", "once"),
            ramp_s=0.0,
        ),
        Input("width", "Share of the cycle in which square is high", 0.5, 0.01, 0.99),
    ),
    outputs=(Output("out", "The wave, -1 to 1"), Output("uni", "The same wave, 0 to 1")),
    state=(
        # Where in its cycle it is, in parts of 2**-32, and the rest of that in parts of 2**-64.
        State("place", dtype="i4"),
        State("rest", dtype="u4"),
        State("seed", SEED, "u4"),
        # 1 while the gate is open, and 2 more while a cycle runs that runs but once.
        State("held"),
    ),
    source="A phase in parts of 2**-64: exact to a sample over days, even at 0.01 Hz",
    example="load saw freq=41.2; load filter cutoff=80 resonance=0.3 level=-6db; load lfo "
    "rate=1/8 shape=triangle; patch saw > filter; patch lfo.uni > filter.cutoff by 4oct",
    runs=True,
)
def lfo(
    place: int,
    rest: int,
    seed: int,
    held: float,
    rate: float,
    shape: float,
    phase: float,
    gate: float,
    mode: float,
    width: float,
    dt: float,
) -> tuple[int, int, int, float, float, float]:
    turn = int(f8(rate) * f8(dt) * f8(18446744073709551616.0))
    step = steady(i4(turn >> 32))
    step_and_one = steady(i4((turn >> 32) + 1))
    rest_step = steady(u4(turn))
    ahead = parts(phase)
    drawn = seldom(shape > 3.5)
    played = seldom(gate > 0.5 or mode > 0.5)
    uneven = seldom(width != 0.5)
    begins = gate > 0.5 and (held < 0.5 or (held > 1.5 and held < 2.5))
    # What runs but once rests at its end, from the start on.
    rests = mode > 0.5 and held < 1.5 and not begins
    place = i4(0) if played and begins else place
    rest = u4(0) if played and begins else rest
    shown = i4((LAST if played and rests else place) + ahead)
    along = cycles(shown)
    sine = sin_cycles(along)
    triangle = 4.0 * folded(along)
    even = 1.0 if shown >= 0 else -1.0
    behind = along if shown >= 0 else along + 1.0
    square = (1.0 if behind < width else -1.0) if uneven else even
    ramp = 2.0 * along - even
    value = bipolar(seed)
    t = 0.0 if played and rests else f4(u4(place)) * 2.3283064365386963e-10
    eased = value + t * t * (3.0 - 2.0 * t) * (bipolar(next_random(seed)) - value)
    other = value if shape < 4.5 else (-ramp if shape < 5.5 else eased)
    smooth = sine if shape < 0.5 else triangle
    sloped = other if drawn else ramp
    edged = square if shape < 2.5 else sloped
    out = smooth if shape < 1.5 else edged
    rest_after = u4(rest + rest_step)
    following = i4(place + (step_and_one if rest_after < rest else step))
    ended = u4(following) < u4(place)
    place = i4(0) if played and rests else following
    rest = u4(0) if played and rests else rest_after
    # The row of random values stands still while another shape is heard.
    seed = next_random(seed) if drawn and ended else seed
    open_ = 1.0 if gate > 0.5 else 0.0
    once = open_ + 2.0 if mode > 0.5 and not (rests or ended) else open_
    held = once if played else 0.0
    return place, rest, seed, held, out, 0.5 * out + 0.5
