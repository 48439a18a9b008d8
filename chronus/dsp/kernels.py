"""The code of block kernels: of one voice, and of 16 voices side by side.

A kernel has one signature for all kinds:

    kernel(rows, source, target, memory, rate)

`rows` is the address of a table of row addresses, inputs first, then outputs, then the recording;
`source` and `target` are the addresses of the node's state before and after the block; `memory` is
the address of its delay memory; `rate` is in Hz. It is called by numba's convention, so that
compiled Python can call it: two addresses come first, which it does not need, and it gives 0.

Of 16 voices each frame is computed at once, a vector a value. One voice leaves vectors nothing to
take but the frames themselves: its tick is cut into stages (`chronus.dsp.stages`), and those that
do not depend on the sample before compute 16 frames at once. Both go a shorter way through a block
in which the inputs rest that the tick says to be steady (`chronus.dsp.steady`).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir

from chronus.dsp.declaration import RECORDING_HEAD
from chronus.dsp.lanes import BYTES, LLVM, LONG, Array, Carried, Lanes, Value
from chronus.dsp.layout import WIDE, state_layout
from chronus.dsp.stages import cut, loops_of
from chronus.dsp.ticks import Ticks, functions_of, has_turns
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chronus.dsp.recipe import Recipe, Shape
    from chronus.dsp.stages import Loop
    from chronus.dsp.ticks import Item

ROW_BYTES: Final = 4
FRAMES_AT_ONCE: Final = 16
_BYTE: Final = ir.IntType(8)


def kernel_module(recipe: Recipe, name: str, *, wide: bool) -> str:
    """The LLVM assembly of a kind's kernel, called `name` in it.

    Raises:
        CodeError: the tick says what no kernel can do.
    """
    module = ir.Module(name)
    address = ir.PointerType(_BYTE)
    kind = ir.FunctionType(LLVM["i4"], [address, address, *[LONG] * 5])
    function = ir.Function(module, kind, name)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    kernel = _Kernel(recipe, builder, *function.args[2:])
    if not wide:
        kernel.of_one_voice(0)
    elif has_turns(kernel.functions):
        kernel.voice_after_voice()
    else:
        kernel.side_by_side()
    builder.ret(ir.Constant(LLVM["i4"], 0))
    return str(module)


def _made(name: str, source: str) -> Any:
    """The numbers of a table, from the source of the function that makes it."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 - as trusted as the kind whose table it is
    return namespace[name]()


def _table_array(module: ir.Module, name: str, numbers: Sequence[float], build: Any) -> Array:
    """A table in the code itself."""
    kind = ir.ArrayType(LLVM["f4"], len(numbers))
    found = ir.GlobalVariable(module, kind, f"table_{name}")
    found.global_constant = True
    found.linkage = "internal"
    found.initializer = ir.Constant(kind, [float(number) for number in numbers])
    at = build.ptrtoint(found, LONG)
    return Array(Value(at, "i8"), Value(ir.Constant(LONG, len(numbers)), "i8"))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where a voice's rows are and how far one frame is from the next, in bytes."""

    inputs: dict[str, ir.Value]
    outputs: dict[str, ir.Value]
    stride: int


