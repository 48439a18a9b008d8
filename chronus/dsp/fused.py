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

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llvmlite import ir

from chronus.dsp.approx import MOST_OCTAVES, exp2
from chronus.dsp.fusing import OUTSIDE
from chronus.dsp.lanes import LLVM, LONG, Array, Carried, Lanes, Value, summed
from chronus.dsp.layout import FUSED_WORDS, VERDICT, WIDE
from chronus.dsp.node_code import ENERGY, ROW_BYTES, NodeCode, kernel_function, unreasonable
from chronus.dsp.recipe import helper_sources
from chronus.dsp.ticks import Ticks, functions_of
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chronus.dsp.fusing import FusedNode, FusedRecipe
    from chronus.dsp.ticks import Item

Row = tuple[int, int]
"""An input or output row: the number of its node, and its own."""

STRIDE: Final = ROW_BYTES * WIDE


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


@dataclass(frozen=True, slots=True)
class _Way:
    """How a node goes through a block, and what is known of it before.

    Attributes:
        tick: the function that is called at each frame.
        values: its steady values.
        inputs: input rows that rest, by name.
        outputs: output rows that rest, by number.
    """

    tick: str
    values: Mapping[str, Value]
    inputs: Mapping[str, Value]
    outputs: Mapping[int, Value]

    @property
    def resting(self) -> list[Value]:
        """All that is known before."""
        return [*self.values.values(), *self.inputs.values(), *self.outputs.values()]


class _Watching(Lanes):
    """Computes the first frame of a block, to find out what is the same at all others."""

    def store(self, array: Array, index: Value, value: Value) -> None:
        """Nothing: this frame is computed once more."""


class _Rows:
    """The output rows of a group at a frame: those that rest, and those on the stack.

    Args:
        lanes: what writes the loop in which they are read.
        known: values of those that rest.
        places: where the others lie.
    """

    def __init__(
        self, lanes: Lanes, known: Mapping[Row, Value], places: Mapping[Row, ir.Value]
    ) -> None:
        self.lanes = lanes
        self.frame: ir.Value | None = None
        self._known = known
        self._places = places

    def __getitem__(self, row: Row) -> Value:
        """What an output gives at the frame."""
        if row in self._known:
            return self._known[row]
        return Value(self.lanes.builder.load(self._place(row), align=64), "f4", is_wide=True)

    def keep(self, row: Row, value: Value) -> None:
        """Let the loops of other nodes have what an output gives, where any reads it."""
        if row in self._places:
            self.lanes.builder.store(value.code, self._place(row), align=64)

    def _place(self, row: Row) -> ir.Value:
        return self.lanes.builder.gep(self._places[row], [self.frame])


class _Node:
    """One node of the group: what it is given, and its code.

    Args:
        recipe: of it.
        builder: within the entry block.
        words: reads the next of the words.
        values: reads the next of the real numbers.
        arguments: source, memory, and rate of the kernel.
    """

    def __init__(
        self,
        part: FusedNode,
        builder: ir.IRBuilder,
        words: Callable[[], Value],
        values: Callable[[], Value],
        arguments: tuple[ir.Value, ir.Value, ir.Value],
    ) -> None:
        source, memory, rate = arguments
        lanes = Lanes(builder, WIDE)
        self.part = part
        self.code = NodeCode(part.recipe, builder, rate)
        self.offset = words().code
        frames, recording = words(), words()
        four = ir.Constant(LONG, ROW_BYTES)
        own = builder.add(memory, builder.mul(frames.code, four))
        self.arrays = self.code.arrays(lanes, own, recording, lanes.lane_numbers(), WIDE)
        self.lines = [array for array in self.arrays.values() if isinstance(array, Array)]
        self.states = self.code.states(lanes, builder.add(source, self.offset), WIDE, None)
        self.rows: dict[int, ir.Value] = {}
        self.brought: list[list[ir.Value]] = []
        for k, feed in enumerate(part.feeds):
            if feed.is_row:
                self.rows[k] = words().code
            self.brought.append([words().code for _ in range(feed.brought)])
        self.numbers = [[values() for _ in range(feed.numbers)] for feed in part.feeds]
        self.other_words: list[Value] = []
        for feed, numbers in zip(part.feeds, self.numbers, strict=True):
            if feed.word is not None:
                word = lanes.constant("f4", feed.word)
                self.other_words.append(lanes.compare("!=", numbers[0], word))
                numbers[0] = word

    def mixed(
        self, lanes: Lanes, k: int, outputs: Mapping[Row, Value] | _Rows, frame: ir.Value | None
    ) -> Value:
        """An input row in which cables meet, from the outputs of the group.

        At a frame, or at the first one by None.
        """
        feed = self.part.feeds[k]
        brought = iter(self.brought[k])
        sources = []
        for wire, is_late in zip(feed.wires, feed.late, strict=True):
            if wire == OUTSIDE:
                sources.append(lanes.wide(self._row(lanes, next(brought), frame, is_wide=False)))
            elif is_late:
                sources.append(self._row(lanes, next(brought), frame, is_wide=True))
            else:
                sources.append(outputs[wire])
        base, passes, low, high, *amounts = self.numbers[k]
        passes_through = len(sources) == 1 and not (feed.is_limited or feed.bends[0])
        if passes_through:
            # A sample with -0 added to it is that sample, to the bit; with +0, -0 would be +0.
            untouched = lanes.compare(">", passes, lanes.constant("f4", 0.5))
            base = lanes.select(untouched, lanes.constant("f4", -0.0), base)
        total = lanes.wide(base)
        wires = list(zip(sources, amounts, feed.bends, strict=True))
        for source, amount in ((s, a) for s, a, bends in wires if not bends):
            total = lanes.product_and(total, source, amount)
        for source, amount in ((s, a) for s, a, bends in wires if bends):
            total = self._bent(lanes, total, lanes.binary("*", source, amount))
        return lanes.least(lanes.most(total, low), high) if feed.is_limited else total

    def _row(self, lanes: Lanes, at: ir.Value, frame: ir.Value | None, *, is_wide: bool) -> Value:
        if frame is not None:
            at = self.code.frame(at, frame, STRIDE if is_wide else ROW_BYTES)
        return lanes.load_at(at, "f4", is_wide=is_wide)

    def _bent(self, lanes: Lanes, value: Value, octaves: Value) -> Value:
        """As `chronus.engine.bending` does it."""
        most = lanes.constant("f4", MOST_OCTAVES)
        held = lanes.least(lanes.most(octaves, lanes.negated(most)), most)
        power = Ticks(lanes, _POWER, {}).call("exp2", [held])
        assert isinstance(power, Value)
        return lanes.binary("*", value, power)


