"""The graph that a patch implies: its nodes, channel strips and cables, in computing order."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chronus.modules.catalog import catalog, kinds
from chronus.patch.model import OUT, STRIP_PORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chronus.patch.model import Cable, Node, Patch


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node as the engine sees it; `key` is unique for ever, `name` may become another."""

    key: str
    name: str
    kind: str
    values: Mapping[str, float]

    @property
    def is_strip(self) -> bool:
        """Whether it is the channel strip of a node."""
        return self.kind == "strip"


@dataclass(frozen=True, slots=True)
class GraphCable:
    """A cable between two nodes by their keys; `amount` in octaves where it `bends`."""

    key: str
    source: str
    output: int
    target: str
    input: int
    amount: float
    bends: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and cables by their keys, in the order in which they came to be."""

    nodes: Mapping[str, GraphNode]
    cables: Mapping[str, GraphCable]


def sounding(patch: Patch) -> frozenset[str]:
    """Names of the nodes that make sound, or shape sound that is patched into them."""
    found = {node.name for node in patch.nodes.values() if node.declaration.makes_sound}
    while True:
        fed = {c.target for c in patch.cables if c.input == "in" and c.source in found}
        if fed <= found:
            return frozenset(found)
        found |= fed


def heard(patch: Patch) -> tuple[str, ...]:
    """Names of the nodes that are patched to `out` by themselves or by hand, in order.

    A cable from the bare curve of an envelope does not take its sound away.
    """
    leaving = {
        cable.source
        for cable in patch.cables
        if patch.nodes[cable.source].declaration.is_audible_at(cable.output)
    }
    by_hand = {c.source for c in patch.cables if (c.target, c.input) == (OUT, "in")}
    makes_sound = sounding(patch)
    return tuple(
        name
        for name in patch.nodes
        if name != OUT
        and (
            name in by_hand
            or (name in makes_sound and name not in leaving and name not in patch.silenced)
        )
    )


def _generation(*names: str) -> str:
    """What a key ends in once a kind that it is about has got another shape: it is another key."""
    numbers = [catalog().generations[name] for name in names]
    return f".{'.'.join(map(str, numbers))}" if any(numbers) else ""


def key_of(node: Node) -> str:
    """The engine's name of a node: by its number, so that a new name moves nothing."""
    return f"#{node.number}{_generation(node.kind)}"


def strip_of(key: str) -> str:
    """The engine's name of the channel strip of a node, by the node's own."""
    return f"{key}/strip{_generation('strip')}"


def strip_key(node: Node) -> str:
    """The engine's name of the channel strip of a node."""
    return strip_of(key_of(node))


def cable_key(patch: Patch, cable: Cable) -> str:
    """The engine's name of a cable."""
    ends = (patch.nodes[cable.source].kind, patch.nodes[cable.target].kind)
    return f"cable#{cable.number}{_generation(*ends, 'strip')}"


def silent(patch: Patch) -> frozenset[str]:
    """Names of the heard nodes whose strips are shut: by `mute`, or by the `solo` of others.

    Where one is soloed, those are open that are soloed themselves, and those that a soloed one is
    patched into, at whatever distance. What others send into these is not shut.
    """
    audible = heard(patch)
    alone = {name for name in audible if name in patch.soloed}
    if not alone:
        return frozenset(name for name in audible if name in patch.muted)
    while True:
        fed = {c.target for c in patch.cables if c.source in alone and c.target != OUT} - alone
        if not fed:
            break
        alone |= fed
    return frozenset(n for n in audible if n in patch.muted or n not in alone)


def graph_of(patch: Patch) -> Graph:
    """All nodes and cables of a patch, with the strips of what is heard."""
    nodes: dict[str, GraphNode] = {}
    cables: dict[str, GraphCable] = {}
    audible = heard(patch)
    shut = silent(patch)
    for node in patch.nodes.values():
        own = {
            name: v
            for name, v in node.values.items()
            if node.declaration.find_input(name) is not None
        }
        nodes[key_of(node)] = GraphNode(key_of(node), node.name, node.kind, own)
        if node.name in audible:
            key = strip_key(node)
            strip = {n: v for n, v in node.values.items() if n in STRIP_PORTS and n not in own}
            strip["mute"] = float(node.name in shut)
            nodes[key] = GraphNode(key, node.name, "strip", strip)
    for cable in patch.cables:
        graph_cable = _cable(patch, cable)
        # A cable to a level or pan rests while the node is not heard.
        if graph_cable.target in nodes:
            cables[graph_cable.key] = graph_cable
    out = key_of(patch.nodes[OUT])
    by_hand = {
        cable.source for cable in patch.cables if cable.target == OUT and cable.input == "in"
    }
    for name in audible:
        node = patch.nodes[name]
        strip_in = f"{strip_key(node)}>in"
        if name not in by_hand:
            cables[strip_in] = GraphCable(
                strip_in, key_of(node), 0, strip_key(node), 0, 1.0, bends=False
            )
        strip_out = f"{strip_key(node)}>out{_generation(OUT)}"
        cables[strip_out] = GraphCable(strip_out, strip_key(node), 0, out, 0, 1.0, bends=False)
    return Graph(nodes, cables)


