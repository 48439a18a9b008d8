"""Oscillators: sine, and the band-limited saw, square and triangle.

The three jump or bend where a naive wave aliases. Up to a ninth of the rate each edge is replaced
by a smooth one of eight samples: the integral of a polynomial pulse (degree 14, even) that was
chosen by linear programming for the flattest response up to 12 kHz (at 48 kHz; within 0.15 dB,
-2 dB at 15 kHz) under the condition that all aliases of a 5 kHz saw stay 60 dB below its
fundamental. Since only the nearest edge may be within reach, higher pitches cross over to the sum
of the few partials that still have room, faded towards half the rate with the same response.

Sources: Välimäki, Pekonen, Nam, Perceptually informed synthesis of bandlimited classical
waveforms using integrated polynomial interpolation, JASA 131 (1), 2012, pages 974-986 (the method);
Esqueda, Välimäki, Bilbao, Rounding corners with BLAMP, DAFx-16 (its integral, for corners).
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import clip, sin_cycles, wrapped
from chronus.dsp.declaration import Family, Input, Output, State, freq, helper, module

TWO_OVER_PI: Final = 0.636619772
EIGHT_OVER_PI_SQUARED: Final = 0.810569469

METHOD: Final = "Välimäki, Pekonen, Nam, JASA 131 (1), 2012, pages 974-986"
PHASE: Final = (State("phase"), State("lost"))
"""The phase in cycles and what the last addition lost of it (compensated summation): float32
alone would be out of tune below 30 Hz."""


@helper
def advanced(phase: float, lost: float, step: float) -> tuple[float, float]:
    """The phase one sample on, and the rounding that is to be made good by the next call.

    Source: Kahan, Further remarks on reducing truncation errors, CACM 8 (1), 1965, page 40.
    """
    wanted = step - lost
    total = phase + wanted
    lost = (total - phase) - wanted
    return (total - 1.0 if total >= 1.0 else total), lost


@helper
def partial_gain(frequency: float) -> float:
    """Gain of a partial at `frequency` (a share of the rate): 1 up to a quarter, 0 from a half."""
    room = clip(2.0 - 4.0 * frequency, 0.0, 1.0)
    return room * room * (3.0 - 2.0 * room)


@helper
def fundamental_gain(step: float) -> float:
    """Gain of the lowest partial: it is let through longer, up to 0.45 of the rate."""
    return clip(10.0 - 20.0 * step, 0.0, 1.0)


@helper
def step_residual(x: float) -> float:
    """What a smooth upward step of height 1 differs from a sudden one, `x` after it.

    Args:
        x: 0..1, a quarter of the distance in samples; before the edge the sign turns.
    """
    s = x * x
    rise = -6.23202068 * s + 32.5982835
    rise = rise * s - 75.5493877
    rise = rise * s + 101.766153
    rise = rise * s - 86.8110106
    rise = rise * s + 47.1173074
    rise = rise * s - 15.3348144
    rise = rise * s + 2.94548908
    return x * rise - 0.5


@helper
def corner_residual(x: float) -> float:
    """What a smooth corner (a bend of slope 1 a sample) differs from a sharp one, `x` beside it.

    Args:
        x: 0..1, a quarter of the distance in samples.
    """
    s = x * x
    bend = -0.389501293 * s + 2.32844882
    bend = bend * s - 6.29578231
    bend = bend * s + 10.1766153
    bend = bend * s - 10.8513763
    bend = bend * s + 7.85288456
    bend = bend * s - 3.8337036
    bend = bend * s + 1.47274454
    return 4.0 * (0.0396702596 - 0.5 * x + s * bend)


@helper
def saw_partials(phase: float, step: float) -> float:
    """The first three partials of a saw, faded where they come near half the rate."""
    sine = sin_cycles(phase)
    cosine = sin_cycles(phase + 0.25 if phase < 0.75 else phase - 0.75)
    second = sine * cosine * partial_gain(2.0 * step)
    third = sine * (1.0 - 1.33333333 * sine * sine) * partial_gain(3.0 * step)
    return -TWO_OVER_PI * (sine * fundamental_gain(step) + second + third)


@helper
def triangle_partials(phase: float, step: float) -> float:
    """The first three partials of a triangle, faded where they come near half the rate."""
    tone = sin_cycles(phase)
    s = tone * tone
    third = tone * (0.333333333 - 0.444444444 * s) * partial_gain(3.0 * step)
    fifth = tone * (0.2 - s * (0.8 - 0.64 * s)) * partial_gain(5.0 * step)
    return EIGHT_OVER_PI_SQUARED * (tone * fundamental_gain(step) - third + fifth)


@helper
def saw_wave(phase: float, step: float) -> float:
    """A band-limited falling edge at phase 0 and a straight rise from -1 to 1 between.

    Args:
        phase: 0..1 cycles.
        step: cycles a sample, above 0.
    """
    distance = phase if phase < 0.5 else 1.0 - phase
    reach = 4.0 * min(step, 0.125)
    # Conditional expressions: a mono kernel branches past what it does not need.
    rest = step_residual(distance / reach) if distance < reach else 0.0
    naive = 2.0 * phase - 1.0
    edged = naive - 2.0 * rest if phase < 0.5 else naive + 2.0 * rest
    high = clip(50.0 * step - 5.25, 0.0, 1.0)
    return edged + high * (saw_partials(phase, step) - edged) if high > 0.0 else edged


@module(
    doc="Sine oscillator.",
    family=Family.OSCILLATOR,
    inputs=(freq(),),
    outputs=(Output("out", "The wave, -1 to 1, starting at 0"),),
    state=PHASE,
    source="Odd minimax polynomial of degree 9 on a folded quarter cycle; error below 4e-7",
    example="load sine; set sine.freq 440",
)
def sine(phase: float, lost: float, freq: float, dt: float) -> tuple[float, float, float]:
    step = freq * dt
    out = sin_cycles(phase) * fundamental_gain(step)
    phase, lost = advanced(phase, lost, step)
    return phase, lost, out


@module(
    doc="Sawtooth oscillator, band-limited.",
    family=Family.OSCILLATOR,
    inputs=(freq(),),
    outputs=(Output("out", "The wave, -1 to 1, rising, starting at 0"),),
    state=(State("phase", 0.5), State("lost")),
    source=METHOD,
    example="load saw; set saw.freq 55",
)
def saw(phase: float, lost: float, freq: float, dt: float) -> tuple[float, float, float]:
    step = freq * dt
    out = saw_wave(phase, step)
    phase, lost = advanced(phase, lost, step)
    return phase, lost, out


@module(
    doc="Square oscillator with pulse width, band-limited.",
    family=Family.OSCILLATOR,
    inputs=(freq(), Input("width", "Share of the cycle that is high", 0.5, 0.05, 0.95)),
    outputs=(Output("out", "The wave, -1 to 1, starting upwards at 0"),),
    state=PHASE,
    source=METHOD,
    example="load square; set square.freq 110 square.width 0.3",
)
def square(
    phase: float, lost: float, freq: float, width: float, dt: float
) -> tuple[float, float, float]:
    step = freq * dt
    after = wrapped(phase - width)
    out = saw_wave(after, step) - saw_wave(phase, step) + 2.0 * width - 1.0
    phase, lost = advanced(phase, lost, step)
    return phase, lost, out


@module(
    doc="Triangle oscillator, band-limited.",
    family=Family.OSCILLATOR,
    inputs=(freq(),),
    outputs=(Output("out", "The wave, -1 to 1, starting upwards at 0"),),
    state=PHASE,
    source="Esqueda, Välimäki, Bilbao, Rounding corners with BLAMP, DAFx-16, pages 121-128",
    example="load triangle; set triangle.freq 220",
)
def triangle(phase: float, lost: float, freq: float, dt: float) -> tuple[float, float, float]:
    step = freq * dt
    reach = 4.0 * min(step, 0.0625)
    # Corners lie half a cycle apart, one up and one down: the nearer one counts.
    from_top = abs(wrapped(phase + 0.25) - 0.5)
    distance = min(from_top, 0.5 - from_top)
    rest = 2.0 * reach * corner_residual(distance / reach) if distance < reach else 0.0
    naive = 1.0 - 4.0 * from_top
    cornered = naive - rest if from_top < 0.25 else naive + rest
    high = clip(100.0 * step - 5.25, 0.0, 1.0)
    tones = triangle_partials(phase, step) if high > 0.0 else cornered
    out = cornered + high * (tones - cornered)
    phase, lost = advanced(phase, lost, step)
    return phase, lost, out
