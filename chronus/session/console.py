"""What lines touch in the engine at an instant: staged here, and published together."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.engine.layout import NONE
from chronus.patch.graph import TONE, graph_of, kernels_of, key_of, strip_key, with_tone
from chronus.patch.hearing import heard
from chronus.patch.model import STRIP_PORTS, Patch, empty_patch
from chronus.session.draft import place_of
from chronus.session.garbage import collecting_later
from chronus.session.glides import Glides
from chronus.session.sequences import Sequences, lock_of, played_by, roles_of
from chronus.session.timing import CLOSE_BLOCKS
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from chronus.engine.layout import Event
    from chronus.patch.graph import Graph
    from chronus.patch.model import Node
    from chronus.patch.tables import Table
    from chronus.session.backend import Backend
    from chronus.session.changes import InputChange
    from chronus.session.glides import Ends
    from chronus.session.sequences import Locks, Ports
    from chronus.session.timing import Timing


def _renewed(before: Patch, after: Patch) -> Iterator[tuple[Node, Node]]:
    """Nodes that stay and play another file, as they were and as they are."""
    if any(node.recording is not None for node in after.nodes.values()):
        there = {node.number: node for node in before.nodes.values()}
        for node in after.nodes.values():
            old = there.get(node.number)
            if old is not None and key_of(old) != key_of(node):
                yield old, node


class Console:
    """The engine as an instant's actions see it.

    Args:
        backend: whose engine it is.
        timing: says when.

    Attributes:
        backend: the engine; another one may go on with the same arena.
        patch: what is patched.
        is_touched: whether something is staged that has not been published.
        is_rewired: whether a plan is part of it.
        has_tone: whether the test tone is computed: from the first time that it is wanted on.
    """

    def __init__(self, backend: Backend, timing: Timing) -> None:
        self.patch = empty_patch()
        self.is_touched = False
        self.is_rewired = False
        self.has_tone = False
        self.backend = backend
        self._writer = backend.writer
        self._knobs = backend.writer.knobs
        self._timing = timing
        self._kernels: set[str] = set()
        self._glides = Glides()
        self._sequences = Sequences(self._writer, self.is_in_engine, self._now)
        self._writer.stage(graph_of(self.patch))

    def _graph(self, patch: Patch) -> Graph:
        """What the engine computes."""
        graph = graph_of(patch)
        return with_tone(graph) if self.has_tone else graph

    # ---- an instant

    @collecting_later()
    def take(
        self,
        patch: Patch,
        *,
        is_rewired: bool,
        ringing: Collection[str] = (),
        copies: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Make a patch the one that plays.

        Args:
            patch: the patch.
            is_rewired: whether its nodes and cables may differ from those of now.
            ringing: keys of nodes that ring on if they are not in it.
            copies: by the key of a node that is new, the key of one whose state it goes on from.

        Raises:
            UserError: E_LIMIT, the engine is full; nothing has changed then.
        """
        renewed = list(_renewed(self.patch, patch)) if is_rewired else []
        moved = [t for t in patch.sequences if played_by(patch, t) & {n.name for _, n in renewed}]
        if moved:
            self._writer.tables.check_room((), map(patch.player, moved))
        if is_rewired:
            self._writer.stage(self._graph(patch), self._timing.due_block, ringing, copies)
            self.is_rewired = self.is_touched = True
        self.patch = patch
        for old, new in renewed:
            self._follow(old, new)
        for target in moved:
            self.move_sequence(target)
        self.is_touched |= self._sequences.follow_strips()

    def _follow(self, old: Node, new: Node) -> None:
        """A node that plays another file goes on with the ports that it had."""
        names = [port.name for port in new.declaration.inputs]
        for name in (*names, *(STRIP_PORTS if new.name in heard(self.patch) else ())):
            if old.value(name) == new.value(name):
                self._knobs.follow_port(*place_of(new, name), place_of(old, name))

    def _now(self, node: Node) -> Node:
        """A node as it is now: it may play another file than when a line was understood."""
        return self.patch.node_of(node.number) or node

    def check_room(self, patch: Patch) -> None:
        """Make sure that `take` would take a patch now.

        Raises:
            UserError: E_LIMIT, the engine is too full.
        """
        self._writer.check_room(self._graph(patch), self._timing.due_block)

    def waits_for_places(self) -> bool:
        """Whether something that was unloaded goes soon enough for what is said now."""
        done, due = self._timing.done_blocks, self._timing.due_block
        return self._writer.frees_places() and (due == NONE or done + CLOSE_BLOCKS < due)

    def check_size(self, patch: Patch) -> None:
        """Make sure that the engine can hold a patch at all.

        Raises:
            UserError: E_LIMIT, it cannot, whatever goes before.
        """
        self._writer.check_room(self._graph(patch), alone=True)

    @collecting_later()
    def publish(self, due: int) -> int:
        """Let all that was staged take effect at a block; a mark to settle on."""
        if self.is_rewired or not self._kernels:
            self._kernels = kernels_of(self.patch)
        self.backend.need(self._kernels | {TONE} if self.has_tone else self._kernels)
        self.backend.make_room()
        self.is_touched = self.is_rewired = False
        return self._writer.publish(due)

    # ---- what actions use

    def is_here(self, node: Node) -> bool:
        """Whether a node is still there, whatever its name."""
        return self.patch.node_of(node.number) is not None

    def is_in_engine(self, node: Node, port: str) -> bool:
        """Whether a port of a node is there to be set: a strip is only while the node is heard."""
        here = self.patch.node_of(node.number)
        own = node.declaration.find_input(port) is not None
        return here is not None and (own or here.name in heard(self.patch))

    def set_port(self, node: Node, port: str, value: float) -> None:
        """Set a port of a node in the engine."""
        if self.is_in_engine(node, port):
            self._glides.end(node, port)
            self._knobs.set_port(*place_of(self._now(node), port), value)
            self.is_touched = True

    def glide_port(self, node: Node, port: str, ends: Ends, frames: int) -> None:
        """Let a port of a node glide in the engine, from where it is."""
        if self.is_in_engine(node, port):
            due = self._timing.due_block
            begin = self._timing.frame if due == NONE else due * BLOCK
            start = self._glides.begin(node, port, begin, frames, ends)
            place = place_of(self._now(node), port)
            self._knobs.glide_port(*place, (start, ends[1]), frames)
            self.is_touched = True

    def copy_glides(self, node: Node, source: Node) -> None:
        """Let the ports of a node that is a copy go on as those of its source do."""
        self._glides.copy(node, source)
        node, source = self._now(node), self._now(source)
        self._knobs.copy_glides(key_of(node), key_of(source))
        self._knobs.copy_glides(strip_key(node), strip_key(source))

    def gliding_value(self, node: Node, port: str) -> float | None:
        """What a port is at on its way to what it is set to; None where it has arrived."""
        if not self.is_in_engine(node, port):
            return None
        if self._timing.is_score:
            return self._glides.value(node, port, self._timing.virtual)
        bpm = self._timing.transport.bpm_at(self._timing.frame)
        return self._knobs.gliding_value(*place_of(self._now(node), port), bpm)

    def set_inputs(self, inputs: Iterable[InputChange], frames: int = 0) -> None:
        """Set inputs of nodes of the graph, as far as the engine knows them.

        Args:
            inputs: and their values.
            frames: how long those take that are numbers of nodes which are there; 0: their ramps.
        """
        for change in inputs:
            if not self._writer.knows(change.key):
                continue
            node = self.patch.nodes[change.node]
            if frames and change.can_glide and change.before is not None:
                self.glide_port(node, change.port, (change.before, change.value), frames)
            else:
                self._glides.end(node, change.port)
                self._knobs.set_port(change.key, change.index, change.value)
                self.is_touched = True

    def glide_cables(self, keys: Iterable[str], frames: int) -> None:
        """Let cables take so long to the amounts that they have in the patch."""
        for key in keys:
            self._writer.glide_cable(key, frames)
            self.is_touched = True

    def set_gate(self, node: Node, *, is_open: bool, frames: int = 0) -> None:
        """Open or close the gate of a node."""
        index = node.declaration.find_input("gate")
        assert index is not None, node.name
        if self.is_here(node):
            self._knobs.set_gate(key_of(self._now(node)), index, is_open=is_open, frames=frames)
            self.is_touched = True

    def sound_tone(self, frames: int) -> None:
        """Let the test tone sound for so long."""
        self._knobs.set_gate(TONE, 0, is_open=True, frames=frames)
        self.is_touched = True

    def play_notes(
        self, node: Node, pitches: Iterable[float], velocity: float, frames: int
    ) -> None:
        """Let voices of a node that plays several notes at once each play a pitch in Hz."""
        if self.is_here(node):
            for hz in pitches:
                self._knobs.play_note(key_of(self._now(node)), hz, velocity, frames)
            self.is_touched = True

    def play(self, player: str, table: Table, roles: Ports, locks: Locks, *, now: bool) -> None:
        """Let ports be played by a table from the next bar line on."""
        self.is_touched |= self._sequences.play(player, table, roles, locks, now=now)

    def move_sequence(self, target: str) -> None:
        """Let what plays a target whose node starts afresh go on from where it is."""
        patch = self.patch
        locks = partial(lock_of, patch, target)
        self._sequences.move(patch.player(target), roles_of(patch, target), locks)
        self.is_touched = True

    def stop_playing(self, player: str, *, now: bool) -> None:
        """Let a node or port (`Patch.player`) be played by nothing from the next bar line on."""
        self._sequences.stop(player, now=now)
        self.is_touched = True

    def send(self, kind: Event, a: int = 0, b: int = 0, c: int = 0, value: float = 0.0) -> None:
        """Any other event."""
        self._writer.add(kind, a, b, c, value)
        self.is_touched = True

    def reset_node(self, node: Node) -> None:
        """Let a node start afresh, and be computed again if it was bypassed."""
        if self.is_here(node):
            self._writer.reset_node(key_of(self._now(node)))
            self.is_touched = True

    def reset_all(self) -> None:
        """Let every node start afresh, and what was unloaded and rings on be silent."""
        for node in self.patch.nodes.values():
            self.reset_node(node)
        self._writer.hush_ringing()
        self.is_touched = True
