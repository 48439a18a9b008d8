"""A tick in float32: its source with all precisions and roundings written out.

Each float of a tick becomes a float32 and each constant its value, so that nothing is computed in a
precision that the declaration does not ask for. What comes out knows the lines and columns of what
it was made of, so that an error can quote what its author has written (`chronus.dsp.origins`).
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from chronus.dsp.declaration import HELPERS, Table, source_of
from chronus.dsp.own import PREFIX
from chronus.dsp.rests import MARKS as REST_MARKS
from chronus.dsp.steady import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable

CASTS: Final = {"f4": "float32", "f8": "float64", "i4": "int32", "u4": "uint32"}
WALKS: Final = ("held_peak", "falling_peak", "latched", "running_sum", "counted")
PLAIN: Final = ("two_to", "product_and", "bits_of", "of_bits", "fading_peak", *WALKS)
"""Functions of `chronus.dsp.approx` that the compiler of ticks knows itself."""
BUILTINS: Final = frozenset(
    {
        *("min", "max", "abs", "int", "len", "range", "sqrt"),
        *(*PLAIN, *CASTS, *MARKS, *REST_MARKS),
    }
)


MOST: Final = 3.4028234663852886e38
"""The greatest float32."""
ARGUMENTS: Final = {
    **dict.fromkeys(("abs", "int", "len", "sqrt", "two_to", "bits_of", "of_bits"), (1, 1)),
    **dict.fromkeys((*CASTS, *MARKS, *REST_MARKS), (1, 1)),
    **dict.fromkeys(("min", "max"), (2, 99)),
    **dict.fromkeys(("running_sum", "counted"), (2, 2)),
    **dict.fromkeys(("product_and", "held_peak", "falling_peak", "latched"), (3, 3)),
    "fading_peak": (4, 4),
    "range": (1, 2),
}
"""How many arguments a function takes, at least and at most."""
NOT_OFFERED: Final[dict[type[ast.AST], str]] = {
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Lambda: "lambda",
    ast.FunctionDef: "def",
    ast.ClassDef: "class",
    ast.With: "with",
    ast.Try: "try",
    ast.Import: "import",
    ast.ImportFrom: "import",
}
"""What no kernel can be made of."""
TURNS: Final[dict[type[ast.AST], str]] = {ast.If: "if", ast.For: "for", ast.While: "while"}
INSTEAD: Final = "in a tick write `x = a if b else c`"

N = TypeVar("N", bound=ast.expr)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something stands in its author's file, and how.

    Attributes:
        path: of the file.
        line: from 1.
        text: what stands there, on one line.
    """

    path: str
    line: int
    text: str


class SourceError(Exception):
    """A statement is one that no kernel can be made of, whatever its numbers are.

    Args:
        reason: why.
        origin: of the statement.
    """

    def __init__(self, reason: str, origin: Origin) -> None:
        super().__init__(f"{reason}, in `{origin.text}`")
        self.origin = origin


