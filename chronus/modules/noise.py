"""Noise: white, pink and brown, repeatable from its seed."""

from __future__ import annotations

from chronus.dsp.approx import bipolar, running_sum, scattered, seldom, sqrt, u4
from chronus.dsp.declaration import SEED, Family, Input, Output, State, module


@module(
    doc="Noise, white, pink or brown.",
    family=Family.OSCILLATOR,
    inputs=(
        Input(
            "colour",
            "white: all frequencies alike; pink: 3 dB less an octave; brown: 6 dB less",
            0.0,
            0.0,
            2.0,
            choices=("white", "pink", "brown"),
            ramp_s=0.0,
        ),
    ),
    outputs=(Output("out", "The noise, -1 to 1"),),
    state=(
        State("seed", SEED, "u4"),
        State("count", dtype="u4"),
        State("b0"),
        State("b1"),
        State("b2"),
        State("b3"),
        State("b4"),
        State("b5"),
        State("b6"),
        State("brown"),
    ),
    source="White: a count from the seed on, each number scattered by a hash (Wellons, Prospecting "
    "for hash functions, 2018). Pink: Paul Kellet's refined filter, "
    "firstpr.com.au/dsp/pink-noise, 1999; within 0.05 dB above 9 Hz at 44.1 kHz. "
    "Brown: white noise through a lowpass of one pole at 20 Hz",
    example="load noise colour=pink; load filter cutoff=500 resonance=0.5; load lfo rate=0.25; "
    "patch noise > filter; patch lfo > filter.cutoff by 2oct",
)
def noise(
    seed: int,
    count: int,
    b0: float,
    b1: float,
    b2: float,
    b3: float,
    b4: float,
    b5: float,
    b6: float,
    brown: float,
    colour: float,
    dt: float,
) -> tuple[int, int, float, float, float, float, float, float, float, float, float]:
    count = running_sum(count, 1)
    # Seeds that are neighbours begin far apart.
    white = bipolar(scattered(u4(count + scattered(seed))))
    # What is white leaves the rest as it is.
    coloured = seldom(colour >= 0.5)
    b0 = 0.99886 * b0 + white * 0.0555179 if coloured else b0
    b1 = 0.99332 * b1 + white * 0.0750759 if coloured else b1
    b2 = 0.96900 * b2 + white * 0.1538520 if coloured else b2
    b3 = 0.86650 * b3 + white * 0.3104856 if coloured else b3
    b4 = 0.55000 * b4 + white * 0.5329522 if coloured else b4
    b5 = -0.7616 * b5 - white * 0.0168980 if coloured else b5
    sum_ = b0 + b1 + b2 + b3 + b4 + b5 + b6 + white * 0.5362
    b6 = white * 0.115926 if coloured else b6
    # A lowpass at 20 Hz, and a gain that fills the range at any rate.
    fall = 125.663706 * dt
    brown = brown - fall * brown + sqrt(fall) * white if coloured else brown
    soft = 0.115 * sum_ if colour < 1.5 else 0.45 * brown
    return seed, count, b0, b1, b2, b3, b4, b5, b6, brown, (soft if coloured else white)
