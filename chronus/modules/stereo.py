"""What happens between left and right: a place for a sound, its width, and its tremble."""

from __future__ import annotations

from chronus.dsp.approx import cycles, i4, sin_cycles, soft_clip, steady, turning, wrapped
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, module
from chronus.modules.amplifiers import pan_gains


@module(
    doc="Panorama of equal power: places a sound, or moves it, between left and right.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is placed", channels=2),
        Input("position", "From left (-1) to right (1)", 0.0, -1.0, 1.0),
    ),
    outputs=(Output("out", "The sound at its place", channels=2),),
    source="The law of `NODE.pan`: sqrt(2) sin((1 + position) pi / 4) on the right, its mirror on "
    "the left; 0 dB in the middle, 3 dB more at a side",
    example="load saw freq=220; load adsr decay=60 sustain=0; load pan level=-6db; load lfo "
    "rate=0.5; patch saw > adsr > pan; patch lfo > pan.position; sequence adsr: xxxx",
)
def pan(
    in_left: float,
    in_right: float,
    position: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[float, float]:
    left, right = pan_gains(position)
    return in_left * left, in_right * right


@module(
    doc="Stereo width (mid/side): from mono over what comes in to twice as wide.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is made wide or narrow", channels=2),
        Input("width", "0 is mono, 1 as it comes, 2 twice as wide", 1.0, 0.0, 2.0),
        Input(
            "mono",
            "What is below is mono, as a club's bass must be; 0 is none",
            0.0,
            0.0,
            1000.0,
            "hz",
        ),
    ),
    outputs=(
        Output("out", "The sound, wider or narrower", channels=2),
        Output("mid", "What both sides have in common"),
        Output("side", "What parts them, as wide as it is made"),
    ),
    state=(State("low"),),
    source="Blumlein, British patent 394,325, 1931: mid (left + right) / 2, side (left - right) / "
    "2; a highpass of one pole on the side",
    example="load fm ratio=3 index=1; load chorus mix=0.7; load width mono=120 level=-9db; load "
    "lfo rate=0.5; patch fm > chorus > width; patch lfo > width.width; sequence fm.freq: f2 f2 "
    "c3 eb2 step 1/4",
)
def width(
    low: float, in_left: float, in_right: float, width: float, mono: float, dt: float
) -> tuple[float, float, float, float, float]:
    g = 3.14159265 * mono * dt
    open_to = steady(g / (1.0 + g))
    side = 0.5 * (in_left - in_right)
    step = open_to * (side - low)
    # At 0 Hz nothing is low, and at a width of 1 nothing is added: not a bit is touched.
    wide = width * (side - (low + step))
    more = wide - side
    low = low + 2.0 * step
    return low, in_left + more, in_right - more, 0.5 * (in_left + in_right), wide


@module(
    doc="Tremolo in stereo: a wave moves the level; with the sides apart an auto-pan.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What trembles", channels=2),
        Input(
            "rate",
            "Cycles a second; 1/8 is one each eighth note",
            5.0,
            0.05,
            50.0,
            "hz",
            Curve.EXPONENTIAL,
        ),
        Input("depth", "0 none, 1 down to silence", 0.7, 0.0, 1.0),
        Input("shape", "0 a sine, 1 nearly a square: a chopper without clicks", 0.0, 0.0, 1.0),
        Input(
            "spread",
            "How far the right is behind: 0.5 is against the left (auto-pan)",
            0.0,
            0.0,
            0.5,
        ),
    ),
    outputs=(Output("out", "The sound, trembling", channels=2),),
    state=(State("place", dtype="i4"),),
    source="Amplitude modulation: 1 - depth (1 - wave) / 2; the wave is a sine that is lifted and "
    "held by a rational tanh, so that it has no edge",
    example="load fm freq=220 index=1; load tremolo rate=6 depth=0.9 spread=0.5 level=-6db; "
    "patch fm > tremolo",
)
def tremolo(
    place: int,
    in_left: float,
    in_right: float,
    rate: float,
    depth: float,
    shape: float,
    spread: float,
    dt: float,
) -> tuple[int, float, float]:
    step = steady(turning(rate * dt))
    lift = 0.05 + 12.0 * shape * shape
    lifted = steady(lift + 0.0)
    unit = steady(1.0 / soft_clip(lift))
    half = 0.5 * depth
    phase = cycles(place)
    one = unit * soft_clip(lifted * sin_cycles(phase))
    other = unit * soft_clip(lifted * sin_cycles(wrapped(phase - spread)))
    left = 1.0 - half + half * one
    right = 1.0 - half + half * other
    return i4(place + step), in_left * left, in_right * right
