"""Small tools for sound: a ring modulator, a bit crusher, and a block for what stands still."""

from __future__ import annotations

from chronus.dsp.approx import exp2, round_, steady
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, module


@module(
    doc="Ring modulator (ringmod): multiplies two sounds, so that sums and differences are heard.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is multiplied"),
        audio("by", "By what"),
        Input("mix", "0 only what comes in, 1 only the product", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The product"),),
    source="Multiplication; sums of partials above half the rate alias",
    example="load saw freq=220; load sine freq=313; load ring level=-9db; load lfo rate=0.2; "
    "patch saw > ring; patch sine > ring.by; patch lfo > sine.freq by 1oct",
)
def ring(in_: float, by: float, mix: float, dt: float) -> float:  # noqa: ARG001 - dt ends a tick
    return in_ + mix * (in_ * by - in_)


@module(
    doc="Bit crusher (bitcrush): fewer bits, a lower rate, and all that this breaks, in stereo.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is crushed", channels=2),
        Input("bits", "Bits of a sample; parts of a bit count", 8.0, 1.0, 16.0),
        Input("rate", "Samples a second", 12_000.0, 100.0, 48_000.0, "hz", Curve.EXPONENTIAL),
        Input("mix", "0 only the sound, 1 only what is left of it", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "What is left", channels=2),),
    state=(State("wait"), State("left"), State("right")),
    source="A sample is held until the next is due, and rounded; it aliases, which is the point",
    example="load triangle; load crush bits=3 rate=5000 level=-12db; patch triangle > crush; "
    "sequence triangle.freq: c4 g4 eb5 c5 step 1/16",
)
def crush(
    wait: float,
    left: float,
    right: float,
    in_left: float,
    in_right: float,
    bits: float,
    rate: float,
    mix: float,
    dt: float,
) -> tuple[float, float, float, float, float]:
    step = steady(min(rate * dt, 1.0))
    levels = exp2(bits - 1.0)
    grain = steady(1.0 / levels)
    scale = steady(levels + 0.0)
    # A sample is due when the time that has been waited for reaches 0.
    due = wait <= 0.0
    left = in_left if due else left
    right = in_right if due else right
    wait = (wait + 1.0 if due else wait) - step
    # Not as a difference: what is held must be held to the bit.
    out_left = (1.0 - mix) * in_left + mix * (grain * round_(scale * left))
    out_right = (1.0 - mix) * in_right + mix * (grain * round_(scale * right))
    return wait, left, right, out_left, out_right


@module(
    doc="Takes away what stands still (an offset) and lets all that is heard through, in stereo.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What may have an offset", channels=2),
        Input("freq", "Corner of the highpass", 10.0, 1.0, 200.0, "hz", Curve.EXPONENTIAL),
    ),
    outputs=(Output("out", "The sound without it", channels=2),),
    state=(State("low_left"), State("low_right")),
    source="A highpass of one pole",
    example="load square freq=130.8 width=0.1; load adsr decay=60 sustain=0; load dcblock "
    "level=-6db; patch square > adsr > dcblock; sequence adsr: x..x ..x.",
)
def dcblock(
    low_left: float, low_right: float, in_left: float, in_right: float, freq: float, dt: float
) -> tuple[float, float, float, float]:
    g = 3.14159265 * freq * dt
    open_to = steady(g / (1.0 + g))
    step_left = open_to * (in_left - low_left)
    step_right = open_to * (in_right - low_right)
    return (
        low_left + 2.0 * step_left,
        low_right + 2.0 * step_right,
        in_left - low_left - step_left,
        in_right - low_right - step_right,
    )
