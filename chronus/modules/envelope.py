"""The envelope that a note opens."""

from __future__ import annotations

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
        State("level"),
        State("start"),
        State("progress", 1.0),
        State("lost"),
        State("stage", 2.0),
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
    level: float,
    start: float,
    progress: float,
    lost: float,
    stage: float,
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
) -> tuple[float, float, float, float, float, float, float, float, float]:
    # Stages: 0 attack, 1 decay and sustain, 2 release. Each starts from the level that is there.
    open_ = 1.0 if gate > 0.5 else 0.0
    turned = open_ != held
    start = level if turned else start
    progress = 0.0 if turned else progress
    lost = 0.0 if turned else lost
    peak = velocity if open_ > held else peak
    stage = 2.0 - 2.0 * open_ if turned else stage
    length = attack if stage < 0.5 else (decay if stage < 1.5 else release)
    # Compensated, since a long stage takes steps that float32 would round away.
    step = min(1000.0 * dt / max(length, 0.001), 1.0)
    wanted = step - lost
    total = progress + wanted
    ended = total >= 0.999999
    lost = 0.0 if ended else (total - progress) - wanted
    progress = 1.0 if ended else total
    left = 1.0 - progress
    end = peak * sustain if stage < 1.5 else 0.0
    falling = end + (start - end) * (left * left * left)
    level = start + (peak - start) * progress if stage < 0.5 else falling
    topped = ended and stage < 0.5
    start = peak if topped else start
    stage = 1.0 if topped else stage
    progress = 0.0 if topped else progress
    return level, start, progress, lost, stage, peak, open_, in_ * level, level
