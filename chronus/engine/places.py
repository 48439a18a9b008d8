"""Places in the arena: taken for what is new, filled with its first values, and given back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from chronus.dsp.layout import WIDE, memory_frames, state_layout
from chronus.engine.layout import (
    ASLEEP,
    MOST_MEMORIES,
    NONE,
    Arena,
    Choice,
    Head,
    Player,
    Reason,
    Tail,
)
from chronus.engine.place import Place, size_of
from chronus.engine.players import Players
from chronus.engine.pool import Pool
from chronus.engine.recordings import Recordings
from chronus.errors import Code, UserError
from chronus.modules.catalog import catalog, kinds, wide
from chronus.patch.musical import for_engine
from chronus.patch.seeds import seed_of
from chronus.patch.tables import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chronus.dsp.declaration import Input
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
        size = size_of(kind, self._rate_hz, width, is_player=has_voices and node.is_player)
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

    def install(self, place: Place, node: GraphNode) -> None:
        """Write a node's first state and values into both banks of its place."""
        arena, kind, size = self._arena, place.kind, place.size
        initial = arena.initial[place.state : place.state + size.state]
        initial[:] = 0
        layout = state_layout(kind, place.width)
        owner = arena.state_voice[place.state : place.state + size.state]
        for state, offset in zip(kind.state, layout.offsets, strict=True):
            values = [state.initial] * place.width
            if math.isnan(state.initial):
                names = [""] if place.group == NONE else voice_names(node)
                values = [seed_of(f"{name}.{state.name}", node.seed) or 1 for name in names]
            raw = np.array(values, np.dtype(state.dtype)).view(np.uint8)
            initial[offset : offset + len(raw)] = raw
            # The state that goes on with old words lies behind, byte for byte alike.
            for begin in range(offset, size.state, max(layout.size, 1)):
                part = owner[begin : begin + len(raw)]
                part[:] = np.repeat(np.arange(place.width, dtype=np.uint8), len(raw) // place.width)
        arena.state[:, place.state : place.state + size.state] = initial
        arena.faults[place.slot] = (0, Reason.NONE, NONE, NONE, NONE, NONE, NONE)
        arena.choices[:, place.slot, Choice.LEFT] = 0.0
        arena.choices[:, place.slot, Choice.WORDS :] = np.nan
        arena.rings[:, place.slot, Tail.SINCE] = NONE
        arena.calm[:, place.slot] = 0
        arena.still[:, place.slot] = 0
        arena.memory[place.memory : place.memory + size.memory] = 0.0
        if place.recording_frames:
            self._recordings.write(arena.memory, place.recording, node)
        arena.rows_out[:, place.rows_out : place.rows_out + size.rows_out] = 0.0
        arena.filled[place.rows_in : place.rows_in + size.rows_in] = np.nan
        for index, port in enumerate(kind.inputs):
            self._install_port(place.ports + index, port, node.values.get(port.name, port.default))
            arena.port_legato[place.ports + index] = node.is_legato and port.name == "gate"
        if place.group != NONE:
            self._install_voices(place, node)

    def _install_port(self, at: int, port: Input, value: float) -> None:
        arena = self._arena
        number, follows = for_engine(port, value)
        start = np.float32(number)
        arena.ports[:, at] = (start, start, 0.0, 0.0, follows)
        arena.base[:, at] = start
        arena.base_follows[:, at] = follows
        arena.port_left[:, at] = 0
        arena.port_moved[at] = NONE
        arena.port_next[at] = NONE
        arena.port_player[at] = NONE
        arena.gate_off[:, at] = NONE
        arena.limits[at] = (port.low, port.high)

    def _install_voices(self, place: Place, node: GraphNode) -> None:
        """Write what the step has to know of a node's voices, and of a player's all."""
        arena, kind = self._arena, place.kind
        parts = [memory_frames(memory, self._rate_hz) for memory in kind.memories]
        arena.memory_parts[place.slot] = np.pad(parts, (0, MOST_MEMORIES - len(parts)))
        if not place.is_player:
            return
        base = place.group * WIDE
        arena.voice_off[:, :, base : base + WIDE] = NONE
        arena.voice_quiet[:, base : base + WIDE] = ASLEEP
        arena.voice_peak[:, base : base + WIDE] = 0.0
        for role in Role:
            index = kind.find_input(role.name.lower())
            assert index is not None, node.kind
            port, first = kind.inputs[index], place.ports + len(kind.inputs) + role * WIDE
            for voice in range(WIDE):
                value = node.values.get(port.name, port.default)
                self._install_port(first + voice, port, 0.0 if role is Role.GATE else value)
                arena.voice_ports[base + voice, role] = first + voice
                if role is not Role.GATE:
                    before = place.ports + index if voice == 0 else first + voice - 1
                    arena.port_next[before] = first + voice
            if role is Role.GATE:
                arena.port_player[place.ports + index] = place.player
            elif node.group == 0:
                column = Player.FREQ if role is Role.FREQ else Player.VELOCITY
                arena.players[place.player, column] = place.ports + index
        if node.group == 0:
            arena.players[place.player, Player.BASE] = base
            arena.players[place.player, Player.VOICES] = node.voices

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


def voice_names(node: GraphNode) -> list[str]:
    """What the seeds of a node's voices are made of, behind its own."""
    return [f":{WIDE * node.group + voice}" for voice in range(WIDE)]
