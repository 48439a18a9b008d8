"""The envelope of what is struck: it falls by itself, however long its gate stays open."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import exp2, f4, i4, rarely, round_, steady
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

LONG_AGO: Final = 1073741824
"""Frames since the last stroke, of what has come to its end: from there it does not come back."""


@module(
    doc="Envelope of a stroke, or of several in a row: falls by itself, whatever its gate does.",
    family=Family.MODULATION,
    inputs=(
        audio("in", "What is shaped"),
        gate(),
        velocity(),
        Input("attack", "Time to the top, a straight line", 1.0, 0.0, 1000.0, "ms", Curve.LINEAR),
        Input("decay", "Time to fall by 60 dB", 300.0, 1.0, 20_000.0, "ms", Curve.EXPONENTIAL),
        Input("strokes", "How many in a row: a clap has 3 or 4", 1.0, 1.0, 8.0),
        Input("gap", "Time between strokes in a row", 10.0, 1.0, 200.0, "ms", Curve.EXPONENTIAL),
    ),
    outputs=(
        Output("out", "`in` times the envelope"),
        Output("env", "The envelope, 0 to `velocity`"),
    ),
    state=(
        State("age", LONG_AGO, "i4"),
        State("held"),
        State("peak"),
        State("count", 1.0),
        State("apart", 10.0),
        State("stroke"),
        State("start"),
        State("last"),
    ),
    source="The discharge of a capacitor through a resistor. Strokes in a row fall by 30 dB each "
    "until the next, only the last has `decay`: Roland TR-808 service notes, 1980, hand clap",
    example="load noise; load strike decay=150; patch noise > strike; trigger strike; "
    "set strike.strokes 4; sequence strike: .... x...",
    shuts="in",
)
def strike(
    age: int,
    held: float,
    peak: float,
    count: float,
    apart: float,
    stroke: float,
    start: float,
    last: float,
    in_: float,
    gate: float,
    velocity: float,
    attack: float,
    decay: float,
    strokes: float,
    gap: float,
    dt: float,
) -> tuple[int, float, float, float, float, float, float, float, float, float]:
    turns = rarely((gate > 0.5) != (held > 0.5))
    more = rarely(stroke + 1.0 < count)
    struck = turns and gate > 0.5
    held = (1.0 if gate > 0.5 else 0.0) if turns else held
    unit = 1000.0 * dt
    rise = steady(max(attack, unit))
    climb = steady(1.0 / max(attack, unit))
    slope = steady(-9.96578428 / decay)
    # Frames after which the last stroke is below the least that is given: it is over for good.
    length = steady(i4((max(attack, unit) + 1.68 * decay) / unit))
    older = i4(age + 1) if more or age < length else i4(LONG_AGO)
    # A row's next stroke begins at the level that is there, and counts from its own start.
    again = more and f4(older) * unit >= apart
    age = i4(0) if struck or again else older
    peak = velocity if struck else peak
    count = round_(strokes) if struck else count
    apart = gap if struck else apart
    now = 0.0 if struck else (stroke + 1.0 if again else stroke)
    start = last if struck or again else start
    since = f4(age) * unit
    follows = (more or struck) and now + 1.0 < count
    steep = -4.98289214 / apart if follows else slope
    fallen = exp2(max(steep * max(since - rise, 0.0), -60.0))
    risen = start + (peak - start) * min((since + unit) * climb, 1.0)
    level = risen if since < rise else peak * fallen
    level = level if level > 1e-5 else 0.0
    return (
        age,
        held,
        peak,
        count,
        apart,
        now,
        start,
        level,
        in_ * level,
        level,
    )
