"""Functions in which a voice takes turns: `if`, `for`, `while` and early returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.recipe import CodeError
from chronus.dsp.values import BYTES, LLVM, LONG, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chronus.dsp.lanes import Lanes
    from chronus.dsp.ticks import Item, Ticks


class Turning:
    """Carries out a function with `if`, `for` and early returns, of one voice.

    What it names lives in variables on the stack; LLVM brings them into registers.
    """

    def __init__(self, ticks: Ticks, lanes: Lanes, arguments: dict[str, Item]) -> None:
        if lanes.width != 1:
            raise CodeError("voices side by side cannot take turns")
        self._ticks = ticks
        self._lanes = lanes
        self._fixed = {n: item for n, item in arguments.items() if not isinstance(item, Value)}
        self._slots: dict[str, tuple[ir.Value, str]] = {}
        self._results: list[tuple[ir.Value, str]] = []
        self._is_single = False
        self._end = lanes.builder.append_basic_block("returned")
        for name, item in arguments.items():
            if isinstance(item, Value):
                self._keep(name, item)

    def result(self, body: Sequence[ast.stmt]) -> Item:
        """What the function gives."""
        build = self._lanes.builder
        if not self._does(body):
            build.branch(self._end)
        build.position_at_end(self._end)
        values = tuple(Value(build.load(slot), dtype) for slot, dtype in self._results)
        return values[0] if self._is_single else values

    def _slot(self, dtype: str) -> ir.Value:
        with self._lanes.builder.goto_entry_block():
            return self._lanes.builder.alloca(LLVM[dtype])

    def _keep(self, name: str, value: Value) -> None:
        if name not in self._slots:
            self._slots[name] = (self._slot(value.dtype), value.dtype)
        slot, dtype = self._slots[name]
        if BYTES[value.dtype] > BYTES[dtype] and dtype != "f4":
            raise CodeError(f"{name} changes its precision")
        self._lanes.builder.store(self._lanes.cast(value, dtype).code, slot)

    def _names(self) -> dict[str, Item]:
        build = self._lanes.builder
        now = {n: Value(build.load(slot), dtype) for n, (slot, dtype) in self._slots.items()}
        return {**self._fixed, **now}

    def _does(self, body: Sequence[ast.stmt]) -> bool:
        """Carry out statements; whether the last of them returns."""
        for statement in body:
            if isinstance(statement, ast.Return):
                self._return(statement)
                return True
            if isinstance(statement, ast.If):
                self._if(statement)
            elif isinstance(statement, ast.For):
                self._for(statement)
            elif isinstance(statement, ast.While):
                self._while(statement)
            else:
                names = self._names()
                before = dict(names)
                self._ticks.do(statement, names)
                for name, item in names.items():
                    if before.get(name) is not item:
                        self._remember(name, item)
        return False

    def _remember(self, name: str, item: Item) -> None:
        if isinstance(item, Value):
            self._keep(name, item)
        else:
            self._fixed[name] = item

    def _return(self, statement: ast.Return) -> None:
        build = self._lanes.builder
        item: Item = ()
        if statement.value is not None:
            item = self._ticks.item(statement.value, self._names())
        self._is_single = isinstance(item, Value)
        values = item if isinstance(item, tuple) else (item,)
        if not self._results:
            self._results = [(self._slot(value.dtype), value.dtype) for value in values]
        for (slot, dtype), value in zip(self._results, values, strict=True):
            build.store(self._lanes.cast(value, dtype).code, slot)
        build.branch(self._end)

    def _if(self, statement: ast.If) -> None:
        build = self._lanes.builder
        condition = self._ticks.value(statement.test, self._names())
        self._lanes.check_condition(condition)
        yes, no, on = (build.append_basic_block(name) for name in ("if", "else", "on"))
        build.cbranch(condition.code, yes, no)
        for block, body in ((yes, statement.body), (no, statement.orelse)):
            build.position_at_end(block)
            if not self._does(body):
                build.branch(on)
        build.position_at_end(on)

    def _while(self, statement: ast.While) -> None:
        build = self._lanes.builder
        head, inside, on = (build.append_basic_block(n) for n in ("head", "inside", "on"))
        build.branch(head)
        build.position_at_end(head)
        condition = self._ticks.value(statement.test, self._names())
        self._lanes.check_condition(condition)
        build.cbranch(condition.code, inside, on)
        build.position_at_end(inside)
        if self._does(statement.body):
            raise CodeError("a loop cannot be left")
        build.branch(head)
        build.position_at_end(on)

    def _for(self, statement: ast.For) -> None:
        match statement:
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=bounds)
            ):
                pass
            case _:
                raise CodeError("a loop is offered over a range alone")
        build = self._lanes.builder
        values = [self._lanes.cast(self._ticks.value(b, self._names()), "i8") for b in bounds]
        low = values[0] if len(values) > 1 else self._lanes.constant("i8", 0)
        count, slot = values[-1], self._slot("i8")
        build.store(low.code, slot)
        head, inside, on = (build.append_basic_block(n) for n in ("head", "inside", "on"))
        build.branch(head)
        build.position_at_end(head)
        now = build.load(slot)
        build.cbranch(build.icmp_signed("<", now, count.code), inside, on)
        build.position_at_end(inside)
        self._keep(name, Value(now, "i8"))
        if self._does(statement.body):
            raise CodeError("a loop cannot be left")
        build.store(build.add(now, ir.Constant(LONG, 1)), slot)
        build.branch(head)
        build.position_at_end(on)
