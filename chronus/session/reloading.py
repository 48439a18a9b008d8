"""Sources of modules are read again while the music plays: what has changed sounds anew."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.engine.findings import faults
from chronus.errors import Code, UserError, nearest
from chronus.modules.catalog import adopt, catalog, read_again
from chronus.patch.graph import key_of
from chronus.patch.hearing import heard
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.patch.tables import is_pitched
from chronus.session.draft import place_of
from chronus.session.kept_sources import keep, kept, marked
from chronus.session.sequences import locks_of, roles_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from types import ModuleType

    from chronus.modules.catalog import Catalog
    from chronus.patch.model import Node, Patch
    from chronus.session.session import Session

    Port = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of a reload.

    Attributes:
        processes: of the workers that play now, none offline.
        changed: kinds that say or do something else than before.
        new: kinds that were not there.
        gone: kinds that are there no longer.
        sources: what was read, as a line that is replayed names it, with a mark of the content.
        trouble: why one of these could not be kept for that, or "".
    """

    processes: list[int]
    changed: list[str]
    new: list[str]
    gone: list[str]
    sources: list[str]
    trouble: str = ""


def reload(
    session: Session,
    names: Collection[str] = (),
    marks: Mapping[str, str] = MappingProxyType({}),
) -> Reloaded:
    """Read the sources of kinds, and let what is played be computed by them from now on.

    A node whose kind has the ports, the state and the memory that it had goes on with them. Where
    one of these has changed it starts afresh, with its cables, values and sequences.

    Args:
        session: the session.
        names: of kinds or of files of the user's own; without any, all are read.
        marks: of the sources that others are to have, by their names.

    Raises:
        UserError: E_NAME, there is nothing of such a name; E_FILE, a source is wrong or not kept;
            E_STATE or E_PORT, what is in use is gone; E_LIMIT, E_INTERNAL. Nothing has changed
            then.
    """
    given = dict(kept(name, mark) for name, mark in marks.items())
    before, after = catalog(), read_again(names, given)
    check_uses(session.patch, before, after)
    processes = session.backend.reload(after)
    changed = after.changed_since(before)
    ports = _ports(session.patch)
    adopt(after)
    try:
        if not {*(node.kind for node in session.patch.nodes.values()), "strip"}.isdisjoint(changed):
            _renew(session, ports)
    except UserError:
        adopt(before)
        raise
    _try_again(session, {name for name in changed if after.numbers[name] != before.numbers[name]})
    new = [name for name in after.kinds if name not in before.kinds]
    gone = [name for name in before.kinds if name not in after.kinds]
    read = [m for name, m in after.modules.items() if m is not before.modules.get(name)]
    trouble = _keep(read) if session.backend.is_live else ""
    return Reloaded(processes, changed, new, gone, list(map(marked, read)), trouble)


def _keep(read: Iterable[ModuleType]) -> str:
    """Keep what was read for who replays it; what hinders that, or ""."""
    try:
        for module in read:
            keep(module)
    except OSError as error:
        return f"what was read cannot be kept for the journal: {error.strerror}"
    return ""


def _renew(session: Session, before: Mapping[tuple[str, str], Port]) -> None:
    """Let the kernels of now play the patch, and nodes that start afresh take up what was played.

    Args:
        session: the session.
        before: where the ports were.

    Raises:
        UserError: E_LIMIT; nothing has changed then.
    """
    now = _ports(session.patch)
    fresh = {port: place for port, place in now.items() if place[0] != before.get(port, place)[0]}
    moved = [t for t in session.patch.sequences if _played(session.patch, t) & fresh.keys()]
    session.writer.tables.check_room((), map(session.patch.player, moved))
    session.console.take(fitted(session.patch), is_rewired=True)
    for port, place in fresh.items():
        session.writer.knobs.follow_port(*place, before[port])
    for target in moved:
        session.console.move_sequence(target)


