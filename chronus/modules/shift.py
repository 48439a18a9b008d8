"""The frequency shifter: moves all partials by the same number of Hz, so that none fits another.

Two chains of six all-passes give two copies of the sound a quarter of a turn apart, at all
frequencies from 20 Hz up to 20 Hz below half the rate (at 48 kHz) within 0.11 degrees: what is
moved the wrong way stays 60 dB below. A rotation of the two copies moves the sound.

What is moved below 0 Hz comes up again, as in the analogue original; so does, at the other end,
what is moved past half the rate.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import (
    cycles,
    i4,
    loop_limit,
    sin_cycles,
    steady,
    turning,
    wrapped,
)
from chronus.dsp.declaration import Family, Input, Output, State, audio, helper, module

SIDES: Final = ("left", "right")
A_1: Final = 0.0963496370
A_2: Final = 0.5559200099
A_3: Final = 0.8508503780
A_4: Final = 0.9563102257
A_5: Final = 0.9878312626
A_6: Final = 0.9970749852
B_1: Final = 0.3206359918
B_2: Final = 0.7353736630
B_3: Final = 0.9185570949
B_4: Final = 0.9768172363
B_5: Final = 0.9937665884
B_6: Final = 0.9991452687


@helper
def passed(x: float, older: float, a: float) -> tuple[float, float]:
    """An all-pass that looks two samples back: what comes out, and its next state."""
    y = a * x + older
    return y, a * y - x


@helper
def first_chain(
    x: float,
    new1: float,
    old1: float,
    new2: float,
    old2: float,
    new3: float,
    old3: float,
    new4: float,
    old4: float,
    new5: float,
    old5: float,
    new6: float,
    old6: float,
) -> tuple[float, ...]:
    """One of the two chains: what comes out, and each all-pass's two next states."""
    y1, next1 = passed(x, old1, A_1)
    y2, next2 = passed(y1, old2, A_2)
    y3, next3 = passed(y2, old3, A_3)
    y4, next4 = passed(y3, old4, A_4)
    y5, next5 = passed(y4, old5, A_5)
    y6, next6 = passed(y5, old6, A_6)
    return y6, next1, new1, next2, new2, next3, new3, next4, new4, next5, new5, next6, new6


@helper
def second_chain(
    x: float,
    new1: float,
    old1: float,
    new2: float,
    old2: float,
    new3: float,
    old3: float,
    new4: float,
    old4: float,
    new5: float,
    old5: float,
    new6: float,
    old6: float,
) -> tuple[float, ...]:
    """The other chain: what comes out, and each all-pass's two next states."""
    y1, next1 = passed(x, old1, B_1)
    y2, next2 = passed(y1, old2, B_2)
    y3, next3 = passed(y2, old3, B_3)
    y4, next4 = passed(y3, old4, B_4)
    y5, next5 = passed(y4, old5, B_5)
    y6, next6 = passed(y5, old6, B_6)
    return y6, next1, new1, next2, new2, next3, new3, next4, new4, next5, new5, next6, new6


def chain(side: str, name: str) -> tuple[State, ...]:
    """The states of a chain: of each all-pass what it keeps of the last sample, and the one before.

    Args:
        side: left or right.
        name: of the chain.
    """
    return tuple(State(f"{side}_{name}{age}{i}") for i in range(1, 7) for age in ("n", "o"))


