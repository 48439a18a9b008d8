"""The synced saw: one that a slower oscillator starts afresh at each of its cycles.

Where it jumps is known from the slower one's phase alone: at each of its own cycles, and, by less,
where it is started afresh. Each jump is replaced by the smooth step of eight samples that the other
oscillators have; the saw's own cycle must last longer than that, which holds its pitch below a
tenth of the rate.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import cycles, f4, i4, steady, turning
from chronus.dsp.declaration import Curve, Family, Input, Output, freq, helper, module
from chronus.modules.oscillators import METHOD, PLACE, saw_edge

FASTEST: Final = 0.095
"""Cycles a sample of the saw at most."""


@helper
def step_rest(samples: float) -> float:
    """What a smooth step from -1 to 1 differs from a sharp one, so many samples behind it.

    Before it, where `samples` is below 0, too.
    """
    x = abs(samples) * 0.25
    rest = saw_edge(x) - 1.0 if x < 1.0 else 0.0
    return rest if samples >= 0.0 else -rest


@module(
    doc="Hard-synced saw: `ratio` sweeps its colour, while the pitch stays.",
    family=Family.OSCILLATOR,
    inputs=(
        freq(),
        Input(
            "ratio",
            "Pitch of the saw to `freq`, which starts it afresh at each cycle",
            2.5,
            1.0,
            16.0,
            curve=Curve.EXPONENTIAL,
        ),
    ),
    outputs=(Output("out", "The wave, -1 to 1"),),
    state=(PLACE,),
    source=f"{METHOD}; the jumps of a synced saw: Brandt, Hard sync without aliasing, ICMC 2001",
    example="load sync freq=110 level=-9db; load lfo rate=0.5; patch lfo.uni > sync.ratio by 4",
)
def sync(place: int, freq: float, ratio: float, dt: float) -> tuple[int, float]:
    step = min(freq * dt, FASTEST)
    turn = steady(turning(step))
    # The saw's own cycles in one of the slower, and how many of them are whole.
    times = steady(max(min(ratio, FASTEST / max(step, 1e-6)), 1.0))
    whole = steady(f4(i4(times - 1e-6)))
    rest = steady(times - whole)
    offset = steady(rest * (1.0 - rest) / times)
    slope = steady(1.0 / max(step * times, 1e-9))
    phase = cycles(place)
    phase = phase + 1.0 if phase < 0.0 else phase
    own = phase * times
    number = f4(i4(own))
    along = own - number
    naive = 2.0 * along - 1.0 + offset
    # The nearest of its own jumps: behind, or ahead if the saw gets so far.
    nearer = number + 1.0 if along > 0.5 else number
    is_own = nearer > 0.5 and nearer < whole + 0.5
    jump = step_rest((own - nearer) * slope) if is_own else 0.0
    # Where it starts afresh it falls from the height that it has reached by then.
    since = own if phase < 0.5 else own - times
    afresh = rest * step_rest(since * slope)
    # The last of its own jumps may still ring behind that.
    late = step_rest((own + rest) * slope) if whole > 0.5 and phase < 0.5 else 0.0
    return i4(place + turn), naive - jump - afresh - late
