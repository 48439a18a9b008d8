"""Noise: white and pink, repeatable from its seed."""

from __future__ import annotations

from chronus.dsp.approx import bipolar, next_random
from chronus.dsp.declaration import SEED, Family, Input, Output, State, module


@module(
    doc="Noise, white or pink.",
    family=Family.OSCILLATOR,
    inputs=(
        Input(
            "colour",
            "white: all frequencies alike; pink: 3 dB less an octave",
            0.0,
            0.0,
            1.0,
            choices=("white", "pink"),
            ramp_s=0.0,
        ),
    ),
    outputs=(Output("out", "The noise, -1 to 1"),),
    state=(
        State("seed", SEED, "u4"),
        State("b0"),
        State("b1"),
        State("b2"),
        State("b3"),
        State("b4"),
        State("b5"),
        State("b6"),
    ),
    source="White: Marsaglia, Xorshift RNGs, 2003. Pink: Paul Kellet's refined filter, "
    "firstpr.com.au/dsp/pink-noise, 1999; within 0.05 dB above 9 Hz at 44.1 kHz",
    example="load noise; load filter; patch noise > filter; set filter.cutoff 2000",
)
def noise(
    seed: int,
    b0: float,
    b1: float,
    b2: float,
    b3: float,
    b4: float,
    b5: float,
    b6: float,
    colour: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[int, float, float, float, float, float, float, float, float]:
    seed = next_random(seed)
    white = bipolar(seed)
    b0 = 0.99886 * b0 + white * 0.0555179
    b1 = 0.99332 * b1 + white * 0.0750759
    b2 = 0.96900 * b2 + white * 0.1538520
    b3 = 0.86650 * b3 + white * 0.3104856
    b4 = 0.55000 * b4 + white * 0.5329522
    b5 = -0.7616 * b5 - white * 0.0168980
    sum_ = b0 + b1 + b2 + b3 + b4 + b5 + b6 + white * 0.5362
    b6 = white * 0.115926
    return seed, b0, b1, b2, b3, b4, b5, b6, (white if colour < 0.5 else 0.12 * sum_)
