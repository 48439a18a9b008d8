"""The formant filter: five resonances of a voice that sings vowels, and all that lies between.

Each vowel is five peaks, by the tables that singers were measured for; from one vowel to the next
each peak moves in a straight line. The bandpasses stand side by side with signs that alternate, so
that they do not cancel out between two peaks, as the tube of a mouth does not either.
"""

from __future__ import annotations

from chronus.dsp.approx import clip, exp2, steady, tan_numerator
from chronus.dsp.declaration import Family, Input, Output, State, audio, helper, module


@helper
def between(vowel: float, a: float, e: float, i: float, o: float, u: float) -> float:
    """A value that each vowel has, or that lies between two."""
    second = a + (e - a) * clip(vowel, 0.0, 1.0)
    third = second + (i - e) * clip(vowel - 1.0, 0.0, 1.0)
    fourth = third + (o - i) * clip(vowel - 2.0, 0.0, 1.0)
    return fourth + (u - o) * clip(vowel - 3.0, 0.0, 1.0)


@helper
def level(k: float, level_db: float) -> float:
    """What a bandpass of the damping k is scaled by, for a gain of `level_db` and 6 dB more."""
    return 2.0 * k * exp2(0.166096405 * level_db)


@helper
def tangent(hz: float, dt: float) -> float:
    """What an integrator of a filter at so many Hz is scaled by, tan(pi hz dt)."""
    x = min(hz * dt, 0.45)
    return tan_numerator(x) / (0.25 - x * x)


@helper
def band_of(g: float, k: float) -> float:
    """The share of the loop that is solved, of a bandpass of the damping k."""
    return 1.0 / (1.0 + g * (g + k))


@helper
def peak(x: float, s1: float, s2: float, g: float, a: float) -> tuple[float, float, float]:
    """A bandpass: its next states, and what it gives, to be scaled by its damping."""
    rest = x - s2
    v1 = a * (s1 + g * rest)
    v2 = s2 + g * v1
    return 2.0 * v1 - s1, 2.0 * v2 - s2, v1


@module(
    doc="Formant filter: makes a sound sing the vowels a e i o u, and what lies between (talk).",
    family=Family.FILTER,
    inputs=(
        audio("in", "What sings"),
        Input("vowel", "0 a, 1 e, 2 i, 3 o, 4 u, and between two of them", 0.0, 0.0, 4.0),
        Input(
            "shift",
            "All peaks higher or lower: a smaller or a larger mouth",
            0.0,
            -12.0,
            12.0,
            "st",
        ),
        Input("width", "How wide the peaks are, in times those of a voice", 1.0, 0.25, 4.0),
        Input("mix", "0 only the sound, 1 only the voice", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The voice; the first peak has a gain of 6 dB"),),
    state=tuple(State(f"{name}{n}") for n in range(1, 6) for name in ("first", "second")),
    source="Frequencies, levels and bandwidths of a bass: The Canonical Csound Reference Manual, "
    "appendix D, Formant values; bandpasses: Zavalishin, The Art of VA Filter Design 2.1.2, 2018, "
    "section 4.4",
    example="load saw freq=82.4; load formant; load lfo rate=1/2 shape=triangle; patch saw > "
    "formant; patch lfo.uni > formant.vowel by 4",
)
def formant(
    first1: float,
    second1: float,
    first2: float,
    second2: float,
    first3: float,
    second3: float,
    first4: float,
    second4: float,
    first5: float,
    second5: float,
    in_: float,
    vowel: float,
    shift: float,
    width: float,
    mix: float,
    dt: float,
) -> tuple[float, ...]:
    ratio = exp2(0.0833333333 * shift)
    f1 = between(vowel, 600.0, 400.0, 250.0, 400.0, 350.0)
    f2 = between(vowel, 1040.0, 1620.0, 1750.0, 750.0, 600.0)
    f3 = between(vowel, 2250.0, 2400.0, 2600.0, 2400.0, 2400.0)
    f4_ = between(vowel, 2450.0, 2800.0, 3050.0, 2600.0, 2675.0)
    f5 = between(vowel, 2750.0, 3100.0, 3340.0, 2900.0, 2950.0)
    # Bandwidth over frequency is the damping.
    k1 = width * between(vowel, 60.0, 40.0, 60.0, 40.0, 40.0) / f1
    k2 = width * between(vowel, 70.0, 80.0, 90.0, 80.0, 80.0) / f2
    k3 = width * between(vowel, 110.0, 100.0, 100.0, 100.0, 100.0) / f3
    k4 = width * 120.0 / f4_
    k5 = width * between(vowel, 130.0, 120.0, 120.0, 120.0, 120.0) / f5
    g1 = steady(tangent(ratio * f1, dt))
    g2 = steady(tangent(ratio * f2, dt))
    g3 = steady(tangent(ratio * f3, dt))
    g4 = steady(tangent(ratio * f4_, dt))
    g5 = steady(tangent(ratio * f5, dt))
    a1 = steady(band_of(g1, k1))
    a2 = steady(band_of(g2, k2))
    a3 = steady(band_of(g3, k3))
    a4 = steady(band_of(g4, k4))
    a5 = steady(band_of(g5, k5))
    # Every other peak is turned over.
    level1 = steady(level(k1, 0.0))
    level2 = steady(-level(k2, between(vowel, -7.0, -12.0, -30.0, -11.0, -20.0)))
    level3 = steady(level(k3, between(vowel, -9.0, -9.0, -16.0, -21.0, -32.0)))
    level4 = steady(-level(k4, between(vowel, -9.0, -12.0, -22.0, -20.0, -28.0)))
    level5 = steady(level(k5, between(vowel, -20.0, -18.0, -28.0, -40.0, -36.0)))
    first1, second1, y1 = peak(in_, first1, second1, g1, a1)
    first2, second2, y2 = peak(in_, first2, second2, g2, a2)
    first3, second3, y3 = peak(in_, first3, second3, g3, a3)
    first4, second4, y4 = peak(in_, first4, second4, g4, a4)
    first5, second5, y5 = peak(in_, first5, second5, g5, a5)
    voice = (level1 * y1 + level2 * y2) + (level3 * y3 + level4 * y4) + level5 * y5
    return (
        first1,
        second1,
        first2,
        second2,
        first3,
        second3,
        first4,
        second4,
        first5,
        second5,
        in_ + mix * (voice - in_),
    )
