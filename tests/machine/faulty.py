"""Kinds that go wrong, for the test-suite alone: they crash, loop for ever, or give no number."""

from __future__ import annotations

from chronus.dsp.declaration import Family, Input, Memory, Output, State, helper, module

WILD = 1 << 44


@helper
def for_ever(x: float) -> float:
    y = x
    while y >= 0.5:
        y = y * 0.5 + 0.5 * x
    return y


@module(
    doc="Writes to a wild address while its port is up.",
    family=Family.OSCILLATOR,
    inputs=(Input("fault", "Up: it crashes", 1.0, 0.0, 1.0, ramp_s=0.0),),
    outputs=(Output("out", "What it is told not to"),),
    state=(State("place", dtype="i8"),),
    memories=(Memory("line", 0.01),),
    source="Every C program",
    example="load crashing",
)
def crashing(place: int, fault: float, line: list[float], dt: float) -> tuple[int, float]:  # noqa: ARG001 - a tick has it
    where = place + WILD * int(fault)
    line[where] = 0.25
    return place, line[where]


@module(
    doc="Never comes to an end while its port is up.",
    family=Family.OSCILLATOR,
    inputs=(Input("fault", "Up: it loops", 1.0, 0.0, 1.0, ramp_s=0.0),),
    outputs=(Output("out", "A quarter"),),
    state=(State("last"),),
    source="Every programmer",
    example="load looping",
)
def looping(last: float, fault: float, dt: float) -> tuple[float, float]:  # noqa: ARG001 - as above
    y = for_ever(fault)
    return y, 0.25 + 0.0 * y


@module(
    doc="Gives what is no number while its port is up.",
    family=Family.OSCILLATOR,
    inputs=(Input("fault", "Up: no numbers", 1.0, 0.0, 1.0, ramp_s=0.0),),
    outputs=(Output("out", "A quarter"),),
    state=(State("last"),),
    source="Division by zero",
    example="load numberless",
)
def numberless(last: float, fault: float, dt: float) -> tuple[float, float]:  # noqa: ARG001 - as above
    y = 0.25 / (1.0 - fault)
    return y, y
