"""Instruments: patches that are loaded as one thing, with the ports that matter to who plays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.patch.remember import remembered
from chronus.patch.seeds import leaves_to_chance, seed_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.dsp.declaration import Input
    from chronus.patch.model import Cable, Node, Patch


@dataclass(frozen=True, slots=True)
class Exposed:
    """A port of an instrument, which is a port of one of its nodes.

    Attributes:
        node: the inner node as the instrument's file calls it.
        port: the name of its port.
        declared: the port as who plays sees it: name, range, default and doc of its own.
    """

    node: str
    port: str
    declared: Input


@dataclass(frozen=True, slots=True)
class Definition:
    """An instrument as its file says it, from which any number can be made.

    Attributes:
        name: of the instrument.
        doc: one line.
        nodes: what it is made of, as the file calls them, in the order of the file.
        cables: between them.
        ports: what it exposes, by name.
        output: the node that is heard.
        player: the node of kind `keys` that notes go to; None where it has none.
        voices: how many notes sound at once, where `load` does not say.
        legato: whether held notes join, where `load` does not say.
        text: all of it as one command, `instrument NAME … { … }`; sound files by their whole paths,
            with marks, so that it stands for itself.
        written: the same as its file has it.
        origin: where it comes from, for people.
    """

    name: str
    doc: str
    nodes: tuple[Node, ...]
    cables: tuple[Cable, ...]
    ports: Mapping[str, Exposed]
    output: str
    player: str | None
    voices: int
    legato: bool
    text: str
    written: str = field(default="", compare=False)
    origin: str = field(default="", compare=False)

    def node(self, name: str) -> Node:
        """The node that the file calls so."""
        return next(node for node in self.nodes if node.name == name)


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument in the patch; its inner nodes are nodes of the patch, named `NAME/INNER`.

    Attributes:
        name: unique among nodes and instruments, as users write it.
        kind: the instrument's own name, that of its file.
        ports: what it exposes, by name.
        output: the inner node that is heard.
        player: the inner node of kind `keys` that notes go to; None where it has none.
        voices: how many notes sound at once; 1 is mono.
        legato: whether a note that comes while another is held begins no new attack.
        definition: what it was made from.
        seed: what the chance of its nodes begins with; None: with the seed of its name.
    """

    name: str
    kind: str
    ports: Mapping[str, Exposed]
    output: str
    player: str | None
    voices: int = 1
    legato: bool = False
    definition: Definition | None = None
    seed: int | None = None

    @property
    def sown(self) -> int:
        """What the chance of its nodes begins with."""
        return seed_of(self.name) if self.seed is None else self.seed

    def called(self, name: str) -> Instrument:
        """The same instrument by another name: what it leaves to chance stays as it is."""
        nodes = () if self.definition is None else self.definition.nodes
        by_chance = any(leaves_to_chance(node.declaration) for node in nodes)
        keeps = by_chance and self.sown != seed_of(name)
        return replace(self, name=name, seed=self.sown if keeps else None)

    def inner_seed(self, node: Node) -> int | None:
        """The seed of a node that is made as a definition has it; None: that of its name."""
        if self.seed is None or node.seed is not None or not leaves_to_chance(node.declaration):
            return node.seed
        return seed_of(f"/{node.name}", self.seed)

    def inner(self, node: str) -> str:
        """What the patch calls an inner node."""
        return f"{self.name}/{node}"

    def inside(self, cable: Cable) -> Cable:
        """What the patch calls the ends of an inner cable."""
        return replace(cable, source=self.inner(cable.source), target=self.inner(cable.target))

    @property
    def heard(self) -> str:
        """What the patch calls the inner node that is heard."""
        return self.inner(self.output)

    @property
    def struck(self) -> str | None:
        """What the patch calls the inner node that stands for the whole where it is played.

        Its player, else the node whose gate it exposes, or whose pitch; None: it is not played.
        """
        if self.player is not None:
            return self.inner(self.player)
        played = (self.ports.get("gate"), self.ports.get("freq"))
        return next((self.inner(port.node) for port in played if port is not None), None)

    def exposed_as(self, node: str, port: str) -> str | None:
        """What it calls a port of one of its nodes (by the patch's name); None for no name."""
        for name, exposed in self.ports.items():
            if (self.inner(exposed.node), exposed.port) == (node, port):
                return name
        return None


