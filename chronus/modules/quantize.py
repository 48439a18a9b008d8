"""The quantizer: any pitch becomes the nearest note of a scale."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import exp2, f4, i4, round_, steady
from chronus.dsp.declaration import Curve, Family, Input, Output, State, helper, module
from chronus.modules.keys import octaves_between
from chronus.scales import SCALES

TOGETHER: Final = 5
"""So many scales, of 12 bits each, lie in one whole number."""

WORDS: Final = [
    sum(1 << (12 * place + note) for place, scale in enumerate(part) for note in scale)
    for start in range(0, 4 * TOGETHER, TOGETHER)
    for part in [[*SCALES.values()][start : start + TOGETHER]]
]
FIRST, SECOND, THIRD, FOURTH = WORDS

assert len(SCALES) <= 4 * TOGETHER


@helper
def notes_of(scale: float) -> float:
    """A bit for each of the twelve notes above the root that are in a scale, by its number."""
    number = int(scale + 0.5)
    word = (
        (FIRST if number < TOGETHER else SECOND)
        if number < 2 * TOGETHER
        else (THIRD if number < 3 * TOGETHER else FOURTH)
    )
    return f4((word >> (12 * (number - TOGETHER * int(number / TOGETHER)))) & 4095)


@helper
def nearer(best: float, semitone: float, pitch: float, notes: int) -> float:
    """The one of two semitones that is nearer to a pitch; `semitone` only if it is in the scale."""
    note = i4(semitone + 1200.0)
    is_in = (notes >> (note - 12 * i4(note * 0.0833333333 + 0.01))) & 1
    return semitone if is_in > 0 and abs(semitone - pitch) < abs(best - pitch) else best


@module(
    doc="Quantizer: brings any pitch to the nearest note of a scale.",
    family=Family.MODULATION,
    inputs=(
        Input(
            "freq",
            "Pitch; a cable by 24st lets what moves between -1 and 1 play four octaves",
            261.625565,
            0.0,
            20_000.0,
            "hz",
            Curve.EXPONENTIAL,
            ramp_s=0.0,
        ),
        Input(
            "scale",
            "Which notes there are",
            1.0,
            0.0,
            len(SCALES) - 1.0,
            choices=tuple(SCALES),
            ramp_s=0.0,
        ),
        Input(
            "root",
            "The scale's first note, in any octave; all are tuned by it",
            261.625565,
            20.0,
            20_000.0,
            "hz",
            Curve.EXPONENTIAL,
            ramp_s=0.0,
        ),
    ),
    outputs=(
        Output("out", "Pitch of the note, in Hz; of two that are as near, the lower"),
        Output("new", "1 for 5 ms where another note begins: a gate"),
    ),
    state=(State("last", -1000.0), State("left")),
    source="Equal temperament above `root`; scales: Persichetti, Twentieth-Century Harmony, 1961",
    example="load walk rate=4 step=1; load quantize scale=minor root=c3; load saw freq=0 "
    "level=-12db; patch walk > quantize.freq by 12st; patch quantize > saw.freq",
)
def quantize(
    last: float, left: float, freq: float, scale: float, root: float, dt: float
) -> tuple[float, float, float, float]:
    bits = steady(notes_of(scale))
    notes = i4(bits)
    pitch = 12.0 * octaves_between(root, max(freq, 0.001))
    middle = round_(pitch)
    # The notes of a scale are at most three semitones apart.
    best = nearer(-1000.0, middle - 2.0, pitch, notes)
    best = nearer(best, middle - 1.0, pitch, notes)
    best = nearer(best, middle, pitch, notes)
    best = nearer(best, middle + 1.0, pitch, notes)
    best = nearer(best, middle + 2.0, pitch, notes)
    best = best if freq > 0.0 else -1000.0
    moved = best != last
    was_new = left > 0.0
    left = (0.005 if best > -999.0 else 0.0) if moved else max(left - dt, 0.0)
    # A gate must close before it opens again.
    new = 0.0 if was_new and moved else (1.0 if left > 0.0 else 0.0)
    out = root * exp2(0.0833333333 * best) if freq > 0.0 else 0.0
    return best, left, out, new
