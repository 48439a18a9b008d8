"""Values of one voice or of many side by side, and the instructions that compute with them.

A value is a number of a declared precision: one that is the same for all, or a vector with a lane
for each voice (or frame). What meets is brought to a common precision first: integers are whole
numbers of 64 bits as soon as anything is computed with them, integers and floats make float64,
float32 and float64 make float64. Nothing is reordered, and a product meets a sum in one rounding
where that is said (`product_and`) and nowhere else, so that a lane has the bits that it would have
alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir

from chronus.dsp.recipe import CodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LLVM: Final = {
    "f4": ir.FloatType(),
    "f8": ir.DoubleType(),
    "i4": ir.IntType(32),
    "u4": ir.IntType(32),
    "i8": ir.IntType(64),
    "bool": ir.IntType(1),
}
LONG: Final = LLVM["i8"]
BYTES: Final = {"f4": 4, "f8": 8, "i4": 4, "u4": 4, "i8": 8, "bool": 1}
FLOATS: Final = frozenset({"f4", "f8"})
_INSTRUCTIONS: Final = {
    "+": ("add", "fadd"),
    "-": ("sub", "fsub"),
    "*": ("mul", "fmul"),
    "/": ("", "fdiv"),
    "//": ("sdiv", ""),
    "%": ("srem", ""),
    "<<": ("shl", ""),
    ">>": ("ashr", ""),
    "&": ("and_", ""),
    "|": ("or_", ""),
    "^": ("xor", ""),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a precision; `is_wide` where each lane has its own."""

    code: ir.Value
    dtype: str
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Array:
    """Numbers in memory: a delay line of each lane, a table, or a recording.

    `address` is an i8, wide where each lane has its own numbers; `length` is an i8 of all.
    """

    address: Value
    length: Value


def _once(operation: Callable[..., Value]) -> Callable[..., Value]:
    """Let an operation be carried out before the loop where it gives the same in all turns."""

    @wraps(operation)
    def carry_out(lanes: Values, *given: Value | str) -> Value:
        if not all(lanes.rests(value) for value in given if isinstance(value, Value)):
            return operation(lanes, *given)
        with lanes.before_loop():
            return lanes.resting(operation(lanes, *given))

    return carry_out


