"""The graph that a patch implies: its nodes, channel strips and cables, in computing order."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from chronus.dsp.layout import WIDE
from chronus.modules.catalog import catalog, kinds, wide
from chronus.patch.instruments import inner_nodes, instrument_of
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.patch.naming import is_within, shown_node
from chronus.patch.voices import voices_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chronus.patch.model import Cable, Node, Patch
    from chronus.patch.recording import Recording


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node as the engine sees it; `key` is unique for ever, `name` may become another.

    Attributes:
        key: of this one alone.
        name: of the node, or of the node that it is the strip of.
        kind: name of its kind.
        values: that are not its kind's defaults.
        voices: of its instrument, where it is computed once for each; 1: it is single.
        group: of up to WIDE voices that are computed side by side, from 0: those of this node.
        base: the key of the node, whatever its groups; that of a single node is `key`.
        player: `base` of what the notes of its voices go to; "" where it is single.
        is_legato: whether a note that comes while its gate is open begins no new attack.
        lead: key of what it rings with until that is silent: an instrument rings as one.
        recording: the sound of its file.
    """

    key: str
    name: str
    kind: str
    values: Mapping[str, float]
    voices: int = 1
    group: int = 0
    base: str = ""
    player: str = ""
    is_legato: bool = False
    lead: str = ""
    recording: Recording | None = None

    @property
    def is_strip(self) -> bool:
        """Whether it is the channel strip of a node."""
        return self.kind == "strip"

    @property
    def is_player(self) -> bool:
        """Whether it is what the notes of its voices go to."""
        return self.player != "" and self.base == self.player


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
        fed = {name for name in fed if patch.nodes[name].declaration.shapes_sound}
        if fed <= found:
            return frozenset(found)
        found |= fed


def heard(patch: Patch) -> tuple[str, ...]:
    """Names of the nodes that are patched to `out` by themselves or by hand, in order.

    A cable from the bare curve of an envelope does not take its sound away, nor does one within an
    instrument. Of an instrument one node is heard by itself, and no other.
    """
    leaving = {
        cable.source
        for cable in patch.cables
        if patch.nodes[cable.source].declaration.is_audible_at(cable.output)
        and not is_within(patch, cable)
    }
    by_hand = {c.source for c in patch.cables if (c.target, c.input) == (OUT, "in")}
    makes_sound = sounding(patch)
    return tuple(
        name
        for name in patch.nodes
        if name != OUT
        and (
            name in by_hand
            or (
                name in makes_sound
                and name not in leaving
                and name not in patch.silenced
                and ((instrument := instrument_of(patch, name)) is None or instrument.heard == name)
            )
        )
    )


def _generation(*names: str) -> str:
    """What a key ends in once a kind that it is about has got another shape: it is another key."""
    numbers = [catalog().generations[name] for name in names]
    return f".{'.'.join(map(str, numbers))}" if any(numbers) else ""


def key_of(node: Node) -> str:
    """The engine's name of a node: by its number, so that a new name moves nothing."""
    return f"#{node.number}{_generation(node.kind)}{_content(node)}"


def _content(node: Node) -> str:
    """What a key ends in by the file that a node plays: with another one it is another key."""
    return "" if node.recording is None else f"@{node.recording.mark}"


def strip_of(key: str) -> str:
    """The engine's name of the channel strip of a node, by the node's own."""
    return f"{key}/strip{_generation('strip')}"


def strip_key(node: Node) -> str:
    """The engine's name of the channel strip of a node."""
    return strip_of(key_of(node))


def cable_key(patch: Patch, cable: Cable) -> str:
    """The engine's name of a cable."""
    ends = patch.nodes[cable.source], patch.nodes[cable.target]
    contents = "".join(map(_content, ends))
    return f"cable#{cable.number}{_generation(*(node.kind for node in ends), 'strip')}{contents}"


def _carries_sound(patch: Patch, cable: Cable) -> bool:
    """Whether a cable takes a node's sound on, as to a bus or an effect; one to a knob does not."""
    source = patch.nodes[cable.source].declaration
    return cable.input == "in" and source.is_audible_at(cable.output)


