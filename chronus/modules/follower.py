"""The envelope follower: how loud a sound is, as a value that moves other ports."""

from __future__ import annotations

from chronus.dsp.approx import counted, f4, f8, held_peak, i4, latched, steady
from chronus.dsp.declaration import Curve, Family, Input, Output, State, audio, module
from chronus.dsp.levels import share_of_time


@module(
    doc="Envelope follower: how loud a sound is, to move another port by it.",
    family=Family.MODULATION,
    inputs=(
        audio("in", "What it listens to", channels=2),
        Input("attack", "Time to 63 % of a rise", 5.0, 0.1, 500.0, "ms", Curve.EXPONENTIAL),
        Input("release", "Time to 63 % of a fall", 100.0, 5.0, 5000.0, "ms", Curve.EXPONENTIAL),
    ),
    outputs=(Output("out", "The peak level: 1 is full scale"),),
    state=(State("newer"), State("older"), State("age", dtype="i4"), State("level", dtype="f8")),
    source="Giannoulis, Massberg, Reiss, Digital dynamic range compressor design, JAES 60 (6), "
    "2012: smooth branching peak detector. The louder channel counts; its peaks are held for 2.5 "
    "to 5 ms, so that a tone above 200 Hz has one level, and a fall begins so much later",
    example="load kick; load follower; load saw freq=55; load filter cutoff=200 level=-9db; "
    "patch kick > follower; patch follower > filter.cutoff by 3khz; patch saw > filter; sequence "
    "kick: x... x.x.",
    measures=True,
)
def follower(
    newer: float,
    older: float,
    age: int,
    level: float,
    in_left: float,
    in_right: float,
    attack: float,
    release: float,
    dt: float,
) -> tuple[float, float, float, float, float]:
    rising = steady(f8(share_of_time(1000.0 * dt, attack)))
    falling = steady(f8(share_of_time(1000.0 * dt, release)))
    loud = max(abs(in_left), abs(in_right))
    age = counted(age, i4(0.0025 / dt + 0.5))
    begins = age == 0
    older = latched(older, newer, begins)
    newer = held_peak(newer, loud, begins)
    goal = f8(max(newer, older))
    # Both ways are taken before it is known which one is right: the next sample waits less.
    risen = level * (f8(1.0) - rising) + rising * goal
    fallen = level * (f8(1.0) - falling) + falling * goal
    level = risen if goal > level else fallen
    return newer, older, age, level, f4(level)
