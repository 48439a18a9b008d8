"""Two operators: a sine whose phase another sine bends.

Nothing is sampled more often than once. Instead the index is held back where the sidebands above
the carrier would not find room below half the rate: of a pitch of 2 kHz at a ratio of 1 and a rate
of 48 kHz at 5.7. What a sideband has below 0 Hz belongs to the sound. Neither `feedback` nor what
comes in at `pm` is held back: a modulator with much feedback is near a saw, and
aliases above some 2 kHz.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import clip, cycles, i4, seldom, sin_cycles, steady, turning, wrapped
from chronus.dsp.declaration import (
    Curve,
    Family,
    Input,
    Output,
    State,
    audio,
    freq,
    helper,
    module,
)
from chronus.modules.oscillators import FASTEST

EVEN: Final = Curve.EXPONENTIAL
TURN: Final = 0.159154943
"""Cycles of a radian."""


@helper
def largest_index(carrier: float, modulator: float) -> float:
    """The index up to which all sidebands above the carrier that count lie below half the rate.

    An index above 2 has 3.75 and 1.28 times itself sidebands on a side, a smaller one fewer; what
    lies beyond them is 60 dB below the whole.

    Args:
        carrier: cycles a sample.
        modulator: the same.
    """
    room = (0.5 - carrier) / max(modulator, 1e-9)
    few = max(room - 1.0, 0.0)
    return 0.07 * few * few if room < 6.0 else 0.78 * (room - 3.75)


@module(
    doc="FM: a sine whose phase another sine bends, with feedback on that one.",
    family=Family.OSCILLATOR,
    inputs=(
        freq(),
        Input(
            "ratio", "Pitch of the modulator to `freq`", 1.0, 0.0625, 32.0, "", Curve.EXPONENTIAL
        ),
        Input("index", "How far it bends, in radians: the brightness", 2.0, 0.0, 20.0),
        Input("feedback", "How far the modulator bends itself: 0.5 is near a saw", 0.0, 0.0, 1.0),
        Input("fine", "Added to the modulator's pitch", 0.0, -100.0, 100.0, "hz"),
        audio("pm", "Bends the phase of the carrier too, in radians"),
    ),
    outputs=(Output("out", "The carrier, -1 to 1"), Output("modulator", "The modulator, -1 to 1")),
    state=(
        State("carrier", dtype="i4"),
        State("modulator", dtype="i4"),
        State("last"),
        State("before"),
    ),
    source="Chowning, The synthesis of complex audio spectra by means of frequency modulation, "
    "JAES 21 (7), 1973; feedback as the mean of the last two samples: Tomisawa, US patent "
    "4249447, 1981",
    example="load fm ratio=2 freq=110; load adsr decay=400 sustain=0; patch fm > adsr; "
    "patch adsr.env > fm.index by 4; sequence adsr: x... x...",
)
def fm(
    carrier: int,
    modulator: int,
    last: float,
    before: float,
    freq: float,
    ratio: float,
    index: float,
    feedback: float,
    fine: float,
    pm: float,
    dt: float,
) -> tuple[int, int, float, float, float, float]:
    low = min(freq * dt, FASTEST)
    high = clip((freq * ratio + fine) * dt, 0.0, FASTEST)
    turn_low = steady(turning(low))
    turn_high = steady(turning(high))
    most = steady(largest_index(low, high))
    fed = seldom(feedback > 0.0)
    # A feedback of 1 is half a turn for the mean of two samples. What the last one has no share in
    # is put together before it is waited for.
    quarter = 0.25 * feedback
    ahead = cycles(modulator) + quarter * before
    wave = sin_cycles(wrapped(ahead + quarter * last) if fed else cycles(modulator))
    bend = TURN * (min(index, most) * wave + pm)
    out = sin_cycles(wrapped(cycles(carrier) + bend))
    return i4(carrier + turn_low), i4(modulator + turn_high), wave, last, out, wave
