"""Walks: what goes on from frame to frame in ways that many frames can take at once.

The highest value since a beginning, a peak that falls, the last value that was taken, a running
sum, a counter: each seems to need the frame before. But the operations are associative, and exact
(whole numbers add up without loss): put together over 2, 4, 8 and 16 frames they give the same bits
as one by one. A tick says them by the functions of `chronus.dsp.approx` that are called so.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.recipe import CodeError
from chronus.dsp.rewriting import WALKS
from chronus.dsp.values import FLOATS, LLVM, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.dsp.lanes import Lanes

NAMES = frozenset(WALKS)


def one_step(lanes: Lanes, name: str, before: Value, *given: Value) -> Value:
    """A walk's next value at one frame, in the precision of the one before."""
    if name == "counted":
        return _counted(lanes, before, *given)
    if name == "falling_peak":
        return _fallen(lanes, before, *given)
    if name == "running_sum":
        return _sum(lanes, before, *given)
    value, *begins = given
    value = lanes.cast(value, before.dtype)
    joined = _joined(name, lanes)(before, value)
    return lanes.select(begins[0], value, joined) if begins else joined


def many_steps(lanes: Lanes, name: str, before: Value, *given: Value) -> tuple[Value, Value, Value]:
    """A walk's values at the frames of all lanes.

    Args:
        lanes: of which each is a frame.
        name: of the walk.
        before: its value before the first of them, of no lane.
        given: the rest of its arguments.

    Returns:
        The values at the frames, those before each of them, and the last one, of no lane.
    """
    if name == "counted":
        found = _all_counted(lanes, before, *given)
    elif name == "falling_peak":
        found = _all_fallen(lanes, before, *given)
    elif given[0].dtype in FLOATS and before.dtype not in FLOATS:
        found = _one_by_one(lanes, before, partial(one_step, lanes, name), *given)
    else:
        found = _walked(lanes, name, before, *given)
    last = Value(_lane(lanes, found, lanes.width - 1), found.dtype)
    ahead = lanes.shuffled(found, lanes.wide(before), [lanes.width, *range(lanes.width - 1)])
    return found, ahead, last


def _joined(name: str, lanes: Lanes) -> Callable[[Value, Value], Value]:
    """What a walk makes of what was before and what comes."""
    if name == "held_peak":
        return lanes.most
    if name == "latched":
        return lambda before, _: before
    return lambda before, value: _sum(lanes, before, value)


def _sum(lanes: Lanes, one: Value, other: Value) -> Value:
    if one.dtype in FLOATS:
        raise CodeError("a running sum is of whole numbers")
    return lanes.cast(lanes.binary("+", one, other), one.dtype)


def _walked(lanes: Lanes, name: str, before: Value, value: Value, *begins: Value) -> Value:
    """Put together, over more and more frames, what each one brings."""
    width = lanes.width
    joined = _joined(name, lanes)
    found = lanes.wide(lanes.cast(value, before.dtype))
    # Below the first lane nothing is added; elsewhere a lane itself changes nothing.
    nothing = lanes.wide(lanes.constant(before.dtype, 0)) if name == "running_sum" else None
    begun = [lanes.wide(lanes.cast(flag, "i4")) for flag in begins]
    step = 1
    while step < width:
        others = [
            lane - step if lane >= step else (lane + width if nothing else lane)
            for lane in range(width)
        ]
        both = joined(lanes.shuffled(found, nothing or found, others), found)
        if begun:
            found = lanes.select(_is_set(lanes, begun[0]), found, both)
            own = [lane - step if lane >= step else lane for lane in range(width)]
            shifted = lanes.shuffled(begun[0], begun[0], own)
            begun = [Value(lanes.builder.or_(begun[0].code, shifted.code), "i4", is_wide=True)]
        else:
            found = both
        step *= 2
    going_on = joined(lanes.wide(before), found)
    return lanes.select(_is_set(lanes, begun[0]), found, going_on) if begun else going_on


