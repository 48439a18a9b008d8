"""Which tables play which ports; those of a strip play for as long as there is a strip.

What is played is called by the number of its node (`Patch.player`), which no new name changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chronus.engine.layout import NONE
from chronus.patch.instruments import locked_port, played_ports
from chronus.patch.model import STRIP_PORTS
from chronus.patch.tables import Role, locked_ports
from chronus.session.draft import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.engine.writer import Writer
    from chronus.patch.model import Node, Patch
    from chronus.patch.tables import Table

    Port = tuple[Node, str]
    Ports = tuple[Port | None, Port | None, Port | None]
    Locks = Mapping[str, Port]


def roles_of(patch: Patch, target: str) -> Ports:
    """The ports that a sequence moves, each at the place of its Role."""
    name, _, port = target.partition(".")
    if port:
        return ((patch.nodes[name], port), None, None)
    there = {role: (node, p.name) for role, (node, p) in played_ports(patch, name).items()}
    has = [there.get(role.name.lower()) for role in Role]
    return (has[0], has[1], has[2])


def locks_of(patch: Patch, target: str) -> Locks:
    """The ports that steps of a sequence lock, by the names that the steps give them."""
    found = {}
    for name in locked_ports(patch.sequences[target]):
        port = lock_of(patch, target, name)
        assert port is not None, name
        found[name] = port
    return found


def played_by(patch: Patch, target: str) -> set[str]:
    """The names of the nodes whose ports a sequence moves."""
    moved = [*roles_of(patch, target), *locks_of(patch, target).values()]
    return {port[0].name for port in moved if port is not None}


def lock_of(patch: Patch, target: str, name: str) -> Port | None:
    """The port that a step of what plays a target locks; None: there is none of that name."""
    found = locked_port(patch, target.partition(".")[0], name)
    return None if found is None else (found[0], found[1].name)


class _Locking(NamedTuple):
    """A sequence whose steps lock ports of a strip, and where these were when it was last told."""

    roles: Ports
    locks: Locks
    locked: Mapping[str, int]


class Sequences:
    """Tells the engine what is played.

    Args:
        writer: of the engine.
        is_in_engine: whether a port of a node is there to be played.
        now: a node as it is now.
    """

    def __init__(
        self,
        writer: Writer,
        is_in_engine: Callable[[Node, str], bool],
        now: Callable[[Node], Node],
    ) -> None:
        self._writer = writer
        self._now = now
        self._is_in_engine = is_in_engine
        self._on_strips: dict[str, tuple[Table, Ports, Locks]] = {}
        self._locking: dict[str, _Locking] = {}

    def play(self, player: str, table: Table, roles: Ports, locks: Locks, *, now: bool) -> bool:
        """Let ports be played by a table from the next bar line on; False: they are not there."""
        if any(port is not None and _is_of_strip(*port) for port in roles):
            self._on_strips[player] = (table, roles, locks)
        if not self._are_there(roles):
            return False
        locked = {name: self._place(locks[name]) for name in table.locked}
        self._writer.tables.play(player, self._places(roles), table, locked, now=now)
        self._locking.pop(player, None)
        if any(_is_of_strip(*locks[name]) for name in locked):
            self._locking[player] = _Locking(roles, locks, locked)
        return True

    def _places(self, roles: Ports) -> tuple[int, int, int]:
        places = [NONE if port is None else self._at(*port) for port in roles]
        return places[0], places[1], places[2]

    def _at(self, node: Node, port: str) -> int:
        return self._writer.port_place(*place_of(self._now(node), port))

    def _place(self, port: Port | None) -> int:
        """The place of a port that steps lock; NONE while it is not there."""
        if port is None or not self._is_in_engine(*port):
            return NONE
        return self._at(*port)

    def move(self, player: str, roles: Ports, lock_of: Callable[[str], Port | None]) -> None:
        """Let what plays ports of a node that starts afresh go on from where it is.

        Args:
            player: what is played.
            roles: the ports of its notes.
            lock_of: the port of a name that steps lock.
        """
        if self._writer.tables.plays(player) and self._are_there(roles):
            places = self._places(roles)
            self._writer.tables.move(player, places, lambda name: self._place(lock_of(name)))

    def stop(self, player: str, *, now: bool) -> None:
        """Let a node or port be played by nothing from the next bar line on."""
        self._on_strips.pop(player, None)
        self._locking.pop(player, None)
        self._writer.tables.end(player, now=now)

    def follow_strips(self) -> bool:
        """See which strips have come or gone; whether anything has to be published for it."""
        is_changed = False
        for player, (table, roles, locks) in list(self._on_strips.items()):
            is_there = self._are_there(roles)
            plays = self._writer.tables.plays(player)
            if plays and not is_there:
                self._writer.tables.end(player, now=True)
            elif is_there and not plays:
                is_changed |= self.play(player, table, roles, locks, now=False)
        for player, locking in list(self._locking.items()):
            is_changed |= self._follow_locks(player, locking)
        return is_changed

    def _follow_locks(self, player: str, locking: _Locking) -> bool:
        """Let steps lock ports of a strip that has come, and none of one that has gone."""
        roles, locks = locking.roles, locking.locks
        locked = {name: self._place(locks[name]) for name in locking.locked}
        if locked == locking.locked or not self._are_there(roles):
            return False
        self._locking[player] = locking._replace(locked=locked)
        places = self._places(roles)
        self._writer.tables.move(player, places, lambda name: self._place(locks.get(name)))
        return True

    def _are_there(self, roles: Ports) -> bool:
        return all(port is None or self._is_in_engine(*port) for port in roles)


def _is_of_strip(node: Node, port: str) -> bool:
    return port in STRIP_PORTS and node.declaration.find_input(port) is None