class _Float32(ast.NodeTransformer):
    """Turns a tick's float literals into float32 and its constants into their values.

    Where a sum or a difference has a product in it, both are rounded once (`approx.product_and`):
    that is said here, so that every form of a kernel does it in the same places. What is put in the
    place of something knows the line and column of that, so that an error can quote it.
    """

    def __init__(
        self, names: dict[str, Any], own: set[str], *, is_tick: bool, is_trusted: bool
    ) -> None:
        self.names = names
        self.own = own
        self.is_tick = is_tick
        self.is_trusted = is_trusted
        self.used: list[Callable[..., Any]] = []
        self.tables: list[Table] = []
        self.statement: ast.stmt | None = None

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt):
            self.statement = node
        word = NOT_OFFERED.get(type(node))
        assert word is None, f"'{word}' is not offered"
        word = TURNS.get(type(node)) if self.is_tick else None
        assert word is None, f"'{word}' is offered in a @helper alone; {INSTEAD}"
        return super().visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float):
            assert abs(node.value) <= MOST, "a number is more than a float32 can be"
            return _at(node, _cast("float32", node))
        if isinstance(node.value, int):
            assert abs(node.value) < 2**63, "a number has more than 64 bits"
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name), f"{ast.unparse(node.func)} is not a @helper"
        name = node.func.id
        assert not node.keywords, f"{name} takes no arguments by name"
        function = self.names.get(name)
        is_helper = callable(function) and function in HELPERS
        count = len(node.args)
        least, most = (count, count) if is_helper else ARGUMENTS.get(name, (count, count))
        assert least <= count <= most, f"{name} takes {least} arguments, not {count}"
        if name == "f8" and isinstance(node.args[0], ast.Constant):
            return _at(node, _cast("float64", node.args[0]))
        node.args = [self.visit(argument) for argument in node.args]
        if name in CASTS:
            node.func.id = CASTS[name]
        elif name not in BUILTINS or is_helper:
            assert callable(function), f"{name} is not a @helper"
            assert is_helper, f"{name} is not a @helper"
            assert function.__name__ == name, f"{name} is {function.__name__} by another name"
            if function not in self.used:
                self.used.append(function)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """A place outside a memory is the nearest one inside it, in what its user has written."""
        self.generic_visit(node)
        if self.is_trusted:
            return node
        length = _call("len", node.value)
        last = ast.BinOp(length, ast.Sub(), ast.Constant(1))
        inside = _call("min", _call("max", node.slice, _negative(length)), last)
        node.slice = _at(node.slice, inside)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.BinOp(left, ast.Add() | ast.Sub(), ast.BinOp(one, ast.Mult(), other)):
                one = _negative(one) if isinstance(node.op, ast.Sub) else one
                return _at(node, _call("product_and", left, one, other))
            case ast.BinOp(ast.BinOp(one, ast.Mult(), other), ast.Add() | ast.Sub(), right):
                right = _negative(right) if isinstance(node.op, ast.Sub) else right
                return _at(node, _call("product_and", right, one, other))
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        assert not self.is_tick or len(node.targets) == 1, "one name at a time is given a value"
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not self.is_tick:
            return self.generic_visit(node)
        now = ast.parse(ast.unparse(node.target), mode="eval").body
        return self._assigned(node, _at(node.value, ast.BinOp(now, node.op, node.value)))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None, "a name without a value is not offered"
        return self._assigned(node, node.value)

    def _assigned(self, node: ast.AugAssign | ast.AnnAssign, value: ast.expr) -> ast.AST:
        plain = ast.copy_location(ast.Assign([node.target], value), node)
        return cast("ast.AST", self.visit(plain))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        assert len(node.ops) == 1, "one comparison at a time is offered: join them by `and`"
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.own or node.id in BUILTINS:
            return node
        value = self.names.get(node.id)
        if isinstance(value, Table):
            assert value.make.__name__ == node.id, f"{node.id} is a table by another name"
            self.tables.append(value)
            return node
        assert isinstance(value, (int, float)), f"{node.id} is not a number"
        return self.visit_Constant(_at(node, ast.Constant(value)))


def _at(old: ast.expr, new: N) -> N:
    """What takes the place of something, with its line and column."""
    return ast.copy_location(new, old)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _cast(name: str, value: ast.expr) -> ast.Call:
    return _call(name, value)


def _negative(value: ast.expr) -> ast.expr:
    return _at(value, ast.UnaryOp(ast.USub(), value))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A function in float32.

    Attributes:
        definition: it; each part has the line and column of what it was made of, in the function's
            `dedented` source.
        helpers: those that it calls.
        tables: those that it reads.
    """

    definition: ast.FunctionDef
    helpers: list[Callable[..., Any]]
    tables: list[Table]


def rewritten(function: Callable[..., Any], name: str) -> Rewritten:
    """A function under another name, in float32.

    Raises:
        SourceError: a statement names what a tick cannot use.
    """
    source = dedented(function)
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef), f"{function.__name__} is written by `def`"
    own = set(inspect.signature(function).parameters)
    own |= {
        n.id
        for n in ast.walk(definition)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    is_tick = function not in HELPERS
    is_trusted = not function.__module__.startswith(PREFIX)
    rewrite = _Float32(function.__globals__, own, is_tick=is_tick, is_trusted=is_trusted)
    body = []
    for statement in definition.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        try:
            body.append(rewrite.visit(statement))
        except AssertionError as error:
            place = rewrite.statement or statement
            raise SourceError(str(error), origin_of(function, source, place)) from error
    end = definition.body[-1]
    if is_tick and (not isinstance(end, ast.Return) or end.value is None):
        told = "a tick ends with what it returns: its states and outputs"
        raise SourceError(told, origin_of(function, source, end))
    parameters = ", ".join(inspect.signature(function).parameters)
    new = ast.parse(f"def {name}({parameters}):\n    pass").body[0]
    assert isinstance(new, ast.FunctionDef)
    new.body = body
    return Rewritten(ast.fix_missing_locations(new), rewrite.used, rewrite.tables)


def dedented(function: Callable[..., Any]) -> str:
    """The source of a function, which begins in the first column."""
    return textwrap.dedent(source_of(function))


def origin_of(function: Callable[..., Any], source: str, node: ast.stmt | ast.expr) -> Origin:
    """Where a part of a function's `dedented` source stands in its file, and how."""
    code = function.__code__
    text = ast.get_source_segment(source, node) or ""
    if "\n" in text and isinstance(node, ast.stmt):
        head = text.splitlines()[0]
        text = f"{head} ..." if hasattr(node, "body") else ast.unparse(ast.parse(text))
    elif "\n" in text:
        text = ast.unparse(ast.parse(f"({text})"))
    return Origin(code.co_filename, code.co_firstlineno + node.lineno - 1, text)
