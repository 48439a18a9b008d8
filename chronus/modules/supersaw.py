"""The supersaw: seven saws beside each other, as in the Roland JP-8000.

Each saw is band-limited (see `oscillators`), where the original's aliases are part of its noise;
what is taken over is how far the saws lie apart, how loud they are, that they run freely, and the
highpass that follows the pitch and removes the beating below it. The sum keeps its loudness while
`mix` moves. The side saws are panned in pairs, and only into the difference of the two sides: what
a mono listener hears does not depend on `width`.
"""

from __future__ import annotations

from chronus.dsp.approx import f4, f8, seldom, steady, tan_numerator, turning, u4
from chronus.dsp.declaration import SEED, Family, Input, Output, State, freq, helper, module
from chronus.modules.drums import highpass_states, highpassed
from chronus.modules.oscillators import FASTEST, edge_slope, has_few_partials, saw_wave


@helper
def detune_spread(x: float) -> float:
    """How far the outer saws are away, as the share of their farthest, for the knob at 0..1.

    In float64: the terms are a million times the sum.
    """
    d = f8(x)
    y = f8(10028.7312891634) * d - f8(50818.8652045924)
    y = y * d + f8(111363.4808729368)
    y = y * d - f8(138150.6761080548)
    y = y * d + f8(106649.6679158292)
    y = y * d - f8(53046.9642751875)
    y = y * d + f8(17019.9518580080)
    y = y * d - f8(3425.0836591318)
    y = y * d + f8(404.2703938388)
    y = y * d - f8(24.1878824391)
    y = y * d + f8(0.6717417634)
    return f4(y * d + f8(0.0030115596))


@helper
def even_loudness(x: float) -> float:
    """One over the root of the power of the seven saws, for the mix at 0..1; within 0.05 dB."""
    return (
        (((3.2863506 * x - 9.77731304) * x + 10.8853447) * x - 4.85450335) * x + 0.124683700
    ) * x + 0.99919721


@module(
    doc="Seven detuned saws, in stereo: the sound of trance and hardstyle.",
    family=Family.OSCILLATOR,
    inputs=(
        freq(),
        Input("detune", "How far the saws lie apart: 1 is 1.8 semitones either way", 0.5, 0.0, 1.0),
        Input("mix", "Level of the six side saws against the one in the middle", 0.75, 0.0, 1.0),
        Input("width", "How far the side saws are panned; in mono all is the same", 0.7, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sum; as loud as a saw of a third", channels=2),),
    state=(
        State("p1", SEED, "u4"),
        State("p2", SEED, "u4"),
        State("p3", SEED, "u4"),
        State("p4", SEED, "u4"),
        State("p5", SEED, "u4"),
        State("p6", SEED, "u4"),
        State("p7", SEED, "u4"),
        State("middle1"),
        State("middle2"),
        State("apart1"),
        State("apart2"),
    ),
    source="Szabo, How to Emulate the Super Saw, KTH Stockholm, 2010: detune curve, ratios and mix",
    example="load supersaw detune=0.4 mix=0.8 level=-6db; sequence supersaw.freq: c3 ab2 eb3 bb2 "
    "step 1/2",
)
def supersaw(
    p1: int,
    p2: int,
    p3: int,
    p4: int,
    p5: int,
    p6: int,
    p7: int,
    middle1: float,
    middle2: float,
    apart1: float,
    apart2: float,
    freq: float,
    detune: float,
    mix: float,
    width: float,
    dt: float,
) -> tuple[int, int, int, int, int, int, int, float, float, float, float, float, float]:
    centre = min(freq * dt, FASTEST)
    spread = steady(detune_spread(detune))
    step1 = steady(centre - 0.11002313 * spread * centre)
    step2 = steady(centre - 0.06288439 * spread * centre)
    step3 = steady(centre - 0.01952356 * spread * centre)
    step4 = steady(centre + 0.0)
    step5 = steady(min(centre + 0.01991221 * spread * centre, FASTEST))
    step6 = steady(min(centre + 0.06216538 * spread * centre, FASTEST))
    step7 = steady(min(centre + 0.10745242 * spread * centre, FASTEST))
    slope1 = steady(edge_slope(step1))
    slope2 = steady(edge_slope(step2))
    slope3 = steady(edge_slope(step3))
    slope4 = steady(edge_slope(step4))
    slope5 = steady(edge_slope(step5))
    slope6 = steady(edge_slope(step6))
    slope7 = steady(edge_slope(step7))
    few = seldom(has_few_partials(step7))
    gain = 0.33 * even_loudness(mix)
    level = steady(gain * (0.99785 - 0.55366 * mix))
    side = steady(gain * ((1.2841 - 0.73764 * mix) * mix + 0.044372))
    # A highpass of two poles at the pitch of the middle saw.
    x = min(max(freq, 10.0) * dt, 0.45)
    n = tan_numerator(x)
    d = 0.25 - x * x
    double = 2.0 / (d * d + n * (n + 1.41421356 * d))
    a2 = steady(n * d * double)
    a3 = steady(n * n * double)
    outer1 = saw_wave(p1, step1, slope1, few)
    outer2 = saw_wave(p2, step2, slope2, few)
    outer3 = saw_wave(p3, step3, slope3, few)
    outer5 = saw_wave(p5, step5, slope5, few)
    outer6 = saw_wave(p6, step6, slope6, few)
    outer7 = saw_wave(p7, step7, slope7, few)
    sides = (outer1 + outer7) + (outer2 + outer6) + (outer3 + outer5)
    all_ = level * saw_wave(p4, step4, slope4, few) + side * sides
    # The lower and the higher of a pair lie opposite, and the next pair the other way round.
    spans = (outer7 - outer1) + 0.666666667 * (outer2 - outer6) + 0.333333333 * (outer5 - outer3)
    difference = width * side * spans
    to_middle1, to_middle2 = highpass_states(middle1, middle2, a2, a3, all_)
    to_apart1, to_apart2 = highpass_states(apart1, apart2, a2, a3, difference)
    centred = highpassed(all_, middle1, middle2, to_middle1, to_middle2)
    apart = highpassed(difference, apart1, apart2, to_apart1, to_apart2)
    return (
        u4(p1 + turning(step1)),
        u4(p2 + turning(step2)),
        u4(p3 + turning(step3)),
        u4(p4 + turning(step4)),
        u4(p5 + turning(step5)),
        u4(p6 + turning(step6)),
        u4(p7 + turning(step7)),
        to_middle1,
        to_middle2,
        to_apart1,
        to_apart2,
        centred - apart,
        centred + apart,
    )
