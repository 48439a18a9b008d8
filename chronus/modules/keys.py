"""The parts of an instrument that make no sound: its player, its voices' sum, and its knobs.

`keys` is what the notes of an instrument go to. Its outputs are patched to oscillators and
envelopes whose own `freq` and `velocity` are 0, so that the cables alone set them; an amount of 0.5
is an octave down, 1.007 is 12 cents up. `poly` is where the voices of an instrument meet, `knob` is
a value that moves several ports at once.
"""

from __future__ import annotations

from chronus.dsp.approx import exp2, f4, i4, seldom, steady
from chronus.dsp.declaration import (
    Family,
    Input,
    Output,
    State,
    audio,
    freq,
    gate,
    helper,
    module,
    velocity,
)


@helper
def octaves_between(low: float, high: float) -> float:
    """How many octaves `high` is above `low`, both above 0 and within 63 octaves; error 4e-7.

    The whole octaves are found by halving the search six times, the rest by the first terms of an
    inverse hyperbolic tangent.
    """
    up = high > low
    y = high / low if up else low / high
    big = y >= 4294967296.0
    whole = 32.0 if big else 0.0
    y = y * 2.3283064365386963e-10 if big else y
    big = y >= 65536.0
    whole = whole + 16.0 if big else whole
    y = y * 1.52587890625e-05 if big else y
    big = y >= 256.0
    whole = whole + 8.0 if big else whole
    y = y * 0.00390625 if big else y
    big = y >= 16.0
    whole = whole + 4.0 if big else whole
    y = y * 0.0625 if big else y
    big = y >= 4.0
    whole = whole + 2.0 if big else whole
    y = y * 0.25 if big else y
    big = y >= 1.41421356
    whole = whole + 1.0 if big else whole
    y = y * 0.5 if big else y
    big = y >= 1.41421356
    whole = whole + 1.0 if big else whole
    y = y * 0.5 if big else y
    z = (y - 1.0) / (y + 1.0)
    s = z * z
    size = whole + z * (((0.412198583 * s + 0.577078016) * s + 0.961796694) * s + 2.88539008)
    return size if up else -size


@module(
    doc="Player of an instrument: notes go to it, and it hands them on; its pitch can glide.",
    family=Family.MODULATION,
    inputs=(
        freq(261.625565),
        gate(),
        velocity(),
        Input(
            "glide",
            "Time from one note's pitch to the next, by equal ratios; the first note has none",
            0.0,
            0.0,
            5000.0,
            "ms",
            ramp_s=0.0,
        ),
    ),
    outputs=(
        Output("freq", "The pitch in Hz, on its way where it glides"),
        Output("gate", "The gate"),
        Output("velocity", "The velocity"),
    ),
    state=(
        State("last"),
        State("now"),
        State("octaves"),
        State("left"),
        State("share"),
        State("begun"),
    ),
    source="Constant-time portamento: after `glide` the pitch is the note's, to the bit, "
    "however far it was",
    example="instrument mine { load keys glide=60; load saw freq=0; load adsr as env velocity=0; "
    "patch saw > env; patch keys.freq > saw.freq; patch keys.gate > env.gate; "
    "patch keys.velocity > env.velocity }; load mine; sequence mine: c3 eb3 g3 c4",
)
def keys(
    last: float,
    now: float,
    octaves: float,
    left: float,
    share: float,
    begun: float,
    freq: float,
    gate: float,
    velocity: float,
    glide: float,
    dt: float,
) -> tuple[float, float, float, float, float, float, float, float, float]:
    frames = steady(f4(i4(0.001 * glide / dt + 0.5)))
    part = steady(1.0 / max(frames, 1.0))
    can = seldom(glide > 0.0)
    moved = freq != last
    glides = can and begun > 0.5 and freq > 0.0 and now > 0.0
    bent = (octaves_between(freq, now) if glides else 0.0) if moved else octaves
    frames_left = (frames if glides else 0.0) if moved else max(left - 1.0, 0.0)
    # A glide that is set to nothing while it lasts ends there.
    octaves = bent if can else 0.0
    left = frames_left if can else 0.0
    share = (part if moved else share) if can else 0.0
    now = (freq * exp2(octaves * (left * share)) if left > 0.0 else freq) if can else freq
    begun = 1.0 if gate > 0.5 else begun
    return freq, now, octaves, left, share, begun, now, gate, velocity


@module(
    doc="Where the voices of an instrument meet: a plain wire, computed once behind all of them.",
    family=Family.MIXER,
    inputs=(audio("in", "The voices", channels=2),),
    outputs=(Output("out", "Their sum", channels=2),),
    source="A wire",
    example="instrument organ voices 4 { load keys; load fm freq=0hz ratio=3 index=0.7; load "
    "adsr; load poly level=-12db; patch keys.freq > fm.freq; patch keys.gate > adsr.gate; patch "
    "fm > adsr > poly > out }; load organ; sequence organ: c3:m7 . . . eb3:maj7 . . . step 1/8",
)
def poly(
    in_left: float,
    in_right: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[float, float]:
    return in_left, in_right


@module(
    doc="Knob: a value that moves several ports at once, each as far as its cable says.",
    family=Family.MODULATION,
    inputs=(Input("value", "What it is set to"),),
    outputs=(Output("out", "The value"),),
    source="A wire",
    example="load saw; load filter cutoff=150 level=-12db; patch saw > filter; load knob "
    "value=0; patch knob > filter.cutoff by 6oct; patch knob > filter.resonance by 0.6; set "
    "knob.value 1 over 4 bars",
)
def knob(value: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return value
