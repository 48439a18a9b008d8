"""The one writer of the arena: gives nodes their places, and publishes plans and events.

What is changed at one instant is collected and published at once, so that no block sees half of it.
Nothing here waits: who calls asks `has_room` first, and lets blocks pass where there is none.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.dsp.declaration import RAMP_S, Curve
from chronus.dsp.layout import memory_frames, state_layout
from chronus.engine.instant import Instant
from chronus.engine.layout import (
    NONE,
    Arena,
    Clock,
    Count,
    Event,
    Fault,
    Head,
    Node,
    Ramp,
    Reason,
    Ring,
)
from chronus.engine.plan import Place, Wiring, plan_of, write_plan
from chronus.engine.pool import Pool
from chronus.engine.tables import Tables
from chronus.errors import UserError
from chronus.modules.catalog import catalog, kinds
from chronus.patch.model import OUT
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.patch.graph import Graph, GraphCable, GraphNode

MASTER: Final = "out#0"


class Writer:
    """Puts graphs, tables and events into an arena.

    Args:
        arena: initialised, with nothing else writing to its ring.
    """

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.rate_hz = int(arena.head[Head.RATE])
        self.fade_frames = round(RAMP_S * self.rate_hz)
        self._places: dict[str, Place] = {}
        self._cables: dict[str, GraphCable] = {}
        self._slots: dict[str, int] = {}
        self._fresh: set[str] = set()
        self._order: dict[str, None] = {}
        self._leaving: dict[str, int | None] = {}
        self._instant = Instant()
        self.tables = Tables(self)
        self._plan_marks: list[int] = [NONE] * arena.plan_counts.shape[0]
        self._plan_slot = NONE
        self._gone: list[tuple[int, list[Place], list[int]]] = []
        self._pools = {
            "nodes": Pool("nodes", arena.plan_nodes.shape[2]),
            "state": Pool("state of nodes, in bytes", arena.state.shape[1]),
            "memory": Pool("delay memory, in frames", arena.memory.shape[0]),
            "ports": Pool("ports", arena.ports.shape[1]),
            "rows_in": Pool("input rows", arena.rows_in.shape[0]),
            "rows_out": Pool("output rows", arena.rows_out.shape[1]),
            "cables": Pool("cables", arena.cables.shape[1]),
        }

    # ---- what is true in the arena

    @property
    def bank(self) -> int:
        """The bank of the last finished block."""
        return (int(self.arena.head[Head.COMMITTED]) - 1) & 1

    def clock(self, column: Clock) -> int:
        """A whole number of the engine's clock, after the last finished block."""
        return int(self.arena.clock[0, self.bank, column])

    def port_value(self, key: str, port: int) -> float:
        """What a port is at, or on its way to, in the engine."""
        return float(self.arena.ports[self.bank, self._places[key].ports + port, Ramp.TARGET])

    def gliding_value(self, key: str, port: int) -> float | None:
        """Where a port is on its way, None where it has arrived, but for its own short ramp."""
        place = self._places[key]
        at = place.ports + port
        bank = self.bank
        if self.arena.port_left[bank, at] <= self._ramp_frames(place, port):
            return None
        return float(self.arena.ports[bank, at, Ramp.NOW])

    def took(self, mark: int) -> int | None:
        """The frame at which an event took effect, or None while it has not been committed."""
        if int(self.arena.head[Head.EVENTS]) - mark >= self.arena.ring.shape[0]:
            return 0  # its place in the ring was given away, long after it took effect
        frame = int(self.arena.ring[mark % self.arena.ring.shape[0], Ring.TOOK])
        done = int(self.arena.head[Head.COMMITTED]) * BLOCK
        return frame if frame != NONE and frame < done else None

    def is_settled(self, frames: int) -> bool:
        """Whether every event so far has taken effect, at least so many frames ago."""
        mark = int(self.arena.head[Head.EVENTS]) - 1
        frame = self.took(mark) if mark >= 0 else None
        waits = self.clock(Clock.PENDING) > 0
        return frame is not None and not waits and self._frames_done() >= frame + frames

    def has_room(self) -> bool:
        """Whether the ring takes all that one instant can hold, and a plan slot is free."""
        size = self.arena.ring.shape[0]
        used = int(self.arena.head[Head.EVENTS]) - self.clock(Clock.LOW)
        return used + len(self._instant.events) + 2 <= size and self._free_plan() is not None

    def strip_rows(self) -> list[tuple[str, int]]:
        """Name of each node that is heard, and the first output row of its channel strip."""
        return [
            (key.split("#")[0], place.rows_out)
            for key, place in self._places.items()
            if place.kind.name == "strip"
        ]

    def faults(self) -> dict[str, tuple[int, Reason, int]]:
        """Of each node that went wrong: 1 while it is bypassed, why, and when it gave no number.

        That is the last such block, or NONE.
        """
        found = {}
        for key, place in list(self._places.items()):  # another thread may ask
            bypass, reason, *recent = (int(n) for n in self.arena.faults[place.slot, : Fault.RESET])
            if reason != Reason.NONE:
                found[key] = (bypass, Reason(reason), max(recent))
        return found

    def kernels_in_use(self) -> set[int]:
        """Numbers of the kernels that any plan calls, or that the next one will."""
        found = {place.number for place in self._places.values()}
        counts = self.arena.plan_counts[:, :, Count.NODES]
        for slot, lane in np.ndindex(*counts.shape):
            nodes = self.arena.plan_nodes[slot, lane, : counts[slot, lane]]
            found.update(nodes[:, Node.KIND].tolist())
        return found

    # ---- staging

    def stage(self, graph: Graph) -> None:
        """Make the graph what is to play from the next `publish` on.

        Raises:
            UserError: E_LIMIT, the arena is full; nothing has changed then.
        """
        self._free_what_has_gone()
        new_nodes = [node for key, node in graph.nodes.items() if key not in self._places]
        new_cables = [c for key, c in graph.cables.items() if key not in self._slots]
        places = self._take_places(new_nodes, new_cables)
        for node in new_nodes:
            self._install(places[node.key], node)
            self._places[node.key] = places[node.key]
            self._fresh.add(node.key)
        for key, node in graph.nodes.items():
            self._renew_kernel(key, node)
        for cable in new_cables:
            # Another cable between the same ports fades as this one rises.
            self._stage_cable(cable)
        for key in graph.nodes:
            self._leaving.pop(key, None)
        for key, cable in graph.cables.items():
            comes_back = key in self._leaving
            self._leaving.pop(key, None)
            if key in self._fresh and self._cables[key] != cable:
                self._instant.forget(Event.CABLE, self._slots[key])
                self._stage_cable(cable)
            elif comes_back or self._cables[key] != cable:
                self._cables[key] = cable
                self._instant.add(
                    Event.CABLE, self._slots[key], self.fade_frames, value=cable.amount
                )
        for key in (*self._cables, *self._places):
            if key not in graph.cables and key not in graph.nodes and key not in self._leaving:
                self._stage_leaving(key)
        self._order = dict.fromkeys((*graph.nodes, *graph.cables))
        self._instant.patched = True

    def _renew_kernel(self, key: str, node: GraphNode) -> None:
        """Let a node that keeps its place be computed by its kind's kernel as it is now."""
        place, number = self._places[key], catalog().numbers[node.kind]
        if place.number != number:
            assert place.kind.shape == kinds()[node.kind].shape, key
            self._places[key] = replace(place, kind=kinds()[node.kind], number=number)

    def check_room(self, graph: Graph, *, alone: bool = False) -> None:
        """Make sure that a graph could be staged now, or if it were `alone`; nothing changes.

        Raises:
            UserError: E_LIMIT, it could not.
        """
        self._free_what_has_gone()
        nodes = [n for key, n in graph.nodes.items() if alone or key not in self._places]
        cables = [c for key, c in graph.cables.items() if alone or key not in self._slots]
        mine = self._pools, dict(self._slots)
        try:
            self._pools = {
                name: Pool(pool.name, pool.size) if alone else pool.copy()
                for name, pool in self._pools.items()
            }
            self._take_places(nodes, cables)
        finally:
            self._pools, self._slots = mine

    def _stage_leaving(self, key: str) -> None:
        """Let a cable fade out; what no plan has had yet goes at once and leaves no trace."""
        if key not in self._fresh:
            self._leaving[key] = None
            if key in self._slots:
                self._instant.add(Event.CABLE, self._slots[key], self.fade_frames, value=0.0)
            return
        self._fresh.discard(key)
        if key in self._slots:
            del self._cables[key]
            slot = self._slots.pop(key)
            self._instant.forget(Event.CABLE, slot)
            self._pools["cables"].give(slot, 1)
            return
        place = self._places.pop(key)
        for port in range(place.ports, place.ports + len(place.kind.inputs)):
            self._instant.forget(Event.GATE, port)
            self._instant.forget(Event.PORT, port)
        self._give_back(place)

    def _take_places(self, nodes: list[GraphNode], cables: list[GraphCable]) -> dict[str, Place]:
        taken: list[tuple[str, int, int]] = []

        def take(pool: str, count: int) -> int:
            start = self._pools[pool].take(count)
            taken.append((pool, start, count))
            return start

        try:
            places = {node.key: self._place(node, take) for node in nodes}
            slots = {cable.key: take("cables", 1) for cable in cables}
        except UserError:
            for pool, start, count in taken:
                self._pools[pool].give(start, count)
            raise
        self._slots.update(slots)
        return places

    def _place(self, node: GraphNode, take: Callable[[str, int], int]) -> Place:
        kind = kinds()[node.kind]
        state_bytes = state_layout(kind).size
        frames = sum(memory_frames(memory, self.rate_hz) for memory in kind.memories)
        return Place(
            kind=kind,
            number=catalog().numbers[node.kind],
            slot=take("nodes", 1),
            state=take("state", state_bytes),
            memory=take("memory", frames),
            ports=take("ports", len(kind.inputs)),
            rows_in=take("rows_in", len(kind.input_rows)),
            rows_out=take("rows_out", len(kind.output_rows)),
            state_bytes=state_bytes,
            memory_frames=frames,
        )

    def _install(self, place: Place, node: GraphNode) -> None:
        """Write a node's first state and values into both banks of its place."""
        arena, kind = self.arena, place.kind
        layout = state_layout(kind)
        initial = arena.initial[place.state : place.state + place.state_bytes]
        initial[:] = 0
        for state, offset in zip(kind.state, layout.offsets, strict=True):
            value = seed_of(node.name, state.name) if math.isnan(state.initial) else state.initial
            raw = np.array([value], np.dtype(state.dtype)).view(np.uint8)
            initial[offset : offset + len(raw)] = raw
        arena.state[:, place.state : place.state + place.state_bytes] = initial
        arena.faults[place.slot] = (0, Reason.NONE, NONE, NONE, NONE, NONE)
        arena.memory[place.memory : place.memory + place.memory_frames] = 0.0
        arena.rows_out[:, place.rows_out : place.rows_out + len(kind.output_rows)] = 0.0
        arena.filled[place.rows_in : place.rows_in + len(kind.input_rows)] = np.nan
        for index, port in enumerate(kind.inputs):
            at = place.ports + index
            start = np.float32(node.values.get(port.name, port.default))
            arena.ports[:, at] = (start, start, 0.0, 0.0)
            arena.base[:, at] = start
            arena.port_left[:, at] = 0
            arena.port_moved[at] = NONE
            arena.gate_off[:, at] = NONE
            arena.limits[at] = (port.low, port.high)

    def _stage_cable(self, cable: GraphCable) -> None:
        """A cable from a node that is new carries at once; one from a node that plays fades in."""
        slot = self._slots[cable.key]
        now = cable.amount if cable.source in self._fresh else 0.0
        self.arena.cables[:, slot] = (now, now, 0.0)
        self.arena.cable_left[:, slot] = 0
        self._cables[cable.key] = cable
        self._fresh.add(cable.key)
        if now != cable.amount:
            self._instant.add(Event.CABLE, slot, self.fade_frames, value=cable.amount)

    # ---- events of the coming instant

    def knows(self, key: str) -> bool:
        """Whether a node has a place: it plays, or still fades out."""
        return key in self._places

    def set_port(self, key: str, port: int, value: float) -> None:
        """A port goes to a value within its own ramp; at once where its node is not heard yet."""
        place = self._places[key]
        at = place.ports + port
        if key in self._fresh:
            self.arena.ports[:, at] = (np.float32(value), np.float32(value), 0.0, 0.0)
            self._instant.forget(Event.FOLLOW, at)
            self.arena.base[:, at] = value
            self._instant.forget(Event.PORT, at)
            return
        self._instant.add(Event.PORT, at, self._ramp_frames(place, port), value=value)

    def glide_port(self, key: str, port: int, ends: tuple[float, float], frames: int) -> None:
        """A port goes to a value within so many frames, by the curve that it declares.

        Args:
            key: the node.
            port: the index of its input.
            ends: where it begins if the node is not heard yet, else it goes from where it is; and
                where it ends.
            frames: at least 1.
        """
        place = self._places[key]
        at = place.ports + port
        if key in self._fresh:
            self.set_port(key, port, ends[0])
        is_bent = place.kind.inputs[port].curve is Curve.EXPONENTIAL
        self._instant.start_of_glide(at)
        self._instant.add(Event.PORT, at, -frames if is_bent else frames, 1, ends[1])

    def _ramp_frames(self, place: Place, port: int) -> int:
        """How long a port takes to what it is set to."""
        return round(place.kind.inputs[port].ramp_s * self.rate_hz)

    def glide_cable(self, key: str, frames: int) -> None:
        """A cable takes so many frames to its amount, if it was there before."""
        if key in self._slots and key not in self._fresh:
            amount = self._cables[key].amount
            self._instant.add(Event.CABLE, self._slots[key], frames, value=amount)

    def set_gate(self, key: str, port: int, *, is_open: bool, frames: int = 0) -> None:
        """A gate opens for so many frames (0: until it is closed), or closes."""
        at = self._places[key].ports + port
        self._instant.add(Event.GATE, at, frames, value=float(is_open))

    def follow_port(self, key: str, port: int, before: tuple[str, int]) -> None:
        """A port of a node that is new takes the value of one that leaves, if that has played."""
        if before[0] in self._leaving:
            places = self._places[key].ports + port, self._places[before[0]].ports + before[1]
            self._instant.add(Event.FOLLOW, *places)

    def add(self, kind: Event, a: int = 0, b: int = 0, c: int = 0, value: float = 0.0) -> None:
        """Any other event."""
        self._instant.add(kind, a, b, c, value)

    def staged_tables(self) -> set[int]:
        """Tables that sequences are to play from the coming instant on."""
        events = self._instant.events.values()
        return {b for kind, _, b, _, _ in events if kind == Event.SEQUENCE}

    def reset_node(self, key: str) -> None:
        """A node starts afresh, and is computed again if it was bypassed."""
        self._instant.add(Event.RESET, self._places[key].slot)

    def port_place(self, key: str, port: int) -> int:
        """A port's place in the arena, for the ports of a sequence."""
        return self._places[key].ports + port

    # ---- publishing

    def publish(self, due: int = NONE) -> int:
        """Let all that was staged take effect at one block.

        Args:
            due: the block, or NONE for as soon as possible.

        Returns:
            A mark for `took`: the number of the last event.
        """
        assert self.has_room(), "has_room was not asked"
        head = self.arena.head
        index = int(head[Head.EVENTS])
        if self._instant.patched:
            slot = self._free_plan()
            assert slot is not None
            lanes = int(head[Head.LANES])
            write_plan(self.arena, slot, plan_of(self._wiring(), lanes))
            self._put(index, due, (int(Event.PLAN), slot, 0, 0, 0.0))
            if self._plan_slot != NONE:
                self._plan_marks[self._plan_slot] = index
            self._plan_slot = slot
            self._note_leaving(index)
            index += 1
        for event in self._instant.events.values():
            self._put(index, due, event)
            index += 1
        self._put(index, due, (int(Event.NOTHING), 0, 0, 0, 0.0))
        head[Head.EVENTS] = index + 1
        self._instant = Instant()
        self._fresh.clear()
        return index

    def _put(self, index: int, due: int, event: tuple[int, int, int, int, float]) -> None:
        place = index % self.arena.ring.shape[0]
        kind, a, b, c, value = event
        self.arena.ring[place] = (kind, due, a, b, c, NONE)
        self.arena.ring_value[place] = value

    def _free_plan(self) -> int | None:
        """A plan slot that no block can come back to: its successor has been committed twice."""
        for slot, mark in enumerate(self._plan_marks):
            if slot == self._plan_slot:
                continue
            if mark == NONE:
                return slot
            frame = self.took(mark)
            if frame is not None and self._frames_done() >= frame + 2 * BLOCK:
                return slot
        return None

    def _frames_done(self) -> int:
        return int(self.arena.head[Head.COMMITTED]) * BLOCK

    # ---- what leaves

    def _wiring(self) -> Wiring:
        """All that the next plan computes: what is patched, and what is still fading."""
        self._drop_what_has_faded()
        # In the order of the patch, whatever came before: the same patch adds up to the same bits.
        keys = (*self._order, *(key for key in self._leaving if key not in self._order))
        places = {key: self._places[key] for key in keys if key in self._places}
        cables = [self._cables[key] for key in keys if key in self._cables]
        cables = [c for c in cables if c.source in places and c.target in places]
        master = next(key for key in self._order if key in places and is_master(places[key]))
        return Wiring(places, cables, self._slots, self._leaving, master)

    def _note_leaving(self, mark: int) -> None:
        for key, since in self._leaving.items():
            if since is None:
                self._leaving[key] = mark

    def _drop_what_has_faded(self) -> None:
        """Take out of the next plan what began to leave longer ago than a fade lasts."""
        places, slots = [], []
        for key, mark in list(self._leaving.items()):
            frame = None if mark is None else self.took(mark)
            if frame is None or self._frames_done() < frame + self.fade_frames + 2 * BLOCK:
                continue
            del self._leaving[key]
            if key in self._places:
                places.append(self._places.pop(key))
            else:
                del self._cables[key]
                slots.append(self._slots.pop(key))
        if places or slots:
            # The places are free once the plan that is about to be published has taken effect.
            self._gone.append((int(self.arena.head[Head.EVENTS]), places, slots))

    def _free_what_has_gone(self) -> None:
        kept = []
        for mark, places, slots in self._gone:
            frame = self.took(mark)
            if frame is None or self._frames_done() < frame + 2 * BLOCK:
                kept.append((mark, places, slots))
                continue
            for place in places:
                self._give_back(place)
            for slot in slots:
                self._pools["cables"].give(slot, 1)
        self._gone = kept

    def _give_back(self, place: Place) -> None:
        kind = place.kind
        self._pools["nodes"].give(place.slot, 1)
        self._pools["state"].give(place.state, place.state_bytes)
        self._pools["memory"].give(place.memory, place.memory_frames)
        self._pools["ports"].give(place.ports, len(kind.inputs))
        self._pools["rows_in"].give(place.rows_in, len(kind.input_rows))
        self._pools["rows_out"].give(place.rows_out, len(kind.output_rows))


def is_master(place: Place) -> bool:
    """Whether a node's first two output rows are what is played."""
    return place.kind.name == OUT


def seed_of(node: str, state: str) -> int:
    """A positive 32-bit seed that depends on names alone: a patch always sounds the same."""
    return zlib.crc32(f"{node}.{state}".encode()) or 1