def _try_again(session: Session, renewed: set[str]) -> None:
    """Let nodes that are bypassed be computed again where their kernel is another."""
    found = faults(session.writer)
    for node in session.patch.nodes.values():
        is_bypassed = found.get(node.name + key_of(node), (0,))[0] != 0
        if node.kind in renewed and is_bypassed:
            session.console.reset_node(node)


def _ports(patch: Patch) -> dict[tuple[str, str], Port]:
    """The place of each input of each node, strips too, by the names of both."""
    audible = heard(patch)
    found = {}
    for node in patch.nodes.values():
        names = {port.name for port in node.declaration.inputs}
        names.update(STRIP_PORTS if node.name in audible else ())
        found.update({(node.name, name): place_of(node, name) for name in sorted(names)})
    return found


def _played(patch: Patch, target: str) -> set[tuple[str, str]]:
    """The ports that a sequence moves."""
    moved = [*roles_of(patch, target), *locks_of(patch, target).values()]
    return {(port[0].name, port[1]) for port in moved if port is not None}


def fitted(patch: Patch) -> Patch:
    """A patch whose values lie within the ranges that their ports have now."""
    for node in patch.nodes.values():
        for name, value in node.values.items():
            port = node.port(name)
            assert port is not None, name
            within = min(max(value, port.low), port.high)
            if within != value:
                patch = patch.with_value(node.name, name, within)
    return patch


# ---- what is in use must stay


def check_uses(patch: Patch, before: Catalog, after: Catalog) -> None:
    """See that all kinds and ports that a patch uses are there in a catalog to come.

    Raises:
        UserError: E_STATE, a kind is gone; E_PORT, a port is.
    """
    for node in patch.nodes.values():
        if node.kind not in after.kinds:
            message = f"{node.name} is a {node.kind}, and that kind is there no longer"
            raise UserError(Code.STATE, message, None, (f"unload {node.name}",))
    inputs = {name: {port.name for port in kind.inputs} for name, kind in after.kinds.items()}
    for node, port, words in _uses(patch, before):
        if port in inputs[node.kind] or (port in STRIP_PORTS and node.name != OUT):
            continue
        raise _gone(
            node, port, "".join(words), [port.name for port in after.kinds[node.kind].inputs]
        )
    for cable in patch.cables:
        node = patch.nodes[cable.source]
        kind = after.kinds[node.kind]
        if kind.find_output(cable.output) is None:
            use = f"patched to {cable.target}.{cable.input}"
            raise _gone(node, cable.output, use, [port.name for port in kind.outputs])


def _gone(node: Node, port: str, use: str, names: list[str]) -> UserError:
    message = (
        f"{node.name}.{port} is {use}, and {node.kind} has no port '{port}' any longer;"
        f" it has {', '.join(names)}"
    )
    return UserError(Code.PORT, message, None, nearest(port, names))


def _uses(patch: Patch, before: Catalog) -> Iterator[tuple[Node, str, tuple[str, ...]]]:
    """Node and input port of each use, and what uses it, in pieces: few of many are ever told."""
    for node in patch.nodes.values():
        for port in node.values:
            yield node, port, ("set",)
    for cable in patch.cables:
        words = ("patched from ", cable.source, ".", cable.output)
        yield patch.nodes[cable.target], cable.input, words
    for instrument in patch.instruments.values():
        for name, exposed in instrument.ports.items():
            node = patch.nodes[instrument.inner(exposed.node)]
            yield node, exposed.port, (f"shown as {instrument.name}.{name}",)
    for target, sequence in patch.sequences.items():
        name, _, port = target.partition(".")
        use = (f"played by the sequence {target}",)
        node = patch.nodes[name]
        if port:
            yield node, port, use
            continue
        inputs = {port.name for port in before.kinds[node.kind].inputs}
        moved = {"gate", "velocity", *["freq"] * is_pitched(sequence)}
        locked = locks_of(patch, target).values()
        yield from ((*lock, use) for lock in locked if lock[1] not in STRIP_PORTS)
        yield from ((node, port, use) for port in sorted(moved & inputs))
