"""Idle blocks, and what is read from long ago: more marks by which a mono kernel does less.

A tick marks a condition on moving inputs that hardly ever holds, `x = rarely(...)`: a peak above a
limiter's ceiling, a gate that turns. A plain block (`chronus.dsp.steady`) in which it holds at no
frame is *idle*. Its kernel takes a third way, from which the condition is left out as false. The
condition may read states too: those that the idle tick leaves as they are, so that what they were
at the block's start says it for all of its frames, which are looked at side by side before.

A tick marks what it reads of its own memory, `x = earlier(...)`, where in a plain block that was
written before the block began, however short it is ago: at least BLOCK samples. Then reading needs
not wait for what the block writes, and is done for all frames side by side.

It marks so, `x = lately(...)`, what it reads of a memory to which it stores, whatever is read.
That may be read when the whole block is stored: no longer ago than the memory's time, which has
room for a block more.

It marks `x = moving(value if condition else other)` where both are alike if a rare condition holds
at no frame of late: so `value` may be taken in all blocks that are not idle.

The marks mean nothing to what they stand around: the bits are the same on all ways.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.dsp.syntax import (
    called_in,
    function_in,
    function_text,
    in_use,
    is_false,
    mark_of,
    names_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARKS = ("rarely", "earlier", "lately", "moving")
NAMES = MARKS[1:]
"""Those whose names a recipe keeps as sets."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A tick without these marks.

    Attributes:
        source: of the tick.
        conditions: names of what was marked by `rarely`.
        earlier: names of what was marked by `earlier`; each is assigned once.
        lately: the same of `lately`.
        moving: the same of `moving`.
    """

    source: str
    conditions: tuple[str, ...] = ()
    earlier: frozenset[str] = frozenset()
    lately: frozenset[str] = frozenset()
    moving: frozenset[str] = frozenset()

    def stirred(self, source: str) -> str:
        """The source of a tick for blocks that are not idle."""
        function = function_in(source)
        for statement in function.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.IfExp):
                (target,) = statement.targets
                if isinstance(target, ast.Name) and target.id in self.moving:
                    statement.value = statement.value.body
        function.body = in_use(function.body)
        return ast.unparse(function)


@dataclass(frozen=True, slots=True)
class Idle:
    """What an idle block needs.

    Attributes:
        tick: the source of a tick without the conditions, with the plain tick's arguments.
        check: the source of a function that says whether a condition holds at a frame.
        needs: names of its arguments: states, inputs, steady values and `dt`.
    """

    tick: str
    check: str
    needs: tuple[str, ...]


def bare(source: str) -> Bare:
    """Take these marks out of a tick, given as the source that the compiler would get."""
    function = function_in(source)
    found: dict[str, list[str]] = {mark: [] for mark in MARKS}
    for statement in function.body:
        mark = mark_of(statement, MARKS)
        if mark:
            assert isinstance(statement, ast.Assign)
            assert isinstance(statement.value, ast.Call)
            (target,) = statement.targets
            assert isinstance(target, ast.Name)
            found[mark].append(target.id)
            statement.value = statement.value.args[0]
    given = [name for statement in function.body for name in names_in(statement, ast.Store)]
    assert all(given.count(name) == 1 for names in found.values() for name in names)
    names = {mark: frozenset(found[mark]) for mark in NAMES}
    return Bare(ast.unparse(function), tuple(found["rarely"]), **names)


def idle_of(source: str, conditions: Sequence[str], states: Iterable[str]) -> Idle:
    """What an idle block of a tick needs, given as the source of its plain blocks.

    Args:
        source: without marks.
        conditions: names of those that do not hold in an idle block.
        states: names of what the tick keeps, in the order in which it gives them.
    """
    states = tuple(states)
    function = function_in(source)
    parameters = [argument.arg for argument in function.args.args]
    check, needed = _behind(function.body, conditions)
    unknown = needed - {*parameters}
    needs = tuple(name for name in parameters if name in needed)
    without = _Without(frozenset(conditions))
    body = [without.visit(s) for s in function.body if not names_in(s, ast.Store) & {*conditions}]
    ends = _Copies()
    body = [ends.visit(statement) for statement in body]
    body = [s for s in body if not (isinstance(s, ast.Assign) and _is_copy(s))]
    body = in_use(body)
    end = body[-1]
    assert isinstance(end, ast.Return)
    assert isinstance(end.value, ast.Tuple)
    given = {name for statement in body for name in names_in(statement, ast.Store)}
    kept = {
        state
        for state, value in zip(states, end.value.elts, strict=False)
        if isinstance(value, ast.Name) and value.id == state and state not in given
    }
    moving = needed & {*states} - kept
    assert not moving, f"{function.name}: an idle block moves {moving}, which its condition reads"
    assert unknown <= called_in(check), f"{function.name}: {unknown}"
    lines = [ast.unparse(statement) for statement in check]
    return Idle(
        function_text(
            "idle_tick", parameters, [ast.unparse(s) for s in map(ast.fix_missing_locations, body)]
        ),
        function_text("check", needs, [*lines, f"return {' or '.join(conditions)}"]),
        needs,
    )


class _Without(ast.NodeTransformer):
    """Takes conditions that do not hold out of expressions, with all that they alone need."""

    def __init__(self, conditions: frozenset[str]) -> None:
        self.conditions = conditions

    def visit_Name(self, node: ast.Name) -> ast.AST:
        is_out = isinstance(node.ctx, ast.Load) and node.id in self.conditions
        return ast.Constant(value=False) if is_out else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)
        (target,) = node.targets
        if isinstance(target, ast.Name):
            # A condition that needs one of these is as false as that.
            self.conditions -= {target.id}
            if is_false(node.value):
                self.conditions |= {target.id}
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return node.orelse if is_false(node.test) else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.And):
            return ast.Constant(value=False) if any(map(is_false, node.values)) else node
        left = [value for value in node.values if not is_false(value)]
        if len(left) > 1:
            return ast.BoolOp(node.op, left)
        return left[0] if left else ast.Constant(value=False)


class _Copies(ast.NodeTransformer):
    """Puts what a name was copied from in its place, and leaves the copying out."""

    def __init__(self) -> None:
        self.origins: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.origins.get(node.id, node.id), ast.Load())

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = self.visit(node.value)
        given = names_in(node, ast.Store)
        copied = {name for name, origin in self.origins.items() if origin in given}
        assert not copied - given, f"{given} is assigned anew after {copied} was copied from it"
        for name in given:
            self.origins.pop(name, None)
        if _is_copy(node):
            (target,) = node.targets
            assert isinstance(target, ast.Name)
            assert isinstance(node.value, ast.Name)
            if target.id != node.value.id:
                self.origins[target.id] = node.value.id
        return node


def _is_copy(statement: ast.Assign) -> bool:
    return isinstance(statement.value, ast.Name) and isinstance(statement.targets[0], ast.Name)


def _behind(
    statements: Sequence[ast.stmt], wanted: Sequence[str]
) -> tuple[list[ast.stmt], set[str]]:
    """The statements that give some names, what they need, and the names that they find there."""
    needed: set[str] = set()
    steps: list[ast.stmt] = []
    for statement in reversed(statements):
        given = names_in(statement, ast.Store)
        if given & (needed | {*wanted}):
            steps.insert(0, statement)
            needed = (needed - given) | names_in(statement, ast.Load)
    return steps, needed