TONE: Final = "tone"
"""The key and kind of the test tone, which belongs to no patch."""


def with_tone(graph: Graph) -> Graph:
    """The same graph, with the test tone patched straight into `out`."""
    out = next(key for key, node in graph.nodes.items() if node.kind == OUT)
    cable = GraphCable(f"{TONE}>{out}", TONE, 0, out, 0, 1.0, bends=False)
    return Graph(
        {**graph.nodes, TONE: GraphNode(TONE, "the test tone", TONE, {})},
        {**graph.cables, cable.key: cable},
    )


def _cable(patch: Patch, cable: Cable) -> GraphCable:
    source = patch.nodes[cable.source]
    target = patch.nodes[cable.target]
    output = source.declaration.find_output(cable.output)
    assert output is not None, cable
    key, place = key_of(target), target.declaration.find_input(cable.input)
    if cable.target == OUT and cable.input == "in":
        key, place = strip_key(source), 0
    elif place is None:
        key, place = strip_key(target), kinds()["strip"].find_input(cable.input)
    assert place is not None, cable
    return GraphCable(
        cable_key(patch, cable), key_of(source), output, key, place, cable.amount, cable.bends
    )


def _upstream(key: str, waiting: Mapping[str, None], sources: Mapping[str, list[str]]) -> set[str]:
    """All waiting nodes whose sound reaches `key`."""
    found: set[str] = set()
    front = [key]
    while front:
        new = [s for s in sources[front.pop()] if s in waiting and s not in found]
        found.update(new)
        front.extend(new)
    return found


def _oldest_of_a_cycle(waiting: Mapping[str, None], sources: Mapping[str, list[str]]) -> str:
    """The oldest node of a cycle that waits for nothing but itself; every node here waits."""
    key = next(iter(waiting))
    above = _upstream(key, waiting, sources)
    while True:
        higher = next((k for k in above if key not in _upstream(k, waiting, sources)), None)
        if higher is None:
            return next(k for k in waiting if k in above)
        key, above = higher, _upstream(higher, waiting, sources)


def computing_order(
    nodes: Iterable[str], cables: Iterable[GraphCable]
) -> tuple[list[str], frozenset[str]]:
    """An order in which each node comes after those that it listens to, as far as there is one.

    Args:
        nodes: keys, in the order in which they came to be: the first of several that are ready is
            taken first, and where a cycle leaves none, its oldest node.
        cables: between them.

    Returns:
        The keys in order, and the keys of the cables that close a cycle: they read the last block.
    """
    rank = {key: index for index, key in enumerate(nodes)}
    listening: dict[str, list[str]] = {key: [] for key in rank}
    sources: dict[str, list[str]] = {key: [] for key in rank}
    missing = dict.fromkeys(rank, 0)
    cables = list(cables)
    for cable in cables:
        listening[cable.source].append(cable.target)
        sources[cable.target].append(cable.source)
        missing[cable.target] += 1
    ready = [rank[key] for key, count in missing.items() if count == 0]
    by_rank = list(rank)
    waiting = dict.fromkeys(rank)
    order: list[str] = []
    while waiting:
        key = by_rank[heapq.heappop(ready)] if ready else _oldest_of_a_cycle(waiting, sources)
        if key not in waiting:
            continue
        del waiting[key]
        order.append(key)
        for target in listening[key]:
            missing[target] -= 1
            if missing[target] == 0 and target in waiting:
                heapq.heappush(ready, rank[target])
    place = {key: index for index, key in enumerate(order)}
    closing = frozenset(c.key for c in cables if place[c.source] >= place[c.target])
    return order, closing
