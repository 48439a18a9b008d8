"""What goes on linearly, taken in leaps of four frames, is what it is frame by frame."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from chronus.dsp.approx import fading_peak
from chronus.dsp.declaration import Family, Input, Output, State, audio, helper, module
from chronus.dsp.loops import loops_of
from chronus.dsp.recipe import recipe_of
from chronus.dsp.stages import cut, leaping_of
from chronus.engine.costs import WIDE_TIMES
from chronus.modules.catalog import kinds
from chronus.settings import BLOCK
from tests.modules.driver import Player

FRAMES: Final = 40 * BLOCK
LEAPING: Final = [name for name, kind in kinds().items() if leaping_of(recipe_of(kind)).groups]
ROUNDING: Final = 2e-5
"""Of the peak: what a sum of so many float32 may err."""
DECLARED: Final = {
    "doc": "A kind of this test.",
    "family": Family.EFFECT,
    "inputs": (audio("in", "Any number"), Input("by", "A weight", 0.1, 0.0, 1.0)),
    "source": "This test",
    "example": "load saw",
}


@helper
def turned(x: float, y: float, by: float) -> tuple[float, float]:
    """A point that goes round, slowly inwards."""
    x = 0.999 * (x - by * y)
    return x, 0.999 * y + by * x


@module(
    **DECLARED,
    outputs=(
        Output("out", "A sum that leaks, and is held at times"),
        Output("round", "What goes round, as it was and as it is"),
        Output("peak", "A peak that fades"),
        Output("smooth", "That, smoothed twice, each by what is below it"),
    ),
    state=tuple(State(name) for name in ("low", "x", "y", "peak", "smooth", "again")),
)
def going(
    low: float,
    x: float,
    y: float,
    peak: float,
    smooth: float,
    again: float,
    in_: float,
    by: float,
    dt: float,
) -> tuple[float, ...]:
    runs = in_ > -0.9
    low = low + by * (-(low - in_) * 2.0) + 30.0 * dt if runs else low
    before = x
    x, y = turned(x, y, 0.5 * by)
    y = y + 0.1 * in_
    peak = fading_peak(peak, in_, 1.0 - 0.1 * by, -0.001 * by)
    smooth = smooth + (peak - smooth) * by
    again = again - 0.25 * (again - smooth)
    return low, x, y, peak, smooth, again, low, before + x, peak, again


def signals() -> dict[str, np.ndarray]:
    random = np.random.default_rng(5)
    sound = random.uniform(-1.0, 1.0, FRAMES)
    sound[12 * BLOCK : 15 * BLOCK] = -0.5  # the peak fades to its floor
    weights = random.uniform(0.02, 0.3, FRAMES)
    weights[20 * BLOCK :] = 0.05
    return {"in_": sound.astype(np.float32), "by": weights.astype(np.float32)}


def by_hand() -> dict[str, np.ndarray]:
    """What the tick gives frame by frame, in Python's own precision."""
    states, rows = [0.0] * len(going.state), []
    for sound, by in zip(*signals().values(), strict=True):
        found = going.tick(*states, float(sound), float(by), 1.0 / 48_000)
        states = list(found[: len(states)])
        rows.append(found[len(states) :])
    return dict(zip((name for _, name in going.output_rows), np.array(rows).T, strict=True))


@pytest.mark.parametrize("wide", [False, True])
def test_leaps_give_what_steps_give(wide):
    """Sums, choices, helpers, pairs of states and a floor: as far as a float32 can say it."""
    found, expected = Player(going, wide=wide).play(FRAMES, **signals()), by_hand()
    for name, values in expected.items():
        own = found[name][:, 3] if wide else found[name]
        assert np.abs(values).max() > 0.1
        np.testing.assert_allclose(own, values, rtol=0, atol=ROUNDING * np.abs(values).max())


def test_all_of_it_goes_in_leaps():
    """No state of the tick above walks from frame to frame; the pair goes together."""
    recipe = recipe_of(going)
    leaping = leaping_of(recipe)
    groups = [{"low"}, {"x", "y"}, {"peak"}, {"smooth"}, {"again"}]
    assert sorted(map(sorted, leaping.groups)) == sorted(map(sorted, groups))
    stages = cut(recipe.shape, recipe.ways.full, leaping=leaping)
    serial = [loop for loop in loops_of(recipe.shape, stages) if loop.is_serial]
    assert not any(loop.codes or loop.carried for loop in serial)
    # What needs another's sum comes a stage later.
    assert [sorted(s for g in loop.linear for s in g.states) for loop in serial] == [
        ["low", "peak", "x", "y"],
        ["smooth"],
        ["again"],
    ]


@pytest.mark.parametrize(
    "changed", ["value * y", "abs(x)", "x if y > 0.0 else in_", "x / (1.0 + y)", "grown(grown(x))"]
)
def test_what_is_not_linear_is_left_alone(changed):
    """A product of states, a choice by one, what is not known, and what grows by being inserted."""
    tick = (
        f"def tick(x, y, in_, dt):\n value = x + in_\n x = {changed}\n y = y + x\n return x, y, x"
    )
    grown = "\n".join(["def grown(x):", *[" x = 0.5 * x + 0.5 * x * in_ + in_"] * 30, " return x"])
    recipe = recipe_of(kinds()["filter"])
    shape = type(recipe.shape)("t", ("in_",), ("out",), (State("x"), State("y")), (), "")
    ways, marks = type(recipe.ways)(tick), type(recipe.marks)("", ())
    assert not leaping_of(type(recipe)(shape, ways, marks, {"grown": grown}, {})).groups


@pytest.mark.parametrize("name", LEAPING)
def test_every_way_through_a_block_gives_the_same_bits(name):
    """A block in which inputs rest takes another way than one in whose last frame they move."""
    kind = kinds()[name]
    watched = set(recipe_of(kind).ways.watched)
    random = np.random.default_rng(6)
    found = []
    for moves in (False, True):
        given = {}
        for port, row in kind.input_rows:
            declared = kind.inputs[port]
            value = np.full(8 * BLOCK, 0.5 * (max(declared.low, -1.0) + min(declared.high, 2e3)))
            if row in {"in_", "in_left", "in_right"}:
                value = np.random.default_rng(len(row)).uniform(-1.0, 1.0, 8 * BLOCK)
            elif row == "gate":
                value[:] = 1.0
            elif moves and row in watched:
                value[-1] *= 1.0 + 0.1 * random.random()
            given[row] = value.astype(np.float32)
        found.append(Player(kind).play(8 * BLOCK, **given))
    for output, values in found[0].items():
        same = found[1][output][:-1]
        assert np.abs(same).max() > 0.0
        np.testing.assert_array_equal(values[:-1].view(np.int32), same.view(np.int32))


def test_what_leaps_is_not_computed_among_others_of_its_kind():
    """A batch goes frame by frame: with the next node of a kind others would be rounded anew."""
    assert {"filter", "eq", "formant"} <= {*LEAPING}
    assert not {*LEAPING} & WIDE_TIMES.keys()
