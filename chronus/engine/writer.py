"""The one writer of the arena: publishes graphs and events.

What is changed at one instant is collected and published at once, so that no block sees half of it.
Nothing here waits: who calls asks `has_room` first, and lets blocks pass where there is none.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.dsp.declaration import RAMP_S, Curve
from chronus.engine.instant import Instant
from chronus.engine.layout import (
    ASLEEP,
    NONE,
    VELOCITY_ONE,
    Arena,
    Clock,
    Count,
    Event,
    Fault,
    Head,
    Node,
    Player,
    Ramp,
    Reason,
    Ring,
    Way,
)
from chronus.engine.leaving import Leaving
from chronus.engine.places import Places, kernel_number
from chronus.engine.plan import Wiring, plan_of
from chronus.engine.plan_slot import write_plan
from chronus.engine.slots import Slots
from chronus.engine.tables import Tables
from chronus.modules.catalog import kinds
from chronus.patch.model import OUT
from chronus.patch.musical import for_engine
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from chronus.engine.place import Place
    from chronus.patch.graph import Graph, GraphCable, GraphNode


WAYS: Final = {0: 0, 1: int(Way.RATE), -1: int(Way.TIME)}
"""How a value that follows the tempo, or does not, is told by an event."""


class Writer:
    """Puts graphs, tables and events into an arena.

    Args:
        arena: initialised, with nothing else writing to its ring.
        fade_s: seconds of every fade; 0 lets all be heard at once, to show what fades are for.

    Attributes:
        places: of every node in the engine, by key.
        cables: every cable in the engine, by key, and `cable_slots` their places.
        room: for more.
        nodes: of the graph as it was last, by key, as far as they have places.
        fresh: keys of what no plan has had yet.
        copied: by the key of a fresh node, the key of the one that it is a copy of.
        instant: what is to take effect next.
    """

    def __init__(self, arena: Arena, fade_s: float = RAMP_S) -> None:
        self.arena = arena
        self.rate_hz = int(arena.head[Head.RATE])
        self.fade_frames = round(fade_s * self.rate_hz)
        arena.head[Head.FADE] = self.fade_frames
        self.places: dict[str, Place] = {}
        self.cables: dict[str, GraphCable] = {}
        self.cable_slots: dict[str, int] = {}
        self.room = Places(arena)
        self.tables = Tables(self)
        self.nodes: dict[str, GraphNode] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._mutes: dict[str, float] = {}
        self.fresh: set[str] = set()
        self.copied: dict[str, str] = {}
        self._order: dict[str, None] = {}
        self._leaving = Leaving(self)
        self._master = ""
        self.instant = Instant()
        self._slots = Slots(arena.plan_counts.shape[0], self.is_over)

    # ---- what is true in the arena

    @property
    def bank(self) -> int:
        """The bank of the last finished block."""
        return (int(self.arena.head[Head.COMMITTED]) - 1) & 1

    def clock(self, column: Clock) -> int:
        """A whole number of the engine's clock, after the last finished block."""
        return int(self.arena.clock[0, self.bank, column])

    def parts(self, key: str) -> tuple[str, ...]:
        """The keys of a node's groups of voices; its own, where it is single."""
        return self._parts.get(key, (key,))

    def place(self, key: str) -> Place:
        """Where a node is, or its first group of voices."""
        return self.places[self.parts(key)[0]]

    def port_value(self, key: str, port: int, bpm: float) -> float:
        """What a port is at, or on its way to, in the engine, at a tempo."""
        return self._port_at(self.place(key), port, Ramp.TARGET, bpm)

    def _port_at(self, place: Place, port: int, column: Ramp, bpm: float) -> float:
        ramp, declared = self.arena.ports[self.bank, place.ports + port], place.kind.inputs[port]
        follows = int(ramp[Ramp.FOLLOWS])
        if follows == 0:
            return float(ramp[column])
        value = float(ramp[column]) * (bpm / 60.0) ** follows
        return min(max(value, declared.low), declared.high)

    def gliding_value(self, key: str, port: int, bpm: float) -> float | None:
        """Where a port is on its way, None where it has arrived, but for its own short ramp."""
        place = self.place(key)
        at = place.ports + port
        bank = self.bank
        if self.arena.port_left[bank, at] <= self._ramp_frames(place, port):
            return None
        return self._port_at(place, port, Ramp.NOW, bpm)

    def sounding(self, key: str) -> int:
        """How many voices of a player sound, after the last finished block."""
        player = self.arena.players[self.place(key).player]
        first, last = player[Player.BASE], player[Player.BASE] + player[Player.VOICES]
        return int(np.count_nonzero(self.arena.voice_quiet[self.bank, first:last] != ASLEEP))

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
        waits = self.clock(Clock.PENDING) > 0
        return mark >= 0 and not waits and self.is_over(mark, frames)

    def is_over(self, mark: int, frames: int) -> bool:
        """Whether an event took effect at least so many frames ago."""
        frame = self.took(mark)
        return frame is not None and self.frames_done() >= frame + frames

    def frames_done(self) -> int:
        """Frames that are finished."""
        return int(self.arena.head[Head.COMMITTED]) * BLOCK

    def frees_places(self) -> bool:
        """Whether what was unloaded is about to leave room for something else."""
        return self._leaving.is_awaited()

    def has_room(self) -> bool:
        """Whether the ring takes all that one instant can hold, and a plan slot is free."""
        size = self.arena.ring.shape[0]
        used = int(self.arena.head[Head.EVENTS]) - self.clock(Clock.LOW)
        return used + len(self.instant.events) + 2 <= size and bool(self._slots.free(1))

    def strip_rows(self) -> list[tuple[str, int]]:
        """Name of each node that is heard, and the first output row of its channel strip."""
        return [
            (self.nodes[key].name, place.rows_out)
            for key, place in self.places.items()
            if place.kind.name == "strip"
        ]

    def faults(self) -> dict[str, tuple[int, Reason, int]]:
        """Of each node that went wrong: 1 while it is bypassed, why, and when it gave no number.

        That is the last such block, or NONE. Each is called by its name of now and its key, as in
        `kick#3`.
        """
        found = {}
        for key, place in list(self.places.items()):  # another thread may ask
            bypass, reason, *recent = (int(n) for n in self.arena.faults[place.slot, : Fault.RESET])
            if reason != Reason.NONE:
                found[self.nodes[key].name + key] = (bypass, Reason(reason), max(recent))
        return found

    def kernels_in_use(self) -> set[int]:
        """Numbers of the kernels that any plan calls, or that the next one will."""
        found = {place.number for place in self.places.values()}
        counts = self.arena.plan_counts[:, :, Count.NODES]
        for slot, lane in np.ndindex(*counts.shape):
            nodes = self.arena.plan_nodes[slot, lane, : counts[slot, lane]]
            found.update(nodes[:, Node.KIND].tolist())
        return found

    # ---- staging

    def stage(
        self,
        graph: Graph,
        due: int = NONE,
        ringing: Container[str] = (),
        copies: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Make the graph what is to play from the next `publish` on.

        Args:
            graph: nodes and cables.
            due: the block that it will be published for, NONE for as soon as possible.
            ringing: keys of nodes that ring on if they leave.
            copies: by the key of a new node, the key of one whose state it goes on from.

        Raises:
            UserError: E_LIMIT, the arena is full; nothing has changed then.
        """
        self._leaving.let_go(due)
        new_nodes = [node for key, node in graph.nodes.items() if key not in self.places]
        new_cables = [c for key, c in graph.cables.items() if key not in self.cable_slots]
        places, slots = self.room.take(new_nodes, len(new_cables))
        for node, place in zip(new_nodes, places, strict=True):
            self.room.install(place, node)
            self.places[node.key] = place
            self.fresh.add(node.key)
        self._know_parts(graph)
        for node in new_nodes:
            self._copy(node, copies)
        for key, node in graph.nodes.items():
            self._renew_kernel(key, node)
        self._master = next(key for key, node in graph.nodes.items() if node.kind == OUT)
        for cable, slot in zip(new_cables, slots, strict=True):
            # Another cable between the same ports fades as this one rises.
            self.cable_slots[cable.key] = slot
            self._stage_cable(cable)
        for key in graph.nodes:
            self._leaving.come_back(key)
        for key, cable in graph.cables.items():
            if key in self.fresh and self.cables[key] != cable:
                self.instant.forget(Event.CABLE, self.cable_slots[key])
                self._stage_cable(cable)
            elif self._leaving.come_back(key) or self.cables[key] != cable:
                self.cables[key] = cable
                self.fade(key, cable.amount)
        self._leaving.stage(graph, ringing)
        self.nodes |= graph.nodes
        self.nodes = {key: node for key, node in self.nodes.items() if key in self.places}
        self._stage_mutes(graph)
        self._order = dict.fromkeys((*graph.nodes, *graph.cables))
        self.instant.patched = True

    def _know_parts(self, graph: Graph) -> None:
        """Note which nodes are there in several groups of voices, and what rings with what."""
        parts: dict[str, tuple[str, ...]] = {}
        for key, node in graph.nodes.items():
            if node.voices > 1:
                parts[node.base] = (*parts.get(node.base, ()), key)
                if node.group > 0 and key in self.fresh:
                    self.room.link(self.places[parts[node.base][-2]], self.places[key])
        singles = graph.nodes.keys() & self._parts.keys()
        known = self._parts | dict.fromkeys(singles, ()) | parts
        self._parts = {
            base: those for base, those in known.items() if those and those[0] in self.places
        }

    def _renew_kernel(self, key: str, node: GraphNode) -> None:
        """Let a node that keeps its place be computed by its kind's kernel as it is now."""
        place, number = self.places[key], kernel_number(node)
        if place.number != number:
            assert place.kind.shape == kinds()[node.kind].shape, key
            self.places[key] = replace(place, kind=kinds()[node.kind], number=number)

    def check_room(self, graph: Graph, due: int = NONE, *, alone: bool = False) -> None:
        """Make sure that a graph could be staged for a block, or if it were `alone`.

        Raises:
            UserError: E_LIMIT, it could not.
        """
        self._leaving.free()
        over = self._leaving.over(due)
        there = {key for key in (*self.places, *self.cable_slots) if not alone and key not in over}
        nodes = [node for key, node in graph.nodes.items() if key not in there]
        self.room.check(nodes, sum(key not in there for key in graph.cables), alone=alone)

    def _copy(self, node: GraphNode, copies: Mapping[str, str]) -> None:
        """A new node goes on from the state of another, or of the one which that is a copy of."""
        key, source = node.key, copies.get(node.base or node.key)
        if source is not None:
            source = dict(enumerate(self.parts(source))).get(node.group)
        if source in self.places and self.places[source].size != self.places[key].size:
            source = None  # it has voices, and the copy has not
        if source in self.fresh:
            source = self.copied.get(source)
        if source is not None and source in self.places:
            self.copied[key] = source
            place, other = self.places[key], self.places[source]
            self.instant.add(Event.COPY, place.slot, other.slot)
            if place.is_player and node.group == 0:
                self.instant.add(Event.COPY_VOICES, place.player, other.player)

    def fade(self, cable: str, amount: float) -> None:
        """A cable goes to an amount within a fade."""
        self.instant.add(Event.CABLE, self.cable_slots[cable], self.fade_frames, value=amount)

    def _stage_cable(self, cable: GraphCable) -> None:
        slot = self.cable_slots[cable.key]
        now = cable.amount if self._begins_at_once(cable) else 0.0
        self.arena.cables[:, slot] = (now, now, 0.0)
        self.arena.cable_left[:, slot] = 0
        self.cables[cable.key] = cable
        self.fresh.add(cable.key)
        if now != cable.amount:
            self.fade(cable.key, cable.amount)

    def _begins_at_once(self, cable: GraphCable) -> bool:
        """Whether a new cable carries at once: where nothing is heard of it that does not rise.

        Of a row of new nodes that sound passes through, the first cable fades in and no other; what
        is new and has a gate is silent until it is struck. A copy sounds: what goes into it is
        there as it was for the node that it was copied from, and what comes out fades in.
        """
        if self._master in self.fresh or cable.target in self.copied:
            return True
        if cable.source not in self.fresh or cable.source in self.copied:
            return False
        source = self.places[cable.source].kind
        gated = self.places[cable.target].kind.waits_for_gate
        is_silent = source.main_input is not None or source.waits_for_gate
        return is_silent or (gated and cable.target in self.fresh)

    def _stage_mutes(self, graph: Graph) -> None:
        """Strips are muted and opened; one that is new is so from the beginning."""
        mutes = {key: node.values["mute"] for key, node in graph.nodes.items() if node.is_strip}
        for key, mute in mutes.items():
            if self._mutes.get(key, mute) != mute:
                place = self.places[key]
                index = place.kind.find_input("mute")
                assert index is not None
                self.set_port(key, index, mute)
        known = self._mutes | mutes
        self._mutes = {key: mute for key, mute in known.items() if key in self.places}

    # ---- events of the coming instant

    def knows(self, key: str) -> bool:
        """Whether a node has a place: it plays, or still fades out."""
        return self.parts(key)[0] in self.places

    def set_port(self, key: str, port: int, value: float) -> None:
        """A port goes to a value within its own ramp; at once where its node is not heard yet."""
        key = self.parts(key)[0]
        place = self.places[key]
        at = place.ports + port
        if place.is_player and place.kind.inputs[port].name == "gate":
            self.set_gate(key, port, is_open=value > 0.5)
        elif key in self.fresh:
            self._set_at_once(at, *for_engine(place.kind.inputs[port], value))
        else:
            number, follows = for_engine(place.kind.inputs[port], value)
            frames = self._ramp_frames(place, port)
            self.instant.add(Event.PORT, at, frames, WAYS[follows], number)

    def _set_at_once(self, at: int, value: float, follows: int) -> None:
        """A port that nothing is heard of has a value, and so have those that go with it."""
        self.instant.forget(Event.FOLLOW, at)
        self.instant.forget(Event.PORT, at)
        while at != NONE:
            self.arena.ports[:, at] = (np.float32(value), np.float32(value), 0.0, 0.0, follows)
            self.arena.base[:, at] = value
            self.arena.base_follows[:, at] = follows
            at = int(self.arena.port_next[at])

    def glide_port(self, key: str, port: int, ends: tuple[float, float], frames: int) -> None:
        """A port goes to a value within so many frames, by the curve that it declares.

        Args:
            key: the node.
            port: the index of its input.
            ends: where it begins if the node is not heard yet, else it goes from where it is; and
                where it ends.
            frames: at least 1.
        """
        key = self.parts(key)[0]
        place = self.places[key]
        at = place.ports + port
        if key in self.fresh:
            self.set_port(key, port, ends[0])
        is_bent = place.kind.inputs[port].curve is Curve.EXPONENTIAL
        number, follows = for_engine(place.kind.inputs[port], ends[1])
        self.instant.start_of_glide(at)
        way = WAYS[follows] | Way.GLIDES
        self.instant.add(Event.PORT, at, -frames if is_bent else frames, way, number)

    def copy_glides(self, key: str, source: str) -> None:
        """Let the ports of a copy that is new glide as those of its source do."""
        if key in self._parts:
            for part, other_part in zip(self.parts(key), self.parts(source), strict=False):
                if part != key:
                    self.copy_glides(part, other_part)
            return
        if key not in self.fresh or source not in self.places:
            return
        place, other = self.places[key], self.places[source]
        for index, port in enumerate(place.kind.inputs):
            if port.choices or port.name == "gate":
                continue
            at, there = place.ports + index, other.ports + index
            if source in self.fresh:
                self.arena.ports[:, at] = self.arena.ports[:, there]
            self.instant.glide_alike(at, there, is_new=source in self.fresh)

    def _ramp_frames(self, place: Place, port: int) -> int:
        """How long a port takes to what it is set to."""
        return round(place.kind.inputs[port].ramp_s * self.rate_hz) if self.fade_frames else 0

    def play_note(self, key: str, hz: float, velocity: float, frames: int) -> None:
        """A voice of a player plays a note for so many frames (0: until all are released)."""
        player = self.place(key).player
        parts = round(float(np.float32(velocity)) * VELOCITY_ONE)
        self.instant.add_note(player, frames, parts, hz)

    def glide_cable(self, key: str, frames: int) -> None:
        """A cable takes so many frames to its amount, if it was there before."""
        if key in self.cable_slots and key not in self.fresh:
            amount = self.cables[key].amount
            self.instant.add(Event.CABLE, self.cable_slots[key], frames, value=amount)

    def set_gate(self, key: str, port: int, *, is_open: bool, frames: int = 0) -> None:
        """A gate opens for so many frames (0: until it is closed), or closes.

        Of what plays several notes at once: it plays its own pitch, or all voices close theirs.
        """
        place = self.place(key)
        if not place.is_player or place.kind.inputs[port].name != "gate":
            self.instant.add(Event.GATE, place.ports + port, frames, value=float(is_open))
        elif is_open:
            self.instant.add_note(place.player, frames, NONE, 0.0)
        else:
            self.instant.release(place.player)

    def follow_port(self, key: str, port: int, before: tuple[str, int]) -> None:
        """A port of a node that is new takes the value of one that leaves, if that has played."""
        for part, old in zip(self.parts(key), self.parts(before[0]), strict=False):
            if old in self._leaving:
                places = self.places[part].ports + port, self.places[old].ports + before[1]
                self.instant.add(Event.FOLLOW, *places)

    def add(self, kind: Event, a: int = 0, b: int = 0, c: int = 0, value: float = 0.0) -> None:
        """Any other event."""
        self.instant.add(kind, a, b, c, value)

    def staged_tables(self) -> set[int]:
        """Tables that sequences are to play from the coming instant on."""
        events = self.instant.events.values()
        return {b for kind, _, b, _, _ in events if kind == Event.SEQUENCE}

    def staged_sequences(self) -> set[int]:
        """Places of sequences to which something is to happen at the coming instant."""
        events = self.instant.events.values()
        changed = {a for kind, a, *_ in events if kind in (Event.SEQUENCE, Event.MOVE)}
        return changed | {b for kind, _, b, *_ in events if kind == Event.MOVE}

    def reset_node(self, key: str) -> None:
        """A node starts afresh, and is computed again if it was bypassed."""
        for part in self.parts(key):
            self.instant.add(Event.RESET, self.places[part].slot)

    def hush_ringing(self) -> None:
        """What was unloaded and rings on is silent from now on."""
        for node in self._leaving.ringing:
            self.instant.add(Event.RING, self.places[node].slot, 0, -1)

    def port_place(self, key: str, port: int) -> int:
        """A port's place in the arena, for the ports of a sequence."""
        return self.place(key).ports + port

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
        if self.instant.patched:
            self._put(index, due, self._plan_event(index, due))
            index += 1
        for event in self.instant.events.values():
            self._put(index, due, event)
            index += 1
        self._put(index, due, (int(Event.NOTHING), 0, 0, 0, 0.0))
        head[Head.EVENTS] = index + 1
        self.instant = Instant()
        self.fresh.clear()
        self.copied.clear()
        return index

    def _plan_event(self, mark: int, due: int) -> tuple[int, int, int, int, float]:
        """Write the next plan, and the one that takes over when all that leaves has faded."""
        lanes = int(self.arena.head[Head.LANES])
        fading = self._leaving.fading
        slots = self._slots.free(2 if fading else 1)
        wirings = [self._wiring(()), self._wiring(fading)]
        for slot, wiring in zip(slots, wirings, strict=False):
            write_plan(self.arena, slot, plan_of(wiring, lanes))
        self._slots.use(tuple(slots), mark)
        clears = len(slots) > 1
        self._leaving.note_plan(mark, due, clears_by_itself=clears)
        after = slots[1] if clears else NONE
        return int(Event.PLAN), slots[0], after, self._leaving.blocks, 0.0

    def _wiring(self, without: Container[str]) -> Wiring:
        """All that a plan computes: what is patched, and what leaves, without some of that."""
        # In the order of the patch, whatever came before: the same patch adds up to the same bits.
        keys = [*self._order, *(key for key in self._leaving.keys if key not in self._order)]
        keys = [key for key in keys if key not in without]
        places = {key: self.places[key] for key in keys if key in self.places}
        cables = [self.cables[key] for key in keys if key in self.cables]
        cables = [c for c in cables if c.source in places and c.target in places]
        return Wiring(
            places, cables, self.cable_slots, self._leaving.fading, self._master, self.rate_hz
        )

    def _put(self, index: int, due: int, event: tuple[int, int, int, int, float]) -> None:
        place = index % self.arena.ring.shape[0]
        kind, a, b, c, value = event
        self.arena.ring[place] = (kind, due, a, b, c, NONE)
        self.arena.ring_value[place] = value
