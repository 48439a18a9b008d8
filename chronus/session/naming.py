"""The names in a line: which node, and which port of an instrument, is meant by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.errors import Code, UserError, nearest
from chronus.patch.hearing import heard
from chronus.patch.instruments import inner_nodes
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.patch.naming import is_within

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input
    from chronus.language.statements import Name, PortRef
    from chronus.patch.instruments import Instrument
    from chronus.patch.model import Node, Patch


def names_in(patch: Patch) -> list[str]:
    """What users call the nodes and instruments of a patch, the inner nodes left out, in order."""
    found: dict[str, None] = {}
    for node in patch.nodes:
        instrument = node.rpartition("/")[0]
        found[instrument if instrument in patch.instruments else node] = None
    return list(found)


def kind_in(patch: Patch, name: str) -> str:
    """The kind of a node or instrument."""
    instrument = patch.instruments.get(name)
    return patch.nodes[name].kind if instrument is None else instrument.kind


def counts(patch: Patch) -> tuple[int, int]:
    """How many nodes and cables there are, but for `out` and what is in instruments."""
    cables = [cable for cable in patch.cables if not is_within(patch, cable)]
    return len(names_in(patch)) - 1, len(cables)


def no_node(patch: Patch, name: Name) -> UserError:
    """The error where neither a node nor an instrument has a name."""
    owner = patch.instruments.get(name.text.rpartition("/")[0])
    if owner is not None:
        inner = [node.name for node in inner_nodes(patch, owner)]
        message = f"there is no node '{name.text}' in {owner.name}; it has {', '.join(inner)}"
        return UserError(Code.NAME, message, name.span, nearest(name.text, inner) or inner[:3])
    near = nearest(name.text, names_in(patch))
    message = f"there is no node '{name.text}'"
    if not near:
        message += "; `list nodes` shows what there is, `load KIND` makes one"
    return UserError(Code.NAME, message, name.span, near)


def exposed_input(
    patch: Patch, instrument: Instrument, ref: PortRef, *, builds: bool
) -> tuple[Node, str, Input]:
    """The node, its port, and the declaration that an instrument's port has.

    Args:
        patch: that it is in.
        instrument: which.
        ref: names the port; none for its main input.
        builds: whether what is heard is not known yet.

    Raises:
        UserError: E_PORT, it has none of that name; E_STATE, it has no channel strip now.
    """
    name = "in" if ref.port is None else ref.port.text
    exposed = instrument.ports.get(name)
    if exposed is not None:
        return patch.nodes[instrument.inner(exposed.node)], exposed.port, exposed.declared
    if ref.port is None:
        message = f"{instrument.name} ({instrument.kind}) has no main input: name one of its ports"
        near = [f"{instrument.name}.{port}" for port in instrument.ports]
        raise UserError(Code.PORT, message, ref.span, near[:3])
    node = patch.nodes[instrument.heard]
    port = node.port(name)
    if name not in STRIP_PORTS or port is None:
        raise no_exposed(patch, instrument, ref.port)
    is_own = node.declaration.find_input(name) is not None
    if not (is_own or builds or node.name in heard(patch)):
        message = f"{instrument.name} is not heard, so it has no {name}: patch it to out"
        raise UserError(Code.STATE, message, ref.port.span, (f"patch {instrument.name} > out",))
    return node, name, port


def no_exposed(patch: Patch, instrument: Instrument, port: Name) -> UserError:
    """The error where an instrument has no port of a name."""
    if port.text == "out":
        message = f"'out' is an output of {instrument.name}: it can be patched, not set"
        return UserError(Code.PORT, message, port.span)
    names = [*instrument.ports, *(n for n in STRIP_PORTS if n not in instrument.ports)]
    message = (
        f"{instrument.name} ({instrument.kind}) has no port '{port.text}'; it has "
        f"{', '.join(names)}; `describe {instrument.name}` shows the inner ones"
    )
    inner = [
        f"{node.name}.{port.text}"
        for node in inner_nodes(patch, instrument)
        if node.declaration.find_input(port.text) is not None
    ]
    return UserError(Code.PORT, message, port.span, (*nearest(port.text, names), *inner)[:3])


def settable(patch: Patch, name: str) -> list[tuple[str, Node, str, Input]]:
    """All that can be set of a node or an instrument: its name there, the node, its port."""
    instrument = patch.instruments.get(name)
    if instrument is None:
        node = patch.nodes[name]
        found = [(port.name, node, port.name, port) for port in node.declaration.inputs]
    else:
        node = patch.nodes[instrument.heard]
        found = [
            (called, patch.nodes[instrument.inner(e.node)], e.port, e.declared)
            for called, e in instrument.ports.items()
        ]
    if node.name != OUT and node.name in heard(patch):
        called = {name for name, *_ in found}
        there = {(one.name, own) for _, one, own, _ in found}
        for strip in STRIP_PORTS:
            port = node.port(strip)
            if strip not in called and (node.name, strip) not in there and port is not None:
                found.append((strip, node, strip, port))
    return found
