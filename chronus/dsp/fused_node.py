"""One node of a fused kernel: what it is given, and the rows that cables bring: see `fused`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llvmlite import ir

from chronus.dsp.approx import MOST_OCTAVES, exp2
from chronus.dsp.fused_tiles import TileLanes
from chronus.dsp.fusing import OUTSIDE
from chronus.dsp.lanes import Lanes
from chronus.dsp.layout import WIDE
from chronus.dsp.node_code import ROW_BYTES, NodeCode
from chronus.dsp.recipe import helper_sources
from chronus.dsp.ticks import Ticks, functions_of
from chronus.dsp.values import LONG, Array, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.dsp.fusing import FusedNode

Row = tuple[int, int]
"""An input or output row: the number of its node, and its own."""

STRIDE: Final = ROW_BYTES * WIDE


class Rows:
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
            known = self._known[row]
            return self.lanes.of_each(known) if isinstance(self.lanes, TileLanes) else known
        build = self.lanes.builder
        kind = self.lanes.type_of("f4", is_wide=True)
        place = build.bitcast(self._place(row), ir.PointerType(kind))
        return Value(build.load(place, align=STRIDE), "f4", is_wide=True)

    def keep(self, row: Row, value: Value) -> None:
        """Let the loops of other nodes have what an output gives, where any reads it."""
        if row in self._places:
            build = self.lanes.builder
            place = build.bitcast(self._place(row), ir.PointerType(value.code.type))
            build.store(value.code, place, align=STRIDE)

    def _place(self, row: Row) -> ir.Value:
        return self.lanes.builder.gep(self._places[row], [self.frame])


class FusedNodeCode:
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
        self, lanes: Lanes, k: int, outputs: Mapping[Row, Value] | Rows, frame: ir.Value | None
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
        if isinstance(lanes, TileLanes) and not is_wide:
            return lanes.load_frames(at)
        return lanes.load_at(at, "f4", is_wide=is_wide)

    def _bent(self, lanes: Lanes, value: Value, octaves: Value) -> Value:
        """As `chronus.engine.bending` does it."""
        most = lanes.constant("f4", MOST_OCTAVES)
        held = lanes.least(lanes.most(octaves, lanes.negated(most)), most)
        power = Ticks(lanes, _POWER, {}).call("exp2", [held])
        assert isinstance(power, Value)
        return lanes.binary("*", value, power)


_POWER: Final = functions_of(helper_sources(exp2))