def _reached(names: frozenset[str], ways: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Names, and all that can be reached from them by ways from one to another."""
    ways = list(ways)
    while True:
        fed = {end for start, end in ways if start in names}
        if fed <= names:
            return names
        names |= fed


def silent(patch: Patch) -> tuple[frozenset[str], frozenset[int]]:
    """Where sound is shut off by `mute`, or by the `solo` of others.

    A muted node is shut off from all that it sends its sound to. Where nodes are soloed, what they
    are patched into, at whatever distance, is heard with them, and what feeds them goes on; all
    other sound is shut off where it would be heard, or would come into what is heard with them.

    Returns:
        Names of heard nodes whose channel strips are shut, and the numbers of shut cables.
    """
    audible = heard(patch)
    sounds = sounding(patch)
    sends = [c for c in patch.cables if c.target != OUT and _carries_sound(patch, c)]
    alone = patch.soloed & (sounds | frozenset(audible))
    if not alone:
        strips = frozenset(name for name in audible if name in patch.muted)
        return strips, frozenset(c.number for c in sends if c.source in patch.muted)
    behind = _reached(alone, ((c.source, c.target) for c in sends))
    before = _reached(alone, ((c.target, c.source) for c in patch.cables))
    strips = frozenset(n for n in audible if n in patch.muted or n not in behind)
    cables = frozenset(
        c.number
        for c in sends
        if c.source in patch.muted
        or (c.target in behind and c.source not in behind and c.target not in before)
    )
    return strips, cables


def graph_of(patch: Patch) -> Graph:
    """All nodes and cables of a patch, with the strips of what is heard."""
    nodes: dict[str, GraphNode] = {}
    cables: dict[str, GraphCable] = {}
    audible = heard(patch)
    shut, shut_cables = silent(patch)
    for node in patch.nodes.values():
        own = {
            name: v
            for name, v in node.values.items()
            if node.declaration.find_input(name) is not None
        }
        key = key_of(node)
        nodes[key] = GraphNode(key, node.name, node.kind, own, recording=node.recording)
        if node.name in audible:
            key = strip_key(node)
            strip = {n: v for n, v in node.values.items() if n in STRIP_PORTS and n not in own}
            strip["mute"] = float(node.name in shut)
            nodes[key] = GraphNode(key, shown_node(patch, node.name), "strip", strip)
    for cable in patch.cables:
        graph_cable = _cable(patch, cable)
        if cable.number in shut_cables:
            graph_cable = replace(graph_cable, amount=0.0)
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
    return with_voices(patch, Graph(nodes, cables))


def with_voices(patch: Patch, graph: Graph) -> Graph:
    """The graph in which each node that has voices is there for each group of them.

    Cables between two nodes of one instrument's voices are there for each group, too. Any other
    cable is there for each group of its source, and of its target: what comes out of voices adds
    up, what goes into them goes to all.
    """
    if not patch.instruments:
        return graph
    parts = _parts(patch, graph)
    nodes: dict[str, GraphNode] = {}
    for key, node in graph.nodes.items():
        nodes |= {part.key: part for part in parts.get(key, (node,))}
    cables: dict[str, GraphCable] = {}
    for cable in graph.cables.values():
        sources, targets = parts.get(cable.source, ()), parts.get(cable.target, ())
        if not sources and not targets:
            cables[cable.key] = cable
            continue
        for source in sources or (graph.nodes[cable.source],):
            for target in targets or (graph.nodes[cable.target],):
                is_within = source.player == target.player != ""
                if not is_within or source.group == target.group:
                    key = f"{cable.key}:{_part(source)}.{_part(target)}"
                    cables[key] = replace(cable, key=key, source=source.key, target=target.key)
    return Graph(nodes, cables)


def _part(node: GraphNode) -> str:
    return f"{node.voices}.{node.group}" if node.voices > 1 else ""


def _parts(patch: Patch, graph: Graph) -> dict[str, tuple[GraphNode, ...]]:
    """By the keys of the nodes of instruments what is there in their places."""
    voiced = voices_of(patch)
    found: dict[str, tuple[GraphNode, ...]] = {}
    for instrument in patch.instruments.values():
        output = patch.nodes.get(instrument.heard)
        struck = patch.nodes.get(instrument.struck or "")
        lead = "" if output is None else key_of(output)
        lead = strip_of(lead) if strip_of(lead) in graph.nodes else lead
        for node in inner_nodes(patch, instrument):
            key = key_of(node)
            if node.name not in voiced:
                is_legato = instrument.legato and node is struck
                found[key] = (replace(graph.nodes[key], lead=lead, is_legato=is_legato),)
                continue
            voices, player = instrument.voices, key_of(patch.nodes[voiced[node.name]])
            found[key] = tuple(
                replace(
                    graph.nodes[key],
                    key=f"{key}:{voices}.{group}",
                    voices=voices,
                    group=group,
                    base=key,
                    player=player,
                    lead=lead,
                )
                for group in range(-(-voices // WIDE))
            )
    return found


def kernels_of(patch: Patch) -> set[str]:
    """The names of all kernels that play a patch, see `chronus.modules.catalog.wide`."""
    if not patch.instruments:
        return {node.kind for node in patch.nodes.values()}
    graph = graph_of(patch)
    return {wide(n.kind) if n.voices > 1 else n.kind for n in graph.nodes.values()}


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
