"""The feedback comb: a loop as long as a period, so that a pitch rings in whatever goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import (
    arc_tangent,
    clip,
    counted,
    f4,
    i4,
    loop_limit,
    sin_cycles,
    sqrt,
    steady,
)
from chronus.dsp.declaration import (
    Curve,
    Family,
    Input,
    Memory,
    Output,
    State,
    audio,
    helper,
    module,
)

if TYPE_CHECKING:
    from collections.abc import MutableSequence

LOWEST_HZ: Final = 20.0
HIGHEST_HZ: Final = 8000.0


@helper
def read_tuned(line: MutableSequence[float], place: int, whole: int, d: float) -> float:
    """What lay `whole` + d samples before `place`, by Lagrange's cubic through four samples.

    Args:
        line: a ring of samples.
        place: where the next one will be written.
        whole: at least 2.
        d: 0..1.
    """
    # An index below 0 counts from the end, so that the ring closes by itself.
    at = place - whole
    y0, y1, y2, y3 = line[at + 1], line[at], line[at - 1], line[at - 2]
    newer = d * (d - 1.0) * 0.166666667 * ((2.0 - d) * y0 + (d + 1.0) * y3)
    return newer + (d + 1.0) * (2.0 - d) * 0.5 * ((1.0 - d) * y1 + d * y2)


@module(
    doc="Comb filter with feedback, tuned: what goes through it rings at a pitch (resonator).",
    family=Family.FILTER,
    inputs=(
        audio("in", "What rings"),
        Input(
            "freq",
            "Pitch that rings; a feedback below 0 rings an octave lower, odd partials only",
            220.0,
            LOWEST_HZ,
            HIGHEST_HZ,
            "hz",
            Curve.EXPONENTIAL,
            ramp_s=0.0,
        ),
        Input("feedback", "How much is left of a turn, or is turned over", 0.9, -0.999, 0.999),
        Input(
            "damp",
            "Corner of the lowpass in the loop: what is above dies sooner",
            6000.0,
            200.0,
            20_000.0,
            "hz",
            Curve.EXPONENTIAL,
        ),
        Input("mix", "0 only the sound, 1 only what rings", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound as it rings; noise keeps its loudness"),),
    state=(State("place", dtype="i4"), State("dull")),
    # A little more than the longest period and the samples around what is read.
    memories=(Memory("line", 0.052),),
    source="Schroeder, Natural sounding artificial reverberation, JAES 10 (3), 1962 (the comb); "
    "Moorer, About this reverberation business, CMJ 3 (2), 1979 (its lowpass, whose delay at the "
    "pitch is taken off the loop); Laakso, Välimäki, Karjalainen, Laine, Splitting the unit delay, "
    "IEEE SPM 13 (1), 1996. Linear up to full scale and bent above it",
    example="load noise; load adsr decay=30 sustain=0; load comb freq=110 feedback=0.97 "
    "level=6db; patch noise > adsr > comb; sequence adsr: x... x.x.",
)
def comb(
    place: int,
    dull: float,
    in_: float,
    freq: float,
    feedback: float,
    damp: float,
    mix: float,
    line: MutableSequence[float],
    dt: float,
) -> tuple[int, float, float]:
    step = clip(freq, LOWEST_HZ, 0.2 / dt) * dt
    # The lowpass x + pole (y - x), 3 dB down at its corner.
    corner = sin_cycles(0.5 * min(damp * dt, 0.45))
    u = 2.0 * corner * corner
    p = 1.0 / (1.0 + u + sqrt(u * (u + 2.0)))
    pole = steady(p + 0.0)
    half = sin_cycles(0.5 * step)
    under = (1.0 - p) + 2.0 * p * half * half
    period = 1.0 / step
    lag = 0.159154943 * period * arc_tangent(p * sin_cycles(step) / under)
    samples = steady(max(period - lag, 2.0))
    loudness = steady(sqrt(1.0 - feedback * feedback))
    whole = i4(samples)
    turned = read_tuned(line, place, whole, samples - f4(whole))
    dull = turned + pole * (dull - turned)
    rung = loop_limit(loudness * in_ + feedback * dull)
    line[place] = rung
    place = counted(place, len(line))
    return place, dull, in_ + mix * (rung - in_)
