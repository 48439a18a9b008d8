"""Which tables play which ports; those of a strip play for as long as there is a strip.

What is played is called by the number of its node (`Patch.player`), which no new name changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chronus.engine.layout import NONE
from chronus.patch.model import STRIP_PORTS
from chronus.patch.tables import Role
from chronus.session.draft import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.engine.writer import Writer
    from chronus.patch.model import Node
    from chronus.patch.tables import Table

    Ports = tuple[str | None, str | None, str | None]


def roles_of(node: Node, target: str) -> Ports:
    """The ports that a sequence moves, each at the place of its Role."""
    port = target.partition(".")[2]
    if port:
        return (port, None, None)
    names = [role.name.lower() for role in Role]
    has = [name if node.declaration.find_input(name) is not None else None for name in names]
    return (has[0], has[1], has[2])


class _Locking(NamedTuple):
    """A sequence whose steps lock ports of a strip, and where these were when it was last told."""

    node: Node
    roles: Ports
    locked: Mapping[str, int]


class Sequences:
    """Tells the engine what is played.

    Args:
        writer: of the engine.
        is_in_engine: whether a port of a node is there to be played.
    """

    def __init__(self, writer: Writer, is_in_engine: Callable[[Node, str], bool]) -> None:
        self._writer = writer
        self._is_in_engine = is_in_engine
        self._on_strips: dict[str, tuple[Node, Table, Ports]] = {}
        self._locking: dict[str, _Locking] = {}

    def play(self, player: str, node: Node, table: Table, roles: Ports, *, now: bool) -> bool:
        """Let ports be played by a table from the next bar line on; False: they are not there."""
        on_strip = any(n in STRIP_PORTS and node.declaration.find_input(n) is None for n in roles)
        if on_strip:
            self._on_strips[player] = (node, table, roles)
        if not self._are_there(node, roles):
            return False
        locked = {name: self._place(node, name) for name in table.locked}
        self._writer.tables.play(player, self._places(node, roles), table, locked, now=now)
        self._locking.pop(player, None)
        if any(n in STRIP_PORTS and node.declaration.find_input(n) is None for n in locked):
            self._locking[player] = _Locking(node, roles, locked)
        return True

    def _places(self, node: Node, roles: Ports) -> tuple[int, int, int]:
        places = [
            NONE if name is None else self._writer.port_place(*place_of(node, name))
            for name in roles
        ]
        return places[0], places[1], places[2]

    def _place(self, node: Node, name: str) -> int:
        """The place of a port that steps lock; NONE while it is not there."""
        if not self._is_in_engine(node, name):
            return NONE
        return self._writer.port_place(*place_of(node, name))

    def move(self, player: str, node: Node) -> None:
        """Let what plays a node, or a port of it, that starts afresh go on from where it is."""
        roles = roles_of(node, player)
        if self._writer.tables.plays(player) and self._are_there(node, roles):
            places = self._places(node, roles)
            self._writer.tables.move(player, places, lambda name: self._place(node, name))

    def stop(self, player: str, *, now: bool) -> None:
        """Let a node or port be played by nothing from the next bar line on."""
        self._on_strips.pop(player, None)
        self._locking.pop(player, None)
        self._writer.tables.end(player, now=now)

    def follow_strips(self) -> bool:
        """See which strips have come or gone; whether anything has to be published for it."""
        is_changed = False
        for player, (node, table, roles) in list(self._on_strips.items()):
            is_there = self._are_there(node, roles)
            plays = self._writer.tables.plays(player)
            if plays and not is_there:
                self._writer.tables.end(player, now=True)
            elif is_there and not plays:
                is_changed |= self.play(player, node, table, roles, now=False)
        for player, locking in list(self._locking.items()):
            is_changed |= self._follow_locks(player, locking)
        return is_changed

    def _follow_locks(self, player: str, locking: _Locking) -> bool:
        """Let steps lock ports of a strip that has come, and none of one that has gone."""
        node, roles = locking.node, locking.roles
        locked = {name: self._place(node, name) for name in locking.locked}
        if locked == locking.locked or not self._are_there(node, roles):
            return False
        self._locking[player] = locking._replace(locked=locked)
        places = self._places(node, roles)
        self._writer.tables.move(player, places, lambda name: self._place(node, name))
        return True

    def _are_there(self, node: Node, roles: Ports) -> bool:
        return all(name is None or self._is_in_engine(node, name) for name in roles)
