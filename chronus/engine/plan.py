"""A graph with places in the arena becomes a plan: the tables that the step walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.engine.layout import NONE, Arena, Node
from chronus.errors import Code, UserError
from chronus.patch.graph import computing_order

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from chronus.dsp.declaration import Kind
    from chronus.patch.graph import GraphCable


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lies in the arena for its life.

    Attributes:
        kind: its declaration.
        number: index of its kernel in the table of addresses.
        slot: its own number.
        state: byte offset, and so on for `memory` (frames), `ports`, `rows_in` and `rows_out`.
        state_bytes: of its states, in one bank.
        memory_frames: of its delay memory.
    """

    kind: Kind
    number: int
    slot: int
    state: int
    memory: int
    ports: int
    rows_in: int
    rows_out: int
    state_bytes: int
    memory_frames: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What the step needs, row for row as it stands in the arena."""

    nodes: list[list[int]]
    rows: list[list[int]]
    wires: list[list[int]]
    scales: list[float]
    cables: list[int]
    gates: list[int]
    master: int


def plan_of(
    places: Mapping[str, Place],
    cables: Sequence[GraphCable],
    cable_slots: Mapping[str, int],
    master: str,
    leaving: Container[str] = (),
) -> Plan:
    """Compile a plan.

    Args:
        places: every node by key, in the order in which they came to be.
        cables: every cable, in the order in which they were plugged in, which is the order of sums.
        cable_slots: each cable's place in the arena.
        master: key of the node whose first two output rows are played.
        leaving: keys of the cables that only fade out.
    """
    order, closing = _order(places, cables, leaving)
    arriving: dict[tuple[str, int], list[GraphCable]] = {}
    for cable in cables:
        arriving.setdefault((cable.target, cable.input), []).append(cable)
    plan = Plan([], [], [], [], [cable_slots[c.key] for c in cables], [], places[master].rows_out)
    for key in order:
        place = places[key]
        kind = place.kind
        plan.nodes.append(_node_row(place))
        channel = 0
        last = -1
        for port, _ in kind.input_rows:
            channel = channel + 1 if port == last else 0
            last = port
            first = len(plan.wires)
            for cable in arriving.get((key, port), ()):
                _add_wires(
                    plan,
                    cable,
                    places[cable.source],
                    channel,
                    kind.inputs[port].channels,
                    (cable_slots[cable.key], int(cable.key in closing)),
                )
            plan.rows.append([place.ports + port, first, len(plan.wires) - first])
        gate = kind.find_input("gate")
        if gate is not None:
            plan.gates.append(place.ports + gate)
    return plan


def _order(
    places: Mapping[str, Place], cables: Sequence[GraphCable], leaving: Container[str]
) -> tuple[list[str], frozenset[str]]:
    """The computing order and the cables that read the last block.

    What fades out keeps its place as far as it can, but never decides for a cable that stays:
    when a faded cable is taken away is chance, and must not be heard.
    """
    staying = [cable for cable in cables if cable.key not in leaving]
    order, closing = computing_order(places, staying)
    if len(staying) == len(cables):
        return order, closing
    forward = [cable for cable in cables if cable.key not in closing]
    both, broken = computing_order(places, forward)
    if not broken:
        return both, closing
    place = {key: index for index, key in enumerate(order)}
    late = {c.key for c in cables if c.key in leaving and place[c.source] >= place[c.target]}
    return order, closing | late


def _node_row(place: Place) -> list[int]:
    row = [0] * len(Node)
    row[Node.KIND] = place.number
    row[Node.STATE] = place.state
    row[Node.MEMORY] = place.memory
    row[Node.ROW_IN] = place.rows_in
    row[Node.INPUTS] = len(place.kind.input_rows)
    row[Node.ROW_OUT] = place.rows_out
    row[Node.OUTPUTS] = len(place.kind.output_rows)
    row[Node.SLOT] = place.slot
    row[Node.STATE_BYTES] = place.state_bytes
    row[Node.MEMORY_FRAMES] = place.memory_frames
    row[Node.DRY] = _dry_row(place.kind)
    row[Node.DRY_ROWS] = place.kind.outputs[0].channels
    return row


def _dry_row(kind: Kind) -> int:
    """The first row of the main input, where that can stand for the main output; else NONE."""
    main = kind.main_input
    if main is None or kind.inputs[main].channels != kind.outputs[0].channels:
        return NONE
    return next(row for row, (port, _) in enumerate(kind.input_rows) if port == main)


def _add_wires(
    plan: Plan,
    cable: GraphCable,
    source: Place,
    channel: int,
    channels: int,
    how: tuple[int, int],
) -> None:
    """The wires of one cable into one row: mono into both sides, the mean of both into mono."""
    rows = [row for row, (port, _) in enumerate(source.kind.output_rows) if port == cable.output]
    taken = rows if channels == 1 else [rows[min(channel, len(rows) - 1)]]
    for row in taken:
        plan.wires.append([source.rows_out + row, how[0], how[1], int(cable.bends)])
        plan.scales.append(1.0 / len(taken))


def write_plan(arena: Arena, slot: int, plan: Plan) -> None:
    """Put a plan into a free plan slot.

    Raises:
        UserError: E_LIMIT, it has more wires than the arena has room for.
    """
    most = arena.plan_scale.shape[1]
    if len(plan.wires) > most:
        raise UserError(Code.LIMIT, f"too many cables at once: {most} wires are the limit")
    arena.plan_counts[slot] = (len(plan.nodes), len(plan.cables), len(plan.gates), plan.master)
    arena.plan_nodes[slot, : len(plan.nodes)] = plan.nodes
    arena.plan_rows[slot, : len(plan.rows)] = plan.rows
    if plan.wires:
        arena.plan_wires[slot, : len(plan.wires)] = plan.wires
        arena.plan_scale[slot, : len(plan.wires)] = plan.scales
    arena.plan_cables[slot, : len(plan.cables)] = plan.cables
    arena.plan_gates[slot, : len(plan.gates)] = plan.gates
