"""Plain blocks: what a tick computes from inputs that do not move, once and not at every frame.

Most inputs stand still for most blocks: a pitch, the times of an envelope. A tick marks values that
depend on such inputs alone, `x = steady(...)`, and conditions on them that hardly ever hold,
`x = seldom(...)`. A block is *plain* if none of the inputs behind these marks moves in it, and none
of the conditions holds. Its kernel then takes another way: the steady values are computed from the
first frame, the conditions are left out as false. The operations for each value are the same on
both ways, so the bits are the same too.
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
    from chronus.dsp.recipe import Shape

MARKS = ("steady", "seldom")


@dataclass(frozen=True, slots=True)
class Ways:
    """A tick split for blocks that are plain and for all others.

    Attributes:
        full: the tick without marks, for any block.
        plain: the tick of a plain block; its last arguments are `values`.
        prepare: a function that gives `values`, and whether a condition holds.
        values: the names of the steady values.
        watched: names of the input rows that must not move in a plain block.
        rare: names of those that the conditions depend on.
        condition: a function of these that says whether one holds.
    """

    full: str
    plain: str = ""
    prepare: str = ""
    values: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    condition: str = ""

    @property
    def functions(self) -> list[str]:
        """The sources of the functions that there are."""
        return [source for source in (self.full, self.plain, self.prepare) if source]


def split(shape: Shape, source: str) -> Ways:
    """Split a tick, given as the source that the compiler would get, at its marks."""
    function = function_in(source)
    marked = [(statement, mark_of(statement, MARKS)) for statement in function.body]
    values = tuple(_target(statement) for statement, mark in marked if mark == "steady")
    conditions = tuple(_target(statement) for statement, mark in marked if mark == "seldom")
    if not values and not conditions:
        return Ways(source)
    steps, needed = _behind(marked)
    own = {name for step in steps for name in names_in(step, ast.Store)}
    watched = tuple(name for name in shape.inputs if name in needed)
    assert needed - own - {"dt", *watched} <= called_in(steps), f"{shape.name}: {needed - own}"
    full = [_bare(statement) if mark else ast.unparse(statement) for statement, mark in marked]
    end = f"return ({''.join(f'{name}, ' for name in values)}{' or '.join(conditions) or 'False'},)"
    prepare = [_bare(step) if mark_of(step, MARKS) else ast.unparse(step) for step in steps]
    without = _Without(frozenset(conditions))
    left = [without.visit(statement) for statement, mark in marked if not mark]
    plain = [ast.unparse(ast.fix_missing_locations(statement)) for statement in in_use(left)]
    rare, condition = _condition(shape, marked)
    parameters = [argument.arg for argument in function.args.args]
    return Ways(
        full=function_text("tick", parameters, full),
        plain=function_text("plain_tick", [*parameters, *values], plain),
        prepare=function_text("prepare", [*watched, "dt"], [*prepare, end]),
        values=values,
        watched=watched,
        rare=rare,
        condition=condition,
    )


def _condition(shape: Shape, marked: list[tuple[ast.stmt, str]]) -> tuple[tuple[str, ...], str]:
    """The input rows that conditions depend on, and a function that says whether one holds."""
    own = [(step, mark if mark == "seldom" else "") for step, mark in marked]
    steps, needed = _behind(own)
    rare = tuple(name for name in shape.inputs if name in needed)
    lines = [_bare(step) if mark_of(step, MARKS) else ast.unparse(step) for step in steps]
    conditions = [_target(step) for step, mark in own if mark]
    end = f"return {' or '.join(conditions) or 'False'}"
    return rare, function_text("condition", [*rare, "dt"], [*lines, end])


class _Without(ast.NodeTransformer):
    """Takes conditions that do not hold out of expressions, with all that they alone need."""

    def __init__(self, conditions: frozenset[str]) -> None:
        self.conditions = conditions

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(value=False) if node.id in self.conditions else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return node.orelse if is_false(node.test) else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.And) and any(map(is_false, node.values)):
            return ast.Constant(value=False)
        return node


def _behind(marked: list[tuple[ast.stmt, str]]) -> tuple[list[ast.stmt], set[str]]:
    """The statements with a mark and those whose values they need, and all names that are read."""
    needed: set[str] = set()
    steps: list[ast.stmt] = []
    for statement, mark in reversed(marked):
        if mark or needed & names_in(statement, ast.Store):
            steps.insert(0, statement)
            needed |= names_in(statement, ast.Load)
    return steps, needed


def _target(statement: ast.stmt) -> str:
    assert isinstance(statement, ast.Assign)
    (name,) = statement.targets
    assert isinstance(name, ast.Name)
    return name.id


def _bare(statement: ast.stmt) -> str:
    """A statement without its mark."""
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Call)
    return f"{_target(statement)} = {ast.unparse(statement.value.args[0])}"
