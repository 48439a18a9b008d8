"""Code that goes through a block in leaps of four frames where states go on linearly.

The step from a frame to the next is a matrix and a vector (`chronus.dsp.linear`). For all frames of
a block these are known at once; put together for two frames and for four, side by side as vectors,
they leave a walk from every fourth frame to the next. The states at the frames between follow from
those, side by side again. The order in which steps are put together is that of the frame's place in
the block, so that a node gives the same bits whenever it is computed.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llvmlite import ir

from chronus.dsp.lanes import Carried, Lanes
from chronus.dsp.layout import FRAMES_AT_ONCE
from chronus.dsp.values import LLVM, LONG, Value
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.dsp.linear import Linear
    from chronus.dsp.ticks import Item, Ticks

LEAP: Final = 4
WIDTH: Final = BLOCK // LEAP
ROW: Final = ir.ArrayType(LLVM["f4"], WIDTH)


@dataclass(frozen=True, slots=True)
class Walked:
    """Where states have been: their rows, a vector for each WIDTH frames, and how they end."""

    rows: dict[str, list[Value]]
    ends: dict[str, Value]


@dataclass(frozen=True, slots=True)
class _Steps:
    """A step of each of many frames: what is added to states, None for nothing.

    Attributes:
        changes: a row for each state, of what it gets of each.
        added: what it gets besides.
        least: what the state is not to be below behind it, where there is one state.
    """

    changes: tuple[tuple[Value | None, ...], ...]
    added: tuple[Value | None, ...]
    least: Value | None = None

    def done(self, lanes: Lanes, states: list[Value]) -> list[Value]:
        """The states behind the step."""
        if self.least is not None:
            return [self._above_least(lanes, states[0])]
        found = []
        for row, (changes, added) in enumerate(zip(self.changes, self.added, strict=True)):
            # Two sums that do not wait for one another.
            state, other = states[row], added
            for column, change in enumerate(changes):
                if change is None:
                    continue
                if column == row:
                    state = lanes.product_and(state, change, states[row])
                else:
                    other = _more(lanes, other, change, states[column])
            found.append(_sum(lanes, state, other))
        return found

    def _above_least(self, lanes: Lanes, state: Value) -> Value:
        """The one state behind the step, not below the least.

        What is left is one product, though it loses some of a small change: there is less to wait
        for, and a level that fades to a floor stands nowhere between.
        """
        ((change,),), (added,) = self.changes, self.added
        assert self.least is not None
        left = lanes.cast(lanes.constant("f8", 1.0), "f4")
        if change is not None:
            left = lanes.binary("+", left, change)
        faded = _more(lanes, added, left, state)
        return lanes.most(self.least, faded)

    def then(self, lanes: Lanes, later: _Steps) -> _Steps:
        """One step that does what it and a later one do."""
        count = range(len(self.added))

        def put_together(
            one: Value | None, other: Value | None, row: int, column: list[Value | None]
        ) -> Value | None:
            found = other if one is None else _sum(lanes, one, other)
            for k in count:
                change, mine = later.changes[row][k], column[k]
                if change is not None and mine is not None:
                    found = _more(lanes, found, change, mine)
            return found

        changes = tuple(
            tuple(
                put_together(
                    self.changes[i][j], later.changes[i][j], i, [self.changes[k][j] for k in count]
                )
                for j in count
            )
            for i in count
        )
        added = tuple(
            put_together(self.added[i], later.added[i], i, list(self.added)) for i in count
        )
        # What is above the least of this step is above what the later one makes of that.
        least = self.least and later.done(lanes, [self.least])[0]
        return _Steps(changes, added, least)


def _sum(lanes: Lanes, one: Value, other: Value | None) -> Value:
    return one if other is None else lanes.binary("+", one, other)


def _more(lanes: Lanes, found: Value | None, one: Value, other: Value) -> Value:
    if found is None:
        return lanes.binary("*", one, other)
    return lanes.product_and(found, one, other)


def leap(
    lanes: Lanes,
    ticks: Ticks,
    group: Linear,
    rows: Mapping[str, Callable[[ir.Value], Item]],
    before: dict[str, Value],
) -> Walked:
    """Take states through a block.

    Args:
        lanes: WIDTH of them, of frames.
        ticks: carries out statements on these.
        group: how the states go on.
        rows: by its name what the statements read, at the WIDTH frames from a place on.
        before: the states before the block.
    """
    places = [ir.Constant(LONG, WIDTH * i) for i in range(LEAP)]
    frames = {
        name: _every_fourth(lanes, [row(place) for place in places]) for name, row in rows.items()
    }
    statements = ast.parse("\n".join(group.codes)).body
    single = []
    for phase in range(LEAP):
        names: dict[str, Item] = {name: items[phase] for name, items in frames.items()}
        for statement in statements:
            ticks.do(statement, names)
        single.append(_steps(group, names))
    first_two, last_two = (
        one.then(lanes, other) for one, other in zip(single[::2], single[1::2], strict=True)
    )
    begins, ends = _walked(
        lanes, first_two.then(lanes, last_two), [before[n] for n in group.states]
    )
    middles = first_two.done(lanes, begins)
    phases = [begins, single[0].done(lanes, begins), middles, single[2].done(lanes, middles)]
    found = {
        name: _in_turn(lanes, [phase[i] for phase in phases]) for i, name in enumerate(group.states)
    }
    return Walked(found, dict(zip(group.states, ends, strict=True)))


def _steps(group: Linear, names: dict[str, Item]) -> _Steps:
    def named(name: str) -> Value | None:
        found = names.get(name)
        assert found is None or isinstance(found, Value)
        return found

    changes = tuple(tuple(named(name) for name in row) for row in group.changes)
    return _Steps(changes, tuple(named(name) for name in group.added), named(group.least))


def _walked(lanes: Lanes, steps: _Steps, states: list[Value]) -> tuple[list[Value], list[Value]]:
    """From leap to leap: the states at the beginning of each, and those at the end of the block."""
    build = lanes.builder
    one = Lanes(build, 1)
    slots: dict[int, ir.Value] = {}
    for value in (steps.least, *steps.added, *(entry for row in steps.changes for entry in row)):
        if value is not None and value.is_wide and id(value) not in slots:
            slots[id(value)] = _slot(lanes)
            _put(lanes, slots[id(value)], value)
    rows = [_slot(lanes) for _ in states]
    carried = Carried.of(one, {str(i): state for i, state in enumerate(states)})
    with one.counted(0, WIDTH) as k:

        def at(value: Value | None) -> Value | None:
            if value is None or not value.is_wide:
                return value
            return Value(build.load(_item(lanes, slots[id(value)], k), typ=LLVM["f4"]), "f4")

        now = list(carried.now().values())
        for row, state in zip(rows, now, strict=True):
            build.store(state.code, _item(lanes, row, k))
        here = _Steps(
            tuple(tuple(at(entry) for entry in row) for row in steps.changes),
            tuple(at(value) for value in steps.added),
            at(steps.least),
        )
        for i, state in enumerate(here.done(one, now)):
            carried.become(str(i), state)
    kind = lanes.type_of("f4", is_wide=True)
    found = [
        Value(
            build.load(build.bitcast(row, ir.PointerType(kind)), typ=kind, align=64),
            "f4",
            is_wide=True,
        )
        for row in rows
    ]
    return found, list(carried.now().values())


def _slot(lanes: Lanes) -> ir.Value:
    with lanes.builder.goto_entry_block():
        slot = lanes.builder.alloca(ROW)
        slot.align = 64
    return slot


def _put(lanes: Lanes, slot: ir.Value, value: Value) -> None:
    pointer = lanes.builder.bitcast(slot, ir.PointerType(value.code.type))
    lanes.builder.store(value.code, pointer, align=64)


def _item(lanes: Lanes, slot: ir.Value, k: ir.Value) -> ir.Value:
    at = lanes.builder.gep(slot, [ir.Constant(LONG, 0), k], source_etype=ROW)
    return lanes.builder.bitcast(at, ir.PointerType(LLVM["f4"]))


# ---- every fourth frame


def _every_fourth(lanes: Lanes, vectors: list[Item]) -> list[Item]:
    """Of frames in their order those at each place of a leap; what is the same at all stays so."""
    values = [value for value in vectors if isinstance(value, Value) and value.is_wide]
    if not values:
        return vectors
    assert len(values) == len(vectors)
    even = list(range(0, 2 * WIDTH, 2))
    odd = [lane + 1 for lane in even]
    halves = [
        lanes.shuffled(one, other, lanes_)
        for lanes_ in (even, odd)
        for one, other in (values[:2], values[2:])
    ]
    return [
        lanes.shuffled(one, other, lanes_)
        for lanes_ in (even, odd)
        for one, other in (halves[:2], halves[2:])
    ]


def _in_turn(lanes: Lanes, phases: list[Value]) -> list[Value]:
    """Frames in their order, from those at each place of a leap."""
    low = [lane // 2 + (WIDTH if lane % 2 else 0) for lane in range(WIDTH)]
    high = [lane + WIDTH // 2 for lane in low]
    wide = [lanes.wide(phase) for phase in phases]
    even = [lanes.shuffled(wide[0], wide[2], half) for half in (low, high)]
    odd = [lanes.shuffled(wide[1], wide[3], half) for half in (low, high)]
    return [lanes.shuffled(even[i], odd[i], half) for i in range(2) for half in (low, high)]


assert LEAP == 4, "steps are put together by twos, twice"
assert WIDTH == FRAMES_AT_ONCE, "the leaps of a block fill a vector"
