"""The code of block kernels: of one voice, and of 16 voices side by side.

A kernel has one signature for all kinds:

    kernel(rows, source, target, memory, rate)

`rows` is the address of a table of row addresses, inputs first, then outputs, then the recording,
and a word more. An input's address is odd (by one, which does not count) where it is known that the
row rests in the block: then a kernel need not look. The last word is room for the verdict of a
kernel of 16 voices: a bit for each that may have given what is no number, 0 where all is well. To a
kernel of one voice it is the address of KEPT_WORDS words, the first of them 0 at first, in which it
may keep what follows from rows that rest, as long as these are the same from block to block; or 0;
`source` and `target` are the addresses of the node's state before and after the block; `memory` is
the address of its delay memory; `rate` is in Hz.

Of 16 voices each frame is computed at once, a vector a value. One voice leaves vectors nothing to
take but the frames themselves: its tick is cut into stages (`chronus.dsp.stages`), and those that
do not depend on the sample before compute 16 frames at once. Both go a shorter way through a block
in which the inputs rest that the tick says to be steady (`chronus.dsp.steady`).
"""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.kept import Kept
from chronus.dsp.lanes import Carried, Lanes
from chronus.dsp.layout import FRAMES_AT_ONCE, KEPT_WORDS, WIDE
from chronus.dsp.loops import loops_of
from chronus.dsp.node_code import (
    ENERGY,
    ROW_BYTES,
    NodeCode,
    kernel_function,
    unreasonable,
)
from chronus.dsp.recipe import CodeError
from chronus.dsp.stage_code import Rows, StageCode
from chronus.dsp.stages import Reads, cut, idle_in, leaping_of
from chronus.dsp.ticks import functions_of
from chronus.dsp.values import LLVM, LONG, Value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chronus.dsp.recipe import Recipe
    from chronus.dsp.rests import Idle
    from chronus.dsp.ticks import Item


def kernel_module(recipe: Recipe, name: str, *, wide: bool) -> str:
    """The LLVM assembly of a kind's kernel, called `name` in it.

    Raises:
        CodeError: the tick says what no kernel can do.
    """

    def write(builder: ir.IRBuilder, arguments: Sequence[ir.Value], *, leaps: bool) -> None:
        kernel = _Kernel(recipe, builder, arguments)
        if not wide:
            kernel.of_one_voice(None, leaps=leaps)
        elif kernel.node.takes_turns():
            kernel.voice_after_voice()
        else:
            kernel.side_by_side()

    try:
        return kernel_function(name, partial(write, leaps=True))
    except CodeError:
        # What is wrong is told of statements as their author wrote them.
        return kernel_function(name, partial(write, leaps=False))


