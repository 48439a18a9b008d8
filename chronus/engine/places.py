"""Places in the arena: taken for what is new, filled with its first values, and given back."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

from chronus.dsp.layout import state_layout
from chronus.engine.layout import NONE, Arena, Choice, Head, Reason, Tail
from chronus.engine.plan import Place, size_of
from chronus.engine.pool import Pool
from chronus.errors import UserError
from chronus.modules.catalog import catalog, kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chronus.patch.graph import GraphNode


class Places:
    """Gives nodes and cables room in an arena.

    Args:
        arena: initialised, with nobody else giving room in it.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._rate_hz = int(arena.head[Head.RATE])
        self._pools = {
            "nodes": Pool("nodes", arena.plan_nodes.shape[2]),
            "state": Pool("state of nodes, in bytes", arena.state.shape[1]),
            "memory": Pool("delay memory, in frames", arena.memory.shape[0]),
            "ports": Pool("ports", arena.ports.shape[1]),
            "rows_in": Pool("input rows", arena.rows_in.shape[0]),
            "rows_out": Pool("output rows", arena.rows_out.shape[1]),
            "cables": Pool("cables", arena.cables.shape[1]),
        }

    def take(self, nodes: Sequence[GraphNode], cables: int) -> tuple[list[Place], list[int]]:
        """Room for nodes, in order, and for so many cables.

        Raises:
            UserError: E_LIMIT, there is too little; nothing has been taken then.
        """
        taken: list[tuple[str, int, int]] = []

        def take(pool: str, count: int) -> int:
            start = self._pools[pool].take(count)
            taken.append((pool, start, count))
            return start

        try:
            places = [self._place(node, take) for node in nodes]
            return places, [take("cables", 1) for _ in range(cables)]
        except UserError:
            for pool, start, count in taken:
                self._pools[pool].give(start, count)
            raise

    def check(self, nodes: Sequence[GraphNode], cables: int, *, alone: bool) -> None:
        """Make sure that `take` would find room, or would if there were nothing else.

        Raises:
            UserError: E_LIMIT, it would not.
        """
        mine = self._pools
        self._pools = {
            name: Pool(pool.name, pool.size) if alone else pool.copy()
            for name, pool in mine.items()
        }
        try:
            self.take(nodes, cables)
        finally:
            self._pools = mine

    def _place(self, node: GraphNode, take: Callable[[str, int], int]) -> Place:
        kind = kinds()[node.kind]
        size = size_of(kind, self._rate_hz)
        return Place(
            kind=kind,
            number=catalog().numbers[node.kind],
            slot=take("nodes", 1),
            state=take("state", size.state),
            memory=take("memory", size.memory),
            ports=take("ports", size.ports),
            rows_in=take("rows_in", size.rows_in),
            rows_out=take("rows_out", size.rows_out),
            size=size,
        )

    def give_node(self, place: Place) -> None:
        """Give a node's room back: no block will look at it any more."""
        self._pools["nodes"].give(place.slot, 1)
        self._pools["state"].give(place.state, place.size.state)
        self._pools["memory"].give(place.memory, place.size.memory)
        self._pools["ports"].give(place.ports, place.size.ports)
        self._pools["rows_in"].give(place.rows_in, place.size.rows_in)
        self._pools["rows_out"].give(place.rows_out, place.size.rows_out)

    def give_cable(self, slot: int) -> None:
        """Give a cable's room back."""
        self._pools["cables"].give(slot, 1)

    def install(self, place: Place, node: GraphNode) -> None:
        """Write a node's first state and values into both banks of its place."""
        arena, kind, size = self._arena, place.kind, place.size
        layout = state_layout(kind)
        initial = arena.initial[place.state : place.state + size.state]
        initial[:] = 0
        for state, offset in zip(kind.state, layout.offsets, strict=True):
            value = seed_of(node.name, state.name) if math.isnan(state.initial) else state.initial
            raw = np.array([value], np.dtype(state.dtype)).view(np.uint8)
            initial[offset : offset + len(raw)] = raw
        arena.state[:, place.state : place.state + size.state] = initial
        arena.faults[place.slot] = (0, Reason.NONE, NONE, NONE, NONE, NONE, NONE)
        arena.choices[:, place.slot, Choice.LEFT] = 0.0
        arena.choices[:, place.slot, Choice.WORDS :] = np.nan
        arena.rings[:, place.slot, Tail.SINCE] = NONE
        arena.memory[place.memory : place.memory + size.memory] = 0.0
        arena.rows_out[:, place.rows_out : place.rows_out + size.rows_out] = 0.0
        arena.filled[place.rows_in : place.rows_in + size.rows_in] = np.nan
        for index, port in enumerate(kind.inputs):
            at = place.ports + index
            start = np.float32(node.values.get(port.name, port.default))
            arena.ports[:, at] = (start, start, 0.0, 0.0)
            arena.base[:, at] = start
            arena.port_left[:, at] = 0
            arena.port_moved[at] = NONE
            arena.gate_off[:, at] = NONE
            arena.limits[at] = (port.low, port.high)


def seed_of(node: str, state: str) -> int:
    """A positive 32-bit seed that depends on names alone: a patch always sounds the same."""
    return zlib.crc32(f"{node}.{state}".encode()) or 1
