"""The plucked string: noise in a loop of one period, which is dulled a little at each turn.

The loop's parts are tuned together: a one-pole lowpass, whose delay at the pitch is known, and a
read between six samples, which hardly dulls what it reads. The lowpass is set so that what lies at
3 kHz dies away as `brightness` says, in seconds and not in turns, and so that the fundamental has
its own time left: high and low strings are alike. Where on the string it is plucked is a comb that
takes partials away. A new stroke damps what still rings, as a finger does.

Sampled noise is all that it plays, so there is nothing to alias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import (
    arc_tangent,
    bipolar,
    clip,
    counted,
    exp2,
    f4,
    i4,
    loop_limit,
    next_random,
    sin_cycles,
    sqrt,
    steady,
)
from chronus.dsp.declaration import (
    SEED,
    Curve,
    Family,
    Input,
    Memory,
    Output,
    State,
    freq,
    gate,
    helper,
    module,
    velocity,
)

if TYPE_CHECKING:
    from collections.abc import MutableSequence

LOWEST_HZ: Final = 20.5
"""The longest period that the line holds."""
OCTAVES_OF_60_DB: Final = 9.96578428


@helper
def lowpass_bend(brightness: float, turn_s: float, e: float, pitch: float) -> float:
    """How much the loop's lowpass bends: the term u of its power 1 / (1 + u (1 - cos w)).

    Args:
        brightness: 3 kHz rings from a fiftieth of a second (0) to twenty (1).
        turn_s: seconds of a turn.
        e: one over the power that a turn is to keep of the fundamental.
        pitch: 1 - cos w at the fundamental.
    """
    dull = 1.0 - 0.578303497 * brightness
    dull = dull * dull
    dull = dull * dull
    sooner = exp2(min(100.0 * OCTAVES_OF_60_DB * dull * dull * turn_s, 20.0)) - 1.0
    # At most three quarters of what the fundamental may lose: 0 Hz must die away too.
    return min(13.1370629 * sooner, 0.75 * (e - 1.0) / pitch)


@module(
    doc="Plucked string: rings on after its gate has opened, for as long as `decay` says.",
    family=Family.OSCILLATOR,
    inputs=(
        freq(220.0),
        gate(),
        velocity(),
        Input(
            "decay",
            "Time in which the fundamental falls by 60 dB",
            3.0,
            0.05,
            30.0,
            "s",
            Curve.EXPONENTIAL,
        ),
        Input("brightness", "How long what is high rings beside the fundamental", 0.6, 0.0, 1.0),
        Input("position", "Where it is plucked: 0.5 is the middle", 0.13, 0.02, 0.5),
        Input("pick", "0 a soft thumb, 1 a hard pick", 0.6, 0.0, 1.0),
    ),
    outputs=(Output("out", "The string, -1 to 1"),),
    state=(
        State("place", dtype="i4"),
        State("seed", SEED, "u4"),
        State("held"),
        State("hit"),
        State("left"),
        State("burst"),
        State("dull"),
    ),
    memories=(Memory("line", 0.05),),
    source="Karplus, Strong, Digital synthesis of plucked-string and drum timbres, CMJ 7 (2), "
    "1983; Jaffe, Smith, Extensions of the Karplus-Strong plucked-string algorithm, the same; "
    "Laakso, Välimäki, Karjalainen, Laine, Splitting the unit delay, IEEE SPM 13 (1), 1996",
    example="load pluck decay=2 brightness=0.6; sequence pluck: c3 eb3 g3 c4",
)
def pluck(
    place: int,
    seed: int,
    held: float,
    hit: float,
    left: float,
    burst: float,
    dull: float,
    freq: float,
    gate: float,
    velocity: float,
    decay: float,
    brightness: float,
    position: float,
    pick: float,
    line: MutableSequence[float],
    dt: float,
) -> tuple[int, int, float, float, float, float, float, float]:
    hz = clip(freq, LOWEST_HZ, 0.25 / dt)
    step = hz * dt
    turn_s = 1.0 / hz
    period = steady(turn_s / dt)
    half = sin_cycles(0.5 * step)
    pitch = 2.0 * half * half
    e = exp2(min(2.0 * OCTAVES_OF_60_DB * turn_s / decay, 20.0))
    u = lowpass_bend(brightness, turn_s, e, pitch)
    pole = steady(u / (1.0 + u + sqrt(1.0 + 2.0 * u)))
    loss = steady(sqrt((1.0 + u * pitch) / e))
    lag = arc_tangent(pole * sin_cycles(step) / (1.0 - pole + pole * pitch)) * (
        0.159154943 * period
    )
    samples = max(period - lag - 2.0, 1.0)
    whole = steady(i4(samples))
    d = samples - f4(i4(samples))
    # Lagrange's polynomial through six samples, at 2 + d from the newest.
    early = (d + 2.0) * (d + 1.0)
    late = (d - 2.0) * (d - 3.0)
    outer = 0.00833333333 * d * (d - 1.0)
    middle = 0.0833333333 * early * late
    c0 = steady(-outer * late * (d + 1.0))
    c1 = steady(5.0 * outer * late * (d + 2.0))
    c2 = steady(middle * (1.0 - d))
    c3 = steady(middle * d)
    c4 = steady(-5.0 * outer * early * (d - 3.0))
    c5 = steady(outer * early * (d - 2.0))
    open_to = steady(min(8.0 * step + dt * (1200.0 + 40_000.0 * pick * pick), 1.0))
    back = steady(position * period)
    back_whole = steady(i4(back))
    back_share = steady(back - f4(i4(back)))
    struck = gate > 0.5 and held <= 0.5
    hit = velocity if struck else hit
    left = period if struck else max(left - 1.0, 0.0)
    seed = next_random(seed)
    # A period of a falling ramp, which has all partials, and of noise; softer strokes are duller.
    raw = hit * (left / period - 0.5 + 0.5 * bipolar(seed)) if left > 0.0 else 0.0
    burst = burst + open_to * (0.3 + 0.7 * hit) * (raw - burst)
    # An index below 0 counts from the end, so that the ring closes by itself.
    at = place - whole
    newer = c0 * line[at] + c1 * line[at - 1]
    nearest = c2 * line[at - 2] + c3 * line[at - 3]
    older = c4 * line[at - 4] + c5 * line[at - 5]
    turned_ = newer + nearest + older
    dull = turned_ + pole * (dull - turned_)
    string = loop_limit(loss * (0.3 * dull if left > 0.0 else dull) + burst)
    line[place] = string
    near = line[place - back_whole]
    other = near + back_share * (line[place - back_whole - 1] - near)
    place = counted(place, len(line))
    open_ = 1.0 if gate > 0.5 else 0.0
    return place, seed, open_, hit, left, burst, dull, 0.9 * (string - other)
