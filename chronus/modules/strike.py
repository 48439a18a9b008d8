"""The envelope of what is struck: it falls by itself, however long its gate stays open."""

from __future__ import annotations

from chronus.dsp.approx import exp2, f4, f8, round_
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
        State("age", 1e6, "f8"),
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
)
def strike(
    age: float,
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
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    struck = gate > 0.5 and held <= 0.5
    # The age is in ms, and float64: 20 s are many small steps.
    age = f8(0.0) if struck else min(age + f8(1000.0 * dt), f8(1e6))
    peak = velocity if struck else peak
    count = round_(strokes) if struck else count
    apart = gap if struck else apart
    # Which stroke of the row this is; each begins at the level that is there.
    again = stroke + 1.0 < count and f4(age) >= (stroke + 1.0) * apart
    now = 0.0 if struck else (stroke + 1.0 if again else stroke)
    begins = struck or now != stroke
    start = last if begins else start
    since = f4(age - f8(now * apart))
    rise = max(attack, 1000.0 * dt)
    length = decay if now + 1.0 >= count else 2.0 * apart
    fallen = exp2(-9.96578428 * max(since - rise, 0.0) / length)
    risen = start + (peak - start) * min((since + 1000.0 * dt) / rise, 1.0)
    level = risen if since < rise else peak * fallen
    level = level if level > 1e-5 else 0.0
    return (
        age,
        1.0 if gate > 0.5 else 0.0,
        peak,
        count,
        apart,
        now,
        start,
        level,
        in_ * level,
        level,
    )
