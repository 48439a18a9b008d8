"""What a tick says is what its kernels compute, in the precisions that it asks for, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from chronus.dsp.approx import f4, f8, i4, two_to
from chronus.dsp.declaration import Family, Memory, Output, State, audio, helper, module
from chronus.dsp.kernels import kernel_module
from chronus.dsp.layout import WIDE
from chronus.dsp.recipe import CodeError, recipe_of
from chronus.settings import BLOCK
from tests.modules.driver import Player, alike

if TYPE_CHECKING:
    from collections.abc import MutableSequence

OUT = (Output("out", "What it is"),)
DECLARED = {
    "doc": "A kind of this test.",
    "family": Family.EFFECT,
    "inputs": (audio("in", "Any number"),),
    "source": "This test",
    "example": "load saw",
}
IN = np.random.default_rng(5).uniform(-900.0, 900.0, (BLOCK, WIDE)).astype(np.float32)


def heard(kind):
    """The outputs of a kind for IN, shape (BLOCK, WIDE) each: side by side, and voice by voice."""
    together = Player(kind, wide=True).play(BLOCK, in_=IN)
    alone = [Player(kind).play(BLOCK, in_=IN[:, voice]) for voice in range(WIDE)]
    for name, rows in together.items():
        each = np.stack([found[name] for found in alone], axis=1)
        alike(kind, each, rows, name)
    return together


@module(**DECLARED, outputs=(Output("whole", "/"), Output("rest", "%"), Output("shifted", ">>")))
def divided(in_: float, dt: float) -> tuple[float, float, float]:  # noqa: ARG001
    number = int(in_)
    return f4(number // 7), f4(number % 7), f4((number >> 2) ^ (number & 5) | 1)


def test_whole_numbers_are_divided_and_shifted_as_in_python():
    """Down, and not towards 0; what is left has the divisor's sign."""
    found = heard(divided)
    numbers = IN.astype(np.int64)
    assert np.array_equal(found["whole"], numbers // 7)
    assert np.array_equal(found["rest"], numbers % 7)
    assert np.array_equal(found["shifted"], (numbers >> 2) ^ (numbers & 5) | 1)


@module(**DECLARED, outputs=(*OUT, Output("wrapped", "Beyond 32 bits"), Output("power", "2^n")))
def cast(in_: float, dt: float) -> tuple[float, float, float]:  # noqa: ARG001
    fine = f8(in_) + f8(1e-9)
    wrapped = i4(int(in_) * 5000000)
    return f4((fine - in_) * f8(1e9)), f4(wrapped), two_to(i4(in_ * 0.1))


def test_each_number_has_the_precision_that_the_tick_asks_for():
    """A billionth is there in float64, whole numbers wrap at 32 bits, powers of two are exact."""
    found = heard(cast)
    assert np.allclose(found["out"], 1.0, atol=1e-3)
    numbers = IN.astype(np.int64) * 5_000_000
    wrapped = (numbers + 2**31) % 2**32 - 2**31
    assert np.array_equal(found["wrapped"], wrapped.astype(np.float32))
    assert np.array_equal(found["power"], np.exp2(np.trunc(IN * np.float32(0.1))))


@module(
    **DECLARED,
    outputs=(*OUT, Output("back", "Read backwards"), Output("least", "What one place holds")),
    state=(State("place", dtype="i4"),),
    memories=(Memory("line", 0.002), Memory("turned", 0.002), Memory("one", 0.002)),
)
def stored(
    place: int,
    in_: float,
    line: MutableSequence[float],
    turned: MutableSequence[float],
    one: MutableSequence[float],
    dt: float,  # noqa: ARG001
) -> tuple[int, float, float, float]:
    late = line[place - 96]
    back = turned[70 - place]
    line[place] = 2.0 * in_ + 1.0
    turned[place] = in_
    least = one[3]
    one[3] = 0.5 * in_
    place = place + 1 if place + 1 < len(line) else 0
    return place, late, back, least


def test_memories_hold_what_was_stored_frame_by_frame():
    """Also where places wrap around, run backwards, or are one and the same, and in every form."""
    times = 12
    rows = np.random.default_rng(6).uniform(-1, 1, (times * BLOCK, WIDE)).astype(np.float32)
    together = Player(stored, wide=True).play(times * BLOCK, in_=rows)
    for voice in range(WIDE):
        alone = Player(stored).play(times * BLOCK, in_=rows[:, voice])
        for name, found in alone.items():
            assert np.array_equal(found, together[name][:, voice]), name
    expected = np.float32(2.0) * rows[:-96] + np.float32(1.0)
    assert np.array_equal(together["out"][96:], expected)
    assert np.array_equal(together["least"][1:], np.float32(0.5) * rows[:-1])


@module(**DECLARED, outputs=(*OUT, Output("less", "And a difference")), state=(State("last"),))
def summed(last: float, in_: float, dt: float) -> tuple[float, float, float]:  # noqa: ARG001
    out = last + 0.1 * in_
    less = 0.1 * in_ - in_ * 0.1
    return in_, out, less


def test_a_sum_with_a_product_in_it_is_rounded_once():
    """To the float32 that is nearest to what exact numbers give; of two products the second."""
    found = heard(summed)
    exact = np.float64(np.float32(0.1)) * IN.astype(np.float64)
    last = np.concatenate([np.zeros((1, WIDE)), IN[:-1]])
    assert np.array_equal(found["out"], (last + exact).astype(np.float32))
    less = exact.astype(np.float32).astype(np.float64) - exact
    assert np.array_equal(found["less"], less.astype(np.float32))
    assert np.any(less != 0.0)


@helper
def steps_to(x: float) -> tuple[float, int]:
    """How often a number is halved until it is below 1, and the sum of what was there."""
    if x < 1.0:
        return 0.0, 0
    total = 0.0
    count = 0
    while x >= 1.0 and count < 5:
        total += x
        x = x * 0.5
        count += 1
    for k in range(count):
        if k > 2:
            total = total - 1.0
    return total, count


@module(**DECLARED, outputs=(*OUT, Output("count", "How often")), state=(State("sum"),))
def turning(sum: float, in_: float, dt: float) -> tuple[float, float, float]:  # noqa: A002, ARG001
    total, count = steps_to(in_)
    sum = 0.5 * sum + f4(count)  # noqa: A001
    return sum, total, sum


def test_loops_conditions_and_early_returns_go_their_own_way_in_each_voice():
    """What the same helper gives in Python, in float32, and a state that goes on by it."""
    found = heard(turning)
    for voice in range(WIDE):
        state = np.float32(0.0)
        for frame in range(BLOCK):
            total, count = steps_to(IN[frame, voice])
            state = np.float32(0.5) * state + np.float32(count)
            assert found["out"][frame, voice] == np.float32(total)
            assert found["count"][frame, voice] == state


@module(**DECLARED, outputs=OUT)
def truthful(in_: float, dt: float) -> float:  # noqa: ARG001
    return 1.0 if in_ else 0.0


@module(**DECLARED, outputs=OUT)
def strange(in_: float, dt: float) -> float:  # noqa: ARG001
    text = in_.real
    return text * 2.0


@module(**DECLARED, outputs=OUT)
def too_many(in_: float, dt: float) -> float:  # noqa: ARG001
    return steps_to(in_, in_)


@module(**DECLARED, outputs=OUT, state=(State("last"),))
def forgetful(last: float, in_: float, dt: float) -> float:  # noqa: ARG001
    return in_ + last


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (truthful, "a number is no condition: compare it"),
        (strange, "in_.real is not offered, in `text = in_.real`"),
        (too_many, "steps_to takes 1 arguments, not 2"),
        (forgetful, "it gives 1 values, not 2: its states and outputs"),
    ],
)
def test_what_no_kernel_can_do_is_told(kind, reason):
    """With the reason, and the statement as it was written."""
    with pytest.raises(CodeError) as caught:
        kernel_module(recipe_of(kind), "kernel", wide=False)
    assert reason in str(caught.value)
