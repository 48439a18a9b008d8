"""Arithmetic and logic: kinds that compute one value from one or two.

All have the same form: what is patched to `in`, another value `b` that is set or patched, and the
result. They compute at every sample, so they are as good for sounds as for what moves ports. Of
what opens and closes (0 and 1), `min` is *and*, `max` is *or*, `compare.not` is *not*, and what
`compare` says of the difference (`add` with a cable by -1, then `abs`) is *exclusive or*.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.declaration import Family, Input, Output, State, audio, module

LARGEST: Final = 20_000.0
"""Either way: the values of all ports lie within."""


def other(doc: str, default: float, name: str = "b") -> Input:
    """The second value; it steps at once, as what is patched does."""
    return Input(name, doc, default, -LARGEST, LARGEST, ramp_s=0.0)


@module(
    doc="Sum of two values (offset).",
    family=Family.MODULATION,
    inputs=(audio("in", "The one"), other("The other", 0.0)),
    outputs=(Output("out", "`in` plus `b`"),),
    source="Addition",
    example="load lfo rate=3; load add b=1; patch lfo > add; load saw freq=147; load vca gain=0 "
    "level=-9db; patch saw > vca; patch add > vca.gain by 0.5",
)
def add(in_: float, b: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return in_ + b


@module(
    doc="Product of two values (scale, depth of a modulation).",
    family=Family.MODULATION,
    inputs=(audio("in", "The one"), other("The other", 1.0)),
    outputs=(Output("out", "`in` times `b`"),),
    source="Multiplication",
    example="load lfo as vibrato rate=6; load lfo as swell rate=0.5; load mul b=0; load triangle "
    "freq=440 level=-9db; patch vibrato > mul; patch swell.uni > mul.b; patch mul > "
    "triangle.freq by 2st",
)
def mul(in_: float, b: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return in_ * b


@module(
    doc="The lesser of two values; of gates: both are open (logic and).",
    family=Family.MODULATION,
    inputs=(audio("in", "The one"), other("The other", 1.0)),
    outputs=(Output("out", "The lesser of `in` and `b`"),),
    source="Minimum",
    example="load triangle as low freq=98; load triangle as high; load min; load dcblock "
    "level=-6db; patch low > min > dcblock; patch high > min.b; sequence high.freq: d3 eb3 f3 c3 "
    "step 1/4",
)
def min_(in_: float, b: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return min(in_, b)


@module(
    doc="The greater of two values; of gates: one at least is open (logic or).",
    family=Family.MODULATION,
    inputs=(audio("in", "The one"), other("The other", 0.0)),
    outputs=(Output("out", "The greater of `in` and `b`"),),
    source="Maximum",
    example="load lfo as slow rate=0.5; load lfo as quick rate=3; load max; patch slow > max; "
    "patch quick > max.b; load noise colour=pink; load filter cutoff=300 mode=band; patch noise "
    "> filter; patch max > filter.cutoff by 3oct",
)
def max_(in_: float, b: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return max(in_, b)


@module(
    doc="The size of a value without its sign (full-wave rectifier).",
    family=Family.MODULATION,
    inputs=(audio("in", "The value"),),
    outputs=(Output("out", "`in`, turned over where it is below 0"),),
    source="Absolute value",
    example="load sine; load abs; load dcblock level=-6db; patch sine > abs > dcblock; sequence "
    "sine.freq: c2 eb2 f2 g2 step 1/4",
)
def abs_(in_: float, dt: float) -> float:  # noqa: ARG001 - every tick ends in dt
    return abs(in_)


@module(
    doc="Keeps a value within two limits.",
    family=Family.MODULATION,
    inputs=(
        audio("in", "The value"),
        other("The lower limit", -1.0, "low"),
        other("The upper limit, which wins where it is below the lower", 1.0, "high"),
    ),
    outputs=(Output("out", "The nearest value to `in` within the limits"),),
    source="Minimum of a maximum; on sounds it aliases, `distortion` does not",
    example="load sine freq=82.4; load vca gain=0.2; load clip low=-0.4 high=0.4; load lfo "
    "rate=0.5; patch sine > vca > clip > out; patch lfo.uni > vca.gain by 3.5",
)
def clip(
    in_: float,
    low: float,
    high: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> float:
    return min(max(in_, low), high)


@module(
    doc="Comparator: opens a gate while a value is above another (threshold, logic not).",
    family=Family.MODULATION,
    inputs=(
        audio("in", "The value"),
        other("What it is compared with", 0.5),
        Input("hysteresis", "So far below `b` it must sink to close", 0.0, 0.0, LARGEST),
    ),
    outputs=(
        Output("out", "1 while `in` is above `b`, else 0"),
        Output("not", "0 while `in` is above `b`, else 1"),
    ),
    state=(State("held"),),
    source="Schmitt, A thermionic trigger, Journal of Scientific Instruments 15, 1938",
    example="load lfo rate=8 shape=random; load compare b=0.2; patch lfo > compare; load saw "
    "freq=82.4; load adsr; patch saw > adsr; patch compare > adsr.gate",
    measures=True,
)
def compare(
    held: float,
    in_: float,
    b: float,
    hysteresis: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[float, float, float]:
    limit = b - hysteresis if held > 0.5 else b
    held = 1.0 if in_ > limit else 0.0
    return held, held, 1.0 - held
