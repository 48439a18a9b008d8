"""The noise gate: silences what is quieter than a sound should be."""

from __future__ import annotations

from chronus.dsp.approx import counted, db_gain, exp2, f4, f8, held_peak, i4, latched, steady
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, module
from chronus.dsp.levels import share_of_any_time


@module(
    doc="Noise gate in stereo: closes on what is quiet; `key` lets another sound open it.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is gated", channels=2),
        Input("key", "What it listens to; `in` where nothing is patched", channels=2, normal="in"),
        Input("threshold", "What is louder opens it", -40.0, -90.0, 0.0, "db"),
        Input("hysteresis", "So much quieter it must be to close again", 6.0, 0.0, 24.0, "db"),
        Input("attack", "Time to 63 % of opening", 0.5, 0.05, 100.0, "ms", Curve.EXPONENTIAL),
        Input("hold", "How long it stays open behind what opened it", 30.0, 0.0, 2000.0, "ms"),
        Input("release", "Time to 63 % of closing", 60.0, 1.0, 4000.0, "ms", Curve.EXPONENTIAL),
        Input("range", "How far it turns down; 60 dB is silence", 60.0, 0.0, 60.0, "db"),
    ),
    outputs=(
        Output("out", "The sound where it is loud enough", channels=2),
        Output("open", "1 while it is open: a gate for other nodes"),
    ),
    state=(
        State("newer"),
        State("older"),
        State("age", dtype="i4"),
        State("opened"),
        State("left"),
        State("through", dtype="f8"),
    ),
    source="Zölzer, DAFX, second edition, 2011, chapter 4 (noise gate with hysteresis and hold); "
    "peaks are held for 2.5 to 5 ms, the louder channel counts for both",
    example="load noise; load kick; load noisegate threshold=-6db release=40ms level=-12db; "
    "patch noise > noisegate; patch kick > noisegate.key; sequence kick: x..x..x.",
)
def noisegate(
    newer: float,
    older: float,
    age: int,
    opened: float,
    left: float,
    through: float,
    in_left: float,
    in_right: float,
    key_left: float,
    key_right: float,
    threshold: float,
    hysteresis: float,
    attack: float,
    hold: float,
    release: float,
    range: float,
    dt: float,
) -> tuple[float, ...]:
    opens_at = steady(exp2(0.166096405 * threshold))
    closes_at = steady(exp2(0.166096405 * (threshold - hysteresis)))
    opening = steady(f8(share_of_any_time(1000.0 * dt, attack)))
    closing = steady(f8(share_of_any_time(1000.0 * dt, release)))
    floor = steady(f8(db_gain(-range)))
    loud = max(abs(key_left), abs(key_right))
    age = counted(age, i4(0.0025 / dt + 0.5))
    begins = age == 0
    older = latched(older, newer, begins)
    newer = held_peak(newer, loud, begins)
    is_loud = max(newer, older) > (closes_at if opened > 0.5 else opens_at)
    left = 0.001 * hold if is_loud else max(left - dt, 0.0)
    opened = 1.0 if is_loud or left > 0.0 else 0.0
    goal = f8(1.0) if opened > 0.5 else floor
    through = through + (opening if opened > 0.5 else closing) * (goal - through)
    gain = f4(through)
    return newer, older, age, opened, left, through, in_left * gain, in_right * gain, opened
