"""The equaliser: a low shelf, a bell and a high shelf, in stereo, sound while they are moved."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import db_gain, sqrt, steady, tan_numerator
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, helper, module


def gain(name: str, doc: str) -> Input:
    """A port for a gain of -18..18 dB."""
    return Input(name, doc, 0.0, -18.0, 18.0, "db")


def corner(name: str, doc: str, default: float, low: float, high: float) -> Input:
    """A port for a frequency."""
    return Input(name, doc, default, low, high, "hz", Curve.EXPONENTIAL)


BUTTERWORTH: Final = 1.41421356


@helper
def tangent(x: float) -> float:
    """The tangent of pi times `x`, for x of 0..0.45."""
    return tan_numerator(x) / (0.25 - x * x)


@helper
def stepped(
    first: float, second: float, a2: float, lost: float, a3: float, x: float
) -> tuple[float, float]:
    """The two states of a state-variable filter one sample later, as in the filter's file."""
    return (
        (first - lost * first) + (a2 * x - a2 * second),
        (second + a2 * first) + (a3 * x - a3 * second),
    )


@module(
    doc="Equaliser: low shelf, bell and high shelf, in stereo.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is shaped", channels=2),
        gain("low", "Gain below `lowfreq`"),
        corner("lowfreq", "Middle of the low shelf", 120.0, 20.0, 2000.0),
        gain("mid", "Gain around `midfreq`"),
        corner("midfreq", "Middle of the bell", 1000.0, 20.0, 18_000.0),
        Input("q", "Narrowness of the bell", 1.0, 0.2, 12.0, curve=Curve.EXPONENTIAL),
        gain("high", "Gain above `highfreq`"),
        corner("highfreq", "Middle of the high shelf", 6000.0, 500.0, 18_000.0),
    ),
    outputs=(Output("out", "The shaped sound", channels=2),),
    state=tuple(
        State(f"{band}{number}_{side}")
        for band in ("l", "m", "h")
        for side in ("left", "right")
        for number in (1, 2)
    ),
    source="Simper, SVF Linear Trapezoidal Optimised, Cytomic 2013: the curves of "
    "Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients, 1994",
    example="load sampler file patches/samples/break.flac; load eq low=9 mid=-12 high=6 "
    "level=-6db; patch sampler > eq; set eq.midfreq 500; sequence sampler: x . . . step 1/4",
)
def eq(
    l1_left: float,
    l2_left: float,
    l1_right: float,
    l2_right: float,
    m1_left: float,
    m2_left: float,
    m1_right: float,
    m2_right: float,
    h1_left: float,
    h2_left: float,
    h1_right: float,
    h2_right: float,
    in_left: float,
    in_right: float,
    low: float,
    lowfreq: float,
    mid: float,
    midfreq: float,
    q: float,
    high: float,
    highfreq: float,
    dt: float,
) -> tuple[
    float, float, float, float, float, float, float, float, float, float, float, float,
    float, float,
]:  # fmt: skip
    # Each band is a state-variable filter whose corner and damping are moved with its gain, so
    # that a cut mirrors a boost. `a2`, `a3` and `lost` as in the filter's file, doubled.
    a = db_gain(0.5 * low)
    g = tangent(min(lowfreq * dt, 0.45)) / sqrt(a)
    double = 2.0 / (1.0 + g * (g + BUTTERWORTH))
    l_a2 = steady(g * double)
    l_a3 = steady(g * g * double)
    l_lost = steady(BUTTERWORTH * g * double + g * g * double)
    l_middle = steady(0.5 * BUTTERWORTH * (a - 1.0))
    l_low = steady(0.5 * (a * a - 1.0))
    a = db_gain(0.5 * mid)
    damping = 1.0 / (q * a)
    g = tangent(min(midfreq * dt, 0.45))
    double = 2.0 / (1.0 + g * (g + damping))
    m_a2 = steady(g * double)
    m_a3 = steady(g * g * double)
    m_lost = steady(damping * g * double + g * g * double)
    m_middle = steady(0.5 * damping * (a * a - 1.0))
    a = db_gain(0.5 * high)
    g = tangent(min(highfreq * dt, 0.45)) * sqrt(a)
    double = 2.0 / (1.0 + g * (g + BUTTERWORTH))
    h_a2 = steady(g * double)
    h_a3 = steady(g * g * double)
    h_lost = steady(BUTTERWORTH * g * double + g * g * double)
    h_in = steady(a * a)
    h_middle = steady(0.5 * BUTTERWORTH * (1.0 - a) * a)
    h_low = steady(0.5 * (1.0 - a * a))
    to_l1_left, to_l2_left = stepped(l1_left, l2_left, l_a2, l_lost, l_a3, in_left)
    to_l1_right, to_l2_right = stepped(l1_right, l2_right, l_a2, l_lost, l_a3, in_right)
    left = in_left + l_middle * (l1_left + to_l1_left) + l_low * (l2_left + to_l2_left)
    right = in_right + l_middle * (l1_right + to_l1_right) + l_low * (l2_right + to_l2_right)
    to_m1_left, to_m2_left = stepped(m1_left, m2_left, m_a2, m_lost, m_a3, left)
    to_m1_right, to_m2_right = stepped(m1_right, m2_right, m_a2, m_lost, m_a3, right)
    left = left + m_middle * (m1_left + to_m1_left)
    right = right + m_middle * (m1_right + to_m1_right)
    to_h1_left, to_h2_left = stepped(h1_left, h2_left, h_a2, h_lost, h_a3, left)
    to_h1_right, to_h2_right = stepped(h1_right, h2_right, h_a2, h_lost, h_a3, right)
    left = h_in * left + h_middle * (h1_left + to_h1_left) + h_low * (h2_left + to_h2_left)
    right = h_in * right + h_middle * (h1_right + to_h1_right) + h_low * (h2_right + to_h2_right)
    return (
        to_l1_left, to_l2_left, to_l1_right, to_l2_right,
        to_m1_left, to_m2_left, to_m1_right, to_m2_right,
        to_h1_left, to_h2_left, to_h1_right, to_h2_right,
        left, right,
    )  # fmt: skip
