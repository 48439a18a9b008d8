"""The state-variable filter: four responses from two integrators, sound while it is swept."""

from __future__ import annotations

from chronus.dsp.approx import steady
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module


@helper
def two_over(x: float) -> float:
    """2 / x for x of 1/16 to 1/8 without a division; relative error below 3e-6, at 1/16 2e-7.

    A parabola that is right at 1/16, where low cutoffs are, and a step of Halley's: an error there
    would be one of the damping, and many times as large.
    """
    guess = (2883.34531 * x - 793.540501) * x + 70.3332137
    wrong = 2.0 - x * guess
    return guess + (guess * wrong) * (0.25 * wrong + 0.5)


@module(
    doc="State-variable filter (SVF), 12 dB an octave: low, high, band and notch at once.",
    family=Family.FILTER,
    inputs=(
        audio("in", "What is filtered"),
        Input("cutoff", "Corner", 1000.0, 20.0, 20_000.0, "hz", Curve.EXPONENTIAL),
        Input(
            "resonance", "0 is flat (Butterworth), 1 rings at the edge of singing", 0.2, 0.0, 1.0
        ),
        Input(
            "mode",
            "Which response `out` carries",
            0.0,
            0.0,
            3.0,
            choices=("low", "high", "band", "notch"),
            ramp_s=0.0,
        ),
    ),
    outputs=(
        Output("out", "The response that `mode` names"),
        Output("low", "What is below the corner"),
        Output("high", "What is above the corner"),
        Output("band", "What is around the corner, peak gain 1"),
        Output("notch", "All but what is around the corner"),
    ),
    state=(State("first"), State("second")),
    source="Zavalishin, The Art of VA Filter Design 2.1.2, 2018, section 4.4; "
    "Simper, Linear Trapezoidal Integrated SVF, Cytomic 2013",
    example="load saw freq=65.4; load filter cutoff=150 resonance=0.7 level=-9db; load lfo "
    "rate=0.5 shape=fall; patch saw > filter; patch lfo.uni > filter.cutoff by 5oct",
)
def filter_(
    first: float,
    second: float,
    in_: float,
    cutoff: float,
    resonance: float,
    mode: float,
    dt: float,
) -> tuple[float, float, float, float, float, float, float]:
    # The cutoff stays below 0.45 of the rate, where the tangent is still tame.
    x = min(cutoff * dt, 0.45)
    # A shorter `tan_numerator`: the corner errs by less than 0.05 cents.
    s = x * x
    odd = 0.151477990 * s + 0.556624908
    n = x * (0.785398163 - odd * s)
    d = 0.25 - s
    damping = steady(1.41421356 - 1.4 * resonance)
    # With g = n / d, and doubled: a2 = g / (1 + g (g + damping)) and a3 = g a2.
    double = n * two_over(d * d + n * (n + damping * d))
    a2 = steady(double * d)
    a3 = steady(double * n)
    lost = steady(damping * a2 + a3)
    # The states are half of what the integrators hold, so that sums are means. Each gets its change
    # and not a new value, so that a low cutoff loses no bits.
    beside = 0.5 * in_ - second
    next_first = (first - lost * first) + a2 * beside
    next_second = (second + a2 * first) + a3 * beside
    band = first + next_first
    low = second + next_second
    middle = damping * band
    notch = in_ - middle
    high = notch - low
    lower = low if mode < 0.5 else high
    upper = middle if mode < 2.5 else notch
    out = lower if mode < 1.5 else upper
    return next_first, next_second, out, low, high, middle, notch