class _Kernel:
    """Writes the body of one kernel.

    Args:
        recipe: of what.
        builder: at the end of an entry block.
        rows: the kernel's arguments from here on, see above.
        source: ...
        target: ...
        memory: ...
        rate: ...
    """

    def __init__(
        self,
        recipe: Recipe,
        builder: ir.IRBuilder,
        rows: ir.Value,
        source: ir.Value,
        target: ir.Value,
        memory: ir.Value,
        rate: ir.Value,
    ) -> None:
        self._recipe = recipe
        self._shape: Shape = recipe.shape
        self._build = builder
        self._source, self._target, self._memory = source, target, memory
        self._one = Lanes(builder, 1)
        self.functions = functions_of([*recipe.helpers.values(), *recipe.ways.functions])
        self._tables = {
            name: _table_array(builder.module, name, _made(name, source), builder)
            for name, source in recipe.tables.items()
        }
        one = self._one
        rate_hz = one.cast(Value(rate, "i8"), "f8")
        whole = one.binary("/", one.constant("f8", 1.0), rate_hz)
        self._dt = one.cast(whole, "f4")
        self._frames = {
            memory.name: self._memory_frames(memory.seconds, rate_hz)
            for memory in self._shape.memories
        }
        self._row_names = list(recipe.shape.inputs)
        self._output_names = list(recipe.shape.outputs)
        count = len(self._row_names) + len(self._output_names) + 1
        self._table = [
            one.load_at(self._at(rows, 8 * i), "i8", is_wide=False) for i in range(count)
        ]

    def _at(self, address: ir.Value, offset: Any) -> ir.Value:
        if isinstance(offset, int):
            if offset == 0:
                return address
            offset = ir.Constant(LONG, offset)
        return self._build.add(address, offset)

    def _memory_frames(self, seconds: float, rate_hz: Value) -> Value:
        one = self._one
        frames = one.binary("*", one.constant("f8", seconds), rate_hz)
        frames = one.cast(one.binary("+", frames, one.constant("f8", 0.5)), "i8")
        return one.binary("+", frames, one.constant("i8", BLOCK))

    def _rows(self, voice: ir.Value | int, stride: int) -> _Rows:
        """The rows of a voice among those of `stride` bytes a frame."""
        shift = (
            voice * ROW_BYTES
            if isinstance(voice, int)
            else self._build.mul(voice, ir.Constant(LONG, ROW_BYTES))
        )
        places = [self._at(address.code, shift) for address in self._table[:-1]]
        count = len(self._row_names)
        return _Rows(
            dict(zip(self._row_names, places[:count], strict=True)),
            dict(zip(self._output_names, places[count:], strict=True)),
            stride,
        )

    def _arrays(self, lanes: Lanes, voice: Value, width: int) -> dict[str, Item]:
        """What a tick gets besides values: its memories, as voice `voice` of `width`, and more."""
        found: dict[str, Item] = {"dt": self._dt}
        before = Value(self._memory, "i8")
        for memory in self._shape.memories:
            frames = self._frames[memory.name]
            size = lanes.binary("*", frames, lanes.constant("i8", ROW_BYTES))
            found[memory.name] = Array(
                lanes.binary("+", before, lanes.binary("*", voice, size)), frames
            )
            before = lanes.binary("+", before, lanes.binary("*", size, lanes.constant("i8", width)))
        if self._shape.recording:
            address = self._table[-1]
            head = [
                self._one.load_at(self._at(address.code, 4 * i), "f4", is_wide=False)
                for i in (0, 1)
            ]
            frames, channels = (self._one.cast(number, "i8") for number in head)
            sound = self._one.binary("*", frames, channels)
            length = self._one.binary("+", sound, self._one.constant("i8", RECORDING_HEAD))
            found[self._shape.recording] = Array(address, length)
        return found

    def _either(
        self,
        lanes: Lanes,
        rows: _Rows,
        plain: Callable[[dict[str, Value]], None],
        full: Callable[[], None],
    ) -> None:
        """The plain way through a block where that may be gone, and the full one elsewhere."""
        ways, build = self._recipe.ways, self._build
        if not ways.plain:
            full()
            return
        try_, plainly, fully, end = (
            build.append_basic_block(name) for name in ("try", "plainly", "fully", "end")
        )
        moved = ir.Constant(LLVM["bool"], 0)
        for name in ways.watched:
            moved = build.or_(moved, self._moves(lanes, rows.inputs[name], rows.stride))
        build.cbranch(moved, fully, try_)
        build.position_at_end(try_)
        first = [lanes.load_at(rows.inputs[name], "f4", is_wide=True) for name in ways.watched]
        ticks = Ticks(lanes, self.functions, self._tables)
        prepared = ticks.call("prepare", [*first, self._dt])
        assert isinstance(prepared, tuple)
        *values, unusual = prepared
        build.cbranch(lanes.holds_anywhere(unusual), fully, plainly)
        build.position_at_end(plainly)
        plain(dict(zip(ways.values, values, strict=True)))
        build.branch(end)
        build.position_at_end(fully)
        full()
        build.branch(end)
        build.position_at_end(end)

    def _moves(self, lanes: Lanes, address: ir.Value, stride: int) -> ir.Value:
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
            here = lanes.load_at(self._frame(address, k, stride), "i4", is_wide=True)
            found = build.or_(differs.now()["found"].code, build.xor(here.code, first.code))
            differs.become("found", Value(found, "i4", first.is_wide))
        zeros = lanes.constant("i4", 0)
        return lanes.holds_anywhere(lanes.compare("!=", differs.now()["found"], zeros))

    def _frame(self, address: ir.Value, k: ir.Value, stride: int) -> ir.Value:
        return self._build.add(address, self._build.mul(k, ir.Constant(LONG, stride)))

    def _states(self, lanes: Lanes, width: int, voice: ir.Value | None) -> dict[str, Value]:
        """The states before the block: of all voices, or of one among `width`."""
        return {
            state.name: lanes.load_at(place, state.dtype, is_wide=True)
            for state, place in self._state_places(self._source, width, voice)
        }

    def _state_places(self, base: ir.Value, width: int, voice: ir.Value | None) -> Any:
        offsets = state_layout(self._shape, width).offsets
        for state, offset in zip(self._shape.state, offsets, strict=True):
            place = self._at(base, offset)
            if voice is not None:
                bytes_ = ir.Constant(LONG, BYTES[state.dtype])
                place = self._build.add(place, self._build.mul(voice, bytes_))
            yield state, place

    def _put_states(
        self, lanes: Lanes, width: int, voice: ir.Value | None, states: Mapping[str, Value]
    ) -> None:
        for state, place in self._state_places(self._target, width, voice):
            lanes.store_at(place, lanes.cast(states[state.name], state.dtype))

    # ---- voices side by side

    def side_by_side(self) -> None:
        """All frames of a block, and of each all voices at once."""
        lanes = Lanes(self._build, WIDE)
        arrays = self._arrays(lanes, lanes.lane_numbers(), WIDE)
        rows = self._rows(0, WIDE * ROW_BYTES)
        before = self._states(lanes, WIDE, None)

        def go(tick: str, values: dict[str, Value]) -> None:
            carried = Carried.of(lanes, before)
            with lanes.counted(0, BLOCK) as k:
                inputs = {
                    name: lanes.load_at(self._frame(at, k, rows.stride), "f4", is_wide=True)
                    for name, at in rows.inputs.items()
                }
                ticks = Ticks(lanes, self.functions, self._tables)
                given = {**carried.now(), **inputs, **arrays, **values}
                results = ticks.call(tick, self._in_order(tick, given))
                results = results if isinstance(results, tuple) else (results,)
                states = [state.name for state in self._shape.state]
                for name, result in zip(states, results[: len(states)], strict=True):
                    carried.become(name, result)
                outputs = results[len(states) :]
                for at, result in zip(rows.outputs.values(), outputs, strict=True):
                    place = self._frame(at, k, rows.stride)
                    lanes.store_at(place, lanes.cast(result, "f4"))
            self._put_states(lanes, WIDE, None, carried.now())

        self._either(lanes, rows, lambda values: go("plain_tick", values), lambda: go("tick", {}))

    def _in_order(self, function: str, given: Mapping[str, Item]) -> list[Item]:
        return [given[argument.arg] for argument in self.functions[function].args.args]

    def voice_after_voice(self) -> None:
        """Each of the voices by itself."""
        with self._one.counted(0, WIDE) as voice:
            self.of_one_voice(voice, WIDE)

    # ---- one voice

    def of_one_voice(self, voice: ir.Value | int, width: int = 1) -> None:
        """Stage after stage of a voice, `voice` among `width`."""
        number = Value(voice, "i8") if isinstance(voice, ir.Value) else self._one.constant("i8", 0)
        arrays = self._arrays(self._one, number, width)
        rows = self._rows(voice, width * ROW_BYTES)
        at = voice if isinstance(voice, ir.Value) else None
        states = self._states(self._one, width, at)
        ways = self._recipe.ways

        def go(source: str, values: dict[str, Value]) -> None:
            stages = cut(self._shape, source)
            made = _Stages(self, rows, {**arrays, **values}, states)
            for loop in loops_of(self._shape, stages, tuple(values)):
                made.run(loop)
            made.put_outputs(stages.outputs)
            self._put_states(self._one, width, at, made.states)

        self._either(
            self._one, rows, lambda values: go(ways.plain, values), lambda: go(ways.full, {})
        )

    def statements(self, loop: Loop) -> list[ast.stmt]:
        """The statements of a stage."""
        return ast.parse("\n".join(loop.codes)).body

    def ticks(self, lanes: Lanes) -> Ticks:
        """What carries out statements on some lanes."""
        return Ticks(lanes, self.functions, self._tables)

    def takes_turns(self, statements: Sequence[ast.stmt]) -> bool:
        """Whether statements call what does one voice and one frame at a time."""
        names = {
            node.func.id
            for statement in statements
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        reached: dict[str, ast.FunctionDef] = {}
        while names:
            name = names.pop()
            if name in self.functions and name not in reached:
                reached[name] = self.functions[name]
                names |= {
                    node.func.id
                    for node in ast.walk(reached[name])
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                }
        return has_turns(reached)

    @property
    def builder(self) -> ir.IRBuilder:
        """What writes instructions."""
        return self._build


class _Stages:
    """Runs the stages of one voice through a block, and keeps what passes from one to the next."""

    def __init__(
        self, kernel: _Kernel, rows: _Rows, fixed: Mapping[str, Item], states: dict[str, Value]
    ) -> None:
        self._kernel = kernel
        self._build = kernel.builder
        self._rows = rows
        self._fixed = fixed
        self.states = dict(states)
        self._kept: dict[str, tuple[ir.Value, str]] = {}

    def run(self, loop: Loop) -> None:
        """All frames of a stage."""
        statements = self._kernel.statements(loop)
        at_once = not loop.is_serial and not self._kernel.takes_turns(statements)
        width = FRAMES_AT_ONCE if at_once else 1
        lanes = Lanes(self._build, width)
        carried = Carried.of(lanes, {name: self.states[name] for name in loop.carried})
        with lanes.counted(0, BLOCK, width) as k:
            now = carried.now()
            for name in loop.seen:
                self._keep(lanes, name, now[name], k)
            names: dict[str, Item] = {name: self._found(lanes, name, now, k) for name in loop.needs}
            ticks = self._kernel.ticks(lanes)
            for statement in statements:
                ticks.do(statement, names)
            for name in loop.kept:
                self._keep(lanes, name, names[name], k)
            for state, name in loop.carried.items():
                following = names[name] if name in names else self._found(lanes, name, now, k)
                assert isinstance(following, Value)
                carried.become(state, following)
        self.states.update(carried.now())

    def _found(self, lanes: Lanes, name: str, now: Mapping[str, Value], k: ir.Value) -> Item:
        """What is called so at frame k."""
        if name in now:
            return now[name]
        if name in self._kept:
            slot, dtype = self._kept[name]
            stored = "i1" if dtype == "bool" else dtype
            return self._read(lanes, slot, stored, k)
        if name in self._rows.inputs:
            return self._input(lanes, self._rows.inputs[name], k)
        return self._fixed[name]

    def _input(self, lanes: Lanes, at: ir.Value, k: ir.Value) -> Value:
        stride = self._rows.stride
        place = self._build.add(at, self._build.mul(k, ir.Constant(LONG, stride)))
        if lanes.width == 1 or stride == ROW_BYTES:
            return lanes.load_at(place, "f4", is_wide=True)
        numbers = lanes.binary("*", lanes.lane_numbers(), lanes.constant("i8", stride))
        places = Array(
            lanes.binary("+", Value(place, "i8"), numbers), lanes.constant("i8", BLOCK * stride)
        )
        return lanes.load(places, lanes.constant("i8", 0))

    def _read(self, lanes: Lanes, slot: ir.Value, dtype: str, k: ir.Value) -> Value:
        item = _BYTE if dtype == "i1" else LLVM[dtype]
        pointer = self._build.gep(slot, [ir.Constant(LONG, 0), k], source_etype=slot.allocated_type)
        if lanes.width > 1:
            kind = ir.VectorType(item, lanes.width)
            pointer = self._build.bitcast(pointer, ir.PointerType(kind))
        else:
            kind = item
        code = self._build.load(pointer, align=1 if dtype == "i1" else BYTES[dtype], typ=kind)
        if dtype == "i1":
            kind = lanes.type_of("bool", is_wide=lanes.width > 1)
            return Value(self._build.trunc(code, kind), "bool", lanes.width > 1)
        return Value(code, dtype, lanes.width > 1)

    def _keep(self, lanes: Lanes, name: str, item: Item, k: ir.Value) -> None:
        assert isinstance(item, Value), name
        dtype = item.dtype
        value = lanes.wide(item)
        code = value.code
        kind = _BYTE if dtype == "bool" else LLVM[dtype]
        if name not in self._kept:
            with self._build.goto_entry_block():
                slot = self._build.alloca(ir.ArrayType(kind, BLOCK))
                slot.align = 64
            self._kept[name] = (slot, dtype)
        slot, _ = self._kept[name]
        if dtype == "bool":
            wide = ir.VectorType(_BYTE, lanes.width) if lanes.width > 1 else _BYTE
            code = self._build.zext(code, wide)
        pointer = self._build.gep(slot, [ir.Constant(LONG, 0), k], source_etype=slot.allocated_type)
        pointer = self._build.bitcast(pointer, ir.PointerType(code.type))
        self._build.store(code, pointer, align=1 if dtype == "bool" else BYTES[dtype])

    def put_outputs(self, names: Sequence[str]) -> None:
        """Copy what the tick gives into the output rows."""
        stride = self._rows.stride
        width = FRAMES_AT_ONCE if stride == ROW_BYTES else 1
        lanes = Lanes(self._build, width)
        with lanes.counted(0, BLOCK, width) as k:
            for at, name in zip(self._rows.outputs.values(), names, strict=True):
                found = self._found(lanes, name, {}, k)
                assert isinstance(found, Value)
                place = self._build.add(at, self._build.mul(k, ir.Constant(LONG, stride)))
                lanes.store_at(place, lanes.cast(found, "f4"))
