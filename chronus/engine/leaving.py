"""What leaves: taken out of the patch, but computed until it has faded or rung out.

With each plan comes a second one, without all that fades; the engine goes over to it by itself when
the fades are over. So what has faded costs nothing more, and its place is free soon after, whether
or not anything else is ever patched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chronus.engine.layout import NONE, RUNG_OUT, Event, Tail
from chronus.patch.graph import strip_of
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping

    from chronus.engine.place import Place
    from chronus.engine.writer import Writer
    from chronus.patch.graph import Graph

QUIET_S: Final = 0.5
"""So much silence ends the ringing of a node that was unloaded."""
LONGEST_RING_S: Final = 30.0


@dataclass(slots=True)
class Exit:
    """How something leaves.

    Attributes:
        mark: the event with which it began to, NONE before that is published.
        due: the block of that event, NONE for as soon as possible.
        ringing: key of the node that it rings with, None where it fades.
        is_held: whether it does not fade itself, since what it goes into does.
    """

    mark: int = NONE
    due: int = NONE
    ringing: str | None = None
    is_held: bool = False


class Leaving:
    """The part of the writer that knows what leaves, and gives its places back.

    Args:
        writer: whose nodes and cables leave.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._exits: dict[str, Exit] = {}
        self._gone: list[tuple[int, list[Place], list[int]]] = []
        self._dropped: tuple[list[Place], list[int]] = ([], [])
        self._plan_mark = NONE
        self._clears_by_itself = False
        self._ghosts = 0

    @property
    def keys(self) -> Iterable[str]:
        """All that leaves, in the order in which it began to."""
        return self._exits

    @property
    def fading(self) -> Collection[str]:
        """What leaves, but for what rings on, in the order in which it began to."""
        return {key: leave for key, leave in self._exits.items() if leave.ringing is None}

    @property
    def ringing(self) -> set[str]:
        """The nodes that ring on."""
        return {leave.ringing for leave in self._exits.values() if leave.ringing is not None}

    @property
    def blocks(self) -> int:
        """Blocks after which both banks know of a fade that it is over."""
        return -(-self._writer.fade_frames // BLOCK) + 2

    def __contains__(self, key: object) -> bool:
        return key in self._exits

    def is_awaited(self) -> bool:
        """Whether something that was published to leave has still to go."""
        return bool(self._gone) or any(
            leave.mark != NONE and leave.ringing is None for leave in self._exits.values()
        )

    def begin(self, key: str, *, is_held: bool = False) -> None:
        """Something begins to fade, or to be held while it does not matter, and then leaves."""
        self._exits[key] = Exit(is_held=is_held)

    def holds(self, key: str) -> bool:
        """Whether something leaves but does not fade."""
        return key in self._exits and self._exits[key].is_held

    def ring(self, key: str, node: str) -> None:
        """Something rings on with a node, and leaves when that has rung out."""
        self._exits[key] = Exit(ringing=node)

    def rings(self, key: str) -> bool:
        """Whether something rings on."""
        return key in self._exits and self._exits[key].ringing is not None

    def come_back(self, key: str) -> bool:
        """Something is to stay after all; whether it was leaving."""
        return self._exits.pop(key, None) is not None

    def stage(self, graph: Graph, ringing: Container[str]) -> None:
        """Let go what is not in a graph: it fades, or rings on, or was never heard."""
        writer = self._writer
        together: dict[str, list[str]] = {}
        for key in _gone(writer.places, graph.nodes):
            node = writer.nodes.get(key)
            if node is None or key in writer.fresh:
                continue
            if (node.base or key) in ringing:
                together.setdefault(node.lead or key, []).append(key)
        for lead, keys in together.items():
            self._let_ring(keys, lead, graph)
        nodes, cables = _gone(writer.places, graph.nodes), _gone(writer.cables, graph.cables)
        for key in (*nodes, *cables):
            cable = writer.cables.get(key)
            # Of a row that leaves only the last cable fades: two fades at once would be too fast.
            is_held = cable is not None and not self._is_kept(cable.target, graph)
            if self.rings(key):
                if not is_held:
                    continue
                self.come_back(key)
            if key not in self or (self.holds(key) and not is_held):
                self._stage_leaving(key, is_held=is_held)

    def _is_kept(self, node: str, graph: Graph) -> bool:
        return node in graph.nodes or self.rings(node)

    def _let_ring(self, keys: list[str], lead: str, graph: Graph) -> None:
        """A node, its strip and what they are patched into ring on, as ghosts without a name.

        What is loaded, or comes back, under the same key is another node.

        Args:
            keys: the node, or all of an instrument.
            lead: the node with which they ring until it is silent.
            graph: what stays.
        """
        writer = self._writer
        self._ghosts += 1
        strips = [strip_of(writer.nodes[key].base or key) for key in keys]
        names = {key: f"{key}~{self._ghosts}" for key in (*keys, *strips) if key in writer.places}
        leading = names.get(writer.parts(lead)[0], names[keys[0]])
        for old, ghost in names.items():
            place = writer.places[ghost] = writer.places.pop(old)
            writer.nodes[ghost] = replace(writer.nodes.pop(old), key=ghost)
            self.ring(ghost, leading)
            if place.group != NONE:
                writer.room.leave_to_ghost(place)
        for old, cable in list(writer.cables.items()):
            if cable.source not in names and cable.target not in names:
                continue
            ends = (names.get(cable.source, cable.source), names.get(cable.target, cable.target))
            ghost = f"{old}~{self._ghosts}"
            was_leaving = self.come_back(old)
            writer.cables[ghost] = replace(
                writer.cables.pop(old), key=ghost, source=ends[0], target=ends[1]
            )
            writer.cable_slots[ghost] = writer.cable_slots.pop(old)
            writer.ranks.rename(old, ghost)
            if old in writer.fresh:
                writer.fresh ^= {old, ghost}
            if cable.source in names and not was_leaving and self._is_kept(ends[1], graph):
                self.ring(ghost, leading)
        for key in keys:
            gate = writer.places[names[key]].kind.find_input("gate")
            if gate is not None:
                writer.knobs.set_gate(names[key], gate, is_open=False)
        blocks = (round(s * writer.rate_hz / BLOCK) for s in (QUIET_S, LONGEST_RING_S))
        writer.instant.add(Event.RING, writer.places[leading].slot, *blocks)

    def _stage_leaving(self, key: str, *, is_held: bool) -> None:
        """Let a cable fade out; what no plan has had yet goes at once and leaves no trace."""
        writer = self._writer
        if key not in writer.fresh:
            self.begin(key, is_held=is_held)
            if key in writer.cable_slots and not is_held:
                writer.fade(key, 0.0)
            return
        writer.fresh.discard(key)
        if key in writer.cable_slots:
            del writer.cables[key]
            slot = writer.cable_slots.pop(key)
            writer.instant.forget(Event.CABLE, slot)
            writer.room.give_cable(slot)
            return
        place = writer.places.pop(key)
        writer.copied.pop(key, None)
        writer.instant.forget(Event.COPY, place.slot)
        if place.is_player:
            writer.instant.forget_player(place.player)
            writer.instant.forget(Event.COPY_VOICES, place.player)
        for port in range(place.ports, place.ports + len(place.kind.inputs)):
            for kind in (Event.GATE, Event.PORT, Event.FOLLOW):
                writer.instant.forget(kind, port)
        writer.room.give_node(place)

    def note_plan(self, mark: int, due: int, *, clears_by_itself: bool) -> None:
        """A plan has been published: what began to leave leaves with it, what is over is gone."""
        for leave in self._exits.values():
            if leave.mark == NONE:
                leave.mark, leave.due = mark, due
        self._plan_mark = mark
        self._clears_by_itself = clears_by_itself
        if any(self._dropped):
            self._gone.append((mark, *self._dropped))
        self._dropped = ([], [])

    def let_go(self, due: int) -> None:
        """Forget what is over when a plan for the block `due` begins, and give back what can be.

        That depends on blocks alone, so that what is patched again later is the same node or
        another one for everybody. What has rung out is silent: when it goes is never heard.
        """
        self.free()
        places, slots = self._taken_out(self.over(due))
        self._dropped[0].extend(places)
        self._dropped[1].extend(slots)

    def over(self, due: int) -> list[str]:
        """What is over when a plan for the block `due` begins."""
        return [key for key, leave in self._exits.items() if self._is_over(leave, due)]

    def free(self) -> None:
        """Give back the places of what no block computes any more."""
        if self._clears_by_itself and self._writer.is_over(
            self._plan_mark, (self.blocks + 2) * BLOCK
        ):
            for key, leave in list(self._exits.items()):
                if leave.mark != NONE and leave.ringing is None:
                    self._give_back(*self._taken_out([key]))
        for entry in list(self._gone):
            mark, places, slots = entry
            if self._writer.is_over(mark, 2 * BLOCK):
                self._gone.remove(entry)
                self._give_back(places, slots)

    def _is_over(self, leave: Exit, due: int) -> bool:
        if leave.mark == NONE:
            return False
        arena = self._writer.arena
        if leave.ringing is not None:
            slot = self._writer.places[leave.ringing].slot
            return bool(arena.rings[self._writer.bank, slot, Tail.SINCE] == RUNG_OUT)
        began = leave.due
        if began == NONE:
            frame = self._writer.took(leave.mark)
            if frame is None:
                return False
            began = frame // BLOCK
        now = self._writer.frames_done() // BLOCK if due == NONE else due
        return now >= began + self.blocks

    def _taken_out(self, keys: list[str]) -> tuple[list[Place], list[int]]:
        writer = self._writer
        for key in keys:
            del self._exits[key]
        places = [writer.places.pop(key) for key in keys if key in writer.places]
        slots = [writer.cable_slots.pop(key) for key in keys if key in writer.cable_slots]
        for key in keys:
            writer.cables.pop(key, None)
        return places, slots

    def _give_back(self, places: list[Place], slots: list[int]) -> None:
        for place in places:
            self._writer.room.give_node(place)
        for slot in slots:
            self._writer.room.give_cable(slot)


def _gone(there: Mapping[str, object], stays: Mapping[str, object]) -> list[str]:
    """Keys of what is there and does not stay, in order."""
    if there.keys() <= stays.keys():
        return []
    return [key for key in there if key not in stays]
