"""Where a mistake in a kind's code stands in its author's file, and how it is written there."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from chronus.dsp.recipe import CodeError
from chronus.dsp.rests import MARKS as REST_MARKS
from chronus.dsp.rewriting import Origin, dedented, origin_of, rewritten
from chronus.dsp.steady import MARKS
from chronus.dsp.syntax import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from chronus.dsp.declaration import Kind

_QUOTED = re.compile(r"(?P<quoted>.+) (?P<rest>is not offered|cannot be assigned to|has no items)")
"""The reasons that begin with code."""


def said(kind: Kind, error: CodeError) -> tuple[str, int, str]:
    """File, line and reason of what no kernel can do, in its author's words."""
    origins = _origins(kind)
    reason, found = error.reason, origins.get(error.place)
    quotes = _QUOTED.fullmatch(reason)
    if quotes and quotes["quoted"] in origins:
        part = origins[quotes["quoted"]]
        reason = f"{part.text} {quotes['rest']}"
        found = found or part
    if found is None:
        code = kind.tick.__code__
        return code.co_filename, code.co_firstlineno, str(CodeError(reason, error.place))
    if found.text != (quotes and reason.removesuffix(f" {quotes['rest']}")):
        reason = f"{reason}, in `{found.text}`"
    return found.path, found.line, reason


def _origins(kind: Kind) -> dict[str, Origin]:
    """What each part of a kind's code was made of, by how it reads in the kernel."""
    found: dict[str, Origin] = {}
    done: list[Callable[..., Any]] = []
    waiting = [kind.tick]
    while waiting:
        function = waiting.pop(0)
        done.append(function)
        new = rewritten(function, function.__name__)
        waiting += [helper for helper in new.helpers if helper not in (*done, *waiting)]
        source = dedented(function)
        for node in (n for statement in new.definition.body for n in ast.walk(statement)):
            if isinstance(node, (ast.stmt, ast.expr)):
                origin = origin_of(function, source, node)
                found.setdefault(ast.unparse(node), origin)
            if isinstance(node, ast.Assign) and mark_of(node, (*MARKS, *REST_MARKS)):
                assert isinstance(node.value, ast.Call)
                bare = ast.Assign(node.targets, node.value.args[0], lineno=node.lineno)
                found.setdefault(ast.unparse(bare), origin)
    return found
