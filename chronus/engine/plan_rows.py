"""What a plan says of one node: its own row, those of its inputs, and the wires that meet there.

It depends on nothing but the node's place and what arrives, so it is made once and taken into every
plan until one of the two is another.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from chronus.dsp.layout import WIDE
from chronus.engine.costs import cost_of
from chronus.engine.layout import NODE_COLUMNS, NONE, Node, Row
from chronus.patch.tables import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chronus.dsp.declaration import Kind
    from chronus.engine.place import Place
    from chronus.patch.graph import GraphCable

ROW: Final = len(Row)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_ROW_IN, N_ROW_OUT, N_SLOT = int(Node.ROW_IN), int(Node.ROW_OUT), int(Node.SLOT)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)
N_HELD, N_TWIN_STATE = int(Node.HELD), int(Node.TWIN_STATE)
N_TWIN_MEMORY, N_TWIN_ROW = int(Node.TWIN_MEMORY), int(Node.TWIN_ROW)
N_GROUP, N_VOICES, N_SUMS = int(Node.GROUP), int(Node.VOICES), int(Node.SUMS)
N_RECORDING, N_WIRED, N_OWN_ROWS = int(Node.RECORDING), int(Node.WIRED), int(Node.OWN_ROWS)

WIRES: Final = frozenset({"poly", "strip"})
"""Kinds that keep nothing, and give exact silence where their main input is silent."""

Arrival = tuple["GraphCable", int, bool, "Place"]
"""A cable where it goes in: the cable, its place in the arena, whether it closes a cycle and so
reads the last block, and where the node lies that it comes from."""
NOTHING: Final[dict[int, list[Arrival]]] = {}
"""What arrives at a node that no cable goes to."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan says of a kind, wherever a node of it lies.

    Attributes:
        inputs: the index of the port of each input row.
        output_rows: how many rows its outputs have.
        gate: index of the input of that name.
        main: index of the main input.
        normals: the index of each port that another one stands for, and of that.
        shut: index of the port that it shuts, or NONE.
        is_wire: whether nothing but what arrives is heard through it.
        cost: of a node of it.
        node: the row of a node of it, with what is the same for all of them.
        rows: the rows of a node of it into which nothing is patched, word for word, and `bare` the
            same byte for byte.
    """

    inputs: tuple[int, ...]
    output_rows: int
    gate: int | None
    main: int | None
    normals: tuple[tuple[int, int], ...]
    shut: int
    is_wire: bool
    cost: float
    node: tuple[int, ...]
    rows: tuple[int, ...]
    bare: bytes


def facts_of(kind: Kind) -> Facts:
    """What a plan says of a kind."""
    inputs = tuple(port for port, _ in kind.input_rows)
    shut = kind.find_input(kind.shuts) if kind.shuts else None
    matter = [port != shut and not kind.memories for port in inputs]
    normals = [(at, kind.find_input(p.normal)) for at, p in enumerate(kind.inputs) if p.normal]
    dry = _dry_row(kind)
    choices = sum(1 << index for index, port in enumerate(inputs) if kind.inputs[port].choices)
    matters = sum(1 << index for index, does in enumerate(matter) if does)
    node = [0] * NODE_COLUMNS
    node[Node.INPUTS] = len(inputs)
    node[Node.OUTPUTS] = len(kind.output_rows)
    node[Node.DRY] = dry
    node[Node.DRY_ROWS] = kind.outputs[0].channels
    node[Node.CHOICES] = choices
    node[Node.MATTERS] = matters
    node[Node.BEHIND] = node[Node.ROOT] = NONE
    bare = tuple(word for port in inputs for word in (port, 0, 0, NONE, 0))
    return Facts(
        inputs,
        len(kind.output_rows),
        kind.find_input("gate"),
        kind.main_input,
        tuple((port, normal) for port, normal in normals if normal is not None),
        NONE if shut is None else shut,
        kind.name in WIRES and kind.main_input is not None,
        cost_of(kind),
        tuple(node),
        bare,
        _longs(bare),
    )


def _dry_row(kind: Kind) -> int:
    """The first row of the main input, where that can stand for the main output; else NONE."""
    main = kind.main_input
    if main is None or kind.inputs[main].channels != kind.outputs[0].channels:
        return NONE
    return next(row for row, (port, _) in enumerate(kind.input_rows) if port == main)


class NodeRows(NamedTuple):
    """What a plan says of a node, byte for byte as it stands in the arena: so it is put together.

    Thousands may be made at once, and a tuple takes a third of the time of a data class.

    Attributes:
        ports: the node's first port.
        inputs: how many rows there are, and `wired` how many wires.
        node: its own row; what depends on other nodes is filled in by the plan.
        rows: one for each input row; their ports are counted from the node's first one, and their
            wires too.
        wires: the wires, one behind the other, and `scales` what each is multiplied by.
        gate: the port of its gate, NONE where it has none for itself.
    """

    ports: int
    inputs: int
    wired: int
    node: bytes
    rows: bytes
    wires: bytes
    scales: bytes
    gate: int


def node_rows(place: Place, facts: Facts, arriving: Mapping[int, list[Arrival]]) -> NodeRows:
    """What a plan says of a node.

    Args:
        place: where it lies.
        facts: about its kind.
        arriving: the cables that meet in each of its inputs, by the index of the port.
    """
    rows, wires, scales = facts.bare, b"", b""
    is_wired, count = False, 0
    if arriving or place.is_player:
        entries, words, amounts = _entries(place, facts, arriving)
        is_wired = any(port != facts.shut for port, arrivals in arriving.items() if arrivals)
        count = len(amounts)
        rows, wires = _longs(entries), _longs(words)
        scales = struct.pack(f"{count}d", *amounts)
    gate = NONE if facts.gate is None or place.is_player else place.ports + facts.gate
    node = _node_row(place, facts, is_wired=is_wired)
    return NodeRows(place.ports, len(facts.inputs), count, node, rows, wires, scales, gate)


class RowsSoFar:
    """What plans have said of nodes: most of a plan is as it was in the last one."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Place, Mapping[int, list[Arrival]], NodeRows]] = {}

    def of(
        self,
        keys: Iterable[str],
        places: Mapping[str, Place],
        facts: Mapping[int, Facts],
        arriving: Mapping[str, Mapping[int, list[Arrival]]],
    ) -> list[NodeRows]:
        """What a plan says of nodes, made anew where something about them is.

        Args:
            keys: of the nodes.
            places: where they lie.
            facts: about their kinds, by their identity.
            arriving: the cables that meet in each input of those that have some.
        """
        found, kept = [], self._kept
        for key in keys:
            place, hears = places[key], arriving.get(key, NOTHING)
            one = kept.get(key)
            if one is None or one[0] is not place or one[1] != hears:
                one = kept[key] = (place, hears, node_rows(place, facts[id(place.kind)], hears))
            found.append(one[2])
        return found

    def forget(self, places: Mapping[str, Place]) -> None:
        """Keep nothing of nodes that have no place any more, now and then."""
        if len(self._kept) > 2 * len(places) + 64:
            self._kept = {key: kept for key, kept in self._kept.items() if key in places}


