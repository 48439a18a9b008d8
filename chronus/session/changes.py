"""What takes the engine from one patch to another: a pure function of the two."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.modules.catalog import kinds
from chronus.patch.graph import graph_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.patch.graph import Graph, GraphNode
    from chronus.patch.model import Patch

COVERED: Final = MappingProxyType(
    {
        "nodes": "is_rewired and inputs, through the graph",
        "cables": "is_rewired, through the graph",
        "silenced": "is_rewired, through the graph",
        "muted": "is_rewired, through the graph",
        "soloed": "is_rewired, through the graph",
        "sequences": "ended and begun",
        "bpm": "bpm",
        "meter": "meter",
        "swing": "begun, where a sequence has none of its own",
        "instruments": "is_rewired, through the graph of their nodes",
        "scenes": "nothing that sounds: they are words until they are played",
        "song": "the agenda, where it is restored",
        "count": "nothing that sounds: it only grows",
    }
)
"""Every field of a patch, and what tells the engine that it differs; a test asks for all."""

MUTE: Final = "mute"
"""The input of a channel strip that is shut and opened where the graph is staged."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input of a node of the graph, and the value that it is to have.

    Attributes:
        node: its name, that of the node for a channel strip.
        key: of the node of the graph.
        port: name of the input.
        index: of the input.
        can_glide: whether it is a number, and no word or gate.
        value: that it is to have.
        before: the value that it has, None where the node comes.
    """

    node: str
    key: str
    port: str
    index: int
    can_glide: bool
    value: float
    before: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be done, in this order.

    Attributes:
        ended: what is played by nothing any more (`Patch.player`), and whether its node is gone,
            too.
        is_rewired: whether a node or cable comes, goes or is another one, or a node has another
            name, or is muted or not.
        inputs: that differ; every one of what comes back, as the engine may know it still.
        amounts: keys of cables that stay and carry another amount.
        begun: targets of sequences that are new or differ.
        bpm: the tempo, None where it stays.
        meter: None where it stays.
    """

    ended: tuple[tuple[str, bool], ...]
    is_rewired: bool
    inputs: tuple[InputChange, ...]
    amounts: tuple[str, ...]
    begun: tuple[str, ...]
    bpm: float | None
    meter: tuple[int, int] | None


def changes(before: Patch, after: Patch) -> Changes:
    """What takes the engine from one patch to another."""
    before = _called_as_in(before, after)
    old, new = graph_of(before), graph_of(after)
    return Changes(
        ended=tuple(_ended(before, after)),
        is_rewired=_is_rewired(old, new),
        inputs=tuple(_inputs(old, new)),
        amounts=tuple(
            key
            for key, cable in new.cables.items()
            if key in old.cables and old.cables[key].amount != cable.amount
        ),
        begun=tuple(t for t in after.sequences if _played(before, t) != _played(after, t)),
        bpm=after.bpm if after.bpm != before.bpm else None,
        meter=after.meter if after.meter != before.meter else None,
    )


def _called_as_in(before: Patch, after: Patch) -> Patch:
    """A patch in which nodes have the names that they have after it, if they are there."""
    there = {node.number: node.name for node in after.nodes.values()}
    names = {n.name: there.get(n.number, f"#{n.name}") for n in before.nodes.values()}
    return before.renamed({name: called for name, called in names.items() if name != called})


def _differing(old: Graph, new: Graph) -> Iterator[tuple[GraphNode | None, GraphNode]]:
    """The nodes of a graph that are not the very ones of another; those instead, or None."""
    for key, node in new.nodes.items():
        there = old.nodes.get(key)
        if there is not node:
            yield there, node


def _is_rewired(old: Graph, new: Graph) -> bool:
    """Whether what is computed differs, or its order, or what it is called.

    Whatever the values of its inputs are, but for what shuts a channel strip.
    """
    if [*old.nodes] != [*new.nodes] or [*old.cables.items()] != [*new.cables.items()]:
        return True
    return any(
        there is None or (there.name, there.values.get(MUTE)) != (node.name, node.values.get(MUTE))
        for there, node in _differing(old, new)
    )


def _inputs(old: Graph, new: Graph) -> Iterator[InputChange]:
    for there, node in _differing(old, new):
        for index, port in enumerate(kinds()[node.kind].inputs):
            value = node.values.get(port.name, port.default)
            before = None if there is None else there.values.get(port.name, port.default)
            if before != value and not (node.is_strip and port.name == MUTE):
                can_glide = not port.choices and port.name != "gate"
                yield InputChange(node.node, node.key, port.name, index, can_glide, value, before)


def _node_of(patch: Patch, target: str) -> int | None:
    node = patch.nodes.get(target.split(".", maxsplit=1)[0])
    return None if node is None else node.number


def _played(patch: Patch, target: str) -> tuple[object, ...]:
    """What is played by which pattern, with which swing."""
    sequence = patch.sequences.get(target)
    swings = sequence is not None and sequence.options.swing is None
    return (_node_of(patch, target), sequence, patch.swing if swings else None)


def _ended(before: Patch, after: Patch) -> Iterator[tuple[str, bool]]:
    for target in before.sequences:
        is_gone = _node_of(before, target) != _node_of(after, target)
        if is_gone or target not in after.sequences:
            yield before.player(target), is_gone
