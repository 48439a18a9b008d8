"""The loops of a fused kernel, one for each node: see `chronus.dsp.fused`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.dsp.fused_node import STRIDE, Rows
from chronus.dsp.fused_tiles import FRAMES, Tile, TileLanes
from chronus.dsp.lanes import Carried, Lanes
from chronus.dsp.layout import WIDE
from chronus.dsp.node_code import ENERGY
from chronus.dsp.rests import idle_of
from chronus.dsp.ticks import functions_of
from chronus.dsp.values import Value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llvmlite import ir

    from chronus.dsp.fused_node import FusedNodeCode, Row
    from chronus.dsp.rests import Idle
    from chronus.dsp.ticks import Item


@dataclass(frozen=True, slots=True)
class Way:
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


@dataclass(frozen=True, slots=True)
class Known:
    """What the loops of all nodes find there.

    Attributes:
        outputs: values of output rows that rest.
        places: where the rows lie that go from node to node.
        resting: all that is the same at all frames.
        read: the output rows that anything reads.
        kept: the addresses of those that the next block reads.
    """

    outputs: Mapping[Row, Value]
    places: Mapping[Row, ir.Value]
    resting: Sequence[Value]
    read: set[Row]
    kept: Mapping[Row, ir.Value]


class NodeLoop:
    """Writes all frames of a node.

    A loop for each node lets the processor work at many frames at once: within one loop for all,
    what a frame waits for from the first node to the last fills what it can look ahead.

    Args:
        builder: where.
        n: the number of the node.
        node: what it is given.
        way: how it goes through the block.
        known: what it finds there.
    """

    def __init__(
        self, builder: ir.IRBuilder, n: int, node: FusedNodeCode, way: Way, known: Known
    ) -> None:
        self._build = builder
        self._n = n
        self._node = node
        self._way = way
        self._known = known
        self._keys = {name: f"{n} {name}" for name in node.states}

    def run(self, energy: Value) -> dict[str, Value]:
        """Write it; the states behind it, and the energy of all that was read up to now."""
        if self._node.lines or self._node.code.takes_turns():
            return self._frame_after_frame(energy)
        return self._tiles(energy)

    def _carried(self, lanes: Lanes, energy: Value) -> Carried:
        states = {self._keys[name]: value for name, value in self._node.states.items()}
        return Carried.of(lanes, {**states, ENERGY: energy})

    def _states(self, carried: Carried) -> dict[str, Value]:
        now = carried.now()
        return {name: now[key] for name, key in self._keys.items()}

    def _frame_after_frame(self, energy: Value) -> dict[str, Value]:
        """Of a node with a memory: all voices at each frame."""
        node, way = self._node, self._way
        rows = self._rows(Lanes(self._build, WIDE, self._known.resting))
        carried = self._carried(rows.lanes, energy)
        with rows.lanes.counted(0, BLOCK) as rows.frame:
            states = self._states(carried)
            given: dict[str, Item] = {**states, **self._inputs(rows), **node.arrays, **way.values}
            results = node.code.called(way.tick, given, rows.lanes)
            self._become(carried, dict(zip(states, results, strict=False)))
            self._put(rows, carried, results[len(states) :])
        return carried.now()

    def _tiles(self, energy: Value) -> dict[str, Value]:
        """Of a node without one: a few frames at once, by what happens rarely where it does."""
        node, ways, build = self._node, self._node.part.recipe.ways, self._build
        is_plain = self._way.tick == "plain_tick"
        source = ways.plain if is_plain else ways.full
        many = TileLanes(build)
        carried = self._carried(many, many.wide(many.constant("f4", 0.0)))
        conditions = node.part.recipe.marks.conditions
        if conditions and (is_plain or not ways.plain):
            idle = idle_of(source, conditions, node.states)
            idly, usually, end = (build.append_basic_block(n) for n in ("idly", "usually", "over"))
            build.cbranch(self._holds(idle), usually, idly)
            for block, tick in ((idly, idle.tick), (usually, source)):
                build.position_at_end(block)
                self._all_tiles(tick, carried)
                build.branch(end)
            build.position_at_end(end)
        else:
            self._all_tiles(source, carried)
        after = carried.now()
        for frame in range(FRAMES):
            part = many.part(after[ENERGY], frame)
            energy = Lanes(build, WIDE).binary("+", energy, part)
        return {**after, ENERGY: energy}

    def _all_tiles(self, source: str, carried: Carried) -> None:
        """All frames by a tick."""
        fixed = self._fixed()
        resting = [item for item in fixed.values() if isinstance(item, Value)]
        tile = Tile(self._node.code, source, fixed, self._way.values)
        rows = self._rows(TileLanes(self._build, self._known.resting))
        many = rows.lanes
        assert isinstance(many, TileLanes)
        with many.counted(0, BLOCK, FRAMES) as rows.frame:
            one = Lanes(self._build, WIDE, resting)
            one.share_loop(many)
            moving = {name: v for name, v in self._inputs(rows).items() if name not in fixed}
            states, outputs = tile.write(one, many, moving, self._states(carried))
            self._become(carried, states)
            self._put(rows, carried, outputs)

    def _holds(self, idle: Idle) -> ir.Value:
        """Whether a condition that rarely holds does so at any frame of the block."""
        fixed = self._fixed()
        resting = [item for item in fixed.values() if isinstance(item, Value)]
        rows = self._rows(TileLanes(self._build, [*self._known.resting, *resting]))
        many = rows.lanes
        assert isinstance(many, TileLanes)
        found = Carried.of(many, {"found": many.wide(many.constant("bool", number=False))})
        with many.counted(0, BLOCK, FRAMES) as rows.frame:
            inputs = self._inputs(rows)
            given = {**inputs, **{name: many.of_all(item) for name, item in fixed.items()}}
            arguments = [given[name] for name in idle.needs]
            ticks = self._node.code.ticks(many, functions_of([idle.check]))
            holds = ticks.call("check", arguments)
            assert isinstance(holds, Value)
            found.become("found", many.joined("or", found.now()["found"], holds))
        return many.holds_anywhere(found.now()["found"])

    def _fixed(self) -> dict[str, Item]:
        """What the node is given at all frames, and its states before the block."""
        node = self._node
        fixed: dict[str, Item] = {**node.states, **node.arrays, **self._way.values}
        fixed |= self._way.inputs
        for i, name in enumerate(node.part.recipe.shape.inputs):
            feed = node.part.feeds[i]
            if not (feed.is_row or feed.wires):
                fixed[name] = node.numbers[i][0]
        return fixed

    # ---- rows

    def _rows(self, lanes: Lanes) -> Rows:
        return Rows(lanes, self._known.outputs, self._known.places)

    def _inputs(self, rows: Rows) -> dict[str, Value]:
        """The input rows at the frame, or frames, that are being written."""
        node, lanes = self._node, rows.lanes
        assert rows.frame is not None
        found = {}
        for i, name in enumerate(node.part.recipe.shape.inputs):
            feed = node.part.feeds[i]
            if name in self._way.inputs:
                found[name] = self._way.inputs[name]
            elif feed.is_row:
                at = node.code.frame(node.rows[i], rows.frame, STRIDE)
                found[name] = lanes.load_at(at, "f4", is_wide=True)
            elif feed.wires:
                found[name] = node.mixed(lanes, i, rows, rows.frame)
            else:
                found[name] = node.numbers[i][0]
        return found

    def _become(self, carried: Carried, states: Mapping[str, Item]) -> None:
        for name, value in states.items():
            assert isinstance(value, Value)
            carried.become(self._keys[name], value)

    def _put(self, rows: Rows, carried: Carried, outputs: Sequence[Item]) -> None:
        """Let those have the outputs of a node that read them, and add up their energy."""
        lanes, known = rows.lanes, self._known
        energy = carried.now()[ENERGY]
        for i, result in enumerate(outputs):
            row = (self._n, i)
            output = rows[row] if row in known.outputs else result
            assert isinstance(output, Value)
            output = lanes.wide(lanes.cast(output, "f4"))
            rows.keep(row, output)
            if row in known.kept:
                assert rows.frame is not None
                at = self._node.code.frame(known.kept[row], rows.frame, STRIDE)
                lanes.store_at(at, output)
            if row in known.read and row not in known.outputs:
                energy = lanes.product_and(energy, output, output)
        carried.become(ENERGY, energy)
