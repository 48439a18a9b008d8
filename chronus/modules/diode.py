"""The diode ladder of the acid machines: poles that load one another, and a loop without bass."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import exp2, steady, tan_numerator, tanh
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module
from chronus.dsp.oversampling import half_as_many, half_band, twice_as_many

LOOP_HZ: Final = 150.0
"""Corner of the highpass in the loop; half the cutoff where that is lower."""

COUPLED: Final = 125.66
"""Corner of the coupling capacitor at the input, in radians a second (20 Hz): no steady voltage is
to lean on the diodes."""

MOST: Final = 17.34
"""Gain of the loop at resonance 1; it sings from 17 on."""

LOW: Final = 0.03125
"""Gain into the saturation at drive 0: a resonance needs room above what comes in."""

MADE_UP: Final = 4.0
"""How much of the level that resonance takes is given back before the ladder, as a factor at 1."""


@helper
def diode_step(
    x: float,
    s1: float,
    s2: float,
    s3: float,
    s4: float,
    sh: float,
    g: float,
    d1: float,
    d2: float,
    d3: float,
    d4: float,
    e1: float,
    e2: float,
    e3: float,
    e4: float,
    b1: float,
    b2: float,
    b3: float,
    b4: float,
    back: float,
    slow: float,
) -> tuple[float, float, float, float, float, float]:
    """One step of the loop: the four next states, that of the loop's highpass, and what comes out.

    The four equations, each of a capacitor between two diodes, are solved from the first to the
    last and back: x is the input, already through the gain of the loop; s1 to s4 are the states of
    the capacitors, sh that of the highpass; g is a step over twice the time of a capacitor (the
    first has half the size); d1 to d4 divide the equations, as factors; e1 to e4 say how much of
    what enters is across each capacitor within the step; b1 to b4 how much of each state comes back
    through the loop, whose gain is `back`; slow is the share of the output that its highpass takes
    on.
    """
    u = tanh(((x - b1 * s1) - b2 * s2) - (b3 * s3 + (b4 * s4 - back * sh)))
    # What the states alone give is computed beside the saturation, and what enters is added last.
    p1 = d1 * s1
    p2 = d2 * (s2 + g * p1)
    p3 = d3 * (s3 + g * p2)
    p4 = d4 * (s4 + g * p3)
    q3 = p3 + (g * d3) * p4
    q2 = p2 + (g * d2) * q3
    q1 = p1 + (2.0 * g * d1) * q2
    return (
        (q1 + (q1 - s1)) + (e1 + e1) * u,
        (q2 + (q2 - s2)) + (e2 + e2) * u,
        (q3 + (q3 - s3)) + (e3 + e3) * u,
        (p4 + (p4 - s4)) + (e4 + e4) * u,
        (sh + slow * (p4 - sh)) + (slow * e4) * u,
        p4 + e4 * u,
    )


@module(
    doc="Diode ladder (TB-303): four poles that load one another; squelches, hardly sings.",
    family=Family.FILTER,
    inputs=(
        audio("in", "What is filtered"),
        Input("cutoff", "Where the resonance is", 500.0, 20.0, 20_000.0, "hz", Curve.EXPONENTIAL),
        Input("resonance", "0 is none, 1 is at the edge of singing", 0.5, 0.0, 1.0),
        Input("drive", "How hard the ladder is hit: -30 to -6 dB into a tanh", 0.25, 0.0, 1.0),
    ),
    outputs=(Output("out", "What is left"),),
    state=(
        State("still"),
        *half_band("up"),
        State("s1"),
        State("s2"),
        State("s3"),
        State("s4"),
        State("sh"),
        *half_band("down"),
        State("top"),
    ),
    source="Stinchcombe, Diode Ladder Filters, 2009 (first capacitor of half the size: s^4 + "
    "2^(11/4) s^3 + 10 sqrt(2) s^2 + 2^(13/4) s + 1; sings at a gain of 17); Zavalishin, The Art "
    "of VA Filter Design 2.1.2, 2018, section 5.10; Pirkle, AN-6, 2013. The highpass in the "
    "loop, at 150 Hz or half the cutoff, keeps the bass where resonance is high; what it does to "
    "pitch and strength of the resonance is undone. At twice the rate",
    example="load saw freq=55; load diode cutoff=200 resonance=0.9; load adsr decay=200 "
    "sustain=0; patch saw > diode; patch adsr.env > diode.cutoff by 4oct; sequence adsr: x.xx.x.x",
)
def diode(
    still: float,
    up_e1: float,
    up_e2: float,
    up_e3: float,
    up_o1: float,
    up_o2: float,
    up_o3: float,
    s1: float,
    s2: float,
    s3: float,
    s4: float,
    sh: float,
    down_e1: float,
    down_e2: float,
    down_e3: float,
    down_o1: float,
    down_o2: float,
    down_o3: float,
    top: float,
    in_: float,
    cutoff: float,
    resonance: float,
    drive: float,
    dt: float,
) -> tuple[float, ...]:
    # In cycles of a sample at twice the rate; 0.24 is a little below half the rate of the engine.
    x = min(0.5 * cutoff * dt, 0.24)
    # The highpass in the loop turns its phase forward and lets it sing higher, at a greater gain;
    # what follows from its corner puts the one back to `cutoff` and the other to 1. Without it the
    # loop sings at sqrt(2) of the corner of a capacitor, at 17.
    q = min(LOOP_HZ / cutoff, 0.5)
    lower = 1.0 + ((-0.0510955 * q + 0.3912653) * q - 0.7557285) * q
    most = MOST * (1.0 + ((0.8901960 * q + 1.7318208) * q + 1.4063365) * q)
    g = steady(0.70710678 * lower * tan_numerator(x) / (0.25 - x * x))
    both = 1.0 + 2.0 * g
    d1 = steady(1.0 / both)
    d2 = steady(1.0 / (both - 2.0 * g * g * d1))
    d3 = steady(1.0 / (both - g * g * d2))
    d4 = steady(1.0 / (both - g * g * d3))
    enters = 2.0 * g * d1
    passes = d2 * g * enters
    leaves = d3 * g * passes
    e4 = steady(d4 * g * leaves)
    e3 = steady(leaves + g * d3 * e4)
    e2 = steady(passes + g * d2 * e3)
    e1 = steady(enters + enters * e2)
    y = q * x
    h = tan_numerator(y)
    pole = 0.25 - y * y
    slow = steady(2.0 * h / (h + pole))
    loop = most * resonance * (1.6 - 0.6 * resonance) * pole / (h + pole)
    solved = 1.0 / (1.0 + loop * e4)
    back = steady(loop * solved)
    b4 = steady(back * d4)
    b3 = steady(b4 * g * d3)
    b2 = steady(b3 * g * d2)
    b1 = steady(b2 * g * d1)
    gain = LOW * exp2(4.0 * drive)
    entry = steady(gain * solved * (1.0 + MADE_UP * resonance))
    level = steady(1.0 / tanh(gain))
    moving = in_ - still
    still = still + COUPLED * dt * moving
    even, odd, up_e1, up_e2, up_e3, up_o1, up_o2, up_o3 = twice_as_many(
        moving, up_e1, up_e2, up_e3, up_o1, up_o2, up_o3
    )
    s1, s2, s3, s4, sh, first = diode_step(
        even * entry,
        s1,
        s2,
        s3,
        s4,
        sh,
        g,
        d1,
        d2,
        d3,
        d4,
        e1,
        e2,
        e3,
        e4,
        b1,
        b2,
        b3,
        b4,
        back,
        slow,
    )
    s1, s2, s3, s4, sh, second = diode_step(
        odd * entry,
        s1,
        s2,
        s3,
        s4,
        sh,
        g,
        d1,
        d2,
        d3,
        d4,
        e1,
        e2,
        e3,
        e4,
        b1,
        b2,
        b3,
        b4,
        back,
        slow,
    )
    out, down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top = half_as_many(
        level * first, level * second, down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top
    )
    return (
        still,
        up_e1,
        up_e2,
        up_e3,
        up_o1,
        up_o2,
        up_o3,
        s1,
        s2,
        s3,
        s4,
        sh,
        down_e1,
        down_e2,
        down_e3,
        down_o1,
        down_o2,
        down_o3,
        top,
        out,
    )
