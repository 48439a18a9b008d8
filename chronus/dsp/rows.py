"""What is done to whole rows of a block at once, as vectors: summed, looked at, put on the tape.

A row is read and written as few long vectors, since what it takes to begin a loop is as much work
as all of its samples.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chronus.settings import BLOCK

WIDTH: Final = 16
"""Samples of a vector."""
PARTS: Final = BLOCK // WIDTH
assert PARTS * WIDTH == BLOCK
NUMBERS: Final = 0
"""What rows hold: finite numbers, not all of them 0."""
SILENCE: Final = 1
"""Or nothing but zeros."""
OTHERS: Final = 2
"""Or what is no finite number."""

_LONG, _WORD, _FLOAT = ir.IntType(64), ir.IntType(32), ir.FloatType()
_FLOATS, _WORDS = ir.VectorType(_FLOAT, WIDTH), ir.VectorType(_WORD, WIDTH)
_BYTES: Final = 4 * WIDTH
_SOURCE_BYTES: Final = 16


def _at(builder: ir.IRBuilder, address: ir.Value, offset: int, item: ir.Type) -> ir.Value:
    """Where an item lies so many bytes behind an address."""
    place = builder.add(address, ir.Constant(_LONG, offset)) if offset else address
    return builder.inttoptr(place, ir.PointerType(item))


def _row(builder: ir.IRBuilder, address: ir.Value) -> list[ir.Value]:
    """The vectors of a row."""
    places = [_at(builder, address, _BYTES * part, _FLOATS) for part in range(PARTS)]
    return [builder.load(place, align=4, typ=_FLOATS) for place in places]


def _all(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """A vector that holds one value."""
    none = ir.Constant(_FLOATS, ir.Undefined)
    one = builder.insert_element(none, value, ir.Constant(_WORD, 0))
    return builder.shuffle_vector(one, none, ir.Constant(_WORDS, [0] * WIDTH))


def _larger(builder: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    return builder.select(builder.icmp_signed(">", one, other), one, other)


def _loudest(builder: ir.IRBuilder, parts: list[ir.Value]) -> ir.Value:
    """The bits of the loudest of all samples of some vectors, without its sign.

    Numbers above 0 are in the order of their bits, and no number comes behind them all.
    """
    unsigned = ir.Constant(_WORDS, [0x7FFFFFFF] * WIDTH)
    bits = [builder.and_(builder.bitcast(part, _WORDS), unsigned) for part in parts]

    kind = ir.FunctionType(_WORD, [_WORDS])
    name = f"llvm.vector.reduce.smax.v{WIDTH}i32"
    most = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.zext(
        builder.call(most, [reduce(lambda *pair: _larger(builder, *pair), bits)]), _LONG
    )


@intrinsic
def what_is_heard(_typing: Any, _address: Any, _count: Any) -> Any:
    """What so many rows at an address, one behind the other, hold: NUMBERS, SILENCE or OTHERS.

    Largest bits and all are compared as vectors: one number made of them would be waited for.
    """

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        address, count = arguments
        none, bits = ir.Constant(_WORDS, [0] * WIDTH), ir.IntType(WIDTH)
        unsigned = ir.Constant(_WORDS, [0x7FFFFFFF] * WIDTH)
        most = cgutils.alloca_once_value(builder, none)
        with cgutils.for_range(builder, count) as loop:
            row = builder.add(address, builder.mul(loop.index, ir.Constant(_LONG, 4 * BLOCK)))
            parts = [builder.bitcast(part, _WORDS) for part in _row(builder, row)]
            louder = [builder.and_(part, unsigned) for part in parts]
            before = builder.load(most, typ=_WORDS)
            builder.store(reduce(lambda *pair: _larger(builder, *pair), louder, before), most)
        found = builder.load(most, typ=_WORDS)
        past = ir.Constant(_WORDS, [0x7F800000] * WIDTH)
        wrong = builder.bitcast(builder.icmp_signed(">=", found, past), bits)
        loud = builder.bitcast(builder.icmp_signed("!=", found, none), bits)
        zero = ir.Constant(bits, 0)
        is_wrong = builder.icmp_signed("!=", wrong, zero)
        is_silent = builder.icmp_signed("==", loud, zero)
        answers = [ir.Constant(_LONG, answer) for answer in (NUMBERS, SILENCE, OTHERS)]
        heard = builder.select(is_silent, answers[SILENCE], answers[NUMBERS])
        return builder.select(is_wrong, answers[OTHERS], heard)

    return types.int64(types.int64, types.int64), code


@intrinsic
def fetch_rows(_typing: Any, _address: Any) -> Any:
    """Have two rows at an address brought near, since they will be written to."""

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        byte = ir.PointerType(ir.IntType(8))
        kind = ir.FunctionType(ir.VoidType(), [byte, _WORD, _WORD, _WORD])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        how = [ir.Constant(_WORD, number) for number in (1, 3, 1)]  # to write, to keep, data
        for part in range(2 * PARTS):
            builder.call(fetch, [_at(builder, arguments[0], _BYTES * part, ir.IntType(8)), *how])
        return context.get_dummy_value()

    return types.void(types.int64), code


@intrinsic
def sum_rows(
    _typing: Any,
    _sources: Any,
    _count: Any,
    _pieces: Any,
    _target: Any,
    _base: Any,
    _low: Any,
    _high: Any,
) -> Any:
    """Write a row: a base, and each source times its amount, one after the other, within a range.

    By the addresses of a list of so many sources, two words each (the address of a row, and a
    float32), and of the row; all are of so many blocks of samples. Each product is rounded once
    with its sum, as `product_and` does it, and the range is kept as `min(max(sample, low), high)`
    does it.
    """

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        sources, count, pieces, target, *values = arguments
        base, low, high = (_all(builder, value) for value in values)
        kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
        add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{WIDTH}f32")
        sums = [cgutils.alloca_once(builder, _FLOATS) for _ in range(PARTS)]
        with cgutils.for_range(builder, pieces) as piece:
            behind = builder.mul(piece.index, ir.Constant(_LONG, 4 * BLOCK))
            for place in sums:
                builder.store(base, place)
            with cgutils.for_range(builder, count) as loop:
                size = ir.Constant(_LONG, _SOURCE_BYTES)
                entry = builder.add(sources, builder.mul(loop.index, size))
                address = builder.load(_at(builder, entry, 0, _LONG), typ=_LONG)
                amount = _all(builder, builder.load(_at(builder, entry, 8, _FLOAT), typ=_FLOAT))
                parts = _row(builder, builder.add(address, behind))
                for place, part in zip(sums, parts, strict=True):
                    before = builder.load(place, typ=_FLOATS)
                    builder.store(builder.call(add, [part, amount, before]), place)
            row = builder.add(target, behind)
            for part, place in enumerate(sums):
                value = builder.load(place, typ=_FLOATS)
                value = builder.select(builder.fcmp_ordered(">", low, value), low, value)
                value = builder.select(builder.fcmp_ordered("<", high, value), high, value)
                builder.store(value, _at(builder, row, _BYTES * part, _FLOATS), align=4)
        return context.get_dummy_value()

    return types.void(*(types.int64,) * 4, *(types.float32,) * 3), code


@intrinsic
def interleave(_typing: Any, _left: Any, _right: Any, _target: Any) -> Any:
    """Put the samples of two rows by turns; the bits of the loudest of them, without its sign.

    By the addresses of the rows, and of twice as many samples.
    """

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        left, right, target = arguments
        rows = _row(builder, left), _row(builder, right)
        by_turns = [place for i in range(WIDTH) for place in (i, WIDTH + i)]
        for part, pair in enumerate(zip(*rows, strict=True)):
            for half in range(2):
                mask = ir.Constant(_WORDS, by_turns[WIDTH * half : WIDTH * (half + 1)])
                place = _at(builder, target, _BYTES * (2 * part + half), _FLOATS)
                builder.store(builder.shuffle_vector(*pair, mask), place, align=4)
        return _loudest(builder, [*rows[0], *rows[1]])

    return types.int64(*(types.int64,) * 3), code
