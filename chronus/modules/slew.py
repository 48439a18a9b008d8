"""The slew limiter: what jumps in a signal becomes a way that takes time."""

from __future__ import annotations

from chronus.dsp.approx import f4, f8, seldom, steady
from chronus.dsp.declaration import Family, Input, Output, State, audio, module
from chronus.dsp.levels import share_of_any_time

LONGEST_MS = 20_000.0


@module(
    doc="Slew limiter (lag, glide, portamento): smooths jumps, upwards and downwards apart.",
    family=Family.MODULATION,
    inputs=(
        audio("in", "What is smoothed"),
        Input("rise", "Time upwards; 0 is at once", 50.0, 0.0, LONGEST_MS, "ms"),
        Input("fall", "Time downwards; 0 is at once", 50.0, 0.0, LONGEST_MS, "ms"),
        Input(
            "shape",
            "linear: the time for a way of 1; exponential: to 63 % of any way, as for pitches",
            0.0,
            0.0,
            1.0,
            choices=("linear", "exponential"),
            ramp_s=0.0,
        ),
    ),
    outputs=(Output("out", "The same without its jumps"),),
    state=(State("now", dtype="f8"),),
    source="Linear: a limit of the change in a sample. Exponential: a lowpass of one pole, exact "
    "for steps. In float64, since a long way is made of very small steps",
    example="load square as jumps freq=2; load slew rise=20 fall=200; load saw freq=110 "
    "level=-12db; patch jumps > slew; patch slew > saw.freq by 1oct",
)
def slew(
    now: float, in_: float, rise: float, fall: float, shape: float, dt: float
) -> tuple[float, float]:
    step = 1000.0 * dt
    most = steady(f8(step / max(rise, 1e-6)))
    least = steady(f8(-step / max(fall, 1e-6)))
    up = steady(f8(share_of_any_time(step, rise)))
    down = steady(f8(share_of_any_time(step, fall)))
    eases = seldom(shape > 0.5)
    goal = f8(in_)
    way = goal - now
    eased = now + way * (up if way > f8(0.0) else down)
    # Where it may get to on either side is known before the goal is compared with it.
    straight = min(max(goal, now + least), now + most)
    now = eased if eases else straight
    return now, f4(now)
