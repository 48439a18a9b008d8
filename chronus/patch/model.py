"""The patch: nodes, cables, sequences, tempo and meter as one immutable value."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.language.steps import meaning, played_by
from chronus.modules.catalog import kinds
from chronus.patch.seeds import leaves_to_chance, seed_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.dsp.declaration import Input, Kind
    from chronus.language.steps import Sequence
    from chronus.patch.instruments import Instrument
    from chronus.patch.recording import Recording
    from chronus.patch.scenes import Song

OUT: Final = "out"
"""The node that is always there: the way to the sound card."""

STRIP_PORTS: Final = ("level", "pan")
"""Ports that every node has by its channel strip, unless its kind has one of that name."""


@dataclass(frozen=True, slots=True)
class Node:
    """A module in the patch.

    Attributes:
        name: unique, as users write it.
        kind: name of its kind.
        number: unique for ever; a node that is loaded again is another one.
        values: what was set to anything but its default, by port name, in the port's own unit.
        recording: the sound of its file, for kinds that play one.
        seed: what its chance begins with; None: with the seed of its name.
    """

    name: str
    kind: str
    number: int
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    recording: Recording | None = None
    seed: int | None = None

    @property
    def sown(self) -> int:
        """What its chance begins with."""
        return seed_of(self.name) if self.seed is None else self.seed

    def called(self, name: str) -> Node:
        """The same node by another name: what it leaves to chance stays as it is."""
        keeps = leaves_to_chance(self.declaration) and self.sown != seed_of(name)
        return replace(self, name=name, seed=self.sown if keeps else None)

    @property
    def declaration(self) -> Kind:
        """The node's kind."""
        return kinds()[self.kind]

    def port(self, name: str) -> Input | None:
        """The input of that name: the kind's own, or one of the channel strip; None if neither."""
        kind = self.declaration
        index = kind.find_input(name)
        if index is not None:
            return kind.inputs[index]
        if name in STRIP_PORTS and self.name != OUT:
            strip = kinds()["strip"]
            return strip.inputs[strip.find_input(name) or 0]
        return None

    def value(self, name: str) -> float:
        """What a port is set to, or its default."""
        port = self.port(name)
        assert port is not None, name
        return self.values.get(name, port.default)


@dataclass(frozen=True, slots=True)
class Cable:
    """A cable from an output to an input.

    Attributes:
        number: unique for ever.
        source: name of the node that it comes from, and `output` of the port.
        target: name of the node that it goes to, and `input` of the port.
        amount: factor, in octaves where `bends`.
        bends: whether it bends a frequency exponentially.
        text: the amount as it was written, "" for none.
    """

    number: int
    source: str
    output: str
    target: str
    input: str
    amount: float = 1.0
    bends: bool = False
    text: str = ""

    @property
    def ends(self) -> tuple[str, str, str, str]:
        """Where it is plugged in, whatever its amount."""
        return (self.source, self.output, self.target, self.input)


