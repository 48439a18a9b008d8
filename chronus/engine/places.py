"""Places in the arena: taken for what is new, filled with its first values, and given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.layout import WIDE
from chronus.engine.installing import install
from chronus.engine.layout import (
    MOST_MEMORIES,
    NONE,
    Arena,
    Head,
)
from chronus.engine.place import Place, Size, size_of
from chronus.engine.players import Players
from chronus.engine.pool import Pool
from chronus.engine.recordings import Recordings
from chronus.errors import Code, UserError
from chronus.modules.catalog import catalog, kinds, wide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chronus.dsp.declaration import Kind
    from chronus.patch.graph import GraphNode


class Places:
    """Gives nodes and cables room in an arena.

    Args:
        arena: initialised, with nobody else giving room in it.

    Attributes:
        pools: what is free, by what it is for.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._rate_hz = int(arena.head[Head.RATE])
        self.pools = {
            "nodes": Pool("nodes", arena.plan_nodes.shape[2]),
            "state": Pool("state of nodes, in bytes", arena.state.shape[1]),
            "memory": Pool("delay memory, in frames", arena.memory.shape[0]),
            "ports": Pool("ports", arena.ports.shape[1]),
            "rows_in": Pool("input rows", arena.rows_in.shape[0]),
            "rows_out": Pool("output rows", arena.rows_out.shape[1]),
            "cables": Pool("cables", arena.cables.shape[1]),
            "players": Pool("instruments with several voices", arena.players.shape[0]),
            "voices": Pool("voices", arena.voice_ports.shape[0]),
        }
        self._players = Players()
        self._recordings = Recordings()
        self._sizes: dict[tuple[int, int, bool], tuple[Kind, Size]] = {}

    def take(self, nodes: Sequence[GraphNode], cables: int) -> tuple[list[Place], list[int]]:
        """Room for nodes, in order, and for so many cables.

        Raises:
            UserError: E_LIMIT, there is too little; nothing has been taken then.
        """
        taken: list[tuple[str, int, int]] = []
        before = self._players.copy(), self._recordings.copy()

        def take(pool: str, count: int) -> int:
            start = self.pools[pool].take(count)
            taken.append((pool, start, count))
            return start

        try:
            places = [self._place(node, take) for node in nodes]
            return places, [take("cables", 1) for _ in range(cables)]
        except UserError:
            for pool, start, count in taken:
                self.pools[pool].give(start, count)
            self._players, self._recordings = before
            raise

    def check(self, nodes: Sequence[GraphNode], cables: int, *, alone: bool) -> None:
        """Make sure that `take` would find room, or would if there were nothing else.

        Raises:
            UserError: E_LIMIT, it would not.
        """
        mine = self.pools, self._players, self._recordings
        self.pools = {
            name: Pool(pool.name, pool.size) if alone else pool.copy()
            for name, pool in self.pools.items()
        }
        self._players = Players() if alone else self._players.copy()
        self._recordings = Recordings() if alone else self._recordings.copy()
        try:
            self.take(nodes, cables)
        finally:
            self.pools, self._players, self._recordings = mine

    def _place(self, node: GraphNode, take: Callable[[str, int], int]) -> Place:
        kind = kinds()[node.kind]
        has_voices = node.voices > 1
        if has_voices and len(kind.memories) > MOST_MEMORIES:
            message = f"a {node.kind} cannot be there for each voice: patch it behind the poly"
            raise UserError(Code.LIMIT, message)
        width = WIDE if has_voices else 1
        size = self._size_of(kind, width, is_player=has_voices and node.is_player)
        player, base = self._players.take(node, take) if has_voices else (NONE, NONE)
        recording, recording_frames = self._recordings.take(node, take)
        return Place(
            kind=kind,
            number=kernel_number(node),
            slot=take("nodes", 1),
            state=take("state", size.state),
            memory=take("memory", size.memory),
            ports=take("ports", size.ports),
            rows_in=take("rows_in", size.rows_in),
            rows_out=take("rows_out", size.rows_out),
            size=size,
            player=player,
            group=base // WIDE + node.group if has_voices else NONE,
            voices=min(node.voices - WIDE * node.group, WIDE) if has_voices else 1,
            is_player=has_voices and node.is_player,
            recording=recording,
            recording_frames=recording_frames,
        )

    def _size_of(self, kind: Kind, width: int, *, is_player: bool) -> Size:
        """How much a node of a kind takes: of many nodes few are of different kinds."""
        known = (id(kind), width, is_player)
        if known not in self._sizes:
            size = size_of(kind, self._rate_hz, width, is_player=is_player)
            self._sizes[known] = (kind, size)  # while that is kept no other kind is `known`
        return self._sizes[known][1]

    def leave_to_ghost(self, place: Place) -> None:
        """What plays a node's voices is no longer known by the key of its player."""
        self._players.forget(place.player)

    def give_node(self, place: Place) -> None:
        """Give a node's room back: no block will look at it any more."""
        self.pools["nodes"].give(place.slot, 1)
        self.pools["state"].give(place.state, place.size.state)
        self.pools["memory"].give(place.memory, place.size.memory)
        if place.recording_frames and self._recordings.give(place.recording):
            self.pools["memory"].give(place.recording, place.recording_frames)
        self.pools["ports"].give(place.ports, place.size.ports)
        self.pools["rows_in"].give(place.rows_in, place.size.rows_in)
        self.pools["rows_out"].give(place.rows_out, place.size.rows_out)
        if place.group != NONE:
            gone = self._players.give(place.player)
            if gone is not None:
                self.pools["players"].give(place.player, 1)
                self.pools["voices"].give(*gone)

    def give_cable(self, slot: int) -> None:
        """Give a cable's room back."""
        self.pools["cables"].give(slot, 1)

    def install(self, new: Sequence[tuple[Place, GraphNode]]) -> None:
        """Write the first state and values of new nodes into both banks of their places."""
        install(self._arena, self._recordings, new)

    def link(self, place: Place, following: Place) -> None:
        """Let the ports of one group of voices be followed by those of the next one."""
        for index in range(len(place.kind.inputs)):
            at = place.ports + index
            while place.ports <= self._arena.port_next[at] < place.ports + place.size.ports:
                at = int(self._arena.port_next[at])
            self._arena.port_next[at] = following.ports + index


def kernel_number(node: GraphNode) -> int:
    """The number of the kernel that computes a node as it is now."""
    return catalog().number(wide(node.kind) if node.voices > 1 else node.kind)