@module(
    doc="Stereo frequency shifter: all partials moved by the same number of Hz.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is moved", channels=2),
        Input("shift", "How far it is moved up, or down", 30.0, -5000.0, 5000.0, "hz"),
        Input("feedback", "How much of what was moved is moved again", 0.0, 0.0, 0.9),
        Input("mix", "0 only the sound, 1 only what is moved", 1.0, 0.0, 1.0),
    ),
    outputs=(
        Output("out", "The sound, moved by `shift`", channels=2),
        Output("down", "The sound, moved the other way", channels=2),
    ),
    state=(
        State("turn", dtype="i4"),
        *(
            state
            for side in SIDES
            for state in (
                State(f"{side}_late"),
                State(f"{side}_back"),
                *chain(side, "a"),
                *chain(side, "b"),
            )
        ),
    ),
    source="Bode, Moog, A high-accuracy frequency shifter, JAES 20 (6), 1972; all-passes: those of "
    "an elliptic half-band filter, turned by a quarter of the rate; Valenzuela, Constantinides, "
    "IEE Proc. G 130 (6), 1983. What goes round is bent above full scale only",
    example="load pluck; load shift shift=80 mix=0.5; patch pluck > shift; "
    "sequence pluck: c3 . eb3 . g3 . c4 .",
)
def shift(
    turn: int,
    left_late: float,
    left_back: float,
    left_an1: float,
    left_ao1: float,
    left_an2: float,
    left_ao2: float,
    left_an3: float,
    left_ao3: float,
    left_an4: float,
    left_ao4: float,
    left_an5: float,
    left_ao5: float,
    left_an6: float,
    left_ao6: float,
    left_bn1: float,
    left_bo1: float,
    left_bn2: float,
    left_bo2: float,
    left_bn3: float,
    left_bo3: float,
    left_bn4: float,
    left_bo4: float,
    left_bn5: float,
    left_bo5: float,
    left_bn6: float,
    left_bo6: float,
    right_late: float,
    right_back: float,
    right_an1: float,
    right_ao1: float,
    right_an2: float,
    right_ao2: float,
    right_an3: float,
    right_ao3: float,
    right_an4: float,
    right_ao4: float,
    right_an5: float,
    right_ao5: float,
    right_an6: float,
    right_ao6: float,
    right_bn1: float,
    right_bo1: float,
    right_bn2: float,
    right_bo2: float,
    right_bn3: float,
    right_bo3: float,
    right_bn4: float,
    right_bo4: float,
    right_bn5: float,
    right_bo5: float,
    right_bn6: float,
    right_bo6: float,
    in_left: float,
    in_right: float,
    shift: float,
    feedback: float,
    mix: float,
    dt: float,
) -> tuple[float, ...]:
    step = steady(turning(shift * dt))
    phase = cycles(turn)
    sine = sin_cycles(phase)
    cosine = sin_cycles(wrapped(phase + 0.25))
    left_in = loop_limit(in_left + feedback * left_back)
    (
        left_real,
        left_an1,
        left_ao1,
        left_an2,
        left_ao2,
        left_an3,
        left_ao3,
        left_an4,
        left_ao4,
        left_an5,
        left_ao5,
        left_an6,
        left_ao6,
    ) = first_chain(
        left_in,
        left_an1,
        left_ao1,
        left_an2,
        left_ao2,
        left_an3,
        left_ao3,
        left_an4,
        left_ao4,
        left_an5,
        left_ao5,
        left_an6,
        left_ao6,
    )
    (
        left_turned,
        left_bn1,
        left_bo1,
        left_bn2,
        left_bo2,
        left_bn3,
        left_bo3,
        left_bn4,
        left_bo4,
        left_bn5,
        left_bo5,
        left_bn6,
        left_bo6,
    ) = second_chain(
        left_late,
        left_bn1,
        left_bo1,
        left_bn2,
        left_bo2,
        left_bn3,
        left_bo3,
        left_bn4,
        left_bo4,
        left_bn5,
        left_bo5,
        left_bn6,
        left_bo6,
    )
    left_up = left_real * cosine - left_turned * sine
    left_down = left_real * cosine + left_turned * sine
    right_in = loop_limit(in_right + feedback * right_back)
    (
        right_real,
        right_an1,
        right_ao1,
        right_an2,
        right_ao2,
        right_an3,
        right_ao3,
        right_an4,
        right_ao4,
        right_an5,
        right_ao5,
        right_an6,
        right_ao6,
    ) = first_chain(
        right_in,
        right_an1,
        right_ao1,
        right_an2,
        right_ao2,
        right_an3,
        right_ao3,
        right_an4,
        right_ao4,
        right_an5,
        right_ao5,
        right_an6,
        right_ao6,
    )
    (
        right_turned,
        right_bn1,
        right_bo1,
        right_bn2,
        right_bo2,
        right_bn3,
        right_bo3,
        right_bn4,
        right_bo4,
        right_bn5,
        right_bo5,
        right_bn6,
        right_bo6,
    ) = second_chain(
        right_late,
        right_bn1,
        right_bo1,
        right_bn2,
        right_bo2,
        right_bn3,
        right_bo3,
        right_bn4,
        right_bo4,
        right_bn5,
        right_bo5,
        right_bn6,
        right_bo6,
    )
    right_up = right_real * cosine - right_turned * sine
    right_down = right_real * cosine + right_turned * sine
    return (
        i4(turn + step),
        left_in,
        left_up,
        left_an1,
        left_ao1,
        left_an2,
        left_ao2,
        left_an3,
        left_ao3,
        left_an4,
        left_ao4,
        left_an5,
        left_ao5,
        left_an6,
        left_ao6,
        left_bn1,
        left_bo1,
        left_bn2,
        left_bo2,
        left_bn3,
        left_bo3,
        left_bn4,
        left_bo4,
        left_bn5,
        left_bo5,
        left_bn6,
        left_bo6,
        right_in,
        right_up,
        right_an1,
        right_ao1,
        right_an2,
        right_ao2,
        right_an3,
        right_ao3,
        right_an4,
        right_ao4,
        right_an5,
        right_ao5,
        right_an6,
        right_ao6,
        right_bn1,
        right_bo1,
        right_bn2,
        right_bo2,
        right_bn3,
        right_bo3,
        right_bn4,
        right_bo4,
        right_bn5,
        right_bo5,
        right_bn6,
        right_bo6,
        in_left + mix * (left_up - in_left),
        in_right + mix * (right_up - in_right),
        in_left + mix * (left_down - in_left),
        in_right + mix * (right_down - in_right),
    )
