"""A few frames of a node in a fused kernel, of all its voices, worked out together.

A frame of a node is a chain of some twenty operations that wait for one another. Frame after frame,
the processor has to look ahead over several of them to be busy, further than it can. So the tick is
cut into stages as for one voice (`chronus.dsp.stages`): a parallel one computes all frames of a
tile at once, operation by operation; a serial one, which is short, walks from frame to frame.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from llvmlite import binding, ir

from chronus.dsp.lanes import Lanes
from chronus.dsp.layout import WIDE
from chronus.dsp.loops import loops_of
from chronus.dsp.stages import cut
from chronus.dsp.values import LLVM, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chronus.dsp.loops import Loop
    from chronus.dsp.node_code import NodeCode
    from chronus.dsp.stages import Stages
    from chronus.dsp.ticks import Item

FRAMES: Final = 4 if binding.get_host_cpu_features().get("avx512f") else 2
"""Of a tile: enough to hide how long an operation takes, few enough for the registers."""


class TileLanes(Lanes):
    """The voices of all frames of a tile: a vector has the voices of the first one, and so on."""

    def __init__(self, builder: ir.IRBuilder, resting: Iterable[Value] = ()) -> None:
        super().__init__(builder, WIDE * FRAMES, resting)

    def of_all(self, item: Item) -> Item:
        """The same for what need not be a value."""
        return self.of_each(item) if isinstance(item, Value) else item

    def of_each(self, value: Value) -> Value:
        """What is the same at all frames, as a value of a tile."""
        if not value.is_wide:
            return value
        with self.before_loop():
            lanes = [*range(WIDE)] * FRAMES
            return self.resting(
                Value(self._shuffled(value.code, value.code, lanes), value.dtype, is_wide=True)
            )

    def part(self, value: Value, frame: int) -> Value:
        """One frame of a tile."""
        if not value.is_wide:
            return value
        lanes = range(WIDE * frame, WIDE * (frame + 1))
        return Value(self._shuffled(value.code, value.code, lanes), value.dtype, is_wide=True)

    def together(self, values: Sequence[Value]) -> Value:
        """All frames of a tile."""
        codes = [Lanes(self.builder, WIDE).wide(value).code for value in values]
        count = WIDE
        while len(codes) > 1:
            count *= 2
            pairs = zip(codes[::2], codes[1::2], strict=True)
            codes = [self._shuffled(one, other, range(count)) for one, other in pairs]
        return Value(codes[0], values[0].dtype, is_wide=True)

    def load_frames(self, address: ir.Value) -> Value:
        """A row that is the same for all voices."""
        kind = ir.VectorType(LLVM["f4"], FRAMES)
        found = self.builder.load(self.pointer(address, kind), align=4)
        lanes = [frame for frame in range(FRAMES) for _ in range(WIDE)]
        return Value(self._shuffled(found, found, lanes), "f4", is_wide=True)

    def _shuffled(self, one: ir.Value, other: ir.Value, lanes: Iterable[int]) -> ir.Value:
        lanes = list(lanes)
        kind = ir.VectorType(LLVM["i4"], len(lanes))
        return self.builder.shuffle_vector(one, other, ir.Constant(kind, lanes))


class Tile:
    """A tick cut into stages, and its values in the tile that is being written.

    Args:
        node: whose tick it is.
        source: of the tick.
        fixed: what it is given at all frames: what rests, and the states before the block.
        values: names of steady values among that.
    """

    def __init__(
        self, node: NodeCode, source: str, fixed: Mapping[str, Item], values: Iterable[str]
    ) -> None:
        self._node = node
        self._stages: Stages = cut(node.shape, source, walks=False)
        self._loops: list[Loop] = loops_of(node.shape, self._stages, tuple(values))
        self._fixed = fixed

    def write(
        self, one: Lanes, many: TileLanes, inputs: Mapping[str, Value], states: dict[str, Value]
    ) -> tuple[dict[str, Value], list[Value]]:
        """Write a tile.

        Args:
            one: the voices of a frame.
            many: those of all frames.
            inputs: rows that move, at all frames.
            states: before the tile.

        Returns:
            The states behind it, and the outputs at all frames.
        """
        made = _Made(many, self._fixed, inputs)
        now = dict(states)
        for loop in self._loops:
            statements = ast.parse("\n".join(loop.codes)).body
            if loop.is_serial:
                self._serial(loop, statements, one, made, now)
            else:
                names: dict[str, Item] = {name: made.of_all(name) for name in loop.needs}
                self._do(statements, many, names)
                made.wide.update({name: names[name] for name in loop.kept})
        outputs = [made.of_all(name) for name in self._stages.outputs]
        return now, [value for value in outputs if isinstance(value, Value)]

    def _serial(
        self,
        loop: Loop,
        statements: list[ast.stmt],
        one: Lanes,
        made: _Made,
        now: dict[str, Value],
    ) -> None:
        for frame in range(FRAMES):
            names: dict[str, Item] = {
                name: now[name] if name in loop.carried else made.at(name, frame)
                for name in loop.needs
            }
            for name in loop.seen:
                made.keep(name, now[name])
            self._do(statements, one, names)
            for name in loop.kept:
                item = names[name]
                assert isinstance(item, Value)
                made.keep(name, item)
            following = {}
            for state, name in loop.carried.items():
                item = names[name] if name in names else made.at(name, frame)
                assert isinstance(item, Value)
                following[state] = one.wide(one.cast(item, now[state].dtype))
            now.update(following)

    def _do(self, statements: list[ast.stmt], lanes: Lanes, names: dict[str, Item]) -> None:
        ticks = self._node.ticks(lanes)
        for statement in statements:
            ticks.do(statement, names)


class _Made:
    """What the stages of a tile have made up to now, by name."""

    def __init__(
        self, many: TileLanes, fixed: Mapping[str, Item], inputs: Mapping[str, Value]
    ) -> None:
        self._many = many
        self._fixed = fixed
        self.wide: dict[str, Item] = dict(inputs)
        self._frames: dict[str, list[Value]] = {}

    def keep(self, name: str, value: Value) -> None:
        """Keep a value of the next frame."""
        self._frames.setdefault(name, []).append(value)

    def of_all(self, name: str) -> Item:
        """A value at all frames."""
        if name not in self.wide:
            if name in self._frames:
                self.wide[name] = self._many.together(self._frames[name])
            else:
                self.wide[name] = self._many.of_all(self._fixed[name])
        return self.wide[name]

    def at(self, name: str, frame: int) -> Item:
        """A value at a frame."""
        if name in self._frames:
            return self._frames[name][frame]
        if name in self._fixed:
            return self._fixed[name]
        item = self.wide[name]
        return self._many.part(item, frame) if isinstance(item, Value) else item
