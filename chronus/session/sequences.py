"""Which tables play which ports; those of a strip play for as long as there is a strip.

What is played is called by the number of its node (`Patch.player`), which no new name changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.engine.layout import NONE
from chronus.patch.instruments import played_ports
from chronus.patch.model import STRIP_PORTS
from chronus.patch.tables import Role
from chronus.session.draft import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.engine.writer import Writer
    from chronus.patch.model import Node, Patch
    from chronus.patch.tables import Table

    Port = tuple[Node, str]
    Ports = tuple[Port | None, Port | None, Port | None]


def roles_of(patch: Patch, target: str) -> Ports:
    """The ports that a sequence moves, each at the place of its Role."""
    name, _, port = target.partition(".")
    if port:
        return ((patch.nodes[name], port), None, None)
    there = {role: (node, p.name) for role, (node, p) in played_ports(patch, name).items()}
    has = [there.get(role.name.lower()) for role in Role]
    return (has[0], has[1], has[2])


class Sequences:
    """Tells the engine what is played.

    Args:
        writer: of the engine.
        is_in_engine: whether a port of a node is there to be played.
    """

    def __init__(self, writer: Writer, is_in_engine: Callable[[Node, str], bool]) -> None:
        self._writer = writer
        self._is_in_engine = is_in_engine
        self._on_strips: dict[str, tuple[Table, Ports]] = {}

    def play(self, player: str, table: Table, roles: Ports, *, now: bool) -> bool:
        """Let ports be played by a table from the next bar line on; False: they are not there."""
        if any(port is not None and _is_of_strip(*port) for port in roles):
            self._on_strips[player] = (table, roles)
        if not self._are_there(roles):
            return False
        self._writer.tables.play(player, self._places(roles), table, now=now)
        return True

    def _places(self, roles: Ports) -> tuple[int, int, int]:
        places = [
            NONE if port is None else self._writer.port_place(*place_of(*port)) for port in roles
        ]
        return places[0], places[1], places[2]

    def move(self, player: str, roles: Ports) -> None:
        """Let what plays ports of a node that starts afresh go on from where it is."""
        if self._writer.tables.plays(player) and self._are_there(roles):
            self._writer.tables.move(player, self._places(roles))

    def stop(self, player: str, *, now: bool) -> None:
        """Let a node or port be played by nothing from the next bar line on."""
        self._on_strips.pop(player, None)
        self._writer.tables.end(player, now=now)

    def follow_strips(self) -> bool:
        """See which strips have come or gone; whether anything has to be published for it."""
        is_changed = False
        for player, (table, roles) in list(self._on_strips.items()):
            is_there = self._are_there(roles)
            plays = self._writer.tables.plays(player)
            if plays and not is_there:
                self._writer.tables.end(player, now=True)
            elif is_there and not plays:
                is_changed |= self.play(player, table, roles, now=False)
        return is_changed

    def _are_there(self, roles: Ports) -> bool:
        return all(port is None or self._is_in_engine(*port) for port in roles)


def _is_of_strip(node: Node, port: str) -> bool:
    return port in STRIP_PORTS and node.declaration.find_input(port) is None
