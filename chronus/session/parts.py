"""A patch as its single parts, so that what one change touched can be told from all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chronus.language.steps import Sequence, played_by
from chronus.patch.model import Cable, Node, Patch
from chronus.patch.naming import shown_input, shown_node, shown_output

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_NODE: Final = -1
GROUPS: Final = ("silenced", "muted", "soloed")
APART: Final = frozenset({"nodes", "cables", "sequences", "count", *GROUPS})
"""Fields of a patch that are taken apart by the numbers of nodes; all others are as they stand."""


class Part(NamedTuple):
    """What a part is, whatever its nodes are called.

    Attributes:
        kind: `node`, `value`, `cable`, `sequence`, one of GROUPS, or `field` for all else.
        node: number of the node that it belongs to, the source of a cable.
        port: of that node; or the name of a field.
        target: number of the node that a cable goes to, and `input` of the port there; or the key
            within a field.
    """

    kind: str
    node: int = NO_NODE
    port: str = ""
    target: int = NO_NODE
    input: str = ""

    @property
    def nodes(self) -> set[int]:
        """The numbers of the nodes that it belongs to."""
        return {self.node, self.target} - {NO_NODE}


Parts = dict[Part, object]


def parts_of(patch: Patch) -> Parts:
    """Every part of a patch, with what it is there."""
    number = {node.name: node.number for node in patch.nodes.values()}
    found: Parts = {}
    for node in patch.nodes.values():
        found[Part("node", node.number)] = replace(node, values=MappingProxyType({}))
        for port, value in node.values.items():
            found[Part("value", node.number, port)] = value
    for cable in patch.cables:
        part = Part("cable", number[cable.source], cable.output, number[cable.target], cable.input)
        found[part] = replace(cable, source="", target="")
    for group in GROUPS:
        found |= {Part(group, number[name]): True for name in getattr(patch, group)}
    for target, sequence in patch.sequences.items():
        name, _, port = target.partition(".")
        found[Part("sequence", number[name], port)] = played_by(sequence, "")
    for field in fields(patch):
        value = getattr(patch, field.name)
        if field.name in APART:
            continue
        if isinstance(value, Mapping):
            found |= {Part("field", port=field.name, input=k): item for k, item in value.items()}
        else:
            found[Part("field", port=field.name)] = value
    return found


def changed(before: Parts, after: Parts) -> set[Part]:
    """Parts that are in one only, or differ."""
    return {part for part in before.keys() | after.keys() if before.get(part) != after.get(part)}


def touched_nodes(before: Patch, after: Patch) -> set[int]:
    """The numbers of the nodes that a change touched: themselves, their ports, cables, patterns."""
    found = changed(parts_of(before), parts_of(after))
    return {number for part in found for number in part.nodes}


def name_of(part: Part, *patches: Patch) -> str:
    """What a part is called, by the first patch that knows its nodes."""

    def called(number: int, port: str = "", *, is_output: bool = False) -> str:
        for patch in patches:
            node = patch.node_of(number)
            if node is not None and port:
                shown = shown_output if is_output else shown_input
                return shown(patch, node.name, port)
            if node is not None:
                return shown_node(patch, node.name)
        return f"node {number}"

    if part.kind == "field":
        return " ".join(filter(None, (part.port, part.input)))
    if part.kind == "cable":
        source = called(part.node, part.port, is_output=True)
        return f"{source} > {called(part.target, part.input)}"
    name = called(part.node, part.port)
    return {"value": name, "node": name, "sequence": f"the sequence of {name}"}.get(
        part.kind, f"whether {name} is {part.kind}"
    )


def with_parts(patch: Patch, wanted: Parts, which: Iterable[Part]) -> Patch:
    """A patch in which some parts are as they are among others.

    Args:
        patch: in which.
        wanted: what they are to be; those that are not there are taken away.
        which: those parts; every node that they belong to is there, or comes, or goes with them.
    """
    order = ("node", "value", "cable", "sequence", *GROUPS, "field")
    in_order = sorted(which, key=lambda part: (order.index(part.kind), part))
    going = [part for part in in_order if part.kind == "node" and part not in wanted]
    for part in in_order:
        if part not in going:
            patch = _with_part(patch, part, wanted.get(part))
    for part in going:
        patch = patch.without_node(_name(patch, part.node))
    return patch


def _name(patch: Patch, number: int) -> str:
    node = patch.node_of(number)
    assert node is not None, number
    return node.name


def _with_part(patch: Patch, part: Part, value: Any) -> Patch:
    """A patch in which a part is something else; None where it is to go."""
    if part.kind == "field":
        return _with_field(patch, part, value)
    if part.kind == "node":
        return _with_node(patch, value)
    name = _name(patch, part.node)
    if part.kind == "value":
        node = patch.nodes[name]
        values = {port: v for port, v in node.values.items() if port != part.port}
        if value is not None:
            values[part.port] = value
        return patch.with_node(replace(node, values=MappingProxyType(values)))
    if part.kind == "sequence":
        sequence = played_by(value, name) if isinstance(value, Sequence) else None
        return patch.with_sequence(f"{name}.{part.port}" if part.port else name, sequence)
    if part.kind in GROUPS:
        group = getattr(patch, part.kind)
        return replace(patch, **{part.kind: group | {name} if value else group - {name}})
    return _with_cable(patch, part, name, value)


def _with_cable(patch: Patch, part: Part, source: str, value: Any) -> Patch:
    target = _name(patch, part.target)
    ends = (source, part.port, target, part.input)
    gone = frozenset(cable.number for cable in patch.cables if cable.ends == ends)
    patch = replace(patch.without_cables(gone), silenced=patch.silenced)
    if isinstance(value, Cable):
        silenced = patch.silenced
        patch = patch.with_cable(replace(value, source=source, target=target))
        return replace(patch, silenced=silenced)
    return patch


def _with_node(patch: Patch, node: Node) -> Patch:
    """A patch in which a node is there, under its name, in its place by number."""
    here = patch.node_of(node.number)
    if here is not None:
        patch = patch.renamed({here.name: node.name})
        return patch.with_node(replace(patch.nodes[node.name], recording=node.recording))
    older = {name: n for name, n in patch.nodes.items() if n.number < node.number}
    newer = {name: n for name, n in patch.nodes.items() if n.number > node.number}
    return replace(patch, nodes=MappingProxyType({**older, node.name: node, **newer}))


def _with_field(patch: Patch, part: Part, value: Any) -> Patch:
    if not part.input:
        return replace(patch, **{part.port: value})
    items = {k: v for k, v in getattr(patch, part.port).items() if k != part.input}
    if value is not None:
        items[part.input] = value
    fresh: dict[str, Any] = {part.port: MappingProxyType(items)}
    return replace(patch, **fresh)
