"""A tick's statements as text: what they name, what they are marked by, how they are put together.

For all that takes ticks apart: `steady`, `rests`, `stages`, and what carries them out.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


def function_in(source: str) -> ast.FunctionDef:
    """The one function of a source."""
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    return function


def function_text(name: str, parameters: Sequence[str], lines: Sequence[str]) -> str:
    """The source of a function."""
    return "\n".join([f"def {name}({', '.join(parameters)}):", *(f"    {line}" for line in lines)])


def names_in(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """The names that are read, or given a value, somewhere in a statement."""
    nodes = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    return {each.id for each in nodes if isinstance(each.ctx, context)}


def called_in(nodes: Iterable[ast.AST]) -> set[str]:
    """The names of the functions that statements call."""
    calls = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def in_use(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements without those that give a value which nothing behind them needs."""
    needed: set[str] = set()
    kept: list[ast.stmt] = []
    for statement in reversed(statements):
        given = names_in(statement, ast.Store)
        if not given or given & needed:
            kept.insert(0, statement)
            needed |= names_in(statement, ast.Load)
    return kept


def mark_of(statement: ast.stmt, marks: Collection[str]) -> str:
    """The one of some marks that an assignment's whole right side is called by, or ""."""
    call = statement.value if isinstance(statement, ast.Assign) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in marks:
        return call.func.id
    return ""


def is_false(node: ast.expr) -> bool:
    """Whether an expression is the word False."""
    return isinstance(node, ast.Constant) and node.value is False
