"""The one writer of the arena: publishes graphs and events.

What is changed at one instant is collected and published at once, so that no block sees half of it.
Nothing here waits: who calls asks `has_room` first, and lets blocks pass where there is none.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.dsp.declaration import RAMP_S
from chronus.engine.fading import Ranks
from chronus.engine.fusable import FusedKernels
from chronus.engine.instant import Instant
from chronus.engine.knobs import Knobs
from chronus.engine.layout import NONE, Arena, Clock, Event, Head, Ring
from chronus.engine.leaving import Leaving
from chronus.engine.places import Places, kernel_number
from chronus.engine.plan import Known, Wiring, plan_of
from chronus.engine.plan_slot import write_plan
from chronus.engine.slots import Slots
from chronus.engine.tables import Tables
from chronus.modules.catalog import kinds
from chronus.patch.graph import Graph
from chronus.patch.model import OUT
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from chronus.engine.place import Place
    from chronus.patch.graph import GraphCable, GraphNode


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
        leaving: what is on its way out, and `knobs` what moves ports and gates.
        ranks: which cables read the last block.
        instant: what is to take effect next.
        fused: kernels of whole groups of voices, by which plans call them.
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
        self._graph = Graph({}, {})
        self.leaving = Leaving(self)
        self.ranks = Ranks()
        self.knobs = Knobs(self)
        self._known = Known()
        self._master = ""
        self.instant = Instant()
        self.fused = FusedKernels(self.knobs.target)
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

    def has_voices(self, key: str) -> bool:
        """Whether a node is there in groups of voices."""
        return key in self._parts

    def place(self, key: str) -> Place:
        """Where a node is, or its first group of voices."""
        return self.places[self.parts(key)[0]]

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
        return self.leaving.is_awaited()

    def has_room(self) -> bool:
        """Whether the ring takes all that one instant can hold, and a plan slot is free."""
        size = self.arena.ring.shape[0]
        used = int(self.arena.head[Head.EVENTS]) - self.clock(Clock.LOW)
        return used + len(self.instant.events) + 2 <= size and bool(self._slots.free(1))

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
        self.leaving.let_go(due)
        new_nodes = [node for key, node in graph.nodes.items() if key not in self.places]
        new_cables = [c for key, c in graph.cables.items() if key not in self.cable_slots]
        places, slots = self.room.take(new_nodes, len(new_cables))
        self.room.install(list(zip(places, new_nodes, strict=True)))
        for node, place in zip(new_nodes, places, strict=True):
            self.places[node.key] = place
            self.fresh.add(node.key)
        changed = [node for key, node in graph.nodes.items() if self.nodes.get(key) is not node]
        self._know_parts(graph)
        for node in new_nodes:
            self._copy(node, copies)
        for node in changed:
            self._renew_kernel(node.key, node)
        self._master = next(key for key, node in graph.nodes.items() if node.kind == OUT)
        for cable, slot in zip(new_cables, slots, strict=True):
            # Another cable between the same ports fades as this one rises.
            self.cable_slots[cable.key] = slot
            self._stage_cable(cable)
        self._stay(graph)
        self.leaving.stage(graph, ringing)
        self.nodes |= graph.nodes
        self.nodes = {key: node for key, node in self.nodes.items() if key in self.places}
        self._stage_mutes(changed)
        self._graph = graph
        self.instant.patched = True

    def _stay(self, graph: Graph) -> None:
        """What was there before is to stay, and a cable that is another one goes to its amount."""
        for key in [key for key in self.leaving.keys if key in graph.nodes]:
            self.leaving.come_back(key)
        leaving = {key for key in self.leaving.keys if key in graph.cables}
        # A graph has the very cable again that the last one had.
        others = [
            cable
            for key, cable in graph.cables.items()
            if self.cables[key] is not cable or key in leaving
        ]
        for cable in others:
            key, is_other = cable.key, self.cables[cable.key] != cable
            if key in self.fresh and is_other:
                self.instant.forget(Event.CABLE, self.cable_slots[key])
                self._stage_cable(cable)
            elif self.leaving.come_back(key) or is_other:
                self.fade(key, cable.amount)
            self.cables[key] = cable

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
        self.leaving.free()
        over = self.leaving.over(due)
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

    def _stage_mutes(self, changed: Iterable[GraphNode]) -> None:
        """Strips are muted and opened; one that is new is so from the beginning."""
        mutes = {node.key: node.values["mute"] for node in changed if node.is_strip}
        for key, mute in mutes.items():
            if self._mutes.get(key, mute) != mute:
                place = self.places[key]
                index = place.kind.find_input("mute")
                assert index is not None
                self.knobs.set_port(key, index, mute)
        known = self._mutes | mutes
        self._mutes = {key: mute for key, mute in known.items() if key in self.places}

    # ---- events of the coming instant

    def knows(self, key: str) -> bool:
        """Whether a node has a place: it plays, or still fades out."""
        return self.parts(key)[0] in self.places

    def glide_cable(self, key: str, frames: int) -> None:
        """A cable takes so many frames to its amount, if it was there before."""
        if key in self.cable_slots and key not in self.fresh:
            amount = self.cables[key].amount
            self.instant.add(Event.CABLE, self.cable_slots[key], frames, value=amount)

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
        for node in self.leaving.ringing:
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
        fading = self.leaving.fading
        slots = self._slots.free(2 if fading else 1)
        for slot, without in zip(slots, [(), fading], strict=False):
            wiring = self._wiring(without)
            plan = plan_of(wiring, lanes, self._known, self.fused)
            if not without:  # the second plan has nothing new
                self.ranks.note(wiring, plan.late)
            write_plan(self.arena, slot, plan)
            self.fused.want(plan)
        self._slots.use(tuple(slots), mark)
        clears = len(slots) > 1
        self.leaving.note_plan(mark, due, clears_by_itself=clears)
        after = slots[1] if clears else NONE
        return int(Event.PLAN), slots[0], after, self.leaving.blocks, 0.0

    def _wiring(self, without: Container[str]) -> Wiring:
        """All that a plan computes: what is patched, and what leaves, without some of that."""
        # In the order of the patch, whatever came before: the same patch adds up to the same bits.
        graph = self._graph
        places = {key: self.places[key] for key in graph.nodes}
        cables = [self.cables[key] for key in graph.cables]
        going = [key for key in self.leaving.keys if key not in without]
        places |= {key: self.places[key] for key in going if key in self.places}
        gone = [self.cables[key] for key in going if key in self.cables]
        cables += [c for c in gone if c.source in places and c.target in places]
        return Wiring(
            *(places, cables, self.cable_slots, self.leaving.fading, self._master, self.rate_hz),
            self.ranks,
        )

    def _put(self, index: int, due: int, event: tuple[int, int, int, int, float]) -> None:
        place = index % self.arena.ring.shape[0]
        kind, a, b, c, value = event
        self.arena.ring[place] = (kind, due, a, b, c, NONE)
        self.arena.ring_value[place] = value
