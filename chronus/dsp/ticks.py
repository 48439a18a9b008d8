"""From a tick's source to instructions: its statements are carried out on `chronus.dsp.lanes`.

A tick and its helpers are a small part of Python: numbers, conditions, tuples, reading and writing
of arrays by whole indices, conditional expressions; and `if`, `while`, `for ... in range(...)` and
early returns, for which all lanes would have to go the same way, so that they are carried out for
one voice at a time. Helpers are written out where they are called.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from chronus.dsp import walks
from chronus.dsp.lanes import Lanes
from chronus.dsp.recipe import CodeError
from chronus.dsp.turning import Turning
from chronus.dsp.values import LLVM, Array, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llvmlite import ir

OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
OPERATIONS: Final[dict[str, Callable[..., Value]]] = {
    "abs": Lanes.absolute,
    "sqrt": Lanes.root,
    "two_to": Lanes.two_to,
    "product_and": Lanes.product_and,
    "fading_peak": Lanes.fading_peak,
}
BITS: Final = {"bits_of": ("f4", "i4"), "of_bits": ("i4", "f4")}
CASTS: Final = {"float32": "f4", "float64": "f8", "int32": "i4", "uint32": "u4", "int": "i8"}
TURNS: Final = (ast.If, ast.For, ast.While)
"""Statements for which one voice at a time is computed."""

Item = Value | Array | tuple[Any, ...]


def functions_of(sources: Sequence[str]) -> dict[str, ast.FunctionDef]:
    """Functions by name, from the source of each."""
    found = {}
    for source in sources:
        (function,) = ast.parse(source).body
        assert isinstance(function, ast.FunctionDef)
        found[function.name] = function
    return found


def has_turns(functions: Mapping[str, ast.FunctionDef]) -> bool:
    """Whether one of some functions takes turns."""
    return any(isinstance(node, TURNS) for f in functions.values() for node in ast.walk(f))


class Ticks:
    """Carries out functions.

    Args:
        lanes: what writes instructions.
        functions: all that may be called, by name.
        tables: numbers that never change, by name.
    """

    def __init__(
        self,
        lanes: Lanes,
        functions: Mapping[str, ast.FunctionDef],
        tables: Mapping[str, Array],
    ) -> None:
        self._lanes = lanes
        self._functions = functions
        self._tables = tables

    def call(self, name: str, arguments: Sequence[Item]) -> Item:
        """What a function gives for some arguments: a value, or a tuple of values."""
        function = self._functions[name]
        if len(arguments) != len(function.args.args):
            wanted = len(function.args.args)
            raise CodeError(f"{name} takes {wanted} arguments, not {len(arguments)}")
        names: dict[str, Item] = {
            argument.arg: item for argument, item in zip(function.args.args, arguments, strict=True)
        }
        if any(isinstance(node, TURNS) for node in ast.walk(function)):
            return Turning(self, self._lanes, names).result(function.body)
        for statement in function.body[:-1]:
            self.do(statement, names)
        end = function.body[-1]
        if not isinstance(end, ast.Return) or end.value is None:
            if isinstance(end, ast.Return):
                return ()
            self.do(end, names)
            return ()
        return self.item(end.value, names)

    # ---- statements

    def do(self, statement: ast.stmt, names: dict[str, Item]) -> None:
        """Carry out an assignment, or a call for what it does."""
        try:
            self._do(statement, names)
        except CodeError as error:
            raise error.inside(ast.unparse(statement)) from error

    def walk(self, statement: ast.stmt, state: str, names: dict[str, Item]) -> Value:
        """Carry out a walk from a state, at the frames of all lanes; where it ends is given.

        The state is then what it is before each of the frames.
        """
        match statement:
            case ast.Assign([ast.Name(target)], ast.Call(ast.Name(name), [_, *others])):
                given = [self.value(other, names) for other in others]
                before = self._single(names[state])
                try:
                    found = walks.many_steps(self._lanes, name, before, *given)
                except CodeError as error:
                    raise error.inside(ast.unparse(statement)) from error
                names[target], names[state], last = found
                return last
        raise AssertionError(ast.unparse(statement))

    def _do(self, statement: ast.stmt, names: dict[str, Item]) -> None:
        if isinstance(statement, ast.Expr):
            self.item(statement.value, names)
            return
        if isinstance(statement, ast.AugAssign):
            reading = ast.parse(ast.unparse(statement.target), mode="eval").body
            added = ast.BinOp(reading, statement.op, statement.value)
            self.assign(statement.target, self.item(added, names), names)
            return
        if not isinstance(statement, ast.Assign):
            raise CodeError(f"{ast.unparse(statement)} is not offered")
        item = self.item(statement.value, names)
        for target in statement.targets:
            self.assign(target, item, names)

    def assign(self, target: ast.expr, item: Item, names: dict[str, Item]) -> None:
        """Give a name, several names, or a place in an array what it is to be."""
        if isinstance(target, ast.Name):
            names[target.id] = item
        elif isinstance(target, ast.Tuple) and isinstance(item, tuple):
            if len(item) != len(target.elts):
                raise CodeError(f"{len(target.elts)} values are wanted, not {len(item)}")
            for part, value in zip(target.elts, item, strict=True):
                self.assign(part, value, names)
        elif isinstance(target, ast.Subscript):
            array = self._array(target.value, names)
            self._lanes.store(array, self.value(target.slice, names), self._single(item))
        else:
            raise CodeError(f"{ast.unparse(target)} cannot be assigned to")

    # ---- expressions

    def value(self, node: ast.expr, names: Mapping[str, Item]) -> Value:
        """What an expression is, which must be one number or condition."""
        return self._single(self.item(node, names))

    def _single(self, item: Item) -> Value:
        if not isinstance(item, Value):
            raise CodeError("a number is wanted here")
        return item

    def _array(self, node: ast.expr, names: Mapping[str, Item]) -> Array:
        item = self.item(node, names)
        if not isinstance(item, Array):
            raise CodeError(f"{ast.unparse(node)} has no items")
        return item

    def item(self, node: ast.expr, names: Mapping[str, Item]) -> Item:  # noqa: PLR0911
        """What an expression is."""
        lanes = self._lanes
        match node:
            case ast.Constant(value=bool(truth)):
                return lanes.constant("bool", truth)
            case ast.Constant(value=int(number)):
                return lanes.constant("i8", number)
            case ast.Constant(value=float(number)):
                return lanes.constant("f8", number)
            case ast.Name(id=name):
                if name not in names and name not in self._tables:
                    raise CodeError(f"{name} is not known")
                return names[name] if name in names else self._tables[name]
            case ast.Tuple(elts=parts):
                return tuple(self.item(part, names) for part in parts)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._chosen(self.value(test, names), body, orelse, names)
            case ast.Subscript(value=array, slice=index):
                return lanes.load(self._array(array, names), self.value(index, names))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._called(name, [self.item(argument, names) for argument in arguments])
        return self._computed(node, names)

    def _computed(self, node: ast.expr, names: Mapping[str, Item]) -> Value:
        """What an operation gives."""
        lanes = self._lanes
        match node:
            case ast.BinOp(left=left, op=operator, right=right):
                one, other = self.value(left, names), self.value(right, names)
                return lanes.binary(OPERATORS[type(operator)], one, other)
            case ast.Compare(left=left, ops=[comparison], comparators=[right]):
                one, other = self.value(left, names), self.value(right, names)
                return lanes.compare(OPERATORS[type(comparison)], one, other)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return lanes.negated(self.value(operand, names))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return lanes.inverted(self.value(operand, names))
            case ast.BoolOp(op=junction, values=[first, *others]):
                word = "and" if isinstance(junction, ast.And) else "or"
                found = self.value(first, names)
                for part in others:
                    found = lanes.joined(word, found, self.value(part, names))
                return found
        raise CodeError(f"{ast.unparse(node)} is not offered")

    def _called(self, name: str, arguments: list[Item]) -> Item:
        lanes = self._lanes
        if name in self._functions:
            return self.call(name, arguments)
        if name == "len":
            (array,) = arguments
            if not isinstance(array, Array):
                raise CodeError("len of a number is not offered")
            return array.length
        values = [self._single(argument) for argument in arguments]
        if name in CASTS:
            return lanes.cast(values[0], CASTS[name])
        if name in {"min", "max"}:
            extreme = lanes.least if name == "min" else lanes.most
            found = values[0]
            for other in values[1:]:
                found = extreme(found, other)
            return found
        if name in OPERATIONS:
            return OPERATIONS[name](lanes, *values)
        if name in walks.NAMES:
            return walks.one_step(lanes, name, *values)
        if name in BITS:
            return lanes.of_same_bits(values[0], *BITS[name])
        raise CodeError(f"{name} is not offered")

    def _chosen(
        self, condition: Value, body: ast.expr, orelse: ast.expr, names: Mapping[str, Item]
    ) -> Item:
        """One of two expressions: both are computed, unless one voice alone saves work by it."""
        lanes = self._lanes
        lanes.check_condition(condition)
        if lanes.width == 1 and (_is_dear(body) or _is_dear(orelse)):
            return self._branched(
                condition, lambda: self.item(body, names), lambda: self.item(orelse, names)
            )
        with lanes.where(condition):
            one = self.item(body, names)
        with lanes.where(lanes.inverted(condition)):
            other = self.item(orelse, names)
        return self._selected(condition, one, other)

    def _selected(self, condition: Value, one: Item, other: Item) -> Item:
        if isinstance(one, tuple) and isinstance(other, tuple):
            pairs = zip(one, other, strict=True)
            return tuple(self._selected(condition, a, b) for a, b in pairs)
        return self._lanes.select(condition, self._single(one), self._single(other))

    def _branched(
        self, condition: Value, one: Callable[[], Item], other: Callable[[], Item]
    ) -> Item:
        """One of two, of which only that is computed."""
        build = self._lanes.builder
        blocks = [build.append_basic_block(name) for name in ("if", "else", "on")]
        build.cbranch(condition.code, blocks[0], blocks[1])
        ends: list[tuple[Item, ir.Block]] = []
        for block, made in zip(blocks[:2], (one, other), strict=True):
            build.position_at_end(block)
            ends.append((made(), build.block))
        (first, _), (second, _) = ends
        dtypes = self._common_dtypes(first, second)
        pairs = []
        for item, block in ends:
            build.position_at_end(block)
            pairs.append((self._cast_to(item, dtypes), build.block))
            build.branch(blocks[2])
        build.position_at_end(blocks[2])
        return self._met(pairs, dtypes)

    def _common_dtypes(self, one: Item, other: Item) -> Any:
        if isinstance(one, tuple) and isinstance(other, tuple):
            return tuple(self._common_dtypes(a, b) for a, b in zip(one, other, strict=True))
        return common_dtype(self._single(one).dtype, self._single(other).dtype)

    def _cast_to(self, item: Item, dtypes: Any) -> Item:
        if isinstance(item, tuple):
            return tuple(self._cast_to(part, d) for part, d in zip(item, dtypes, strict=True))
        return self._lanes.cast(self._single(item), dtypes)

    def _met(self, ends: list[tuple[Item, ir.Block]], dtypes: Any) -> Item:
        """What two ways through the code bring, where they meet."""
        if isinstance(dtypes, tuple):
            parts = []
            for i, dtype in enumerate(dtypes):
                parts.append(self._met([(item[i], block) for item, block in ends], dtype))  # type: ignore[index]
            return tuple(parts)
        met = self._lanes.builder.phi(LLVM[dtypes])
        for item, block in ends:
            met.add_incoming(self._single(item).code, block)
        return Value(met, dtypes)


def common_dtype(one: str, other: str) -> str:
    """The precision in which two values meet."""
    if one == other:
        return one
    if "bool" in {one, other}:
        raise CodeError("a condition is no number")
    return "f8" if {one, other} & {"f4", "f8"} else "i8"


def _is_dear(node: ast.expr) -> bool:
    """Whether an expression is worth a branch: it computes something."""
    nodes = list(ast.walk(node))
    names = {n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    computes = (ast.BinOp, ast.Compare, ast.Subscript)
    return bool(names - CASTS.keys()) or any(isinstance(n, computes) for n in nodes)
