"""A graph with places in the arena becomes a plan: the tables that the step walks."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chronus.dsp.layout import WIDE
from chronus.engine.layout import NODE_COLUMNS, NONE, Node, Wire
from chronus.patch.lanes import share_out
from chronus.patch.order import computing_order
from chronus.patch.tables import Role
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from chronus.dsp.declaration import Kind
    from chronus.engine.place import Place
    from chronus.patch.graph import GraphCable


@dataclass(frozen=True, slots=True)
class LanePlan:
    """What the step needs of one lane, row for row as it stands in the arena.

    Attributes:
        before: how many of the nodes need nothing of another lane.
    """

    nodes: list[list[int]] = field(default_factory=list)
    rows: list[list[int]] = field(default_factory=list)
    wires: list[list[int]] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    cables: list[int] = field(default_factory=list)
    gates: list[int] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    before: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """The plans of all lanes, what plays voices, and the row of the master's first output."""

    lanes: tuple[LanePlan, ...]
    players: list[int]
    master: int


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a plan is made of.

    Attributes:
        places: every node by key, in the order of the patch.
        cables: every cable, in the order in which they add up.
        cable_slots: each cable's place in the arena.
        leaving: keys of the cables that only fade out.
        master: key of the node whose first two output rows are played.
        rate_hz: frames a second.
    """

    places: Mapping[str, Place]
    cables: Sequence[GraphCable]
    cable_slots: Mapping[str, int]
    leaving: Container[str]
    master: str
    rate_hz: int


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a plan says of a kind, wherever a node of it lies.

    Attributes:
        inputs: the index of the port of each input row; `outputs` of each output row.
        gate: index of the input of that name.
        dry: the first row of the main input, where that can stand for the main output; else NONE.
        choices: a bit for each input row of an enumerated port.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    gate: int | None
    dry: int
    choices: int


def _facts_of(kind: Kind) -> _Facts:
    inputs = tuple(port for port, _ in kind.input_rows)
    chosen = [bool(kind.inputs[port].choices) for port in inputs]
    return _Facts(
        inputs,
        tuple(port for port, _ in kind.output_rows),
        kind.find_input("gate"),
        _dry_row(kind),
        sum(1 << index for index, is_choice in enumerate(chosen) if is_choice),
    )


def plan_of(wiring: Wiring, lanes: int = 1) -> Plan:
    """Compile a plan for so many lanes; its samples do not depend on how many there are."""
    places = wiring.places
    order, closing = _order(places, wiring.cables, wiring.leaving)
    forward = [(c.source, c.target) for c in wiring.cables if c.key not in closing]
    lane_of, trunk = _shared_out(order, forward, wiring, lanes)
    arriving = _arriving(wiring)
    # Of many nodes few are of different kinds; a kind that was reloaded may be there twice.
    facts = {id(kind): _facts_of(kind) for kind in (place.kind for place in places.values())}
    players = sorted({place.player for place in places.values()} - {NONE})
    plan = Plan(tuple(LanePlan() for _ in range(lanes)), players, places[wiring.master].rows_out)
    for cable in wiring.cables:
        plan.lanes[lane_of[cable.target]].cables.append(wiring.cable_slots[cable.key])
    # Lane 0 computes its own branches while others compute theirs, and then the trunk.
    for key in sorted(order, key=lambda key: key in trunk):
        lane = plan.lanes[lane_of[key]]
        if key in trunk and not lane.before:
            lane.before.append(len(lane.nodes))
        _add_node(lane, key, wiring, (arriving, closing, facts))
    _add_voices(plan, wiring, lane_of)
    behind = _behind_voices(order, places, arriving, closing)
    slots = {places[key].slot: player for key, player in behind.items()}
    for node in (node for lane in plan.lanes for node in lane.nodes):
        node[Node.BEHIND] = slots.get(node[Node.SLOT], NONE)
    return plan


def _behind_voices(
    order: Sequence[str],
    places: Mapping[str, Place],
    arriving: Mapping[tuple[str, int], list[GraphCable]],
    closing: frozenset[str],
) -> dict[str, int]:
    """Of each wire through which nothing is heard but the voices of one player that player."""
    found: dict[str, int] = {}
    for key in order:
        main = places[key].kind.main_input
        if places[key].group != NONE or places[key].kind.name not in WIRES or main is None:
            continue
        cables = arriving.get((key, main), [])
        players = {found.get(c.source, places[c.source].player) for c in cables}
        if len(players) == 1 and closing.isdisjoint(cable.key for cable in cables):
            found[key] = players.pop()
    return found


def _shared_out(
    order: Sequence[str], forward: Sequence[tuple[str, str]], wiring: Wiring, lanes: int
) -> tuple[dict[str, int], frozenset[str]]:
    """The lane of each node, and the nodes of the trunk; voices side by side stay together."""
    whole = {
        key: key if place.group == NONE else f"voices {place.group}"
        for key, place in wiring.places.items()
    }
    costs: dict[str, float] = {}
    for key, place in wiring.places.items():
        cost = cost_of(place.kind) * (1.0 if place.group == NONE else WIDE_COST)
        costs[whole[key]] = costs.get(whole[key], 0.0) + cost
    lane_of, trunk = share_out(
        list(dict.fromkeys(whole[key] for key in order)),
        [(whole[a], whole[b]) for a, b in forward if whole[a] != whole[b]],
        costs,
        wiring.master,
        lanes,
    )
    return (
        {key: lane_of[whole[key]] for key in order},
        frozenset(key for key in order if whole[key] in trunk),
    )


def _add_voices(plan: Plan, wiring: Wiring, lane_of: Mapping[str, int]) -> None:
    """The groups of voices of each lane, and which of their outputs something else listens to."""
    places, leaves = wiring.places, dict.fromkeys(wiring.places, 0)
    driven = set()
    for cable in wiring.cables:
        source, target = places[cable.source], places[cable.target]
        if source.group != NONE and not is_side_by_side(source, target, cable.input):
            for row, (port, _) in enumerate(source.kind.output_rows):
                leaves[cable.source] |= (port == cable.output) << row
        if target.is_player and target.kind.inputs[cable.input].name == "gate":
            driven.add(target.group)
    slots = {place.slot: key for key, place in places.items()}
    for lane in plan.lanes:
        for node in lane.nodes:
            node[Node.LEAVES] = leaves[slots[node[Node.SLOT]]]
    for group in dict.fromkeys(place.group for place in places.values() if place.group != NONE):
        those = {key: place for key, place in places.items() if place.group == group}
        remembered = sum(place.size.memory // WIDE for place in those.values())
        quiet = -(-(round(QUIET_S * wiring.rate_hz) + remembered) // BLOCK)
        key = next(iter(those))
        voices = those[key].voices
        plan.lanes[lane_of[key]].groups.append([group, voices, quiet, int(group in driven)])


COST_US: Final = MappingProxyType(
    {
        "noise": 190.0,
        "sine": 21.0,
        "saw": 24.0,
        "square": 102.0,
        "triangle": 34.0,
        "sync": 100.0,
        "fm": 100.0,
        "pluck": 450.0,
        "supersaw": 410.0,
        "wavetable": 280.0,
        "sampler": 1100.0,
        "kick": 375.0,
        "snare": 575.0,
        "hat": 710.0,
        "filter": 169.0,
        "adsr": 136.0,
        "lfo": 66.0,
        "keys": 70.0,
        "knob": 3.0,
        "ar": 425.0,
        "follower": 383.0,
        "hold": 35.0,
        "slew": 335.0,
        "walk": 99.0,
        "quantize": 416.0,
        "compare": 115.0,
        "add": 5.0,
        "mul": 5.0,
        "min": 5.0,
        "max": 5.0,
        "abs": 5.0,
        "clip": 6.0,
        "vca": 3.0,
        "delay": 577.0,
        "comb": 254.0,
        "formant": 408.0,
        "ladder": 1840.0,
        "diode": 1820.0,
        "distortion": 2770.0,
        "compressor": 575.0,
        "limiter": 500.0,
        "reverb": 2100.0,
        "chorus": 850.0,
        "flanger": 920.0,
        "phaser": 1720.0,
        "shift": 970.0,
        "grains": 5400.0,
        "convolve": 50_000.0,
        "eq": 450.0,
        "ring": 4.0,
        "crush": 140.0,
        "dcblock": 140.0,
        "noisegate": 269.0,
        "pan": 28.0,
        "width": 127.0,
        "tremolo": 60.0,
        "mix": 15.0,
        "poly": 5.0,
        "strip": 27.0,
        "out": 285.0,
    }
)
"""What a kernel costs in a second of audio, as `make bench ARGS=--kinds` printed it on one
machine: lanes are shared out by it, so only the proportions count."""
WIRES: Final = frozenset({"poly", "strip"})
"""Kinds that keep nothing, and give exact silence where their main input is silent."""
WIDE_COST: Final = 4.0
"""Times that 16 voices side by side cost what one does."""
QUIET_S: Final = 0.1
"""So much silence behind a closed gate, and as much as its delays hold, sends a voice to sleep."""
NODE_US: Final = 60.0
"""What the engine adds for any node."""
STATE_US: Final = 15.0


def cost_of(kind: Kind) -> float:
    """What a kind costs: measured, or guessed from what it keeps and reads where it was not."""
    guess = STATE_US * (len(kind.state) + len(kind.input_rows) + 4 * len(kind.memories))
    return NODE_US + COST_US.get(kind.name, guess)


def _arriving(wiring: Wiring) -> dict[tuple[str, int], list[GraphCable]]:
    """The cables that meet in each input, by node and index of the port.

    An input with a `normal` that no cable stays in gets those of the other one as well. Cables that
    only fade out do not count: when they are taken away is chance, and must not be heard.
    """
    found: dict[tuple[str, int], list[GraphCable]] = {}
    for cable in wiring.cables:
        found.setdefault((cable.target, cable.input), []).append(cable)
    for key, place in wiring.places.items():
        for port, declared in enumerate(place.kind.inputs):
            if not declared.normal:
                continue
            normal = place.kind.find_input(declared.normal)
            own = found.get((key, port), [])
            if normal is not None and all(cable.key in wiring.leaving for cable in own):
                found[key, port] = [*own, *found.get((key, normal), ())]
    return found


def _add_node(
    lane: LanePlan,
    key: str,
    wiring: Wiring,
    known: tuple[Mapping[tuple[str, int], list[GraphCable]], frozenset[str], Mapping[int, _Facts]],
) -> None:
    """Add a node and its rows.

    Args:
        lane: gets them.
        key: of the node.
        wiring: of all nodes.
        known: which cables arrive where, those that close a cycle, and what is known of each kind.
    """
    arriving, closing, facts = known
    place = wiring.places[key]
    kind, own = place.kind, facts[id(place.kind)]
    lane.nodes.append(_node_row(place, own))
    channel = 0
    last = -1
    for port in own.inputs:
        channel = channel + 1 if port == last else 0
        last = port
        first = len(lane.wires)
        for cable in arriving.get((key, port), ()):
            source = wiring.places[cable.source]
            _add_wires(
                lane,
                cable,
                (source, is_side_by_side(source, place, port), facts[id(source.kind)]),
                (channel, kind.inputs[port].channels),
                (wiring.cable_slots[cable.key], int(cable.key in closing)),
            )
        voices = _voice_ports(place, port)
        is_wide = voices != NONE or any(wire[Wire.IS_WIDE] for wire in lane.wires[first:])
        lane.rows.append([place.ports + port, first, len(lane.wires) - first, voices, int(is_wide)])
    if own.gate is not None and not place.is_player:
        lane.gates.append(place.ports + own.gate)


def is_side_by_side(source: Place, target: Place, port: int) -> bool:
    """Whether a cable goes voice by voice, and does not carry the sum of the voices to all.

    A word of an enumerated port is one for all voices.
    """
    is_within = source.group == target.group != NONE
    return is_within and not target.kind.inputs[port].choices


def _voice_ports(place: Place, port: int) -> int:
    """The port of the first voice of an input that each voice has for itself; NONE of others."""
    if not place.is_player:
        return NONE
    roles = [role.name.lower() for role in Role]
    name = place.kind.inputs[port].name
    if name not in roles:
        return NONE
    return place.ports + len(place.kind.inputs) + roles.index(name) * WIDE


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


def _node_row(place: Place, facts: _Facts) -> list[int]:
    row = [0] * NODE_COLUMNS
    row[Node.KIND] = place.number
    row[Node.STATE] = place.state
    row[Node.MEMORY] = place.memory
    row[Node.ROW_IN] = place.rows_in
    row[Node.INPUTS] = len(facts.inputs)
    row[Node.ROW_OUT] = place.rows_out
    row[Node.OUTPUTS] = len(facts.outputs)
    row[Node.SLOT] = place.slot
    row[Node.STATE_BYTES] = place.size.state
    row[Node.MEMORY_FRAMES] = place.size.memory
    row[Node.DRY] = facts.dry
    row[Node.DRY_ROWS] = place.kind.outputs[0].channels
    row[Node.CHOICES] = facts.choices
    row[Node.HELD] = place.rows_in + place.width * len(facts.inputs)
    row[Node.TWIN_STATE] = place.state + place.size.state // 2
    row[Node.TWIN_MEMORY] = place.memory + place.size.memory // 2
    row[Node.TWIN_ROW] = place.rows_out + place.width * len(facts.outputs)
    row[Node.GROUP] = place.group
    row[Node.VOICES] = place.voices
    row[Node.SUMS] = place.heard_rows
    row[Node.BEHIND] = NONE
    row[Node.RECORDING] = place.recording
    return row


def _dry_row(kind: Kind) -> int:
    """The first row of the main input, where that can stand for the main output; else NONE."""
    main = kind.main_input
    if main is None or kind.inputs[main].channels != kind.outputs[0].channels:
        return NONE
    return next(row for row, (port, _) in enumerate(kind.input_rows) if port == main)


def _add_wires(
    lane: LanePlan,
    cable: GraphCable,
    source: tuple[Place, bool, _Facts],
    channel: tuple[int, int],
    how: tuple[int, int],
) -> None:
    """The wires of one cable into one row: mono into both sides, the mean of both into mono.

    Args:
        lane: gets them.
        cable: the cable.
        source: where it comes from, whether it goes on from there voice by voice, and its kind.
        channel: which channel of its port the row is, and of how many.
        how: the cable's place, and 1 if it reads the last block.
    """
    place, is_wide, facts = source
    rows = [row for row, port in enumerate(facts.outputs) if port == cable.output]
    taken = rows if channel[1] == 1 else [rows[min(channel[0], len(rows) - 1)]]
    for row in taken:
        at = place.rows_out + WIDE * row if is_wide else place.heard_rows + row
        lane.wires.append([at, how[0], how[1], int(cable.bends), int(is_wide)])
        lane.scales.append(1.0 / len(taken))
