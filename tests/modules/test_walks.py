"""What goes on by a walk is the same whether its frames are taken one by one or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from chronus.dsp import approx
from chronus.dsp.approx import (
    counted,
    f4,
    falling_peak,
    held_peak,
    i4,
    latched,
    lately,
    moving,
    rarely,
    running_sum,
)
from chronus.dsp.declaration import Family, Memory, Output, State, audio, module
from chronus.dsp.loops import loops_of
from chronus.dsp.recipe import recipe_of
from chronus.dsp.stages import cut
from chronus.settings import BLOCK
from tests.modules.driver import Player

if TYPE_CHECKING:
    from collections.abc import MutableSequence

FRAMES = 40 * BLOCK
OUT = (Output("out", "What it is"),)
DECLARED = {
    "doc": "A kind of this test.",
    "family": Family.EFFECT,
    "inputs": (audio("in", "Any number"), audio("mark", "Where something begins")),
    "source": "This test",
    "example": "load saw",
}


@module(
    **DECLARED,
    outputs=(*OUT, Output("last", "Taken last"), Output("ahead", "Taken before this frame")),
    state=(State("high"), State("taken")),
)
def peaks(
    high: float,
    taken: float,
    in_: float,
    mark: float,
    dt: float,  # noqa: ARG001
) -> tuple[float, ...]:
    ahead = latched(taken, 0.25 * in_, mark > 2.0) + 1.0
    begins = mark > 0.5
    high = held_peak(high, in_, begins)
    taken = latched(taken, 0.5 * in_, begins)
    return high, taken, high, taken, ahead


@module(
    **DECLARED,
    outputs=(*OUT, Output("count", "A counter"), Output("odd", "One whose length changes")),
    state=(State("sum", dtype="i4"), State("count", dtype="i4"), State("odd", dtype="i8")),
)
def sums(
    sum: int,  # noqa: A002
    count: int,
    odd: int,
    in_: float,
    mark: float,
    dt: float,
) -> tuple[float, ...]:
    count = counted(count, i4(0.00015 / dt + 0.5))
    odd = counted(odd, int(5.0 + 40.0 * mark))
    sum = running_sum(sum, int(in_) * count)  # noqa: A001
    return sum, count, odd, f4(sum), f4(count), f4(odd)


@module(
    **DECLARED,
    outputs=(
        *OUT,
        Output("oddly", "A peak that does not fall evenly"),
        Output("turned", "A sum said by casting it"),
        Output("cut", "A sum with a fraction, which is cut off each time"),
    ),
    state=tuple(State(name, dtype="i4") for name in ("fallen", "oddly", "turned", "cut")),
)
def falls(
    fallen: int,
    oddly: int,
    turned: int,
    cut: int,
    in_: float,
    mark: float,
    dt: float,  # noqa: ARG001
) -> tuple[float, ...]:
    fallen = falling_peak(fallen, i4(in_), 70_000)
    oddly = falling_peak(oddly, i4(in_), int(mark * 90_000.0) + 100)
    apart = i4(turned + 2147483648)
    turned = i4(turned + int(in_) * 7)
    cut = i4(cut + 0.75 * f4(i4(in_ * 0.00000095367431640625)))
    return fallen, oddly, turned, cut, f4(fallen), f4(oddly), f4(apart), f4(cut)


def signals() -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    sound = random.normal(0.0, 3e6, FRAMES).astype(np.float32)
    marks = (random.random(FRAMES) < 0.03).astype(np.float32)
    marks[10 * BLOCK : 12 * BLOCK] = 1.0
    return {"in_": sound, "mark": marks}


def by_hand(kind, given):
    """What a tick gives frame by frame, carried out by Python with its own rounding to float32."""
    states = [0] * len(kind.state)
    rows = []
    for sound, mark in zip(given["in_"], given["mark"], strict=True):
        found = kind.tick(*states, sound, mark, 1.0 / 48_000)
        states = list(found[: len(states)])
        for i, state in enumerate(kind.state):
            states[i] = approx.i4(states[i]) if state.dtype == "i4" else states[i]
        rows.append([np.float32(value) for value in found[len(states) :]])
    names = [name for _, name in kind.output_rows]
    return dict(zip(names, np.array(rows).T, strict=True))


@pytest.mark.parametrize("kind", [peaks, sums, falls])
def test_many_frames_at_once_are_what_each_is_after_the_other(kind):
    """Peaks, latches, sums that wrap and counters, also at lengths that change and are short."""
    given = signals()
    alone = Player(kind).play(FRAMES, **given)
    together = Player(kind, wide=True).play(FRAMES, **given)
    expected = by_hand(kind, given)
    assert {name: len(np.unique(values)) > 3 for name, values in alone.items()} == dict.fromkeys(
        expected, True
    )
    for name, values in alone.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
        np.testing.assert_array_equal(values, together[name][:, 3], err_msg=name)


def test_walks_leave_no_stage_serial():
    """All frames of these ticks are computed side by side: nothing waits for the frame before."""
    for kind in (peaks, sums, falls):
        recipe = recipe_of(kind)
        loops = loops_of(recipe.shape, cut(recipe.shape, recipe.ways.full))
        assert not any(loop.is_serial for loop in loops)
        assert {s for loop in loops for s in loop.walks} == {state.name for state in kind.state}


@module(
    **DECLARED,
    outputs=OUT,
    state=(State("place", dtype="i8"), State("sum", dtype="i4")),
    memories=(Memory("line", 0.0005),),
)
def window(
    place: int,
    sum: int,  # noqa: A002
    in_: float,
    mark: float,  # noqa: ARG001
    line: MutableSequence[float],
    dt: float,  # noqa: ARG001
) -> tuple[int, int, float]:
    works = rarely(abs(in_) > 9000.0 or sum != 0)
    count = moving(i4(in_ * 1e-4) if works else 0)
    line[place] = f4(count)
    index = place - 24
    old = lately(line[index + len(line) if index < 0 else index])
    sum = moving(running_sum(sum, count - int(old)) if works else sum)  # noqa: A001
    place = counted(place, len(line))
    return place, sum, f4(sum)


def test_a_window_of_what_was_stored_lately_is_read_as_if_frame_by_frame():
    """The sum of the last 24 frames, through rests in which nothing is looked at, and round."""
    given = signals()
    quiet = given["in_"]
    for start in (0, 700, 1600):
        quiet[start : start + 500] = 0.0
    counts = np.trunc(quiet * np.float32(1e-4)).astype(np.int64)
    expected = np.convolve(counts, np.ones(24, np.int64))[:FRAMES]
    alone = Player(window).play(FRAMES, **given)["out"]
    np.testing.assert_array_equal(alone, expected.astype(np.float32))
    together = Player(window, wide=True).play(FRAMES, **given)["out"][:, 9]
    np.testing.assert_array_equal(alone, together)