class Values:
    """Writes instructions at the end of a block of a function.

    What is the same in all turns of a loop is computed once, before it.

    Args:
        builder: where.
        width: how many lanes a vector has; with 1 there are no vectors, and what depends on a
            condition is branched around where that saves work.
        resting: values that no loop changes.
        are_frames: whether the lanes are frames of one voice. What these read of a memory mostly
            lies in a row.
    """

    def __init__(
        self,
        builder: ir.IRBuilder,
        width: int,
        resting: Iterable[Value] = (),
        *,
        are_frames: bool = False,
    ) -> None:
        self.builder = builder
        self.width = width
        self._are_frames = are_frames
        self._masks: list[Value] = []
        self._outer: ir.IRBuilder | None = None
        self._resting: dict[int, ir.Value] = {}
        for value in resting:
            self.resting(value)

    def rests(self, value: Value) -> bool:
        """Whether a value is the same in all turns."""
        return isinstance(value.code, ir.Constant) or id(value.code) in self._resting

    def resting(self, value: Value) -> Value:
        """A value, which is the same in all turns."""
        self._resting[id(value.code)] = value.code
        return value

    def share_loop(self, other: Values) -> None:
        """Write in the loop that another one writes, and before it."""
        self._outer = other._outer

    @contextmanager
    def before_loop(self) -> Iterator[None]:
        """Write before the loop that is being written, if there is one."""
        inner, self.builder = self.builder, self._outer or self.builder
        yield
        self.builder = inner

    def type_of(self, dtype: str, *, is_wide: bool) -> ir.Type:
        """The type of a value in LLVM."""
        return ir.VectorType(LLVM[dtype], self.width) if is_wide else LLVM[dtype]

    # ---- values

    def constant(self, dtype: str, number: float) -> Value:
        """A number that is known."""
        return Value(ir.Constant(LLVM[dtype], number), dtype)

    @_once
    def wide(self, value: Value) -> Value:
        """The value for each lane; itself where there are no vectors."""
        if value.is_wide or self.width == 1:
            return value
        kind = self.type_of(value.dtype, is_wide=True)
        if isinstance(value.code, ir.Constant):
            number = value.code.constant
            return Value(ir.Constant(kind, [number] * self.width), value.dtype, is_wide=True)
        one = self.builder.insert_element(
            ir.Constant(kind, ir.Undefined), value.code, ir.Constant(LLVM["i4"], 0)
        )
        zeros = ir.Constant(ir.VectorType(LLVM["i4"], self.width), [0] * self.width)
        spread = self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)
        return Value(spread, value.dtype, is_wide=True)

    def lane_numbers(self) -> Value:
        """0, 1, 2 and so on, an i8."""
        kind = self.type_of("i8", is_wide=True)
        return Value(ir.Constant(kind, list(range(self.width))), "i8", is_wide=True)

    @_once
    def cast(self, value: Value, dtype: str) -> Value:
        """A value in another precision: floats are cut off, whole numbers wrap around."""
        if value.dtype == dtype:
            return value
        kind = self.type_of(dtype, is_wide=value.is_wide)
        instruction = self._cast(value.dtype, dtype)
        code = instruction(value.code, kind) if instruction else value.code
        return Value(code, dtype, value.is_wide)

    def _cast(self, old: str, new: str) -> Any:
        """What writes it, or None where nothing is to be done."""
        build = self.builder
        if new == "bool":
            raise CodeError("a number is no condition: compare it")
        if old in FLOATS and new in FLOATS:
            return build.fpext if new == "f8" else build.fptrunc
        if old in FLOATS:
            return build.fptoui if new == "u4" else build.fptosi
        if new in FLOATS:
            return build.uitofp if old in {"u4", "bool"} else build.sitofp
        if BYTES[old] > BYTES[new]:
            return build.trunc
        if BYTES[old] == BYTES[new]:
            return None
        return build.zext if old in {"u4", "bool"} else build.sext

    def _alike(self, *values: Value) -> list[Value]:
        """All as vectors if one of them is."""
        if not any(value.is_wide for value in values):
            return list(values)
        return [self.wide(value) for value in values]

    def _comparable(self, *values: Value) -> list[Value]:
        """As `_common`, but whole numbers of 32 bits stay what they are: none of them is lost."""
        if any(v.dtype == "i4" for v in values) and all(_is_short(v) for v in values):
            return self._alike(*(self.cast(value, "i4") for value in values))
        return self._common(*values)

    def _common(self, *values: Value) -> list[Value]:
        """All in one precision, and as vectors if one of them is."""
        dtypes = {value.dtype for value in values}
        if len(dtypes) == 1 and dtypes <= {"f4", "f8", "bool"}:
            common = dtypes.pop()
        elif "bool" in dtypes:
            raise CodeError("a condition is no number")
        elif dtypes & FLOATS:
            common = "f8"
        else:
            common = "i8"
        return self._alike(*(self.cast(value, common) for value in values))

    # ---- operations

    @_once
    def binary(self, operator: str, one: Value, other: Value) -> Value:
        """`+ - * / // % << >> & | ^` of two values.

        Raises:
            CodeError: there is no such operation of these.
        """
        one, other = self._common(one, other)
        if operator == "/" and one.dtype == "i8":
            one, other = self.cast(one, "f8"), self.cast(other, "f8")
        name = _INSTRUCTIONS[operator][one.dtype in FLOATS]
        if not name or one.dtype == "bool":
            raise CodeError(f"{operator} of {one.dtype} is not offered")
        if operator in {"//", "%"}:
            return self._divided(operator, one, other)
        code = getattr(self.builder, name)(one.code, other.code)
        return Value(code, one.dtype, one.is_wide)

    def product_and(self, added: Value, one: Value, other: Value) -> Value:
        """A sum and a product, rounded once where both are floats of one precision."""
        one, other = self._common(one, other)
        common = self._common(added, one)[0].dtype
        if one.dtype in FLOATS and common == one.dtype:
            return self.fused(one, other, added)
        return self.binary("+", added, self.binary("*", one, other))

    def fading_peak(self, before: Value, value: Value, kept: Value, added: Value) -> Value:
        """The higher of a value and of what is left of one before."""
        kept = self.most(kept, self.cast(self.constant("f8", 0.0), kept.dtype))
        return self.most(value, self.product_and(added, kept, before))

    @_once
    def fused(self, one: Value, other: Value, added: Value) -> Value:
        """A product and a sum of floats, rounded once."""
        one, other, added = self._common(one, other, added)
        return self._intrinsic("llvm.fma", one, other, added)

    def _divided(self, operator: str, one: Value, other: Value) -> Value:
        """Whole division by a positive number, rounded down as Python does."""
        if not isinstance(other.code, ir.Constant):
            raise CodeError(f"{operator} is offered for a fixed divisor alone")
        rest = Value(self.builder.srem(one.code, other.code), "i8", one.is_wide)
        zero = self.constant("i8", 0)
        below = self.compare("<", rest, zero)
        if operator == "%":
            return self.select(below, self.binary("+", rest, other), rest)
        whole = Value(self.builder.sdiv(one.code, other.code), "i8", one.is_wide)
        return self.select(below, self.binary("-", whole, self.constant("i8", 1)), whole)

    @_once
    def compare(self, operator: str, one: Value, other: Value) -> Value:
        """`< <= > >= == !=` of two values; nothing holds for what is no number, but `!=`."""
        one, other = self._comparable(one, other)
        if one.dtype not in FLOATS:
            code = self.builder.icmp_signed(operator, one.code, other.code)
        elif operator == "!=":
            code = self.builder.fcmp_unordered(operator, one.code, other.code)
        else:
            code = self.builder.fcmp_ordered(operator, one.code, other.code)
        return Value(code, "bool", one.is_wide)

    @_once
    def negated(self, value: Value) -> Value:
        """-x."""
        if value.dtype in FLOATS:
            return Value(self.builder.fneg(value.code), value.dtype, value.is_wide)
        return self.binary("-", self.constant("i8", 0), value)

    @_once
    def inverted(self, condition: Value) -> Value:
        """Not a condition."""
        self.check_condition(condition)
        return Value(self.builder.not_(condition.code), "bool", condition.is_wide)

    @_once
    def joined(self, operator: str, one: Value, other: Value) -> Value:
        """`and` or `or` of two conditions."""
        self.check_condition(one)
        self.check_condition(other)
        one, other = self._alike(one, other)
        build = self.builder.and_ if operator == "and" else self.builder.or_
        return Value(build(one.code, other.code), "bool", one.is_wide)

    @_once
    def select(self, condition: Value, one: Value, other: Value) -> Value:
        """One value where a condition holds, and the other elsewhere."""
        one, other = self._comparable(one, other)
        # A vector is chosen by a vector of conditions: one condition for all would be a jump.
        condition, one, other = self._alike(condition, one, other)
        code = self.builder.select(condition.code, one.code, other.code)
        return Value(code, one.dtype, one.is_wide)

    def least(self, one: Value, other: Value) -> Value:
        """The lower of two; the first where they are alike."""
        one, other = self._comparable(one, other)
        return self.select(self.compare("<", other, one), other, one)

    def most(self, one: Value, other: Value) -> Value:
        """The higher of two; the first where they are alike."""
        one, other = self._comparable(one, other)
        return self.select(self.compare(">", other, one), other, one)

    @_once
    def absolute(self, value: Value) -> Value:
        """A number without its sign."""
        if value.dtype not in FLOATS:
            below = self.compare("<", value, self.constant("i8", 0))
            return self.select(below, self.negated(value), value)
        return self._intrinsic("llvm.fabs", value)

    @_once
    def root(self, value: Value) -> Value:
        """The square root of a float."""
        if value.dtype not in FLOATS:
            raise CodeError("the square root of a whole number is not offered")
        return self._intrinsic("llvm.sqrt", value)

    @_once
    def two_to(self, whole: Value) -> Value:
        """Two to the power of a whole number of -126..127, exactly: its bits are put together."""
        bits = self.cast(whole, "i4")
        bits = self.cast(self.binary("+", bits, self.constant("i8", 127)), "i4")
        bits = self.cast(self.binary("<<", bits, self.constant("i8", 23)), "i4")
        kind = self.type_of("f4", is_wide=bits.is_wide)
        return Value(self.builder.bitcast(bits.code, kind), "f4", bits.is_wide)

    @_once
    def of_same_bits(self, value: Value, old: str, new: str) -> Value:
        """A value of one precision whose bits are taken for those of another."""
        value = self.cast(value, old)
        kind = self.type_of(new, is_wide=value.is_wide)
        return Value(self.builder.bitcast(value.code, kind), new, value.is_wide)

    def _intrinsic(self, name: str, *values: Value) -> Value:
        """What one of LLVM's own functions gives for values of one kind."""
        dtype, is_wide = values[0].dtype, values[0].is_wide
        kind = self.type_of(dtype, is_wide=is_wide)
        name = f"{name}.{self._suffix(dtype, is_wide=is_wide)}"
        function = self.declared(name, kind, *(kind for _ in values))
        return Value(self.builder.call(function, [v.code for v in values]), dtype, is_wide)

    def _suffix(self, dtype: str, *, is_wide: bool) -> str:
        bits = 8 * BYTES[dtype] if dtype != "bool" else 1
        item = f"{'f' if dtype in FLOATS else 'i'}{bits}"
        return f"v{self.width}{item}" if is_wide else item

    def declared(self, name: str, result: ir.Type, *arguments: ir.Type) -> ir.Function:
        """One of LLVM's own functions."""
        module = self.builder.module
        if name in module.globals:
            return module.globals[name]
        return ir.Function(module, ir.FunctionType(result, arguments), name)

    def check_condition(self, value: Value) -> None:
        """Refuse numbers where a condition is wanted."""
        if value.dtype != "bool":
            raise CodeError("a number is no condition: compare it")

    def which(self, condition: Value) -> ir.Value:
        """A bit for each lane in which a condition holds, an i8."""
        bits = self.builder.bitcast(condition.code, ir.IntType(self.width))
        return self.builder.zext(bits, LONG)

    def holds_anywhere(self, condition: Value) -> ir.Value:
        """Whether a condition holds in any lane."""
        if not condition.is_wide:
            return condition.code
        bits = self.builder.bitcast(condition.code, ir.IntType(self.width))
        return self.builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))


def _is_short(value: Value) -> bool:
    """Whether a value is a whole number that 32 bits hold."""
    code = value.code
    is_small = isinstance(code, ir.Constant) and value.dtype == "i8" and not value.is_wide
    return value.dtype == "i4" or (is_small and -(2**31) <= code.constant < 2**31)
