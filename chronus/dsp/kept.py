"""What a kernel of one voice keeps from block to block: values that follow from rows that rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.values import LLVM, LONG, Value

if TYPE_CHECKING:
    from chronus.dsp.lanes import Lanes

WORD = 8
"""Bytes in which each value lies; the first word says whether they are there."""


class Kept:
    """Values in a place that outlives the block, and in this block on the stack.

    Args:
        lanes: of no vectors.
        area: address of the place.
        may: whether it may be used; where it is not, nothing is read or written there.
        recalled: where to go on as soon as the values are there.
    """

    def __init__(self, lanes: Lanes, area: ir.Value, may: ir.Value, recalled: ir.Block) -> None:
        self._lanes = lanes
        self._area = area
        self._may = may
        self._recalled = recalled
        self._slots: dict[str, tuple[ir.Value, str]] = {}
        build = lanes.builder
        ask, self._recall, afresh = (build.append_basic_block(n) for n in ("ask", "recall", "new"))
        build.cbranch(may, ask, afresh)
        build.position_at_end(ask)
        there = lanes.load_at(area, "i8").code
        build.cbranch(build.icmp_signed("!=", there, ir.Constant(LONG, 0)), self._recall, afresh)
        build.position_at_end(afresh)

    def _place(self, index: int) -> ir.Value:
        return self._lanes.builder.add(self._area, ir.Constant(LONG, WORD * (index + 1)))

    def keep(self, values: dict[str, Value]) -> None:
        """Take values, which are then what `values` gives."""
        build = self._lanes.builder
        for name, value in values.items():
            with build.goto_entry_block():
                self._slots[name] = (build.alloca(LLVM[value.dtype]), value.dtype)
            build.store(value.code, self._slots[name][0])
        put, on = (build.append_basic_block(name) for name in ("put", "on"))
        build.cbranch(self._may, put, on)
        build.position_at_end(put)
        for index, value in enumerate(values.values()):
            pointer = self._lanes.pointer(self._place(index), LLVM[value.dtype])
            build.store(value.code, pointer)
        build.store(ir.Constant(LONG, 1), self._lanes.pointer(self._area, LONG))
        build.branch(on)
        build.position_at_end(self._recall)
        for index, (slot, dtype) in enumerate(self._slots.values()):
            pointer = self._lanes.pointer(self._place(index), LLVM[dtype])
            build.store(build.load(pointer, typ=LLVM[dtype]), slot)
        build.branch(self._recalled)
        build.position_at_end(on)

    def values(self) -> dict[str, Value]:
        """The values of this block."""
        build = self._lanes.builder
        return {name: Value(build.load(s), dtype) for name, (s, dtype) in self._slots.items()}
