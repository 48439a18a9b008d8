"""What the half-band filters and the followers of levels must do, measured in compiled kernels."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.approx import counted, held_peak, i4, latched
from chronus.dsp.declaration import Family, Input, Output, State, audio, module
from chronus.dsp.levels import share_of_time
from chronus.dsp.oversampling import (
    four_of_two,
    half_as_many,
    half_band,
    twice_as_many,
    two_of_four,
)

from .driver import RATE_HZ, Player, level_db


@module(
    doc="Up to four times the rate and back.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "A sound"),
        audio("even", "Every second sample of one at twice the rate"),
        audio("odd", "The others"),
    ),
    outputs=(
        Output("twice", "Through twice the rate"),
        Output("four", "Through four times the rate"),
        Output("first", "What comes between"),
    ),
    state=(
        *half_band("up"),
        *half_band("down"),
        State("top"),
        *(State(f"q{i}") for i in range(1, 7)),
        *half_band("other"),
        State("other_top"),
    ),
    source="Test",
    example="",
)
def there_and_back(  # type: ignore[no-untyped-def]
    up_e1, up_e2, up_e3, up_o1, up_o2, up_o3,
    down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top,
    q1, q2, q3, q4, q5, q6,
    other_e1, other_e2, other_e3, other_o1, other_o2, other_o3, other_top,
    in_, even, odd, dt,  # noqa: ARG001
):  # fmt: skip
    a, b, up_e1, up_e2, up_e3, up_o1, up_o2, up_o3 = twice_as_many(
        in_, up_e1, up_e2, up_e3, up_o1, up_o2, up_o3
    )
    first = a
    a = a + even
    b = b + odd
    twice, down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top = half_as_many(
        a, b, down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top
    )
    c, d, e, f, q1, q2, q3 = four_of_two(a, b, q1, q2, q3)
    a, b, q4, q5, q6 = two_of_four(c, d, e, f, q4, q5, q6)
    four, other_e1, other_e2, other_e3, other_o1, other_o2, other_o3, other_top = half_as_many(
        a, b, other_e1, other_e2, other_e3, other_o1, other_o2, other_o3, other_top
    )
    return (
        up_e1, up_e2, up_e3, up_o1, up_o2, up_o3,
        down_e1, down_e2, down_e3, down_o1, down_o2, down_o3, top,
        q1, q2, q3, q4, q5, q6,
        other_e1, other_e2, other_e3, other_o1, other_o2, other_o3, other_top,
        twice, four, first,
    )  # fmt: skip


@pytest.mark.parametrize("way", ["twice", "four"])
def test_what_is_heard_comes_through_a_higher_rate_as_it_was(way: str) -> None:
    """Up and down again the level stays within 0.02 dB up to 8 kHz, 0.15 at 15, 0.75 at 20 kHz."""
    click = np.zeros(RATE_HZ // 50 * 64, np.float32)
    click[0] = 1.0
    heard = Player(there_and_back).play(len(click), in_=click)[way].astype(float)
    gains = np.abs(np.fft.rfft(heard))
    hz = np.arange(len(gains)) * RATE_HZ / len(click)
    for top, most in ((8_000, 0.02), (15_000, 0.15), (20_000, 0.75)):
        part = gains[hz <= top]
        assert max(level_db(part.max()), -level_db(part.min())) < most
    assert level_db(gains[hz > 23_900].max()) < -20.0


@pytest.mark.parametrize("hz", [28_000.0, 30_000.0, 38_000.0, 47_900.0])
def test_what_lies_above_the_rate_is_taken_away(hz: float) -> None:
    """A tone between 28 and 48 kHz at twice the rate is not heard at all: 73 dB less."""
    tone = np.sin(np.pi * hz * np.arange(2 * RATE_HZ // 64 * 64) / RATE_HZ)
    heard = Player(there_and_back).play(len(tone) // 2, even=tone[::2], odd=tone[1::2])["twice"]
    assert level_db(np.abs(heard[4800:]).max()) < -73.0


@module(
    doc="Followers.",
    family=Family.EFFECT,
    inputs=(audio("in", "A sound"), Input("length", "Time", 10.0, 0.1, 5000.0, "ms")),
    outputs=(Output("peak", "What is held"), Output("share", "One step")),
    state=(State("newer"), State("older"), State("age", dtype="i4")),
    source="Test",
    example="",
)
def followers(newer, older, age, in_, length, dt):  # type: ignore[no-untyped-def]
    age = counted(age, i4(0.01 / dt + 0.5))
    begins = age == 0
    older = latched(older, newer, begins)
    newer = held_peak(newer, abs(in_), begins)
    return newer, older, age, max(newer, older), share_of_time(1000.0 * dt, length)


def test_a_peak_is_held_for_one_to_two_spans() -> None:
    """A single peak counts at once, for at least 10 ms, and for at most 20 ms."""
    for at in range(640, 1440, 37):
        sound = np.zeros(4800 // 64 * 64, np.float32)
        sound[at] = -0.7
        held = np.flatnonzero(Player(followers).play(len(sound), in_=sound)["peak"])
        assert held[0] == at
        assert (np.diff(held) == 1).all()
        assert 480 <= len(held) <= 962


@pytest.mark.parametrize("length", [0.1, 1.0, 50.0, 5000.0])
def test_a_share_of_time_is_that_of_an_exponential(length: float) -> None:
    """One step of a follower is 1 - exp(-step / time), within 1e-4 of itself."""
    share = float(Player(followers).play(64, length=length)["share"][0])
    wanted = -np.expm1(-1000.0 / RATE_HZ / length)
    assert abs(share / wanted - 1.0) < 1e-4
