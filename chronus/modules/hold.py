"""Sample and hold: a value that is kept from one gate to the next."""

from __future__ import annotations

from chronus.dsp.declaration import Family, Input, Output, State, audio, gate, module


@module(
    doc="Sample and hold (S&H): keeps the value that comes in when its gate opens.",
    family=Family.MODULATION,
    inputs=(
        audio("in", "What is sampled"),
        gate(),
        Input(
            "mode",
            "sample: the value as the gate opens; track: it follows while the gate is open",
            0.0,
            0.0,
            1.0,
            choices=("sample", "track"),
            ramp_s=0.0,
        ),
    ),
    outputs=(Output("out", "The value that is kept"),),
    state=(State("kept"), State("held")),
    source="Sample and hold, track and hold",
    example="load noise; load hold; patch noise > hold; sequence hold: x.xx x.x.; load sine "
    "freq=330 level=-12db; patch hold > sine.freq by 1oct",
)
def hold(
    kept: float,
    held: float,
    in_: float,
    gate: float,
    mode: float,
    dt: float,  # noqa: ARG001 - every tick ends in dt
) -> tuple[float, float, float]:
    open_ = 1.0 if gate > 0.5 else 0.0
    takes = open_ > held or (mode > 0.5 and gate > 0.5)
    kept = in_ if takes else kept
    return kept, open_, kept
