"""Oscillators: sine, and the band-limited saw, square and triangle.

The three jump or bend where a naive wave aliases. Up to a ninth of the rate each edge is replaced
by a smooth one of eight samples: the integral of a polynomial pulse (degree 14, even) that was
chosen by linear programming for the flattest response up to 12 kHz (at 48 kHz; within 0.15 dB,
-2 dB at 15 kHz) under the condition that all aliases of a 5 kHz saw stay 60 dB below its
fundamental. Since only the nearest edge may be within reach, higher pitches (5 to 6 kHz at 48 kHz;
a triangle's corners from 2.5 to 3 kHz) cross over to the sum of the few partials that still have
room: two of a saw, three of a triangle, faded towards half the rate.

Sources: Välimäki, Pekonen, Nam, Perceptually informed synthesis of bandlimited classical
waveforms using integrated polynomial interpolation, JASA 131 (1), 2012, pages 974-986 (the method);
Esqueda, Välimäki, Bilbao, Rounding corners with BLAMP, DAFx-16 (its integral, for corners).
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import (
    bits_of,
    clip,
    cycles,
    f4,
    i4,
    of_bits,
    seldom,
    sin_cycles,
    steady,
    turning,
)
from chronus.dsp.declaration import Family, Input, Output, State, freq, helper, module

HALF_TURN: Final = 2147483648
FASTEST: Final = 0.499
"""Cycles a sample: a pitch above half the rate would run backwards."""

METHOD: Final = "Välimäki, Pekonen, Nam, JASA 131 (1), 2012, pages 974-986"
PLACE: Final = State("place", dtype="i4")
"""Where in its cycle an oscillator is: see `turned`."""


@helper
def saw_edge(x: float) -> float:
    """Half of a smooth step from -1 to 1, `x` beside its middle.

    Args:
        x: 0..1, a quarter of the distance in samples; the edge is odd.
    """
    # By pairs: half as long a chain as Horner's, for one multiplication more.
    s = x * x
    s2 = s * s
    high = (65.1965670 - 12.4640414 * s) * s2 + (203.532306 - 151.098775 * s)
    middle = high * s2 + (94.2346148 - 173.622021 * s)
    return x * (middle * s2 + (5.89097816 - 30.6696288 * s))


@helper
def corner_rest(x: float) -> float:
    """What a smooth corner differs from a sharp one, `x` beside it.

    Args:
        x: 0..1, a quarter of the distance in samples.
    """
    s = x * x
    s2 = s * s
    high = (4.65689764 - 0.779002586 * s) * s2 + (20.3532306 - 12.5915646 * s)
    middle = high * s2 + (15.7057691 - 21.7027526 * s)
    whole = middle * s2 + (2.94548908 - 7.6674072 * s)
    return (whole * s - x) + 0.0793405192


@helper
def saw_partials(size: float, rest: float, step: float) -> float:
    """The first two partials of a saw of the phase `size`, 0..1 half cycles; `rest` is 1 - size.

    The second is faded from an eighth to a quarter of the rate. Error of a sine here: 7e-5.
    """
    y = min(size, rest)
    s = y * y
    sine = y * ((1.46393904 * s - 3.27025595) * s + 1.99939357)
    t = 0.5 - size
    s = t * t
    cosine = t * ((2.29955007 * s - 5.13690604) * s + 3.14064007)
    return sine * (1.0 - cosine * max(1.72413793 - 6.89655172 * step, 0.0))


@helper
def triangle_partials(y: float, step: float) -> float:
    """The first, third and fifth partial of a triangle, faded up to half the rate.

    Args:
        y: 0..1 quarter cycles from the nearest zero.
        step: cycles a sample.
    """
    s = y * y
    tone = y * ((0.0582482838 * s - 0.520477400) * s + 1.27285348)
    t = tone * tone
    third = (0.333333333 - 0.676452022 * t) * clip(2.0 - 12.0 * step, 0.0, 1.0)
    fifth = (0.2 - t * (1.21761364 - 1.48258298 * t)) * max(2.0 - 20.0 * step, 0.0)
    return tone * (1.0 - third + fifth)


@helper
def turned_over(half: float, place: int) -> float:
    """An odd wave from its right half: with the other sign where the place is below 0."""
    return of_bits(bits_of(half) ^ (place & -HALF_TURN))


@helper
def saw_wave(place: int, step: float, slope: float, few: bool) -> float:  # noqa: FBT001
    """A straight rise from -1 at -2**31 to 1 at 2**31, and a band-limited edge back.

    Args:
        place: see `turned`.
        step: cycles a sample, above 0.
        slope: see `edge_slope`.
        few: whether partials have a share in it, see `has_few_partials`.
    """
    # The wave is odd: only its size is computed.
    parts = abs(f4(i4(place)))
    distance = 1.0 - parts * 4.656612873077393e-10
    x = distance * slope
    edged = (saw_edge(x) if x < 1.0 else 1.0) - distance
    share = clip(50.0 * step - 5.25, 0.0, 1.0)
    half = edged + share * (saw_partials(1.0 - distance, distance, step) - edged) if few else edged
    return turned_over(half, place)


@helper
def has_few_partials(step: float) -> bool:
    """Whether a saw of so many cycles a sample is so high that it is summed of its partials."""
    return step > 0.105


@helper
def edge_slope(step: float) -> float:
    """How many times half the reach of an edge goes into half a cycle; finite where it stands."""
    return 1.0 / clip(8.0 * step, 1e-9, 1.0)


@module(
    doc="Sine oscillator.",
    family=Family.OSCILLATOR,
    inputs=(freq(),),
    outputs=(Output("out", "The wave, -1 to 1, starting at 0"),),
    state=(PLACE,),
    source="Odd minimax polynomial of degree 11, 0 where the sine is; error below 5e-7",
    example="load sine level=-12db; sequence sine.freq: a4 c5 e4 a4 step 1/4",
)
def sine(place: int, freq: float, dt: float) -> tuple[int, float]:
    turn = steady(turning(min(freq * dt, FASTEST)))
    return i4(place + turn), sin_cycles(cycles(place))


@module(
    doc="Sawtooth oscillator, band-limited.",
    family=Family.OSCILLATOR,
    inputs=(freq(),),
    outputs=(Output("out", "The wave, -1 to 1, rising, starting at 0"),),
    state=(PLACE,),
    source=METHOD,
    example="load saw freq=55 level=-12db; set saw.freq 220 over 4 bars",
)
def saw(place: int, freq: float, dt: float) -> tuple[int, float]:
    step = min(freq * dt, FASTEST)
    turn = steady(turning(step))
    slope = steady(edge_slope(step))
    few = seldom(has_few_partials(step))
    return i4(place + turn), saw_wave(place, step, slope, few)


@module(
    doc="Square or pulse oscillator with pulse width (PWM), band-limited.",
    family=Family.OSCILLATOR,
    inputs=(freq(), Input("width", "Share of the cycle that is high", 0.5, 0.05, 0.95)),
    outputs=(Output("out", "The wave, -1 to 1, starting upwards at 0"),),
    state=(PLACE,),
    source=METHOD,
    example="load square freq=220 level=-15db; load lfo rate=0.5; patch lfo > square.width by 0.4",
)
def square(place: int, freq: float, width: float, dt: float) -> tuple[int, float]:
    step = min(freq * dt, FASTEST)
    turn = steady(turning(step))
    slope = steady(edge_slope(step))
    few = seldom(has_few_partials(step))
    # Two saws: the edge of the one goes up at 0, the other's goes down at `width`.
    rising = i4(place + HALF_TURN)
    falling = i4(place - turning(width - 0.5))
    saws = saw_wave(falling, step, slope, few) - saw_wave(rising, step, slope, few)
    return i4(place + turn), saws + (2.0 * width - 1.0)


@module(
    doc="Triangle oscillator, band-limited.",
    family=Family.OSCILLATOR,
    inputs=(freq(),),
    outputs=(Output("out", "The wave, -1 to 1, starting upwards at 0"),),
    state=(PLACE,),
    source="Esqueda, Välimäki, Bilbao, Rounding corners with BLAMP, DAFx-16, pages 121-128",
    example="load triangle level=-9db; sequence triangle.freq: c4 d4 g4 eb4 bb4 step 1/8",
)
def triangle(place: int, freq: float, dt: float) -> tuple[int, float]:
    step = min(freq * dt, FASTEST)
    # The wave is odd: only its size is computed, from its distance to the nearest zero.
    way = abs(f4(place) * 9.313225746154785e-10)
    size = min(way, 2.0 - way)
    distance = 1.0 - size
    turn = steady(turning(step))
    reach = steady(clip(16.0 * step, 1e-9, 1.0))
    slope = steady(1.0 / reach)
    few = seldom(step > 0.0525)
    rest = reach * corner_rest(distance * slope) if distance < reach else 0.0
    cornered = size - rest
    share = clip(100.0 * step - 5.25, 0.0, 1.0)
    half = cornered + share * (triangle_partials(size, step) - cornered) if few else cornered
    return i4(place + turn), turned_over(half, place)
