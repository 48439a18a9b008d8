"""The envelope that a note opens."""

from __future__ import annotations

from chronus.dsp.approx import clip, f4, f8, steady
from chronus.dsp.declaration import (
    Curve,
    Family,
    Input,
    Output,
    State,
    audio,
    gate,
    module,
    velocity,
)


def time_ms(name: str, doc: str, default: float) -> Input:
    """A port for the length of a stage, 0..20,000 ms."""
    return Input(name, doc, default, 0.0, 20_000.0, "ms", Curve.LINEAR)


@module(
    doc="Envelope: shapes what is patched into `in`, and gives the bare curve at `env`.",
    family=Family.MODULATION,
    inputs=(
        audio("in", "What is shaped"),
        gate(),
        velocity(),
        time_ms("attack", "Time to the top, a straight line", 5.0),
        time_ms("decay", "Time from the top to `sustain`, steep at first", 100.0),
        Input("sustain", "Level while the gate stays open", 0.7, 0.0, 1.0),
        time_ms("release", "Time to silence after the gate closes, steep at first", 100.0),
    ),
    outputs=(
        Output("out", "`in` times the envelope"),
        Output("env", "The envelope, 0 to `velocity`"),
    ),
    state=(
        State("place", 1.0, "f8"),
        State("start"),
        State("fixed"),
        State("kept"),
        State("peak"),
        State("held"),
    ),
    source="Decay and release follow the cube of the time that is left: near an RC curve "
    "(Puckette, The Theory and Technique of Electronic Music, 2007, section 4.3, figure 4.7), "
    "but ending",
    example="load saw; load adsr; patch saw > adsr; set adsr.attack 2 adsr.release 300; "
    "sequence adsr: x... x...",
)
def adsr(
    place: float,
    start: float,
    fixed: float,
    kept: float,
    peak: float,
    held: float,
    in_: float,
    gate: float,
    velocity: float,
    attack: float,
    decay: float,
    sustain: float,
    release: float,
    dt: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    open_ = 1.0 if gate > 0.5 else 0.0
    turn = open_ != held
    peak = velocity if open_ > held else peak
    # The steps of all three stages from one division. The place goes from -1 to 0 in the attack, on
    # to 1 in the decay, where it stays for the sustain, and from 0 to 1 in the release; float64,
    # since a long stage takes very small steps.
    short = max(attack, 0.001)
    middle = max(decay, 0.001)
    long = max(release, 0.001)
    unit = (1000.0 * dt) / (short * middle * long)
    rise = steady(f8(middle * long * unit))
    sink = steady(f8(short * long * unit))
    fall = steady(f8(short * middle * unit))
    begun = steady(min(rise - f8(1.0), f8(0.0)))
    closed = steady(min(fall, f8(1.0)))
    later = sink if gate > 0.5 else fall
    first = begun if gate > 0.5 else closed
    # Conditional expressions and not values chosen at the end: a mono kernel branches, and so does
    # not wait for what it does not need.
    place = (
        first
        if turn
        else (min(place + rise, f8(0.0)) if place < f8(0.0) else min(place + later, f8(1.0)))
    )
    # The level is `fixed` plus a share of the level at which the gate turned.
    start = clip(fixed + kept * start, 0.0, 1.0) if turn else start
    along = f4(place)
    left = 1.0 - along
    cube = left * left * left
    steady_level = peak * sustain
    decayed = steady_level + (peak - steady_level) * cube
    opened = peak * (1.0 + along) if along <= 0.0 else decayed
    fixed = opened if gate > 0.5 else 0.0
    kept = max(-along, 0.0) if gate > 0.5 else cube
    level = fixed + kept * start
    return place, start, fixed, kept, peak, open_, in_ * level, level
