"""Gain: the amplifier, the mixer, the channel strip of a heard node, and the way out."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import (
    clip,
    counted,
    db_gain,
    falling_peak,
    held_peak,
    i4,
    latched,
    moving,
    rarely,
    sin_cycles,
    steady,
)
from chronus.dsp.declaration import Family, Input, Output, State, audio, helper, module
from chronus.dsp.levels import above_one, in_steps, needed, of_steps, steps_in_frame

CEILING: Final = 0.966050879
"""-0.3 dB below full scale: nothing leaves louder."""


def level(doc: str) -> Input:
    """A gain port in decibel, -60 (silence) to 12."""
    return Input("level", doc, 0.0, -60.0, 12.0, "db")


@helper
def pan_gains(pan: float) -> tuple[float, float]:
    """The gains of left and right at a place of -1..1; their powers add up to that of the middle.

    In the middle nothing is touched, not by a bit.
    """
    near = 1.0 if pan == 0.0 else 1.41421356 * sin_cycles((1.0 + abs(pan)) * 0.125)
    far = 1.0 if pan == 0.0 else 1.41421356 * sin_cycles((1.0 - abs(pan)) * 0.125)
    return near if pan <= 0.0 else far, near if pan >= 0.0 else far


@module(
    doc="Amplifier: multiplies what comes in by `gain`.",
    family=Family.EFFECT,
    inputs=(audio("in", "What is amplified"), Input("gain", "Factor", 1.0, 0.0, 4.0)),
    outputs=(Output("out", "`in` times `gain`"),),
    source="Multiplication",
    example="load saw freq=55; load vca gain=0 level=-6db; patch saw > vca; load lfo rate=1/8 "
    "shape=fall; patch lfo.uni > vca.gain",
)
def vca(in_: float, gain: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return in_ * gain


@module(
    doc="Mixer: adds what is patched into it, in stereo.",
    family=Family.MIXER,
    inputs=(
        audio("in", "What is added up", channels=2),
        level("Gain of the sum; -60 dB is silence"),
    ),
    outputs=(Output("out", "The sum", channels=2),),
    source="Sum and gain",
    example="load kick; load clap; load openhat; load mix level=-3db; patch kick, clap, openhat "
    "> mix; sequence kick: x... x...; sequence clap: .... x...; sequence openhat: ..x. ..x.",
)
def mix(
    in_left: float,
    in_right: float,
    level: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[float, float]:
    gain = db_gain(level)
    return in_left * gain, in_right * gain


@module(
    doc="Channel strip: level, pan and mute of a node that is heard.",
    family=Family.MIXER,
    inputs=(
        audio("in", "What is heard", channels=2),
        level("Gain; -60 dB is silence"),
        Input("pan", "Place between left (-1) and right (1), of equal power", 0.0, -1.0, 1.0),
        Input("mute", "1 is silent", 0.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "To the master", channels=2),),
    source="Equal-power law scaled to 0 dB at the centre, 3 dB below a side: near side "
    "sqrt(2) sin((1 + |pan|) pi / 4), far side sqrt(2) sin((1 - |pan|) pi / 4)",
    example="load saw; set saw.level -6db saw.pan 0.3",
    hidden=True,
)
def strip(
    in_left: float,
    in_right: float,
    level: float,
    pan: float,
    mute: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[float, float]:
    gain = db_gain(level) * (1.0 - mute)
    left, right = pan_gains(pan)
    to_left = steady(gain * left)
    to_right = steady(gain * right)
    return in_left * to_left, in_right * to_right


@module(
    doc="The way out: master level and a limiter at -0.3 dB, in stereo.",
    family=Family.MIXER,
    inputs=(
        audio("in", "What is played", channels=2),
        level("Master level; -60 dB is silence"),
    ),
    outputs=(Output("out", "To the sound card and the recordings", channels=2),),
    state=(
        State("newer", dtype="i4"),
        State("older", dtype="i4"),
        State("age", dtype="i4"),
        State("taken", dtype="i4"),
    ),
    source="A limiter without delay: untouched below -0.3 dB; a peak above turns down both sides "
    "at once, for 15 to 30 ms, and then less, by 63 % in about 150 ms. It bends only the rise of a "
    "peak that is louder than all of late: a steady tone from 34 Hz on is bent once, and then "
    "clean. What is not a number becomes 0",
    example="load saw; set out.level -6db",
)
def out(
    newer: int,
    older: int,
    age: int,
    taken: int,
    in_left: float,
    in_right: float,
    level: float,
    dt: float,
) -> tuple[int, int, int, float, float, float]:
    gain = steady(db_gain(level))
    fall = steady(steps_in_frame(dt, 0.15))
    # A comparison with what is not a number is false, so that the 0 is taken.
    left = (in_left if abs(in_left) < 1e6 else 0.0) * gain
    right = (in_right if abs(in_right) < 1e6 else 0.0) * gain
    span = steady(i4(0.015 / dt + 0.5))
    above = above_one(max(abs(left), abs(right)) * (1.0 / CEILING))
    works = rarely(max(above, newer, older, taken) > 0)
    age = counted(age, span)
    begins = age == 0
    older = moving(latched(older, newer, begins) if works else older)
    newer = moving(held_peak(newer, above, begins) if works else newer)
    need = in_steps(needed(max(newer, older)))
    taken = moving(falling_peak(taken, need, fall) if works else taken)
    rest = moving(1.0 - of_steps(taken) if works else 1.0)
    # The product may be a bit too loud.
    out_left = clip(left * rest, -CEILING, CEILING)
    out_right = clip(right * rest, -CEILING, CEILING)
    return newer, older, age, taken, out_left, out_right