_POWER: Final = functions_of(helper_sources(exp2))


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
            _Node(part, builder, next_word, next_value, (source, memory, rate))
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

    def _ways(self, watched: set[Row]) -> tuple[list[_Way], ir.Value]:
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
        ways: list[_Way] = []
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
            ways.append(_Way(tick, values, resting, kept))
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
        self._frames([_Way("tick", {}, {}, {}) for _ in self._nodes])
        build.branch(end)
        build.position_at_end(end)

    def _frames(self, ways: Sequence[_Way]) -> None:
        """All frames of a block, node after node.

        A loop for each node lets the processor work at many frames at once: within one loop for
        all, what a frame waits for from the first node to the last fills what it can look ahead.
        """
        resting = [value for way in ways for value in way.resting]
        numbers = [number for node in self._nodes for held in node.numbers for number in held]
        fixed = [*resting, *numbers, *self._fixed, self._heard]
        known = {(n, k): value for n, way in enumerate(ways) for k, value in way.outputs.items()}
        nothing = Lanes(self._build, WIDE)
        after = {ENERGY: nothing.wide(nothing.constant("f4", 0.0))}
        places = self._places(known)
        for n, way in enumerate(ways):
            rows = _Rows(Lanes(self._build, WIDE, fixed), known, places)
            after |= self._node_frames(n, way, rows, after[ENERGY])
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

    def _node_frames(self, n: int, way: _Way, rows: _Rows, energy: Value) -> dict[str, Value]:
        """All frames of a node: its states behind them, and the energy of what is read of it."""
        node, lanes = self._nodes[n], rows.lanes
        names = {name: f"{n} {name}" for name in node.states}
        states = {names[name]: value for name, value in node.states.items()}
        carried = Carried.of(lanes, {**states, ENERGY: energy})
        with lanes.counted(0, BLOCK) as k:
            now = carried.now()
            rows.frame = k
            own = {name: now[key] for name, key in names.items()}
            inputs = self._inputs(lanes, n, way, rows, k)
            given: dict[str, Item] = {**own, **inputs, **node.arrays, **way.values}
            results = [r for r in node.code.called(way.tick, given, lanes) if isinstance(r, Value)]
            for key, result in zip(names.values(), results, strict=False):
                carried.become(key, result)
            energy = now[ENERGY]
            for i, result in enumerate(results[len(own) :]):
                row = (n, i)
                output = lanes.wide(lanes.cast(way.outputs.get(i, result), "f4"))
                if row in self._read:
                    energy = lanes.product_and(energy, output, output)
                rows.keep(row, output)
                if row in self._kept:
                    lanes.store_at(node.code.frame(self._kept[row], k, STRIDE), output)
            carried.become(ENERGY, energy)
        return carried.now()

    def _inputs(
        self, lanes: Lanes, n: int, way: _Way, outputs: _Rows, k: ir.Value
    ) -> dict[str, Value]:
        """A node's input rows at frame k."""
        node = self._nodes[n]
        found = {}
        for i, name in enumerate(node.part.recipe.shape.inputs):
            feed = node.part.feeds[i]
            if name in way.inputs:
                found[name] = way.inputs[name]
            elif feed.is_row:
                found[name] = lanes.load_at(
                    node.code.frame(node.rows[i], k, STRIDE), "f4", is_wide=True
                )
            elif feed.wires:
                found[name] = node.mixed(lanes, i, outputs, k)
            else:
                found[name] = node.numbers[i][0]
        return found

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
