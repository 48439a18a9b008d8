"""The compressor: turns down what is loud, or what another sound is to push aside."""

from __future__ import annotations

from chronus.dsp.approx import counted, db_gain, exp2, f4, f8, held_peak, i4, latched, log2, steady
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, module
from chronus.dsp.levels import share_of_time


@module(
    doc="Compressor in stereo: turns down what is loud; `key` lets another sound turn it down.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is turned down", channels=2),
        Input("key", "What it listens to; `in` where nothing is patched", channels=2, normal="in"),
        Input("threshold", "What is louder is turned down", -18.0, -60.0, 0.0, "db"),
        Input("ratio", "So many dB above it become one", 4.0, 1.0, 100.0, "", Curve.EXPONENTIAL),
        Input("attack", "Time to 63 % of a reduction", 10.0, 0.1, 200.0, "ms", Curve.EXPONENTIAL),
        Input("release", "Time from it by 63 %", 120.0, 5.0, 2000.0, "ms", Curve.EXPONENTIAL),
        Input("knee", "Width of the bend around the threshold", 6.0, 0.0, 24.0, "db"),
        Input("makeup", "Gain behind it", 0.0, 0.0, 12.0, "db"),
        Input("mix", "0 only the sound, 1 only the compressed sound", 1.0, 0.0, 1.0),
    ),
    outputs=(
        Output("out", "The sound, turned down", channels=2),
        Output("reduction", "How much is taken away: 0 nothing, 0.5 half (6 dB), 1 all"),
    ),
    state=(
        State("newer"),
        State("older"),
        State("age", dtype="i4"),
        State("taken", dtype="f8"),
    ),
    source="Giannoulis, Massberg, Reiss, Digital dynamic range compressor design, JAES 60 (6), "
    "2012: feed-forward, quadratic knee, smooth branching detector in dB. The louder channel "
    "counts for both; its peaks are held for 2.5 to 5 ms, so that a tone above 200 Hz has one "
    "level, and a release begins so much later",
    example="load saw as bass; load kick; load compressor as duck; patch bass > duck; "
    "patch kick > duck.key; set duck.threshold -30db; sequence kick: x... x... x... x...",
)
def compressor(
    newer: float,
    older: float,
    age: int,
    taken: float,
    in_left: float,
    in_right: float,
    key_left: float,
    key_right: float,
    threshold: float,
    ratio: float,
    attack: float,
    release: float,
    knee: float,
    makeup: float,
    mix: float,
    dt: float,
) -> tuple[float, ...]:
    rising = steady(share_of_time(1000.0 * dt, attack))
    falling = steady(share_of_time(1000.0 * dt, release))
    slope = steady(1.0 - 1.0 / ratio)
    bend = steady(0.5 / max(knee, 0.01))
    made_up = steady(db_gain(makeup) if makeup > 0.0 else 1.0)
    loud = max(abs(key_left), abs(key_right))
    age = counted(age, i4(0.0025 / dt + 0.5))
    begins = age == 0
    older = latched(older, newer, begins)
    newer = held_peak(newer, loud, begins)
    over = 6.02059991 * log2(max(newer, older)) - threshold
    inside = min(max(over + 0.5 * knee, 0.0), knee)
    wanted = slope * (bend * inside * inside + max(over - 0.5 * knee, 0.0))
    goal = f8(wanted)
    taken = taken + f8(rising if goal > taken else falling) * (goal - taken)
    gain = exp2(-0.166096405 * f4(taken))
    factor = 1.0 + mix * (made_up * gain - 1.0)
    return newer, older, age, taken, in_left * factor, in_right * factor, 1.0 - gain
