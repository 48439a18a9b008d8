"""The low-frequency oscillator, for moving other ports."""

from __future__ import annotations

from chronus.dsp.approx import (
    bipolar,
    f4,
    f8,
    folded,
    next_random,
    seldom,
    sin_cycles,
    steady,
    wrapped,
)
from chronus.dsp.declaration import SEED, Curve, Family, Input, Output, State, module


@module(
    doc="Low-frequency oscillator: a slow wave that moves other ports.",
    family=Family.MODULATION,
    inputs=(
        Input("rate", "Cycles a second", 2.0, 0.01, 100.0, "hz", Curve.EXPONENTIAL),
        Input(
            "shape",
            "The wave; random holds a new value each cycle",
            0.0,
            0.0,
            4.0,
            choices=("sine", "triangle", "square", "ramp", "random"),
            ramp_s=0.0,
        ),
        Input("phase", "Where in its cycle it is ahead (not for random)", 0.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The wave, -1 to 1"), Output("uni", "The same wave, 0 to 1")),
    state=(State("cycle", dtype="f8"), State("seed", SEED, "u4")),
    source="A float64 phase: exact to a sample over days, even at 0.01 Hz",
    example="load saw; load filter; patch saw > filter; load lfo; "
    "patch lfo > filter.cutoff by 600hz",
)
def lfo(
    cycle: float, seed: int, rate: float, shape: float, phase: float, dt: float
) -> tuple[float, int, float, float]:
    step = steady(f8(rate) * f8(dt))
    drawn = seldom(shape > 3.5)
    place = wrapped(f4(cycle) + phase)
    sine = sin_cycles(place)
    triangle = 4.0 * folded(place)
    square = 1.0 if place >= 0.0 else -1.0
    ramp = 2.0 * place - square
    smooth = sine if shape < 0.5 else triangle
    sloped = bipolar(seed) if drawn else ramp
    edged = square if shape < 2.5 else sloped
    out = smooth if shape < 1.5 else edged
    # The row of random values stands still while another shape is heard.
    after = cycle + step
    ended = after >= f8(1.0)
    cycle = after - f8(1.0) if ended else after
    seed = next_random(seed) if ended and drawn else seed
    return cycle, seed, out, 0.5 * out + 0.5
