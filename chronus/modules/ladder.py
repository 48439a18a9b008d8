"""The transistor ladder: four one-pole lowpasses in a row, and a loop around them that sings."""

from __future__ import annotations

from chronus.dsp.approx import exp2, steady, tan_numerator, tanh
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module
from chronus.dsp.oversampling import half_as_many, half_band, twice_as_many


@helper
def ladder_step(
    x: float,
    s1: float,
    s2: float,
    s3: float,
    s4: float,
    g: float,
    w1: float,
    w2: float,
    w3: float,
    w4: float,
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """One step of the loop: the four next states, what enters the ladder, and its four taps.

    x is the input, already through the gain of the loop; s1 to s4 are the states of the poles; g is
    the share of a pole's input in its output; w1 to w4 say how much of each state comes back to
    the input.
    """
    u = tanh(((x - w1 * s1) - w2 * s2) - (w3 * s3 + w4 * s4))
    # What the states alone give is computed beside the saturation, and what enters is added last.
    p1 = s1 - g * s1
    p2 = s2 + g * (p1 - s2)
    p3 = s3 + g * (p2 - s3)
    p4 = s4 + g * (p3 - s4)
    gg = g * g
    ggg = gg * g
    gggg = gg * gg
    return (
        (p1 + (p1 - s1)) + (g + g) * u,
        (p2 + (p2 - s2)) + (gg + gg) * u,
        (p3 + (p3 - s3)) + (ggg + ggg) * u,
        (p4 + (p4 - s4)) + (gggg + gggg) * u,
        u,
        p1 + g * u,
        p2 + gg * u,
        p3 + ggg * u,
        p4 + gggg * u,
    )


@module(
    doc="Transistor ladder (Moog): four poles with drive, and a resonance that sings at 1.",
    family=Family.FILTER,
    inputs=(
        audio("in", "What is filtered"),
        Input("cutoff", "Corner", 1000.0, 20.0, 20_000.0, "hz", Curve.EXPONENTIAL),
        Input("resonance", "0 is none; from 0.96 on it sings by itself", 0.2, 0.0, 1.0),
        Input("drive", "How hard the ladder is hit: -18 to 6 dB into a tanh", 0.25, 0.0, 1.0),
        Input(
            "mode",
            "Which response `out` carries, and its dB an octave",
            0.0,
            0.0,
            3.0,
            choices=("lp24", "lp12", "bp12", "hp24"),
            ramp_s=0.0,
        ),
    ),
    outputs=(Output("out", "The response that `mode` names"),),
    state=(
        *half_band("up"),
        State("s1"),
        State("s2"),
        State("s3"),
        State("s4"),
        *half_band("down"),
        State("top"),
    ),
    source="Zavalishin, The Art of VA Filter Design 2.1.2, 2018, chapter 5 (four poles without "
    "delay in the loop, saturation at its input); responses from taps: Oberheim Xpander service "
    "manual, 1984. At twice the rate. Of the bass that resonance takes (14 dB at 1) a gain of "
    "1 + 2 resonance before the lowpasses gives all but 4.8 dB back; the level is made up so that "
    "full scale stays near full scale at any drive",
    example="load square; load ladder cutoff=150 resonance=0.6 drive=0.5; load adsr decay=300 "
    "sustain=0.1; patch square > ladder > adsr; patch adsr.env > ladder.cutoff by 3oct; sequence "
    "adsr: x..x..x.; sequence square.freq: c2 c2 eb2 bb1 step 1/4",
)
def ladder(
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
    mode: float,
    dt: float,
) -> tuple[float, ...]:
    # In cycles of a sample at twice the rate; 0.24 is a little below half the rate of the engine.
    x = min(0.5 * cutoff * dt, 0.24)
    n = tan_numerator(x)
    g = steady(n / (n + (0.25 - x * x)))
    # The loop sings from 4 on.
    k = 4.2 * resonance
    gg = g * g
    # The loop is solved without its saturation, which then holds what enters the ladder.
    solved = 1.0 / (1.0 + k * gg * gg)
    w4 = steady(k * solved * (1.0 - g))
    w3 = steady(w4 * g)
    w2 = steady(w4 * gg)
    w1 = steady(w4 * gg * g)
    gain = exp2(4.0 * drive - 3.0)
    bass = 1.0 + 2.0 * resonance if mode < 1.5 else 1.0
    entry = steady(gain * solved * bass)
    level = 1.0 / tanh(gain)
    # The taps, from what enters to the fourth pole.
    t0 = steady(0.0 if mode < 2.5 else level)
    t1 = steady(0.0 if mode < 1.5 else (2.0 * level if mode < 2.5 else -4.0 * level))
    t2 = steady(
        (0.0 if mode < 0.5 else level)
        if mode < 1.5
        else (-2.0 * level if mode < 2.5 else 6.0 * level)
    )
    t3 = steady(0.0 if mode < 2.5 else -4.0 * level)
    t4 = steady(level if mode < 0.5 or mode > 2.5 else 0.0)
    even, odd, up_e1, up_e2, up_e3, up_o1, up_o2, up_o3 = twice_as_many(
        in_, up_e1, up_e2, up_e3, up_o1, up_o2, up_o3
    )
    s1, s2, s3, s4, u, y1, y2, y3, y4 = ladder_step(even * entry, s1, s2, s3, s4, g, w1, w2, w3, w4)
    first = (t0 * u + t1 * y1) + (t2 * y2 + t3 * y3) + t4 * y4
    s1, s2, s3, s4, u, y1, y2, y3, y4 = ladder_step(odd * entry, s1, s2, s3, s4, g, w1, w2, w3, w4)
    second = (t0 * u + t1 * y1) + (t2 * y2 + t3 * y3) + t4 * y4
    out, down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top = half_as_many(
        first, second, down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top
    )
    return (
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
        down_e1,
        down_e2,
        down_e3,
        down_o1,
        down_o2,
        down_o3,
        top,
        out,
    )
