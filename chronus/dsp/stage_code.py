"""The code of one voice: its stages as loops over the block, and rows on the stack between them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.lanes import Carried, Lanes
from chronus.dsp.layout import FRAMES_AT_ONCE
from chronus.dsp.leaps import leap
from chronus.dsp.node_code import BYTE, ROW_BYTES, NodeCode
from chronus.dsp.stages import walked
from chronus.dsp.syntax import names_in
from chronus.dsp.values import BYTES, LLVM, LONG, Array, Value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chronus.dsp.linear import Linear
    from chronus.dsp.loops import Loop
    from chronus.dsp.ticks import Item


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a voice's rows are and how far one frame is from the next, in bytes."""

    inputs: dict[str, ir.Value]
    outputs: dict[str, ir.Value]
    stride: int


class StageCode:
    """Runs the stages of one voice through a block, and keeps what passes from one to the next."""

    def __init__(
        self,
        node: NodeCode,
        builder: ir.IRBuilder,
        rows: Rows,
        fixed: Mapping[str, Item],
        states: dict[str, Value],
    ) -> None:
        self._node = node
        self._build = builder
        self._rows = rows
        self._fixed = fixed
        self._resting = node.fixed(fixed)
        self.states = dict(states)
        self._kept: dict[str, tuple[ir.Value, str]] = {}
        self._outputs: dict[str, ir.Value] = {}
        self._put: set[str] = set()

    def run(self, loop: Loop) -> None:
        """All frames of a stage."""
        for group in loop.linear:
            self._leap(group, {*loop.needs})
        leapt = {name for group in loop.linear for name in group.states}
        if loop.linear and not (loop.codes or loop.carried):
            return
        statements = ast.parse("\n".join(loop.codes)).body
        at_once = not loop.is_serial and not self._node.takes_turns(statements)
        width = FRAMES_AT_ONCE if at_once else 1
        lanes = Lanes(self._build, width, self._resting, are_frames=at_once)
        going = {**loop.carried, **loop.walks}
        carried = Carried.of(lanes, {name: self.states[name] for name in going})
        with lanes.counted(0, BLOCK, width) as k:
            now = carried.now()
            names: dict[str, Item] = {
                name: self._found(lanes, name, now, k) for name in (*loop.needs, *loop.seen)
            }
            ticks = self._node.ticks(lanes)
            lasts: dict[str, Value] = {}
            for statement in statements:
                state = walked(statement) if at_once else ""
                if loop.walks.get(state) in names_in(statement, ast.Store):
                    lasts[state] = ticks.walk(statement, state, names)
                else:
                    ticks.do(statement, names)
            for name in (*loop.seen, *loop.kept):
                if name not in leapt:
                    self._keep(lanes, name, names[name], k)
            for state, name in going.items():
                following = names[name] if name in names else self._found(lanes, name, now, k)
                following = lasts.get(state, following)
                assert isinstance(following, Value)
                carried.become(state, following)
        self.states.update(carried.now())

    def _leap(self, group: Linear, known: set[str]) -> None:
        """Take states that go on linearly through the block."""
        lanes = Lanes(self._build, FRAMES_AT_ONCE, self._resting, are_frames=True)
        walked = leap(
            lanes,
            self._node.ticks(lanes),
            group,
            {name: partial(self._found, lanes, name, {}) for name in sorted(group.needs & known)},
            self.states,
        )
        for name, vectors in walked.rows.items():
            for i, vector in enumerate(vectors):
                self._keep(lanes, name, vector, ir.Constant(LONG, i * FRAMES_AT_ONCE))
        self.states.update(walked.ends)

    def _found(self, lanes: Lanes, name: str, now: Mapping[str, Value], k: ir.Value) -> Item:
        """What is called so at frame k."""
        if name in now:
            return now[name]
        if name in self._put:
            return self._input(lanes, self._outputs[name], k)
        if name in self._kept:
            slot, dtype = self._kept[name]
            stored = "i1" if dtype == "bool" else dtype
            return self._read(lanes, slot, stored, k)
        if name in self._rows.inputs:
            return self._input(lanes, self._rows.inputs[name], k)
        return self._fixed[name]

    def _input(self, lanes: Lanes, at: ir.Value, k: ir.Value) -> Value:
        stride = self._rows.stride
        place = self._node.frame(at, k, stride)
        if lanes.width == 1 or stride == ROW_BYTES:
            return lanes.load_at(place, "f4", is_wide=True)
        numbers = lanes.binary("*", lanes.lane_numbers(), lanes.constant("i8", stride))
        places = Array(
            lanes.binary("+", Value(place, "i8"), numbers), lanes.constant("i8", BLOCK * stride)
        )
        return lanes.load(places, lanes.constant("i8", 0))

    def _read(self, lanes: Lanes, slot: ir.Value, dtype: str, k: ir.Value) -> Value:
        item = BYTE if dtype == "i1" else LLVM[dtype]
        pointer = self._build.gep(slot, [ir.Constant(LONG, 0), k], source_etype=slot.allocated_type)
        if lanes.width > 1:
            kind = ir.VectorType(item, lanes.width)
            pointer = self._build.bitcast(pointer, ir.PointerType(kind))
        else:
            kind = item
        code = self._build.load(pointer, align=1 if dtype == "i1" else BYTES[dtype], typ=kind)
        if dtype == "i1":
            kind = lanes.type_of("bool", is_wide=lanes.width > 1)
            return Value(self._build.trunc(code, kind), "bool", lanes.width > 1)
        return Value(code, dtype, lanes.width > 1)

    def _keep(self, lanes: Lanes, name: str, item: Item, k: ir.Value) -> None:
        assert isinstance(item, Value), name
        if name in self._outputs and item.dtype == "f4":
            lanes.store_at(self._node.frame(self._outputs[name], k, ROW_BYTES), item)
            self._put.add(name)
            return
        dtype = item.dtype
        value = lanes.wide(item)
        code = value.code
        kind = BYTE if dtype == "bool" else LLVM[dtype]
        if name not in self._kept:
            with self._build.goto_entry_block():
                slot = self._build.alloca(ir.ArrayType(kind, BLOCK))
                slot.align = 64
            self._kept[name] = (slot, dtype)
        slot, _ = self._kept[name]
        if dtype == "bool":
            wide = ir.VectorType(BYTE, lanes.width) if lanes.width > 1 else BYTE
            code = self._build.zext(code, wide)
        pointer = self._build.gep(slot, [ir.Constant(LONG, 0), k], source_etype=slot.allocated_type)
        pointer = self._build.bitcast(pointer, ir.PointerType(code.type))
        self._build.store(code, pointer, align=1 if dtype == "bool" else BYTES[dtype])

    def put_into_rows(self, names: Sequence[str]) -> None:
        """Let what the tick gives lie in the output rows from the first, where it can."""
        if self._rows.stride == ROW_BYTES:
            pairs = zip(self._rows.outputs.values(), names, strict=True)
            self._outputs = {name: at for at, name in pairs if name not in self.states}

    def put_outputs(self, names: Sequence[str]) -> None:
        """Copy what the tick gives into the output rows."""
        stride = self._rows.stride
        width = FRAMES_AT_ONCE if stride == ROW_BYTES else 1
        lanes = Lanes(self._build, width)
        with lanes.counted(0, BLOCK, width) as k:
            for at, name in zip(self._rows.outputs.values(), names, strict=True):
                if name in self._put and self._outputs[name] is at:
                    continue
                found = self._found(lanes, name, {}, k)
                assert isinstance(found, Value)
                place = self._node.frame(at, k, stride)
                lanes.store_at(place, lanes.cast(found, "f4"))
