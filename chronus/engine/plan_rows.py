"""What a plan says of one node: its own row, those of its inputs, and the wires that meet there.

It depends on nothing but the node's place and what arrives, so it is made once and taken into every
plan until one of the two is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.dsp.layout import WIDE
from chronus.engine.costs import cost_of
from chronus.engine.layout import NODE_COLUMNS, NONE, Node, Row, Wire
from chronus.patch.tables import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from chronus.dsp.declaration import Kind
    from chronus.engine.place import Place
    from chronus.patch.graph import GraphCable

ROW_COLUMNS: Final = len(Row)
WIRE_COLUMNS: Final = len(Wire)
NO_WIRES: Final = np.empty((0, WIRE_COLUMNS), np.int64)
NO_SCALES: Final = np.empty(0)
"""Of the many nodes into which nothing is patched: each shares these."""

WIRES: Final = frozenset({"poly", "strip"})
"""Kinds that keep nothing, and give exact silence where their main input is silent."""


Arrival = tuple["GraphCable", int, bool, "Place"]
"""A cable where it goes in: the cable, its place in the arena, whether it closes a cycle and so
reads the last block, and where the node lies that it comes from."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan says of a kind, wherever a node of it lies.

    Attributes:
        inputs: the index of the port of each input row.
        outputs: the rows of each output port.
        output_rows: how many there are.
        gate: index of the input of that name.
        main: index of the main input.
        normals: the index of each port that another one stands for, and of that.
        dry: the first row of the main input, where that can stand for the main output; else NONE.
        choices: a bit for each input row of an enumerated port.
        matters: a bit for each input row but those that it shuts; 0 where it has a memory.
        shut: index of the port that it shuts, or NONE.
        is_wire: whether nothing but what arrives is heard through it.
        cost: of a node of it.
    """

    inputs: tuple[int, ...]
    outputs: tuple[tuple[int, ...], ...]
    output_rows: int
    gate: int | None
    main: int | None
    normals: tuple[tuple[int, int], ...]
    dry: int
    choices: int
    matters: int
    shut: int
    is_wire: bool
    cost: float


def facts_of(kind: Kind) -> Facts:
    """What a plan says of a kind."""
    inputs = tuple(port for port, _ in kind.input_rows)
    rows = [port for port, _ in kind.output_rows]
    shut = kind.find_input(kind.shuts) if kind.shuts else None
    matter = [port != shut and not kind.memories for port in inputs]
    normals = [(at, kind.find_input(p.normal)) for at, p in enumerate(kind.inputs) if p.normal]
    return Facts(
        inputs,
        tuple(
            tuple(row for row, port in enumerate(rows) if port == output)
            for output in range(len(kind.outputs))
        ),
        len(rows),
        kind.find_input("gate"),
        kind.main_input,
        tuple((port, normal) for port, normal in normals if normal is not None),
        _dry_row(kind),
        sum(1 << index for index, port in enumerate(inputs) if kind.inputs[port].choices),
        sum(1 << index for index, does in enumerate(matter) if does),
        NONE if shut is None else shut,
        kind.name in WIRES and kind.main_input is not None,
        cost_of(kind),
    )


def _dry_row(kind: Kind) -> int:
    """The first row of the main input, where that can stand for the main output; else NONE."""
    main = kind.main_input
    if main is None or kind.inputs[main].channels != kind.outputs[0].channels:
        return NONE
    return next(row for row, (port, _) in enumerate(kind.input_rows) if port == main)


@dataclass(frozen=True, slots=True)
class NodeRows:
    """What a plan says of a node, row for row as it stands in the arena.

    Attributes:
        node: its own row; what depends on other nodes is filled in by the plan.
        rows: one for each input row; their wires are counted from the node's first one.
        wires: the wires, one behind the other, and `scales` what each is multiplied by.
        gate: the port of its gate, NONE where it has none for itself.
    """

    node: NDArray[np.int64]
    rows: NDArray[np.int64]
    wires: NDArray[np.int64]
    scales: NDArray[np.float64]
    gate: int


def node_rows(place: Place, facts: Facts, arriving: Mapping[int, list[Arrival]]) -> NodeRows:
    """What a plan says of a node.

    Args:
        place: where it lies.
        facts: about its kind.
        arriving: the cables that meet in each of its inputs, by the index of the port.
    """
    rows: list[tuple[int, ...]] = []
    wires: list[tuple[int, ...]] = []
    scales: list[float] = []
    channel, last = 0, -1
    for port in facts.inputs:
        channel = channel + 1 if port == last else 0
        last = port
        first = len(wires)
        for arrival in arriving.get(port, ()):
            _add_wires(wires, scales, arrival, place, (port, channel))
        voices = _voice_ports(place, port) if place.is_player else NONE
        is_wide = voices != NONE or any(wire[Wire.IS_WIDE] for wire in wires[first:])
        rows.append((place.ports + port, first, len(wires) - first, voices, int(is_wide)))
    ports = zip(facts.inputs, rows, strict=True)
    is_wired = any(row[Row.WIRES] > 0 and port != facts.shut for port, row in ports)
    return NodeRows(
        np.array([_node_row(place, facts, is_wired=is_wired)], np.int64),
        np.array(rows, np.int64).reshape(len(rows), ROW_COLUMNS),
        np.array(wires, np.int64) if wires else NO_WIRES,
        np.array(scales, np.float64) if wires else NO_SCALES,
        NONE if facts.gate is None or place.is_player else place.ports + facts.gate,
    )


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
    wires: list[tuple[int, ...]],
    scales: list[float],
    arrival: Arrival,
    place: Place,
    into: tuple[int, int],
) -> None:
    """The wires of one cable into one row: mono into both sides, the mean of both into mono.

    Args:
        wires: gets them.
        scales: gets what each is multiplied by.
        arrival: the cable.
        place: where it goes.
        into: the index of the port of the row, and which channel of that the row is.
    """
    cable, slot, is_late, source = arrival
    port, channel = into
    outputs = source.kind.outputs
    first = sum(port.channels for port in outputs[: cable.output]) if cable.output else 0
    count = outputs[cable.output].channels
    if place.kind.inputs[port].channels == 1:
        taken = range(first, first + count)
    else:
        same = first + min(channel, count - 1)
        taken = range(same, same + 1)
    is_wide = is_side_by_side(source, place, port)
    for row in taken:
        at = source.rows_out + WIDE * row if is_wide else source.heard_rows + row
        wires.append((at, slot, int(is_late), int(cable.bends), int(is_wide), source.slot))
        scales.append(1.0 / len(taken))


def _node_row(place: Place, facts: Facts, *, is_wired: bool) -> list[int]:
    row = [0] * NODE_COLUMNS
    row[Node.KIND] = place.number
    row[Node.STATE] = place.state
    row[Node.MEMORY] = place.memory
    row[Node.ROW_IN] = place.rows_in
    row[Node.INPUTS] = len(facts.inputs)
    row[Node.ROW_OUT] = place.rows_out
    row[Node.OUTPUTS] = facts.output_rows
    row[Node.SLOT] = place.slot
    row[Node.STATE_BYTES] = place.size.state
    row[Node.MEMORY_FRAMES] = place.size.memory
    row[Node.DRY] = facts.dry
    row[Node.DRY_ROWS] = place.kind.outputs[0].channels
    row[Node.CHOICES] = facts.choices
    row[Node.HELD] = place.rows_in + place.width * len(facts.inputs)
    row[Node.TWIN_STATE] = place.state + place.size.state // 2
    row[Node.TWIN_MEMORY] = place.memory + place.size.memory // 2
    row[Node.TWIN_ROW] = place.rows_out + place.width * facts.output_rows
    row[Node.GROUP] = place.group
    row[Node.VOICES] = place.voices
    row[Node.SUMS] = place.heard_rows
    row[Node.BEHIND] = NONE
    row[Node.RECORDING] = place.recording
    row[Node.MATTERS] = facts.matters
    row[Node.WIRED] = int(is_wired)
    row[Node.ROOT] = NONE
    row[Node.OWN_ROWS] = place.rows_in
    return row