class _Kernel:
    """Writes the body of one kernel.

    Args:
        recipe: of what.
        builder: at the end of an entry block.
        arguments: of the kernel, see above.
    """

    def __init__(
        self, recipe: Recipe, builder: ir.IRBuilder, arguments: Sequence[ir.Value]
    ) -> None:
        rows, self._source, self._target, self._memory, rate = arguments
        self._rows_at = rows
        self._is_of_many = False
        self.node = NodeCode(recipe, builder, rate)
        self._build = builder
        self._one = one = Lanes(builder, 1)
        count = len(recipe.shape.inputs) + len(recipe.shape.outputs) + 1
        table = [one.load_at(self.node.at(rows, 8 * i), "i8").code for i in range(count)]
        self._rests = {
            name: builder.trunc(address, LLVM["bool"])
            for name, address in zip(recipe.shape.inputs, table, strict=False)
        }
        self._table = [builder.and_(address, ir.Constant(LONG, -2)) for address in table]

    def _rows(self, voice: ir.Value | None, stride: int) -> Rows:
        """The rows of a voice among those of `stride` bytes a frame."""
        *places, _ = self._table
        if voice is not None:
            places = [self.node.frame(place, voice, ROW_BYTES) for place in places]
        shape = self.node.shape
        count = len(shape.inputs)
        return Rows(
            dict(zip(shape.inputs, places[:count], strict=True)),
            dict(zip(shape.outputs, places[count:], strict=True)),
            stride,
        )

    def _either(
        self,
        lanes: Lanes,
        rows: Rows,
        plain: Callable[[dict[str, Value]], None],
        full: Callable[[], None],
    ) -> None:
        """The plain way through a block where that may be gone, and the full one elsewhere."""
        ways, build, node = self.node.recipe.ways, self._build, self.node
        if not ways.plain:
            full()
            return
        plainly, fully, end = (build.append_basic_block(n) for n in ("plainly", "fully", "end"))
        kept = None if lanes.width > 1 else self._kept(plainly)
        for name in ways.watched:
            look, on = (build.append_basic_block(n) for n in ("look", "on"))
            build.cbranch(self._rests[name], on, look)
            build.position_at_end(look)
            build.cbranch(node.moves(lanes, rows.inputs[name], rows.stride), fully, on)
            build.position_at_end(on)
        first: dict[str, Item] = {
            name: lanes.load_at(rows.inputs[name], "f4", is_wide=True) for name in ways.watched
        }
        *values, unusual = node.called("prepare", {**first, "dt": node.dt}, lanes)
        assert isinstance(unusual, Value)
        prepared = {n: v for n, v in zip(ways.values, values, strict=True) if isinstance(v, Value)}
        usual = build.append_basic_block("usual")
        build.cbranch(lanes.holds_anywhere(unusual), fully, usual)
        build.position_at_end(usual)
        if kept is not None:
            kept.keep(prepared)
        build.branch(plainly)
        build.position_at_end(plainly)
        plain(prepared if kept is None else kept.values())
        build.branch(end)
        build.position_at_end(fully)
        full()
        build.branch(end)
        build.position_at_end(end)

    def _kept(self, plainly: ir.Block) -> Kept | None:
        """Where steady values are kept; if they are there, the plain way is gone at once."""
        ways, build = self.node.recipe.ways, self._build
        if len(ways.values) >= KEPT_WORDS or self._is_of_many:
            return None
        area = self._one.load_at(self.node.at(self._rows_at, 8 * len(self._table)), "i8").code
        may: ir.Value = build.icmp_signed("!=", area, ir.Constant(LONG, 0))
        for name in ways.watched:
            may = build.and_(may, self._rests[name])
        return Kept(self._one, area, may, plainly)

    # ---- voices side by side

    def side_by_side(self) -> None:
        """All frames of a block, and of each all voices at once."""
        lanes, node = Lanes(self._build, WIDE), self.node
        numbers = lanes.lane_numbers()
        arrays = node.arrays(lanes, self._memory, Value(self._table[-1], "i8"), numbers, WIDE)
        rows = self._rows(None, WIDE * ROW_BYTES)
        before = node.states(lanes, self._source, WIDE, None)

        def go(tick: str, values: dict[str, Value]) -> None:
            lanes = Lanes(self._build, WIDE, [*node.fixed(arrays), *values.values()])
            zero = lanes.wide(lanes.constant("f4", 0.0))
            # Of each output apart, so that none waits for another.
            energies = {f"{ENERGY} {name}": zero for name in rows.outputs}
            carried = Carried.of(lanes, {**before, **energies})
            with lanes.counted(0, BLOCK) as k:
                inputs = {
                    name: lanes.load_at(node.frame(at, k, rows.stride), "f4", is_wide=True)
                    for name, at in rows.inputs.items()
                }
                now = carried.now()
                given: dict[str, Item] = {**now, **inputs, **arrays, **values}
                results = [r for r in node.called(tick, given, lanes) if isinstance(r, Value)]
                for name, result in zip(before, results, strict=False):
                    carried.become(name, result)
                heard = zip(energies, rows.outputs.values(), results[len(before) :], strict=True)
                for name, at, result in heard:
                    output = lanes.cast(result, "f4")
                    lanes.store_at(node.frame(at, k, rows.stride), output)
                    carried.become(name, lanes.product_and(now[name], output, output))
            after = carried.now()
            sums = [after.pop(name) for name in energies]
            energy = reduce(lambda one, other: lanes.binary("+", one, other), sums)
            self._judge(lanes.which(unreasonable(lanes, energy)))
            node.put_states(lanes, self._target, WIDE, None, after)

        self._either(lanes, rows, lambda values: go("plain_tick", values), lambda: go("tick", {}))

    def voice_after_voice(self) -> None:
        """Each of the voices by itself."""
        self._is_of_many = True
        self._judge(ir.Constant(LONG, -1))
        with self._one.counted(0, WIDE) as voice:
            # What leaps gain would be lost by gathering their rows.
            self.of_one_voice(voice, WIDE, leaps=False)

    def _judge(self, verdict: ir.Value) -> None:
        """Say which voices may have given what is no number."""
        self._one.store_at(self.node.at(self._rows_at, 8 * len(self._table)), Value(verdict, "i8"))

    # ---- one voice

    def of_one_voice(self, voice: ir.Value | None, width: int = 1, *, leaps: bool) -> None:
        """Stage after stage of a voice, `voice` among `width`; some in leaps, or none."""
        one, node = self._one, self.node
        number = one.constant("i8", 0) if voice is None else Value(voice, "i8")
        arrays = node.arrays(one, self._memory, Value(self._table[-1], "i8"), number, width)
        rows = self._rows(voice, width * ROW_BYTES)
        states = node.states(one, self._source, width, voice)
        ways, marks = node.recipe.ways, node.recipe.marks

        full, plain = marks.stirred(ways.full), ways.plain or ways.full
        earlier = marks.earlier if ways.plain else frozenset()
        idle = idle_in(node.recipe)
        leaping = leaping_of(node.recipe) if leaps else None

        def go(source: str, values: dict[str, Value], earlier: frozenset[str]) -> None:
            stages = cut(node.shape, source, Reads(earlier, marks.lately), leaping=leaping)
            fixed: dict[str, Item] = {**arrays, **values, **states}
            made = StageCode(node, self._build, rows, fixed, states)
            made.put_into_rows(stages.outputs)
            for loop in loops_of(node.shape, stages, tuple(values)):
                made.run(loop)
            made.put_outputs(stages.outputs)
            node.put_states(one, self._target, width, voice, made.states)

        def fully() -> None:
            go(full, {}, frozenset())

        def go_plainly(values: dict[str, Value]) -> None:
            if idle is None:
                go(plain, values, earlier)
                return
            given: dict[str, Item] = {**arrays, **values, **states}
            build = self._build
            idly, usually, end = (build.append_basic_block(n) for n in ("idly", "usually", "over"))
            build.cbranch(self._holds(idle, rows, given), usually, idly)
            build.position_at_end(idly)
            go(idle.tick, values, marks.earlier)
            build.branch(end)
            build.position_at_end(usually)
            go(marks.stirred(plain), values, earlier)
            build.branch(end)
            build.position_at_end(end)

        if ways.plain or not marks.conditions:
            self._either(one, rows, go_plainly, fully)
        else:
            go_plainly({})

    def _holds(self, idle: Idle, rows: Rows, given: Mapping[str, Item]) -> ir.Value:
        """Whether a condition that rarely holds does so at any frame of the block."""
        functions = functions_of([idle.check])
        at_once = rows.stride == ROW_BYTES
        width = FRAMES_AT_ONCE if at_once else 1
        lanes = Lanes(self._build, width, self.node.fixed(given))
        nothing = lanes.wide(lanes.constant("bool", number=False))
        found = Carried.of(lanes, {"found": nothing})
        with lanes.counted(0, BLOCK, width) as k:
            arguments = []
            for name in idle.needs:
                item = given.get(name)
                if name in rows.inputs:
                    at = self.node.frame(rows.inputs[name], k, rows.stride)
                    item = lanes.load_at(at, "f4", is_wide=at_once)
                assert item is not None
                arguments.append(item)
            holds = self.node.ticks(lanes, functions).call("check", arguments)
            assert isinstance(holds, Value)
            found.become("found", lanes.joined("or", found.now()["found"], holds))
        return lanes.holds_anywhere(found.now()["found"])
