"""What the kernels of a kind have in common: functions, tables, memories, states."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir

from chronus.dsp.declaration import RECORDING_HEAD
from chronus.dsp.lanes import Carried, Lanes
from chronus.dsp.layout import FRAMES_AT_ONCE, UNREASONABLE, state_layout
from chronus.dsp.syntax import called_in
from chronus.dsp.ticks import Ticks, functions_of, has_turns
from chronus.dsp.values import BYTES, LLVM, LONG, Array, Value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chronus.dsp.recipe import Recipe
    from chronus.dsp.ticks import Item

ROW_BYTES: Final = 4
BYTE: Final = ir.IntType(8)
ENERGY: Final = "energy"
"""What carries the energy of outputs in a block: one product for each shows what is no number."""


def unreasonable(lanes: Lanes, energy: Value) -> Value:
    """Where a sample was no number, or larger than it should be: nothing is below a limit there."""
    limit = lanes.constant("f4", UNREASONABLE * UNREASONABLE)
    return lanes.inverted(lanes.compare("<", energy, limit))


def kernel_function(name: str, write: Callable[[ir.IRBuilder, Sequence[ir.Value]], None]) -> str:
    """The LLVM assembly of a kernel, by numba's calling convention.

    Two addresses come first, which a kernel does not need, and it gives 0.

    Args:
        name: of the kernel.
        write: writes its body, at the end of a block, from its five arguments.
    """
    module = ir.Module(name)
    address = ir.PointerType(BYTE)
    kind = ir.FunctionType(LLVM["i4"], [address, address, *[LONG] * 5])
    function = ir.Function(module, kind, name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    write(builder, function.args[2:])
    builder.ret(ir.Constant(LLVM["i4"], 0))
    return str(module)


class NodeCode:
    """What the kernels of a kind have in common.

    Args:
        recipe: of the kind.
        builder: what writes instructions, within an entry block.
        rate: frames a second.
    """

    def __init__(self, recipe: Recipe, builder: ir.IRBuilder, rate: ir.Value) -> None:
        self.recipe = recipe
        self.shape = recipe.shape
        self.functions = functions_of([*recipe.helpers.values(), *recipe.ways.functions])
        self._build = builder
        self._one = one = Lanes(builder, 1)
        self._tables = {name: self._table(name, source) for name, source in recipe.tables.items()}
        rate_hz = one.cast(Value(rate, "i8"), "f8")
        # A float32 holds any rate; a quotient of two of them has the bits of a rounded float64.
        self.dt = one.binary("/", one.constant("f4", 1.0), one.cast(Value(rate, "i8"), "f4"))
        self._frames = {m.name: self._frames_of(m.seconds, rate_hz) for m in self.shape.memories}

    def _frames_of(self, seconds: float, rate_hz: Value) -> Value:
        one = self._one
        frames = one.binary("*", one.constant("f8", seconds), rate_hz)
        frames = one.cast(one.binary("+", frames, one.constant("f8", 0.5)), "i8")
        frames = one.binary("+", frames, one.constant("i8", BLOCK + FRAMES_AT_ONCE - 1))
        return one.binary("&", frames, one.constant("i8", -FRAMES_AT_ONCE))  # see `memory_frames`

    def _table(self, name: str, source: str) -> Array:
        """A table in the code itself, made by the function of its source."""
        namespace: dict[str, Any] = {}
        exec(source, namespace)  # noqa: S102 - as trusted as the kind whose table it is
        numbers = namespace[name]()
        kind = ir.ArrayType(LLVM["f4"], len(numbers))
        module = self._build.module
        found = ir.GlobalVariable(module, kind, module.get_unique_name(f"table_{name}"))
        found.global_constant = True
        found.linkage = "internal"
        found.initializer = ir.Constant(kind, [float(number) for number in numbers])
        at = self._build.ptrtoint(found, LONG)
        return Array(Value(at, "i8"), self._one.constant("i8", len(numbers)))

    def ticks(
        self, lanes: Lanes, more: Mapping[str, ast.FunctionDef] = MappingProxyType({})
    ) -> Ticks:
        """What carries out the kind's functions, and some more, on some lanes."""
        return Ticks(lanes, {**self.functions, **more}, self._tables)

    def takes_turns(self, statements: Sequence[ast.stmt] | None = None) -> bool:
        """Whether the tick, or some statements of it, compute one voice and frame at a time."""
        if statements is None:
            return has_turns(self.functions)
        reached: dict[str, ast.FunctionDef] = {}
        names = called_in(statements)
        while names:
            name = names.pop()
            if name in self.functions and name not in reached:
                reached[name] = self.functions[name]
                names |= called_in(reached[name].body)
        return has_turns(reached)

    def called(self, function: str, given: Mapping[str, Item], lanes: Lanes) -> tuple[Item, ...]:
        """What one of the functions gives, its arguments taken by their names."""
        arguments = [given[argument.arg] for argument in self.functions[function].args.args]
        results = self.ticks(lanes).call(function, arguments)
        return results if isinstance(results, tuple) else (results,)

    def arrays(
        self, lanes: Lanes, memory: ir.Value, recording: Value, voice: Value, width: int
    ) -> dict[str, Item]:
        """What a tick gets besides values: its memories, as voice `voice` of `width`, and more."""
        found: dict[str, Item] = {"dt": self.dt}
        before = Value(memory, "i8")
        for declared in self.shape.memories:
            frames = self._frames[declared.name]
            size = lanes.binary("*", frames, lanes.constant("i8", ROW_BYTES))
            own = lanes.binary("+", before, lanes.binary("*", voice, size))
            found[declared.name] = Array(own, frames)
            before = lanes.binary("+", before, lanes.binary("*", size, lanes.constant("i8", width)))
        if self.shape.recording:
            one = self._one
            head = [
                one.load_at(self.at(recording.code, 4 * i), "f4", is_wide=False) for i in range(2)
            ]
            frames, channels = (one.cast(number, "i8") for number in head)
            sound = one.binary("*", frames, channels)
            length = one.binary("+", sound, one.constant("i8", RECORDING_HEAD))
            found[self.shape.recording] = Array(recording, length)
        return found

    def fixed(self, given: Mapping[str, Item]) -> list[Value]:
        """The values among what a tick is given, and the lengths of arrays."""
        items = given.values()
        lengths = [item.length for item in items if isinstance(item, Array)]
        return [*lengths, *(item for item in items if isinstance(item, Value))]

    def at(self, address: ir.Value, offset: int) -> ir.Value:
        """An address some bytes behind another."""
        return self._build.add(address, ir.Constant(LONG, offset)) if offset else address

    def frame(self, address: ir.Value, k: ir.Value, stride: int) -> ir.Value:
        """The address of frame k of a row."""
        return self._build.add(address, self._build.mul(k, ir.Constant(LONG, stride)))

    def moves(self, lanes: Lanes, address: ir.Value, stride: int) -> ir.Value:
        """Whether a row is not what it is at its first frame."""
        build = self._build
        if stride == ROW_BYTES:
            lanes = Lanes(build, FRAMES_AT_ONCE)
            first = lanes.wide(lanes.load_at(address, "i4", is_wide=False))
            step = FRAMES_AT_ONCE
        else:
            first = lanes.load_at(address, "i4", is_wide=True)
            step = 1
        differs = Carried.of(lanes, {"found": lanes.wide(lanes.constant("i4", 0))})
        with lanes.counted(0, BLOCK, step) as k:
            here = lanes.load_at(self.frame(address, k, stride), "i4", is_wide=True)
            found = build.or_(differs.now()["found"].code, build.xor(here.code, first.code))
            differs.become("found", Value(found, "i4", first.is_wide))
        zeros = lanes.constant("i4", 0)
        return lanes.holds_anywhere(lanes.compare("!=", differs.now()["found"], zeros))

    # ---- states

    def states(
        self, lanes: Lanes, source: ir.Value, width: int, voice: ir.Value | None
    ) -> dict[str, Value]:
        """The states before the block: of all voices, or of one among `width`."""
        return {
            name: lanes.load_at(place, dtype, is_wide=True)
            for name, dtype, place in self._state_places(source, width, voice)
        }

    def put_states(
        self,
        lanes: Lanes,
        target: ir.Value,
        width: int,
        voice: ir.Value | None,
        states: Mapping[str, Value],
    ) -> None:
        """Keep the states behind the block."""
        for name, dtype, place in self._state_places(target, width, voice):
            lanes.store_at(place, lanes.cast(states[name], dtype))

    def _state_places(
        self, base: ir.Value, width: int, voice: ir.Value | None
    ) -> Iterator[tuple[str, str, ir.Value]]:
        offsets = state_layout(self.shape, width).offsets
        for state, offset in zip(self.shape.state, offsets, strict=True):
            place = self.at(base, offset)
            if voice is not None:
                place = self.frame(place, voice, BYTES[state.dtype])
            yield state.name, state.dtype, place
