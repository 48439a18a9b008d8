"""The graph that a patch implies: its nodes, channel strips and cables, in computing order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import repeat
from typing import TYPE_CHECKING, Final

from chronus.dsp.layout import WIDE
from chronus.modules.catalog import catalog, kinds, wide
from chronus.patch.hearing import heard, silent
from chronus.patch.instruments import inner_nodes
from chronus.patch.model import OUT, STRIP_PORTS
from chronus.patch.naming import shown_node
from chronus.patch.remember import Made, remembered
from chronus.patch.voices import voices_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        node: the patch's own name of the node, which for a strip is not what users call it.
        seed: what its chance begins with.
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
    node: str = ""
    seed: int = 0

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
    return _cable_key(cable, (key_of(ends[0]), key_of(ends[1])), (ends[0].kind, ends[1].kind))


def _cable_key(cable: Cable, keys: tuple[str, str], kinds_of_ends: tuple[str, str]) -> str:
    contents = "".join(mark + content for _, mark, content in (k.partition("@") for k in keys))
    return f"cable#{cable.number}{_generation(*kinds_of_ends, 'strip')}{contents}"


@remembered(
    lambda patch: (
        *(patch.nodes, patch.cables, patch.silenced, patch.muted, patch.soloed),
        *(patch.instruments, catalog()),
    ),
)
def graph_of(patch: Patch) -> Graph:
    """All nodes and cables of a patch, with the strips of what is heard.

    What is as it was in the graph before is the very same object, so that who takes a graph sees at
    one glance what differs.
    """
    for kept in (_NODES, _STRIPS, _CABLES, _SHUT, _PARTS, _SPREAD):
        kept.turn(catalog())
    nodes: dict[str, GraphNode] = {}
    cables: dict[str, GraphCable] = {}
    strips: list[_Strip] = []
    audible = frozenset(heard(patch))
    shut, shut_cables = silent(patch)
    by_hand = {c.source for c in patch.cables if c.target == OUT and c.input == "in"}
    out = key_of(patch.nodes[OUT])
    known = patch.nodes
    all_own = _NODES.each(known.values(), repeat(()))
    keys = dict(zip(known, [own.key for own in all_own], strict=True))
    for (name, node), own in zip(known.items(), all_own, strict=True):
        nodes[own.key] = own
        if name in audible:
            shown, is_shut = shown_node(patch, name), name in shut
            strip = _STRIPS.of(node, shown, is_shut, name not in by_hand, out)
            nodes[strip.node.key] = strip.node
            strips.append(strip)
    ends = [
        (keys[c.source], keys[c.target], known[c.source].kind, known[c.target].kind)
        for c in patch.cables
    ]
    for cable, made in zip(patch.cables, _CABLES.each(patch.cables, ends), strict=True):
        # A cable to a level or pan rests while the node is not heard.
        if made.target in nodes:
            cables[made.key] = _SHUT.of(made) if cable.number in shut_cables else made
    for strip in strips:
        cables |= {cable.key: cable for cable in strip.cables}
    return with_voices(patch, Graph(nodes, cables))


@dataclass(frozen=True, slots=True)
class _Strip:
    """A channel strip, the cable into it unless one was plugged in by hand, and that to `out`."""

    node: GraphNode
    cables: tuple[GraphCable, ...]


def _node(node: Node) -> GraphNode:
    kind = node.declaration
    own = {name: v for name, v in node.values.items() if kind.find_input(name) is not None}
    return GraphNode(
        *(key_of(node), node.name, node.kind, own),
        recording=node.recording,
        node=node.name,
        seed=node.sown,
    )


def _strip(node: Node, shown: str, is_shut: bool, is_by_itself: bool, out: str) -> _Strip:  # noqa: FBT001
    """What a node is heard through.

    Args:
        node: the node.
        shown: what users call it.
        is_shut: whether it is muted.
        is_by_itself: whether no cable to `out` was plugged in by hand.
        out: the key of that.
    """
    key, kind = strip_key(node), node.declaration
    values = {
        n: node.values[n] for n in STRIP_PORTS if n in node.values and kind.find_input(n) is None
    }
    into = GraphCable(f"{key}>in", key_of(node), 0, key, 0, 1.0, bends=False)
    on = f"{key}>out{_generation(OUT)}"
    return _Strip(
        GraphNode(key, shown, "strip", {**values, "mute": float(is_shut)}, node=node.name),
        (*[into] * is_by_itself, GraphCable(on, key, 0, out, 0, 1.0, bends=False)),
    )


def _cable(cable: Cable, start: str, end: str, source_kind: str, target_kind: str) -> GraphCable:
    """A cable between nodes that are known by their keys and kinds."""
    source, target = kinds()[source_kind], kinds()[target_kind]
    key = _cable_key(cable, (start, end), (source_kind, target_kind))
    output, place = source.find_output(cable.output), target.find_input(cable.input)
    assert output is not None, cable
    if cable.target == OUT and cable.input == "in":
        end, place = strip_of(start), 0
    elif place is None:
        end, place = strip_of(end), kinds()["strip"].find_input(cable.input)
    assert place is not None, cable
    return GraphCable(key, start, output, end, place, cable.amount, cable.bends)


def _shut(cable: GraphCable) -> GraphCable:
    return replace(cable, amount=0.0)


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
        for part in parts.get(key, (node,)):
            nodes[part.key] = part
    cables: dict[str, GraphCable] = {}
    for key, cable in graph.cables.items():
        sources, targets = parts.get(cable.source), parts.get(cable.target)
        if sources is None and targets is None:
            cables[key] = cable
            continue
        sources = sources or (graph.nodes[cable.source],)
        targets = targets or (graph.nodes[cable.target],)
        for made in _SPREAD.of(cable, sources, targets):
            cables[made.key] = made
    return Graph(nodes, cables)


def _spread(
    cable: GraphCable, sources: tuple[GraphNode, ...], targets: tuple[GraphNode, ...]
) -> tuple[GraphCable, ...]:
    """A cable between each two groups of voices that it is there for."""
    return tuple(
        replace(
            cable,
            key=f"{cable.key}:{_part(source)}.{_part(target)}",
            source=source.key,
            target=target.key,
        )
        for source in sources
        for target in targets
        if not source.player == target.player != "" or source.group == target.group
    )


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
            own = _NODES.of(node)
            player = voiced.get(node.name)
            if player is None:
                is_legato = instrument.legato and node is struck
                found[own.key] = _PARTS.of(own, lead, is_legato, 1, "")
            else:
                voices, played = instrument.voices, key_of(patch.nodes[player])
                found[own.key] = _PARTS.of(own, lead, False, voices, played)
    return found


def _groups(
    node: GraphNode,
    lead: str,
    is_legato: bool,  # noqa: FBT001
    voices: int,
    player: str,
) -> tuple[GraphNode, ...]:
    """A node of an instrument, once for each group of voices where it has a player."""
    if not player:
        return (replace(node, lead=lead, is_legato=is_legato),)
    return tuple(
        replace(
            node,
            key=f"{node.key}:{voices}.{group}",
            voices=voices,
            group=group,
            base=node.key,
            player=player,
            lead=lead,
        )
        for group in range(-(-voices // WIDE))
    )


_NODES, _STRIPS, _CABLES = Made(_node), Made(_strip), Made(_cable)
_SHUT, _PARTS, _SPREAD = Made(_shut), Made(_groups), Made(_spread)


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
