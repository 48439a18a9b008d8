"""One kernel for all that a group of voices computes: its nodes are fused, with no rows in between.

It does what the wide kernels of the nodes and the engine between them do, by the same operations,
so the bits are the same; but what goes from node to node stays in registers, and what rests in a
block is worked out once. It is for blocks in which no knob or cable is on its way: the engine looks
for that, and goes node by node elsewhere, or where this kernel says that something went wrong.

    kernel(words, source, target, memory, rate)

`words` is the address of FUSED_WORDS int64, in this order:

    for each node: the offset of its state in bytes, of its delay memory in frames, the address of
    its recording, and for each input row its address, where the engine fills it, or else the
    addresses of the rows of those cables that come from outside, or carry the last block; then the
    address of the voices' peaks, a bit for each voice that is awake, a bit for each that is heard;
    for each output that leaves the group the address of the row of its sum; and for each that the
    next block reads the address of its row.

Behind them lie float32, for each node and input row:

    the value of a knob that rests; or, where cables of the group meet in it: the knob, 1 if a cable
    passes through untouched, the lowest and the highest value, and the amount of each cable.

The word at VERDICT is 1 afterwards where an output was no reasonable number, or an enumerated port
has another word than the kernel was made for: then nothing counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llvmlite import ir

from chronus.dsp.fused_loops import Known, NodeLoop, Way
from chronus.dsp.fused_node import STRIDE, FusedNodeCode, Row
from chronus.dsp.fusing import OUTSIDE
from chronus.dsp.lanes import Carried, Lanes, summed
from chronus.dsp.layout import FUSED_WORDS, VERDICT, WIDE
from chronus.dsp.node_code import ENERGY, ROW_BYTES, kernel_function, unreasonable
from chronus.dsp.values import LLVM, LONG, Array, Value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chronus.dsp.fusing import FusedRecipe
    from chronus.dsp.ticks import Item


def fused_module(recipe: FusedRecipe, name: str) -> str:
    """The LLVM assembly of the kernel of a group, called `name` in it.

    Raises:
        CodeError: a tick says what no kernel can do.
    """
    # What rests where all rows from outside rest is found out on a kernel that nobody keeps.
    found: list[set[Row]] = []

    def try_out(builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> None:
        found.append(_Fused(recipe, builder, arguments).rows_to_watch())

    def write(builder: ir.IRBuilder, arguments: Sequence[ir.Value]) -> None:
        _Fused(recipe, builder, arguments).write(found[0])

    kernel_function(name, try_out)
    return kernel_function(name, write)


class _Watching(Lanes):
    """Computes the first frame of a block, to find out what is the same at all others."""

    def store(self, array: Array, index: Value, value: Value) -> None:
        """Nothing: this frame is computed once more."""


class _Fused:
    """Writes the body of a fused kernel.

    Args:
        recipe: of what.
        builder: at the end of an entry block.
        arguments: of the kernel.
    """

    def __init__(
        self, recipe: FusedRecipe, builder: ir.IRBuilder, arguments: Sequence[ir.Value]
    ) -> None:
        words, source, self._target, memory, rate = arguments
        self._build = builder
        self._words = words
        self._one = Lanes(builder, 1)
        self._lanes = Lanes(builder, WIDE)
        next_word = self._numbers(0, "i8")
        next_value = self._numbers(8 * FUSED_WORDS, "f4")
        self._nodes = [
            FusedNodeCode(part, builder, next_word, next_value, (source, memory, rate))
            for part in recipe.nodes
        ]
        self._peaks = next_word().code
        self._awake = self._voices_of(next_word().code)
        self._heard = self._voices_of(next_word().code)
        self._sums = {
            (n, k): next_word().code
            for n, part in enumerate(recipe.nodes)
            for k in range(len(part.recipe.shape.outputs))
            if (part.leaves >> k) & 1
        }
        self._kept = {row: next_word().code for row in recipe.kept}
        read = {wire for part in recipe.nodes for feed in part.feeds for wire in feed.wires}
        self._read = read | self._sums.keys() | self._kept.keys()
        self._stack: list[ir.Value] = []
        self._fixed = [node.code.dt for node in self._nodes]
        self._fixed += [array.length for node in self._nodes for array in node.lines]

    def _numbers(self, start: int, dtype: str) -> Callable[[], Value]:
        """Reads one number after the other, from so many bytes behind the first word on."""
        size = 8 if dtype == "i8" else ROW_BYTES
        places = iter(range(start, start + 8 * FUSED_WORDS, size))

        def following() -> Value:
            at = self._build.add(self._words, ir.Constant(LONG, next(places)))
            return self._one.load_at(at, dtype, is_wide=False)

        return following

    def _voices_of(self, bits: ir.Value) -> Value:
        """A condition for each voice, from a number with a bit for each."""
        kind = ir.IntType(WIDE)
        mask = self._build.bitcast(self._build.trunc(bits, kind), ir.VectorType(LLVM["bool"], WIDE))
        return Value(mask, "bool", is_wide=True)

    def rows_to_watch(self) -> set[Row]:
        """The rows from outside that decide whether inputs rest which a tick wants at rest."""
        everything = {(n, k) for n, node in enumerate(self._nodes) for k in node.rows}
        ways, _ = self._ways(everything)
        wanted: set[Row] = set()
        for n, (node, way) in enumerate(zip(self._nodes, ways, strict=True)):
            for k, name in enumerate(node.part.recipe.shape.inputs):
                if name in node.part.recipe.ways.watched and name in way.inputs:
                    wanted |= self._behind((n, k))
        return wanted

    def _behind(self, row: Row) -> set[Row]:
        """The rows from outside that an input row depends on."""
        found: set[Row] = set()
        seen: set[Row] = set()
        open_ = [row]
        while open_:
            n, k = open_.pop()
            if (n, k) in seen:
                continue
            seen.add((n, k))
            feed = self._nodes[n].part.feeds[k]
            if feed.is_row:
                found.add((n, k))
            for source in (
                n for (n, _), late in zip(feed.wires, feed.late, strict=True) if not late
            ):
                if source < 0:
                    continue
                open_ += [(source, i) for i in range(len(self._nodes[source].part.feeds))]
        return found

    # ---- what rests

    def _ways(self, watched: set[Row]) -> tuple[list[Way], ir.Value]:
        """How each node goes through a block in which some rows rest.

        Returns:
            That, and whether it cannot be gone so after all.
        """
        numbers = [number for node in self._nodes for held in node.numbers for number in held]
        first = {
            (n, k): self._lanes.load_at(self._nodes[n].rows[k], "f4", is_wide=True)
            for n, node in enumerate(self._nodes)
            for k in node.rows
        }
        steady = [value for row, value in first.items() if row in watched]
        lanes = _Watching(self._build, WIDE, [*numbers, *steady, *self._fixed])
        ways: list[Way] = []
        unusual: ir.Value = ir.Constant(LLVM["bool"], 0)
        outputs: dict[Row, Value] = {}
        for n, node in enumerate(self._nodes):
            shape, own = node.part.recipe.shape, node.part.recipe.ways
            inputs = {
                name: self._first(lanes, (n, k), outputs, first)
                for k, name in enumerate(shape.inputs)
            }
            resting = {name: value for name, value in inputs.items() if lanes.rests(value)}
            given: dict[str, Item] = {**node.states, **inputs, **node.arrays}
            tick, values = "tick", {}
            may_rest = own.plain and node.part.is_usual
            if may_rest and all(name in resting for name in own.watched):
                *found, is_unusual = node.code.called("prepare", given, lanes)
                assert isinstance(is_unusual, Value)
                unusual = self._build.or_(unusual, lanes.holds_anywhere(is_unusual))
                tick = "plain_tick"
                pairs = zip(own.values, found, strict=True)
                values = {name: value for name, value in pairs if isinstance(value, Value)}
            results = node.code.called(tick, {**given, **values}, lanes)
            results = results[len(node.states) :]
            for k, result in enumerate(results):
                assert isinstance(result, Value)
                outputs[n, k] = lanes.cast(result, "f4")
            kept = {k: outputs[n, k] for k in range(len(results)) if lanes.rests(outputs[n, k])}
            ways.append(Way(tick, values, resting, kept))
        return ways, unusual

    def _first(
        self, lanes: Lanes, row: Row, outputs: Mapping[Row, Value], first: Mapping[Row, Value]
    ) -> Value:
        """An input row at the first frame of a block."""
        n, k = row
        node = self._nodes[n]
        feed = node.part.feeds[k]
        if feed.is_row:
            return first[row]
        if feed.wires:
            return node.mixed(lanes, k, outputs, None)
        return node.numbers[k][0]

    # ---- the block

    def write(self, watched: set[Row]) -> None:
        """The kernel: by what rests where some rows do, and as it comes elsewhere."""
        build = self._build
        begin, refused, try_, plainly, fully, end = (
            build.append_basic_block(name)
            for name in ("begin", "refused", "try", "plainly", "fully", "end")
        )
        others: ir.Value = ir.Constant(LLVM["bool"], 0)
        for other in (other for node in self._nodes for other in node.other_words):
            others = build.or_(others, other.code)
        build.cbranch(others, refused, begin)
        build.position_at_end(refused)
        self._say(ir.Constant(LONG, 1))
        build.branch(end)
        build.position_at_end(begin)
        moved: ir.Value = ir.Constant(LLVM["bool"], 0)
        for n, k in sorted(watched):
            node = self._nodes[n]
            moved = build.or_(moved, node.code.moves(self._lanes, node.rows[k], STRIDE))
        build.cbranch(moved, fully, try_)
        build.position_at_end(try_)
        ways, unusual = self._ways(watched)
        build.cbranch(unusual, fully, plainly)
        build.position_at_end(plainly)
        self._frames(ways)
        build.branch(end)
        build.position_at_end(fully)
        self._frames([Way("tick", {}, {}, {}) for _ in self._nodes])
        build.branch(end)
        build.position_at_end(end)

    def _frames(self, ways: Sequence[Way]) -> None:
        """All frames of a block, node after node.

        A loop for each node lets the processor work at many frames at once: within one loop for
        all, what a frame waits for from the first node to the last fills what it can look ahead.
        """
        resting = [value for way in ways for value in way.resting]
        numbers = [number for node in self._nodes for held in node.numbers for number in held]
        fixed = [*resting, *numbers, *self._fixed, self._heard]
        known = {(n, k): value for n, way in enumerate(ways) for k, value in way.outputs.items()}
        nothing = Lanes(self._build, WIDE)
        energy = nothing.wide(nothing.constant("f4", 0.0))
        for row in sorted(known.keys() & self._read):
            energy = nothing.product_and(energy, known[row], known[row])
        after = {ENERGY: energy}
        places = self._places(known)
        found = Known(known, places, fixed, self._read, self._kept)
        for n, (node, way) in enumerate(zip(self._nodes, ways, strict=True)):
            after |= NodeLoop(self._build, n, node, way, found).run(after[ENERGY])
        self._end(after, self._sum_frames(places))

    def _places(self, known: Mapping[Row, Value]) -> dict[Row, ir.Value]:
        """Where on the stack the rows lie that go from node to node, or into a sum."""
        last: dict[Row, int] = dict.fromkeys(self._sums, len(self._nodes))
        for n, node in enumerate(self._nodes):
            for feed in node.part.feeds:
                for wire, is_late in zip(feed.wires, feed.late, strict=True):
                    if wire != OUTSIDE and not is_late and wire not in known:
                        last[wire] = max(n, last.get(wire, 0))
        taken: dict[Row, int] = {}
        for row in sorted(last):
            # A place is free again behind the last node that reads it.
            busy = {place for other, place in taken.items() if last[other] >= row[0]}
            taken[row] = next(i for i in range(len(last)) if i not in busy)
        for _ in range(len(self._stack), max(taken.values(), default=-1) + 1):
            with self._build.goto_entry_block():
                kind = self._lanes.type_of("f4", is_wide=True)
                place = self._build.alloca(kind, ir.Constant(LONG, BLOCK))
            place.align = STRIDE
            self._stack.append(place)
        return {row: self._stack[place] for row, place in taken.items()}

    def _sum_frames(self, places: Mapping[Row, ir.Value]) -> Value:
        """Write the sums of what leaves the group; the peak of each voice that is heard."""
        build = self._build
        lanes = Lanes(build, WIDE, [self._heard])
        zero = lanes.wide(lanes.constant("f4", 0.0))
        carried = Carried.of(lanes, {"peak": zero})
        with lanes.counted(0, BLOCK, WIDE) as k:
            peak = carried.now()["peak"]
            for row, at in self._sums.items():
                frames = []
                for i in range(WIDE):
                    place = build.gep(places[row], [build.add(k, ir.Constant(LONG, i))])
                    value = Value(build.load(place, align=STRIDE), "f4", is_wide=True)
                    heard = lanes.select(self._heard, value, zero)
                    peak = lanes.most(peak, lanes.absolute(heard))
                    frames.append(heard.code)
                total = Value(summed(build, frames), "f4", is_wide=True)
                lanes.store_at(self._nodes[0].code.frame(at, k, ROW_BYTES), total)
            carried.become("peak", peak)
        return carried.now()["peak"]

    def _say(self, verdict: ir.Value) -> None:
        at = self._build.add(self._words, ir.Constant(LONG, 8 * VERDICT))
        self._one.store_at(at, Value(verdict, "i8"))

    def _end(self, after: Mapping[str, Value], peak: Value) -> None:
        """Keep the states and the peaks, and say whether all went well."""
        build, lanes = self._build, self._lanes
        for n, node in enumerate(self._nodes):
            states = {name: after[f"{n} {name}"] for name in node.states}
            place = build.add(self._target, node.offset)
            node.code.put_states(lanes, place, WIDE, None, states)
        wrong = unreasonable(lanes, after[ENERGY])
        is_wrong = lanes.holds_anywhere(lanes.joined("and", wrong, self._awake))
        self._say(build.zext(is_wrong, LONG))
        before = lanes.load_at(self._peaks, "f4", is_wide=True)
        grown = lanes.select(self._heard, lanes.most(before, peak), before)
        kept = build.select(is_wrong, before.code, grown.code)
        lanes.store_at(self._peaks, Value(kept, "f4", is_wide=True))
