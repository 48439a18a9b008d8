"""A graph with places in the arena becomes a plan: the tables that the step walks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from chronus.dsp.layout import WIDE
from chronus.engine.batchable import least_of, like_nodes, mark_batches
from chronus.engine.costs import WIDE_COST
from chronus.engine.fading import Ranks, order_of
from chronus.engine.fusable import fusable, groups_of, together
from chronus.engine.layout import NODE_COLUMNS, NONE, Node, Row, Wire
from chronus.engine.plan_rows import (
    NOTHING,
    Arrival,
    Facts,
    NodeRows,
    RowsSoFar,
    facts_of,
    is_side_by_side,
)
from chronus.engine.sharing import share_inputs
from chronus.engine.unheard import roots_of, set_roots
from chronus.patch.lanes import share_out
from chronus.patch.remember import Made
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from chronus.dsp.declaration import Kind
    from chronus.engine.batchable import Like
    from chronus.engine.fusable import Fusable, FusedKernels
    from chronus.engine.place import Place
    from chronus.patch.graph import GraphCable

Number = TypeVar("Number", np.int64, np.float64)
QUIET_S: Final = 0.1
"""So much silence behind a closed gate, and as much as its delays hold, sends a voice to sleep."""


@dataclass(frozen=True, slots=True)
class LanePlan:
    """What the step needs of one lane, row for row as it stands in the arena.

    Attributes:
        nodes: in the order in which they are computed.
        rows: their input rows, one behind the other.
        wires: into those, one behind the other, and `scales` what each is multiplied by.
        cables: the places of the cables that go to its nodes.
        gates: the ports of their gates.
        groups: the groups of voices.
        before: how many of the nodes need nothing of another lane.
    """

    nodes: NDArray[np.int64]
    rows: NDArray[np.int64]
    wires: NDArray[np.int64]
    scales: NDArray[np.float64]
    cables: list[int]
    gates: list[int]
    groups: list[tuple[int, int, int, int]]
    before: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The plans of all lanes, what plays voices, and the row of the master's first output.

    Of what is computed at once the groups of voices, and the kinds by their wide kernels' numbers;
    and the keys of the cables that read the last block.
    """

    lanes: tuple[LanePlan, ...]
    players: list[int]
    master: int
    fusable: set[Fusable] = field(default_factory=set)
    batched: dict[int, Kind] = field(default_factory=dict)
    late: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a plan is made of.

    Attributes:
        places: every node by key, in the order of the patch.
        cables: every cable, in the order in which they add up.
        cable_slots: each cable's place in the arena.
        leaving: keys of what only fades out, in the order in which it began to.
        master: key of the node whose first two output rows are played.
        rate_hz: frames a second.
        ranks: which cables read the last block, as far as plans before have settled it.
    """

    places: Mapping[str, Place]
    cables: Sequence[GraphCable]
    cable_slots: Mapping[str, int]
    leaving: Collection[str]
    master: str
    rate_hz: int
    ranks: Ranks = field(default_factory=Ranks)


@dataclass(slots=True)
class Known:
    """What plans said of nodes and kinds so far: most of a plan is as it was in the last one."""

    facts: Made[Facts] = field(default_factory=lambda: Made(facts_of))
    rows: RowsSoFar = field(default_factory=RowsSoFar)


@dataclass(frozen=True, slots=True)
class _Ordered:
    """A wiring in computing order.

    Attributes:
        order: keys of the nodes.
        closing: keys of the cables that read the last block.
        facts: about each kind, by its identity: of many nodes few are of different kinds.
        arriving: the cables that meet in each input, by the node's key and the index of the port.
    """

    order: Sequence[str]
    closing: frozenset[str]
    facts: Mapping[int, Facts]
    arriving: Mapping[str, dict[int, list[Arrival]]]


def plan_of(
    wiring: Wiring, lanes: int = 1, known: Known | None = None, fused: FusedKernels | None = None
) -> Plan:
    """Compile a plan for so many lanes; its samples do not depend on how many there are.

    Args:
        wiring: what it is made of.
        lanes: that share it.
        known: from plans before, and kept for those to come; the plan is the same without.
        fused: the kernels that compute several nodes at once; None: there are none.
    """
    known = known or Known()
    places = wiring.places
    known.rows.forget(places)
    # A kind that was reloaded may be there twice.
    kinds = {id(place.kind): place.kind for place in places.values()}
    facts = {number: known.facts.of(kind) for number, kind in kinds.items()}
    order, closing = order_of(places, wiring.cables, wiring.leaving, wiring.ranks)
    players = sorted({place.player for place in places.values()} - {NONE})
    forward = [(c.source, c.target) for c in wiring.cables if c.key not in closing]
    if players:
        order = together(order, places, forward)
    like: dict[int, Like] = {}
    least: dict[int, float] = {}
    if fused is not None and fused.batches:
        least = _least(places)
        order, like = like_nodes(order, places, forward, least)
    ordered = _Ordered(order, closing, facts, _arriving(wiring, closing, facts))
    staying = [cable for cable in wiring.cables if cable.key not in wiring.leaving]
    roots = roots_of(order, places, staying, closing)
    lane_of, trunk = _shared_out(ordered, wiring, lanes, roots)
    made = tuple(
        _lane_plan(
            # Lane 0 computes its own branches while others compute theirs, and then the trunk.
            [key for key in order if lane_of[key] == lane and key not in trunk],
            [key for key in order if lane_of[key] == lane and key in trunk],
            (ordered, wiring, known),
        )
        for lane in range(lanes)
    )
    for cable in wiring.cables:
        made[lane_of[cable.target]].cables.append(wiring.cable_slots[cable.key])
    if players:
        _add_voices(made, wiring, lane_of)
        _note_behind(made, ordered, places)
    if roots:
        slots = {places[key].slot: places[root].slot for key, root in roots.items()}
        for lane in made:
            set_roots(lane, slots)
    plan = Plan(made, players, places[wiring.master].rows_out, late=closing)
    if like:
        _batch(plan, places, like, least)
    if fused is not None and players:
        _fuse(plan, places, fused)
    return plan


def _least(places: Mapping[str, Place]) -> dict[int, float]:
    """From how many nodes on it pays to compute them at once, by the numbers of their kernels."""
    kinds = {place.number: place.kind for place in places.values() if place.group == NONE}
    least = {number: least_of(kind) for number, kind in kinds.items()}
    return {number: count for number, count in least.items() if count <= WIDE}


def _batch(
    plan: Plan, places: Mapping[str, Place], like: Mapping[int, Like], least: Mapping[int, float]
) -> None:
    """Let like nodes that follow each other be computed at once."""
    kinds = {place.number: place.kind for place in places.values() if place.number in least}
    for lane in plan.lanes:
        for number in mark_batches(lane, like, kinds, least):
            plan.batched[number + 1] = kinds[number]


def _fuse(plan: Plan, places: Mapping[str, Place], fused: FusedKernels) -> None:
    """Let groups of voices that one kernel can compute be computed by it."""
    kinds = {place.slot: place.kind for place in places.values() if place.group != NONE}
    for lane in plan.lanes:
        for first, last, row in groups_of(lane):
            found = fusable(lane, (first, last, row), kinds, fused)
            if found is not None:
                plan.fusable.add(found)
                lane.nodes[first, Node.FUSES] = last - first
                lane.nodes[first, Node.FUSED] = fused.number(found)


def _lane_plan(
    before: list[str], trunk: list[str], known: tuple[_Ordered, Wiring, Known]
) -> LanePlan:
    """The plan of one lane, but for its cables and voices.

    Args:
        before: keys of the nodes that need nothing of another lane, in order.
        trunk: and of those that may.
        known: the order and the wiring of all nodes, and what was said of them before.
    """
    ordered, wiring, kept = known
    keys = [*before, *trunk]
    said = kept.rows.of(keys, wiring.places, ordered.facts, ordered.arriving)
    columns = zip(*said, strict=True) if said else [()] * len(NodeRows._fields)
    *numbers, nodes_in, rows_in, wires_in, scales_in, gates = columns
    ports, inputs, wired = np.array(numbers, np.int64)
    rows = _joined(rows_in, np.int64, len(Row))
    # Each node counts its ports from its own first one, and its wires too.
    rows[:, Row.PORT] += np.repeat(ports, inputs)
    rows[:, Row.FIRST] += np.repeat(np.cumsum(wired) - wired, inputs)
    nodes = _joined(nodes_in, np.int64, NODE_COLUMNS)
    nodes[:, Node.FIRST_ROW] = np.cumsum(inputs) - inputs
    share_inputs(nodes, [wiring.places[key] for key in keys])
    return LanePlan(
        nodes,
        rows,
        _joined(wires_in, np.int64, len(Wire)),
        _joined(scales_in, np.float64, 1)[:, 0],
        [],
        [gate for gate in gates if gate != NONE],
        [],
        len(before),
    )


def _joined(parts: Sequence[bytes], dtype: type[Number], columns: int) -> NDArray[Number]:
    """Rows of so many numbers, one behind the other."""
    return np.frombuffer(bytearray(b"".join(parts)), dtype).reshape(-1, columns)


def _arriving(
    wiring: Wiring, closing: frozenset[str], facts: Mapping[int, Facts]
) -> dict[str, dict[int, list[Arrival]]]:
    """The cables that meet in each input, by node and index of the port.

    An input with a `normal` that no cable stays in gets those of the other one as well. Cables that
    only fade out do not count: when they are taken away is chance, and must not be heard.
    """
    places, slots = wiring.places, wiring.cable_slots
    found: dict[str, dict[int, list[Arrival]]] = {}
    for cable in wiring.cables:
        key = cable.key
        arrival = (cable, slots[key], key in closing, places[cable.source])
        found.setdefault(cable.target, {}).setdefault(cable.input, []).append(arrival)
    for node, ports in found.items():
        for port, normal in facts[id(places[node].kind)].normals:
            own = ports.get(port, [])
            if all(cable.key in wiring.leaving for cable, *_ in own):
                ports[port] = [*own, *ports.get(normal, ())]
    return found


def _shared_out(
    ordered: _Ordered, wiring: Wiring, lanes: int, roots: Mapping[str, str]
) -> tuple[Mapping[str, int], frozenset[str]]:
    """The lane of each node, and the nodes of the trunk.

    Voices side by side stay together, and so do nodes with the one that they pause with.
    """
    if lanes == 1:
        return dict.fromkeys(ordered.order, 0), frozenset()
    whole = {
        key: roots.get(key, key) if place.group == NONE else f"voices {place.group}"
        for key, place in wiring.places.items()
    }
    costs: dict[str, float] = {}
    for key, place in wiring.places.items():
        cost = ordered.facts[id(place.kind)].cost * (1.0 if place.group == NONE else WIDE_COST)
        costs[whole[key]] = costs.get(whole[key], 0.0) + cost
    forward = [(c.source, c.target) for c in wiring.cables if c.key not in ordered.closing]
    lane_of, trunk = share_out(
        list(dict.fromkeys(whole[key] for key in ordered.order)),
        [(whole[a], whole[b]) for a, b in forward if whole[a] != whole[b]],
        costs,
        wiring.master,
        lanes,
    )
    return (
        {key: lane_of[whole[key]] for key in ordered.order},
        frozenset(key for key in ordered.order if whole[key] in trunk),
    )


def _add_voices(lanes: Sequence[LanePlan], wiring: Wiring, lane_of: Mapping[str, int]) -> None:
    """The groups of voices of each lane, and which of their outputs something else listens to."""
    places = wiring.places
    leaves: dict[int, int] = {}
    driven = set()
    for cable in wiring.cables:
        source, target = places[cable.source], places[cable.target]
        if source.group != NONE and not is_side_by_side(source, target, cable.input):
            for row, (port, _) in enumerate(source.kind.output_rows):
                leaves[source.slot] = leaves.get(source.slot, 0) | (port == cable.output) << row
        if target.is_player and target.kind.inputs[cable.input].name == "gate":
            driven.add(target.group)
    for lane in lanes:
        lane.nodes[:, Node.LEAVES] = [leaves.get(slot, 0) for slot in lane.nodes[:, Node.SLOT]]
    groups: dict[int, list[str]] = {}
    for key, place in places.items():
        if place.group != NONE:
            groups.setdefault(place.group, []).append(key)
    for group, keys in groups.items():
        remembered = sum(places[key].size.memory // WIDE for key in keys)
        quiet = -(-(round(QUIET_S * wiring.rate_hz) + remembered) // BLOCK)
        voices = (group, places[keys[0]].voices, quiet, int(group in driven))
        lanes[lane_of[keys[0]]].groups.append(voices)


def _note_behind(lanes: Sequence[LanePlan], ordered: _Ordered, places: Mapping[str, Place]) -> None:
    """Note of each wire through which nothing is heard but the voices of one player that player."""
    found: dict[str, int] = {}
    for key in ordered.order:
        facts = ordered.facts[id(places[key].kind)]
        main = facts.main
        if main is None or not facts.is_wire or places[key].group != NONE:
            continue
        cables = ordered.arriving.get(key, NOTHING).get(main, [])
        players = {found.get(cable.source, source.player) for cable, _, _, source in cables}
        if len(players) == 1 and not any(is_late for _, _, is_late, _ in cables):
            found[key] = players.pop()
    slots = {places[key].slot: player for key, player in found.items()}
    for lane in lanes:
        lane.nodes[:, Node.BEHIND] = [slots.get(n, NONE) for n in lane.nodes[:, Node.SLOT]]