def _fallen(lanes: Lanes, before: Value, value: Value, fall: Value) -> Value:
    value, fall = (lanes.cast(each, before.dtype) for each in (value, fall))
    return lanes.most(value, _sum(lanes, before, lanes.negated(fall)))


def _all_fallen(lanes: Lanes, before: Value, value: Value, fall: Value) -> Value:
    """A falling peak at all frames: over more and more of them, less by what has fallen since."""
    fall = lanes.cast(fall, before.dtype)
    if fall.is_wide:
        return _one_by_one(lanes, before, partial(_fallen, lanes), value, fall)
    found = lanes.wide(lanes.cast(value, before.dtype))
    drop = lanes.cast(lanes.negated(fall), before.dtype)
    step = 1
    while step < lanes.width:
        # Below the first lane a lane meets itself, and has fallen.
        own = [lane - step if lane >= step else lane for lane in range(lanes.width)]
        found = lanes.most(found, _sum(lanes, lanes.shuffled(found, found, own), drop))
        drop = _sum(lanes, drop, drop)
        step *= 2
    frames = lanes.cast(lanes.lane_numbers(), before.dtype)
    since = lanes.cast(lanes.binary("+", frames, lanes.constant("i8", 1)), before.dtype)
    fallen = lanes.cast(lanes.binary("*", lanes.negated(fall), since), before.dtype)
    return lanes.most(found, _sum(lanes, lanes.wide(before), fallen))


def _is_set(lanes: Lanes, flag: Value) -> Value:
    return lanes.compare("!=", flag, lanes.constant("i4", 0))


def _counted(lanes: Lanes, before: Value, length: Value) -> Value:
    following = lanes.cast(lanes.binary("+", before, lanes.constant("i8", 1)), before.dtype)
    zero = lanes.constant(before.dtype, 0)
    return lanes.select(lanes.compare(">=", following, length), zero, following)


def _all_counted(lanes: Lanes, before: Value, length: Value) -> Value:
    """A counter at all frames: it goes round at a length that is mostly the same for all."""
    build = lanes.builder
    length = lanes.cast(length, before.dtype)
    if length.is_wide:
        return _one_by_one(lanes, before, partial(_counted, lanes), length)
    numbers = lanes.cast(lanes.lane_numbers(), before.dtype)
    first = lanes.wide(_counted(lanes, before, length))
    counts = lanes.cast(lanes.binary("+", first, numbers), before.dtype)
    with build.goto_entry_block():
        slot = build.alloca(counts.code.type)
    build.store(counts.code, slot)
    # Mostly it goes round once in many frames, or not at all.
    head, again, end = (build.append_basic_block(name) for name in ("round", "again", "counted"))
    build.branch(head)
    build.position_at_end(head)
    now = Value(build.load(slot), before.dtype, is_wide=True)
    beyond = lanes.compare(">=", now, length)
    build.cbranch(lanes.holds_anywhere(beyond), again, end)
    build.position_at_end(again)
    less = lanes.cast(lanes.binary("-", now, length), before.dtype)
    build.store(lanes.select(beyond, less, now).code, slot)
    build.branch(head)
    build.position_at_end(end)
    return now


def _one_by_one(lanes: Lanes, before: Value, step: Callable[..., Value], *given: Value) -> Value:
    """A walk of which something that should be the same at all frames is another at each."""
    kind = lanes.type_of(before.dtype, is_wide=True)
    found = ir.Constant(kind, ir.Undefined)
    wide = [lanes.wide(value) for value in given]
    for lane in range(lanes.width):
        before = step(before, *(Value(_lane(lanes, value, lane), value.dtype) for value in wide))
        at = ir.Constant(LLVM["i4"], lane)
        found = lanes.builder.insert_element(found, before.code, at)
    return Value(found, before.dtype, is_wide=True)


def _lane(lanes: Lanes, value: Value, lane: int) -> ir.Value:
    return lanes.builder.extract_element(value.code, ir.Constant(LLVM["i4"], lane))