def text_of(instrument: Instrument) -> str:
    """What an instrument was made from, as one command."""
    assert instrument.definition is not None, instrument.name
    return instrument.definition.text


def instrument_of(patch: Patch, node: str) -> Instrument | None:
    """The instrument that a node of the patch belongs to."""
    return patch.instruments.get(node.rpartition("/")[0])


def inner_nodes(patch: Patch, instrument: Instrument) -> tuple[Node, ...]:
    """The nodes of an instrument, in order."""
    return _by_instrument(patch).get(instrument.name, ())


@remembered(lambda patch: (patch.nodes,))
def _by_instrument(patch: Patch) -> dict[str, tuple[Node, ...]]:
    """The nodes whose names say that they are inside of something, by its name."""
    found: dict[str, list[Node]] = {}
    for name, node in patch.nodes.items():
        if "/" in name:
            found.setdefault(name.rpartition("/")[0], []).append(node)
    return {name: tuple(nodes) for name, nodes in found.items()}


def with_instrument(
    patch: Patch,
    definition: Definition,
    name: str,
    voices: int,
    *,
    legato: bool,
    seed: int | None = None,
) -> Patch:
    """A patch with an instrument more, as its definition says, behind all other nodes."""
    instrument = Instrument(
        name,
        definition.name,
        definition.ports,
        definition.output,
        definition.player,
        voices,
        legato,
        definition,
        seed,
    )
    for node in definition.nodes:
        inner, sown = instrument.inner(node.name), instrument.inner_seed(node)
        patch = patch.with_node(replace(node, name=inner, number=patch.count, seed=sown))
    for cable in definition.cables:
        patch = patch.with_cable(replace(instrument.inside(cable), number=patch.count))
    instruments = MappingProxyType({**patch.instruments, name: instrument})
    return replace(patch, instruments=instruments)


def without_instrument(patch: Patch, instrument: Instrument) -> Patch:
    """A patch without an instrument, its nodes, their cables and their sequences."""
    for node in inner_nodes(patch, instrument):
        patch = patch.without_node(node.name)
    rest = {name: i for name, i in patch.instruments.items() if name != instrument.name}
    return replace(patch, instruments=MappingProxyType(rest))


def new_names(patch: Patch, instrument: Instrument, name: str) -> dict[str, str]:
    """What its nodes are called once an instrument has another name."""
    before = len(instrument.name)
    return {node.name: name + node.name[before:] for node in inner_nodes(patch, instrument)}


PLAYED = ("freq", "gate", "velocity")
"""The ports that notes go to."""


def played_ports(patch: Patch, node: str) -> dict[str, tuple[Node, Input]]:
    """The ports that notes for a node go to, by PLAYED: the node that has each, and the port.

    The node that stands for an instrument is played by what the instrument exposes, which may be
    ports of several nodes.
    """
    instrument = instrument_of(patch, node)
    if instrument is None or instrument.struck != node:
        kind = patch.nodes[node].declaration
        return {p.name: (patch.nodes[node], p) for p in kind.inputs if p.name in PLAYED}
    found = {}
    for name in PLAYED:
        if name in instrument.ports:
            exposed = instrument.ports[name]
            owner = patch.nodes[instrument.inner(exposed.node)]
            found[name] = (owner, replace(exposed.declared, name=exposed.port))
    return found


def locked_port(patch: Patch, node: str, name: str) -> tuple[Node, Input] | None:
    """The port that a step of a pattern for a node locks, and whose it is; None: there is none.

    Of an instrument these are a node inside, and what the instrument says of its port.
    """
    instrument = instrument_of(patch, node)
    if instrument is None or instrument.struck != node:
        owner = patch.nodes[node]
    elif name in instrument.ports:
        exposed = instrument.ports[name]
        owner = patch.nodes[instrument.inner(exposed.node)]
        return owner, replace(exposed.declared, name=exposed.port)
    else:
        owner = patch.nodes[instrument.inner(instrument.output)]
    port = owner.port(name)
    return None if port is None else (owner, port)


def own_pitch(patch: Patch, node: str) -> float | None:
    """The pitch that an `x` among notes plays; None where a node has no pitch."""
    ports = played_ports(patch, node)
    return ports["freq"][0].value(ports["freq"][1].name) if "freq" in ports else None
