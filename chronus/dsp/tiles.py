"""Rows of WIDE nodes side by side, frame by frame, and apart again: squares of samples turn over.

A square is read as one vector a row, and turned by exchanging halves, quarters, eighths and single
samples of its vectors: that is far fewer instructions than its samples one by one.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chronus.dsp.layout import WIDE
from chronus.dsp.native import OPTIONS, longs
from chronus.settings import BLOCK

_LONG, _FLOAT = ir.IntType(64), ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, WIDE)
_SAMPLE_BYTES = 4
_SQUARE_BYTES = _SAMPLE_BYTES * WIDE


def _turned(builder: ir.IRBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """The columns of a square of WIDE vectors.

    Rows `half` apart exchange every second piece of `half` samples, from halves down to samples.
    """
    half = WIDE // 2
    while half:
        low = [i if i & half == 0 else WIDE + i - half for i in range(WIDE)]
        high = [i + half if i & half == 0 else WIDE + i for i in range(WIDE)]
        masks = [ir.Constant(ir.VectorType(ir.IntType(32), WIDE), mask) for mask in (low, high)]
        turned = list(rows)
        for at in range(WIDE):
            if at & half == 0:
                pair = rows[at], rows[at + half]
                turned[at], turned[at + half] = (
                    builder.shuffle_vector(*pair, mask) for mask in masks
                )
        rows, half = turned, half // 2
    return rows


@intrinsic
def _turn(_typing: Any, _sources: Any, _source_at: Any, _targets: Any, _target_at: Any) -> Any:
    """Turn a square over: tables of WIDE addresses each, and how far behind those it lies."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        def places(table: Any, at: Any) -> list[Any]:
            first = builder.inttoptr(table, ir.PointerType(_LONG))
            found = []
            for row in range(WIDE):
                slot = builder.gep(first, [ir.Constant(_LONG, row)], source_etype=_LONG)
                address = builder.add(builder.load(slot, typ=_LONG), at)
                found.append(builder.inttoptr(address, ir.PointerType(_VECTOR)))
            return found

        rows = [builder.load(at, align=4, typ=_VECTOR) for at in places(*arguments[:2])]
        for row, place in zip(_turned(builder, rows), places(*arguments[2:]), strict=True):
            builder.store(row, place, align=4)
        return _context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), code


@njit(**OPTIONS)
def put_side_by_side(rows: int, wide: int) -> None:
    """Write a wide row at an address, of WIDE rows whose addresses a table at `rows` holds.

    Behind these the table has room for WIDE more addresses.
    """
    table = longs(rows, 2 * WIDE)
    for i in range(WIDE):
        table[WIDE + i] = wide + _SQUARE_BYTES * i
    for square in range(BLOCK // WIDE):
        _turn(rows, _SQUARE_BYTES * square, rows + 8 * WIDE, _SQUARE_BYTES * WIDE * square)


@njit(**OPTIONS)
def put_apart(wide: int, rows: int) -> None:
    """Write WIDE rows, whose addresses a table at `rows` holds, from the wide row at an address.

    Behind these the table has room for WIDE more addresses.
    """
    table = longs(rows, 2 * WIDE)
    for i in range(WIDE):
        table[WIDE + i] = wide + _SQUARE_BYTES * i
    for square in range(BLOCK // WIDE):
        _turn(rows + 8 * WIDE, _SQUARE_BYTES * WIDE * square, rows, _SQUARE_BYTES * square)