@dataclass(frozen=True, slots=True)
class Patch:
    """All that is patched, set and sequenced.

    Attributes:
        nodes: by name, in the order in which they were loaded; `out` is the first.
        cables: in the order of their sources, then of their targets, however they came to be.
        silenced: nodes whose way to `out` was taken away for good.
        muted: nodes that are silent for now, and `soloed`: those that alone are to be heard.
        sequences: by what they play, `NODE` or `NODE.PORT`.
        bpm: beats a minute, or where a ramp of the tempo goes.
        meter: notes in a bar, and what part of a whole one each is: (7, 8).
        swing: of sequences that name none, 0..1.
        instruments: by name; their inner nodes are among `nodes`.
        scenes: by name, the commands of each in their order.
        song: what arranges them, None where there is none.
        count: the next free number.
    """

    nodes: Mapping[str, Node]
    cables: tuple[Cable, ...] = ()
    silenced: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    soloed: frozenset[str] = frozenset()
    sequences: Mapping[str, Sequence] = field(default_factory=lambda: MappingProxyType({}))
    bpm: float = 120.0
    meter: tuple[int, int] = (4, 4)
    swing: float = 0.5
    instruments: Mapping[str, Instrument] = field(default_factory=lambda: MappingProxyType({}))
    scenes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    song: Song | None = None
    count: int = 1

    def with_node(self, node: Node) -> Patch:
        """A patch with a node added, or another of the same name in its place."""
        count = max(self.count, node.number + 1)
        return replace(self, nodes=MappingProxyType({**self.nodes, node.name: node}), count=count)

    def without_node(self, name: str) -> Patch:
        """A patch without a node, its cables and its sequences."""
        return replace(
            self,
            nodes=MappingProxyType({k: v for k, v in self.nodes.items() if k != name}),
            cables=tuple(c for c in self.cables if name not in (c.source, c.target)),
            silenced=self.silenced - {name},
            muted=self.muted - {name},
            soloed=self.soloed - {name},
            sequences=MappingProxyType(
                {k: v for k, v in self.sequences.items() if k.split(".")[0] != name}
            ),
        )

    def renamed(self, names: Mapping[str, str]) -> Patch:
        """A patch in which nodes have other names, and are the same in all else.

        An instrument is called as its nodes are. What keeps its name is the very same object.
        """
        if all(old == new for old, new in names.items()):
            return self

        def name(text: str) -> str:
            node, dot, port = text.partition(".")
            return f"{names.get(node, node)}{dot}{port}"

        def group(nodes: frozenset[str]) -> frozenset[str]:
            return frozenset(map(name, nodes))

        return replace(
            self,
            nodes=MappingProxyType(
                {
                    called: node if called == node.name else node.called(called)
                    for node in self.nodes.values()
                    for called in [names.get(node.name, node.name)]
                }
            ),
            cables=tuple(
                replace(cable, source=name(cable.source), target=name(cable.target))
                if cable.source in names or cable.target in names
                else cable
                for cable in self.cables
            ),
            silenced=group(self.silenced),
            muted=group(self.muted),
            soloed=group(self.soloed),
            sequences=MappingProxyType(
                {
                    name(key): played_by(sequence, name(sequence.target.node.text))
                    for key, sequence in self.sequences.items()
                }
            ),
            instruments=MappingProxyType(
                {
                    called: instrument.called(called)
                    for instrument in self.instruments.values()
                    for called in [name(instrument.heard).rpartition("/")[0]]
                }
            ),
        )

    def player(self, target: str) -> str:
        """What a sequence plays, `NODE` or `NODE.PORT`, by the number of the node."""
        node, dot, port = target.partition(".")
        return f"#{self.nodes[node].number}{dot}{port}"

    def node_of(self, number: int) -> Node | None:
        """The node of a number, whatever it is called now."""
        return next((node for node in self.nodes.values() if node.number == number), None)

    def with_value(self, name: str, port: str, value: float) -> Patch:
        """A patch with a port set; to its default is as if it had never been."""
        node = self.nodes[name]
        values = {**node.values, port: value}
        declared = node.port(port)
        if declared is not None and value == declared.default:
            del values[port]
        return self.with_node(replace(node, values=MappingProxyType(values)))

    def with_cable(self, cable: Cable) -> Patch:
        """A patch with a cable plugged in, in place of one between the same ports.

        Where only the amount differs, it stays the same cable.
        """
        there = self.cable_between(*cable.ends)
        if there is not None and there.bends == cable.bends:
            cable = replace(cable, number=there.number)
        cables = [c for c in self.cables if c is not there]
        bisect.insort(cables, cable, key=self._place_of)
        return replace(
            self,
            cables=tuple(cables),
            silenced=self.silenced - {cable.source},
            count=max(self.count, cable.number + 1),
        )

    def cable_between(self, source: str, output: str, target: str, port: str) -> Cable | None:
        """The cable from an output of a node to an input of another; None: there is none."""
        found = (c for c in self.cables if c.source == source and c.target == target)
        return next((c for c in found if c.output == output and c.input == port), None)

    def _place_of(self, cable: Cable) -> tuple[int, str, int, str]:
        source, target = self.nodes[cable.source], self.nodes[cable.target]
        return (source.number, cable.output, target.number, cable.input)

    def without_cables(self, gone: frozenset[int]) -> Patch:
        """A patch without the cables of these numbers."""
        return replace(self, cables=tuple(c for c in self.cables if c.number not in gone))

    def silence(self, names: frozenset[str]) -> Patch:
        """A patch in which nodes are not heard by themselves any more."""
        return replace(self, silenced=self.silenced | names)

    def with_sequence(self, target: str, sequence: Sequence | None) -> Patch:
        """A patch in which `target` is played by a sequence, or by none."""
        rest = {k: v for k, v in self.sequences.items() if k != target}
        if sequence is not None:
            rest = {**self.sequences, target: meaning(sequence)}
        return replace(self, sequences=MappingProxyType(rest))

    def with_scene(self, name: str, commands: tuple[str, ...] | None) -> Patch:
        """A patch with a scene, in place of one of its name; without it where None."""
        rest = {key: value for key, value in self.scenes.items() if key != name}
        if commands is not None:
            rest = {**self.scenes, name: commands}
        return replace(self, scenes=MappingProxyType(rest))

    def free_name(self, wanted: str) -> str:
        """`wanted`, or with the first number from 2 that makes it free: kick2, tb303_2."""
        number, name = 2, wanted
        gap = "_" if wanted[-1:].isdigit() else ""
        while name in self.nodes or name in self.instruments:
            name = f"{wanted}{gap}{number}"
            number += 1
        return name


def is_same(one: Patch, other: Patch) -> bool:
    """Whether two patches are alike in all but the next free number, which only grows."""
    return one == replace(other, count=one.count)


def empty_patch() -> Patch:
    """The patch of a new session: the way out, and nothing else."""
    return Patch(nodes=MappingProxyType({OUT: Node(OUT, OUT, 0)}))
