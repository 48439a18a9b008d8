"""The envelopes that a note opens: with four stages, and with two."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import clip, f4, f8, i4, rarely, seldom, steady
from chronus.dsp.declaration import (
    Curve,
    Family,
    Input,
    Output,
    State,
    audio,
    gate,
    helper,
    module,
    velocity,
)


def time_ms(name: str, doc: str, default: float) -> Input:
    """A port for the length of a stage, 0..20,000 ms."""
    return Input(name, doc, default, 0.0, 20_000.0, "ms", Curve.LINEAR)


RISE: Final = Input(
    "rise", "Bend of the attack: 0 straight, -1 fast at first (as an RC), 1 slow", 0.0, -1.0, 1.0
)
FALL: Final = Input(
    "fall",
    "Bend of a fall: -1 straight, 0 steep at first (as an RC), 1 steeper",
    0.0,
    -1.0,
    1.0,
)


WHOLE: Final = 2147483647
"""The place in which a stage of an `adsr` is over."""


@helper
def stage_step(share: float) -> int:
    """The step of a stage of which a frame takes this share, in parts of 2**-31."""
    return i4(share * 2147483648.0 + 0.5) if share < 0.99999 else i4(WHOLE)


@helper
def risen(way: float, rise: float) -> float:
    """How high an attack is after a share of its time: way, 1 - (1 - way)^3 or way^3, or between.

    At a `rise` of 0 it is the way itself, to the bit.
    """
    rest = 1.0 - way
    bent = way * way * way if rise > 0.0 else 1.0 - rest * rest * rest
    return way + abs(rise) * (bent - way)


@helper
def fallen(left: float, fall: float) -> float:
    """What is left of a level with a share of the time: left^3, left or left^6, or between."""
    cube = left * left * left
    bent = cube * cube if fall > 0.0 else left
    return cube + abs(fall) * (bent - cube)


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
        RISE,
        FALL,
    ),
    outputs=(
        Output("out", "`in` times the envelope"),
        Output("env", "The envelope, 0 to `velocity`"),
    ),
    state=(
        State("place", WHOLE, "i4"),
        State("start"),
        State("peak"),
        State("level"),
        State("held"),
    ),
    source="Decay and release follow the cube of the time that is left: near an RC curve "
    "(Puckette, The Theory and Technique of Electronic Music, 2007, section 4.3, figure 4.7), "
    "but ending",
    example="load saw; load adsr; patch saw > adsr; set adsr.attack 2 adsr.release 300; "
    "sequence adsr: x... x...",
    shuts="in",
)
def adsr(
    place: int,
    start: float,
    peak: float,
    level: float,
    held: float,
    in_: float,
    gate: float,
    velocity: float,
    attack: float,
    decay: float,
    sustain: float,
    release: float,
    rise: float,
    fall: float,
    dt: float,
) -> tuple[int, float, float, float, float, float, float]:
    was_open = held > 0.5
    turn = rarely((gate > 0.5) != was_open)
    # As `gate > 0.5` is; known before a block in which no gate turns.
    is_open = was_open != turn
    held = 1.0 - held if turn else held
    # That of a gate that closes is not heard.
    peak = velocity if turn else peak
    start = level if turn else start
    # The steps of all three stages from one division. The place goes from -1 to 0 in the attack, on
    # to 1 in the decay, where it stays for the sustain, and from 0 to 1 in the release, in whole
    # parts of 2**-31: the longest stage takes steps of some thousand of them.
    short = max(attack, 0.001)
    middle = max(decay, 0.001)
    long = max(release, 0.001)
    unit = (1000.0 * dt) / (short * middle * long)
    up = steady(stage_step(middle * long * unit))
    sink = steady(stage_step(short * long * unit))
    down = steady(stage_step(short * middle * unit))
    is_bent = seldom(rise != 0.0 or fall != 0.0)
    later = sink if is_open else down
    first = i4(up - WHOLE) if is_open else down
    step = min(up, i4(0 - place)) if place < 0 else min(later, i4(WHOLE - place))
    place = first if turn else i4(place + step)
    along = f4(place) * 4.656612873077393e-10
    left = 1.0 - along
    share = fallen(left, fall) if is_bent else left * left * left
    # An attack comes from below to 0, where all that is left of it is gone.
    missing = risen(1.0 + along, rise) - 1.0 if is_bent else along
    rises = place <= 0
    sustained = peak * sustain if is_open else 0.0
    fallen_span = peak - sustained if is_open else start
    base = peak if rises else sustained
    span = peak - start if rises else fallen_span
    level = base + span * (missing if rises else share)
    return place, start, peak, level, held, in_ * level, level


@module(
    doc="Envelope of two stages, attack and release (AR); it can run by itself (loop).",
    family=Family.MODULATION,
    inputs=(
        audio("in", "What is shaped"),
        gate(),
        velocity(),
        time_ms("attack", "Time to the top", 5.0),
        time_ms("release", "Time to silence", 200.0),
        Input(
            "mode",
            "gate: stays at the top while the gate is open; once: falls at once, whatever the gate "
            "does; loop: begins anew while the gate is open",
            0.0,
            0.0,
            2.0,
            choices=("gate", "once", "loop"),
            ramp_s=0.0,
        ),
        RISE,
        FALL,
    ),
    outputs=(
        Output("out", "`in` times the envelope"),
        Output("env", "The envelope, 0 to `velocity`"),
    ),
    state=(
        State("place", 1.0, "f8"),
        State("rises"),
        State("start"),
        State("peak"),
        State("held"),
        State("fixed"),
        State("kept"),
    ),
    source="The curves of `adsr`; each stage goes from the level that is there",
    example="load noise; load ar attack=80 release=300 mode=loop; patch noise > ar; sequence ar: "
    "x_______ ________ gate 100%; set ar.level -6db",
    shuts="in",
)
def ar(
    place: float,
    rises: float,
    start: float,
    peak: float,
    held: float,
    fixed: float,
    kept: float,
    in_: float,
    gate: float,
    velocity: float,
    attack: float,
    release: float,
    mode: float,
    rise: float,
    fall: float,
    dt: float,
) -> tuple[float, float, float, float, float, float, float, float, float]:
    up = steady(f8(1000.0 * dt / max(attack, 0.001)))
    down = steady(f8(1000.0 * dt / max(release, 0.001)))
    at_once = steady(min(up, f8(1.0)))
    left_at_once = steady(min(down, f8(1.0)))
    is_other = seldom(mode > 0.5)
    is_bent = seldom(rise != 0.0 or fall != 0.0)
    open_ = 1.0 if gate > 0.5 else 0.0
    is_over = place >= f8(1.0)
    again = mode > 1.5 and gate > 0.5 and rises < 0.5 and is_over
    begins = open_ > held or (is_other and again)
    is_left = (gate <= 0.5 and mode > 1.5) or is_over if is_other else gate <= 0.5
    ends = rises > 0.5 and is_left and not begins
    turns = begins or ends
    peak = velocity if open_ > held else peak
    # As in `adsr`: the level is `fixed` plus a share of the level at which it turned, so that the
    # next sample waits for a level only where it turns.
    start = clip(fixed + kept * start, 0.0, 1.0) if turns else start
    rises = 1.0 if begins else (0.0 if ends else rises)
    step = up if rises > 0.5 else down
    first = at_once if rises > 0.5 else left_at_once
    place = first if turns else min(place + step, f8(1.0))
    along = f4(place)
    left = 1.0 - along
    way = risen(along, rise) if is_bent else along
    share = fallen(left, fall) if is_bent else left * left * left
    fixed = way * peak if rises > 0.5 else 0.0
    kept = 1.0 - way if rises > 0.5 else share
    level = fixed + kept * start
    return place, rises, start, peak, open_, fixed, kept, in_ * level, level
