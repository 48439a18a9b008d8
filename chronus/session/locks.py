"""Whose hands are on which nodes: what one client has locked, no other may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.errors import Code, UserError
from chronus.language.statements import Gate, Note, Reset, Set, Trigger, Unsequence
from chronus.language.steps import Sequence
from chronus.patch.instruments import inner_nodes, instrument_of
from chronus.session.parts import touched_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.errors import Span
    from chronus.language.statements import Assignment, Said
    from chronus.patch.model import Patch

Locks = dict[int, str]
"""Who has locked a node, by its number."""

PASSING: Final = "osc "
"""How those are called who come without a connection, so that nobody knows when they have gone."""


def nodes_named(patch: Patch, name: str) -> list[int]:
    """The numbers of a node, or of all inner nodes of an instrument."""
    if name in patch.nodes:
        return [patch.nodes[name].number]
    if name in patch.instruments:
        return [node.number for node in inner_nodes(patch, patch.instruments[name])]
    return []


def held(patch: Patch, locks: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """What is locked, by the numbers of its nodes: what it is called, and who holds it.

    An instrument all of whose nodes one client holds is one thing.
    """
    found = {}
    for node in patch.nodes.values():
        if node.number not in locks:
            continue
        holder, name = locks[node.number], node.name
        instrument = instrument_of(patch, name)
        if instrument is not None:
            numbers = nodes_named(patch, instrument.name)
            name = instrument.name if {locks.get(n) for n in numbers} == {holder} else name
        found[node.number] = (name, holder)
    return found


def check(locks: Mapping[int, str], who: str, patches: tuple[Patch, Patch], part: Said) -> None:
    """See that a command leaves alone what others have locked.

    Args:
        locks: that there are.
        who: says the command.
        patches: before and after it.
        part: the command.

    Raises:
        UserError: E_LOCKED, naming who holds it.
    """
    before, after = patches
    others = {number: holder for number, holder in locks.items() if holder != who}
    if not others:
        return
    touched = set() if before is after else touched_nodes(before, after)
    touched |= _named(before, part)
    there = held(before, others)
    for number in sorted(touched & there.keys()):
        raise locked(*there[number], part.span)


def locked(name: str, holder: str, span: Span) -> UserError:
    """The error of who touches what another has locked."""
    message = f"{name} is locked by {holder}: it stays as it is until they unlock it, or go"
    return UserError(Code.LOCKED, message, span, ("list locks",))


def _named(patch: Patch, part: Said) -> set[int]:
    """Nodes that a command names which touches them even where the patch stays as it is."""
    statement = part.statement
    if isinstance(statement, Set):
        return {n for assignment in statement.assignments for n in _holding(patch, assignment)}
    names: list[str] = []
    if isinstance(statement, (Note, Gate, Trigger)):
        names = [statement.node.text]
    elif isinstance(statement, (Sequence, Unsequence)):
        names = [statement.target.node.text]
    elif isinstance(statement, Reset):
        if not statement.names:
            return {node.number for node in patch.nodes.values()}
        names = [name.text for name in statement.names]
    return {number for name in names for number in nodes_named(patch, name)}


def _holding(patch: Patch, assignment: Assignment) -> list[int]:
    """The number of the node whose port is set, which may be one inside an instrument."""
    target = assignment.target
    instrument = patch.instruments.get(target.node.text)
    if instrument is None:
        return nodes_named(patch, target.node.text)
    exposed = instrument.ports.get("in" if target.port is None else target.port.text)
    return nodes_named(
        patch, instrument.heard if exposed is None else instrument.inner(exposed.node)
    )