def _longs(words: Sequence[int]) -> bytes:
    return struct.pack(f"{len(words)}q", *words)


def _entries(
    place: Place, facts: Facts, arriving: Mapping[int, list[Arrival]]
) -> tuple[list[int], list[int], list[float]]:
    """The words of a node's rows and of the wires into them, and what those are multiplied by."""
    rows = list(facts.rows)
    wires: list[int] = []
    scales: list[float] = []
    last = NONE
    for at, port in enumerate(facts.inputs):
        channel, last = int(port == last), port
        voices = _voice_ports(place, port) if place.is_player else NONE
        is_wide = voices != NONE
        first = len(scales)
        for arrival in arriving.get(port, ()):
            is_wide |= _add_wires(wires, scales, arrival, place, (port, channel))
        if is_wide or len(scales) > first:
            rows[ROW * at + 1 : ROW * (at + 1)] = (first, len(scales) - first, voices, is_wide)
    return rows, wires, scales


def is_side_by_side(source: Place, target: Place, port: int) -> bool:
    """Whether a cable goes voice by voice, and does not carry the sum of the voices to all.

    A word of an enumerated port is one for all voices.
    """
    is_within = source.group == target.group != NONE
    return is_within and not target.kind.inputs[port].choices


def _voice_ports(place: Place, port: int) -> int:
    """The port of the first voice of a player's input that each voice has for itself, or NONE."""
    roles = [role.name.lower() for role in Role]
    name = place.kind.inputs[port].name
    if name not in roles:
        return NONE
    return place.ports + len(place.kind.inputs) + roles.index(name) * WIDE


def _add_wires(
    wires: list[int],
    scales: list[float],
    arrival: Arrival,
    place: Place,
    into: tuple[int, int],
) -> bool:
    """The wires of one cable into one row: mono into both sides, the mean of both into mono.

    Args:
        wires: gets their words.
        scales: gets what each is multiplied by.
        arrival: the cable.
        place: where it goes.
        into: the index of the port of the row, and which channel of that the row is.

    Returns:
        Whether its voices differ.
    """
    cable, slot, is_late, source = arrival
    port, channel = into
    outputs = source.kind.outputs
    first = sum(port.channels for port in outputs[: cable.output]) if cable.output else 0
    count = outputs[cable.output].channels
    is_mean = count > 1 and place.kind.inputs[port].channels == 1
    if not is_mean:
        first += min(channel, count - 1)
        count = 1
    is_wide = is_side_by_side(source, place, port)
    for row in range(first, first + count):
        at = source.rows_out + WIDE * row if is_wide else source.heard_rows + row
        wires += (at, slot, is_late, cable.bends, is_wide, source.slot)
        scales.append(1.0 / count)
    return is_wide


def _node_row(place: Place, facts: Facts, *, is_wired: bool) -> bytes:
    row = list(facts.node)
    size, inputs = place.size, len(facts.inputs)
    row[N_KIND] = place.number
    row[N_STATE] = place.state
    row[N_MEMORY] = place.memory
    row[N_ROW_IN] = row[N_OWN_ROWS] = place.rows_in
    row[N_ROW_OUT] = place.rows_out
    row[N_SLOT] = place.slot
    row[N_STATE_BYTES] = size.state
    row[N_MEMORY_FRAMES] = size.memory
    row[N_HELD] = place.rows_in + place.width * inputs
    row[N_TWIN_STATE] = place.state + size.state // 2
    row[N_TWIN_MEMORY] = place.memory + size.memory // 2
    row[N_TWIN_ROW] = place.rows_out + place.width * facts.output_rows
    row[N_GROUP] = place.group
    row[N_VOICES] = place.voices
    row[N_SUMS] = place.heard_rows
    row[N_RECORDING] = place.recording
    row[N_WIRED] = is_wired
    return _longs(row)
