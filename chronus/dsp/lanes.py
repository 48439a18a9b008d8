"""Values of many lanes in memory and in loops, and their sums: see `chronus.dsp.values`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.values import BYTES, LLVM, LONG, Array, Value, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Lanes(Values):
    """Values, the memory that they come from, and loops."""

    def shuffled(self, one: Value, other: Value, places: Sequence[int]) -> Value:
        """Lanes of two values, those of the other counted on."""
        kind = ir.VectorType(LLVM["i4"], len(places))
        code = self.builder.shuffle_vector(one.code, other.code, ir.Constant(kind, places))
        return Value(code, one.dtype, is_wide=True)

    # ---- memory

    @contextmanager
    def where(self, condition: Value) -> Iterator[None]:
        """Read memory only in those lanes in which a condition holds."""
        outer = self._masks[-1] if self._masks else None
        self._masks.append(self.joined("and", outer, condition) if outer else condition)
        yield
        self._masks.pop()

    def pointer(self, address: ir.Value, kind: ir.Type) -> ir.Value:
        """An i8 as an address."""
        return self.builder.inttoptr(address, ir.PointerType(kind))

    def load_at(self, address: ir.Value, dtype: str, *, is_wide: bool = False) -> Value:
        """What lies at an address; where `is_wide`, one number after the other for the lanes."""
        kind = self.type_of(dtype, is_wide=is_wide and self.width > 1)
        code = self.builder.load(self.pointer(address, kind), align=BYTES[dtype])
        return Value(code, dtype, is_wide and self.width > 1)

    def store_at(self, address: ir.Value, value: Value) -> None:
        """Put a value, of all lanes, to an address."""
        value = self.wide(value)
        pointer = self.pointer(address, value.code.type)
        self.builder.store(value.code, pointer, align=BYTES[value.dtype])

    def _place(self, array: Array, index: Value) -> Value:
        """The address of an item; what is below 0 is counted from the end."""
        index = self.cast(index, "i8")
        behind = self.compare("<", index, self.constant("i8", 0))
        index = self.select(behind, self.binary("+", index, array.length), index)
        return self.binary(
            "+", array.address, self.binary("*", index, self.constant("i8", BYTES["f4"]))
        )

    def load(self, array: Array, index: Value) -> Value:
        """An item of an array, a float32."""
        index = self.cast(index, "i8")
        if self._are_in_a_row(array, index):
            return self._load_row(array, index)
        place = self._place(array, index)
        return self._gather(place) if place.is_wide else self.load_at(place.code, "f4")

    def _are_in_a_row(self, array: Array, index: Value) -> bool:
        """Whether items of one array are those of frames, one after the other."""
        in_turn = self._are_frames and not self._masks
        return in_turn and index.is_wide and not array.address.is_wide

    def _in_a_row(
        self,
        array: Array,
        index: Value,
        row: Callable[[ir.Value], None],
        scattered: Callable[[Value], None],
    ) -> None:
        """Do one thing where many items are next to one another, and another where not.

        Args:
            array: whose items they are.
            index: an i8, wide.
            row: gets the address of the first one.
            scattered: gets all addresses.
        """
        build = self.builder
        first = Value(build.extract_element(index.code, ir.Constant(LLVM["i4"], 0)), "i8")
        steps = self.binary("+", first, self.lane_numbers())
        apart = self.holds_anywhere(self.compare("!=", index, steps))
        # From behind the end to the beginning they are not.
        last = self.binary("+", first, self.constant("i8", self.width - 1))
        zero = self.constant("i8", 0)
        ends = build.xor(self.compare("<", first, zero).code, self.compare("<", last, zero).code)
        apart_, row_, on = (build.append_basic_block(n) for n in ("scattered", "row", "on"))
        build.cbranch(build.or_(apart, ends), apart_, row_)
        build.position_at_end(apart_)
        scattered(self._place(array, index))
        build.branch(on)
        build.position_at_end(row_)
        row(self._place(array, first).code)
        build.branch(on)
        build.position_at_end(on)

    def _load_row(self, array: Array, index: Value) -> Value:
        """Many items, by one reading where they are in a row."""
        with self.builder.goto_entry_block():
            found = self.builder.alloca(self.type_of("f4", is_wide=True))

        def keep(value: Value) -> None:
            self.builder.store(value.code, found)

        self._in_a_row(
            array,
            index,
            lambda first: keep(self.load_at(first, "f4", is_wide=True)),
            lambda places: keep(self._gather(places)),
        )
        return Value(self.builder.load(found), "f4", is_wide=True)

    def _gather(self, place: Value) -> Value:
        """What lies at the place of each lane."""
        mask = self._mask()
        kind = self.type_of("f4", is_wide=True)
        pointers = ir.VectorType(ir.PointerType(LLVM["f4"]), self.width)
        name = f"llvm.masked.gather.v{self.width}f32.v{self.width}p0"
        gather = self.declared(name, kind, pointers, mask.type, kind)
        at = self.builder.inttoptr(place.code, pointers)
        zeros = ir.Constant(kind, [0.0] * self.width)
        return Value(self.builder.call(gather, [at, mask, zeros]), "f4", is_wide=True)

    def store(self, array: Array, index: Value, value: Value) -> None:
        """Put a float32 into an array."""
        index, value = self.cast(index, "i8"), self.cast(value, "f4")
        if self._are_in_a_row(array, index):
            value = self.wide(value)
            self._in_a_row(
                array,
                index,
                lambda first: self.store_at(first, value),
                lambda places: self._scatter(places, value),
            )
            return
        place = self._place(array, index)
        if place.is_wide or self._are_frames:
            self._scatter(self.wide(place), self.wide(value))
        else:
            self.store_at(place.code, value)

    def _scatter(self, place: Value, value: Value) -> None:
        """Put a value of each lane to its place; where two are the same, the later lane counts."""
        mask = self._mask()
        pointers = ir.VectorType(ir.PointerType(LLVM["f4"]), self.width)
        name = f"llvm.masked.scatter.v{self.width}f32.v{self.width}p0"
        scatter = self.declared(name, ir.VoidType(), value.code.type, pointers, mask.type)
        at = self.builder.inttoptr(place.code, pointers)
        self.builder.call(scatter, [value.code, at, mask])

    def _mask(self) -> ir.Value:
        if self._masks:
            return self.wide(self._masks[-1]).code
        kind = self.type_of("bool", is_wide=True)
        return ir.Constant(kind, [1] * self.width)

    # ---- loops

    @contextmanager
    def counted(self, first: int, last: int, by: int = 1) -> Iterator[ir.Value]:
        """A loop; gives its counter, an i8."""
        before = self.builder.append_basic_block("before")
        head = self.builder.append_basic_block("loop")
        end = self.builder.append_basic_block("behind")
        self.builder.branch(before)
        self.builder.position_at_end(before)
        self.builder.branch(head)
        self.builder.position_at_end(head)
        counter = self.builder.phi(LONG, "k")
        counter.add_incoming(ir.Constant(LONG, first), before)
        outer, self._outer = self._outer, self._outer or ir.IRBuilder(before)
        if outer is None:
            self._outer.position_before(before.terminator)
        yield counter
        self._outer = outer
        following = self.builder.add(counter, ir.Constant(LONG, by))
        counter.add_incoming(following, self.builder.block)
        more = self.builder.icmp_signed("<", following, ir.Constant(LONG, last))
        self.builder.cbranch(more, head, end)
        self.builder.position_at_end(end)


@dataclass(slots=True)
class Carried:
    """Values that walk with a loop from one turn to the next, each with the place that it lives in.

    They are variables on the stack: LLVM brings them into registers.
    """

    lanes: Lanes
    places: dict[str, tuple[ir.Value, str, bool]]

    @classmethod
    def of(cls, lanes: Lanes, values: dict[str, Value]) -> Carried:
        """Such values, as they are before the loop."""
        places = {}
        for name, value in values.items():
            with lanes.builder.goto_entry_block():
                slot = lanes.builder.alloca(value.code.type)
            lanes.builder.store(value.code, slot)
            places[name] = (slot, value.dtype, value.is_wide)
        return cls(lanes, places)

    def now(self) -> dict[str, Value]:
        """The values at this point."""
        return {
            name: Value(self.lanes.builder.load(slot), dtype, is_wide)
            for name, (slot, dtype, is_wide) in self.places.items()
        }

    def become(self, name: str, value: Value) -> None:
        """Give one its next value."""
        slot, dtype, is_wide = self.places[name]
        value = self.lanes.cast(value, dtype)
        self.lanes.builder.store((self.lanes.wide(value) if is_wide else value).code, slot)


def summed(builder: ir.IRBuilder, frames: list[ir.Value]) -> ir.Value:
    """The sum of all lanes of each of some frames, as many as there are lanes; in their order.

    Each is a sum of halves: eight lanes and the other eight, four of those and the other four, and
    so on. It is done for two frames at once, then for four, and so on.
    """
    half = width = len(frames)
    while half > 1:
        half //= 2
        low = [lane for lane in range(2 * width) if lane % (2 * half) < half]
        pairs = list(zip(frames[::2], frames[1::2], strict=True))
        frames = [
            builder.fadd(
                _taken(builder, one, other, low),
                _taken(builder, one, other, [lane + half for lane in low]),
            )
            for one, other in pairs
        ]
    return frames[0]


def _taken(builder: ir.IRBuilder, one: ir.Value, other: ir.Value, lanes: list[int]) -> ir.Value:
    """Some lanes of two vectors."""
    kind = ir.VectorType(LLVM["i4"], len(lanes))
    return builder.shuffle_vector(one, other, ir.Constant(kind, lanes))
