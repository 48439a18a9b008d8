"""Which nodes pause with the one that alone hears them: see `chronus.engine.standing`.

Cables that only fade out do not count: when they are taken away is chance, and must not be heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import NONE, Node

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from chronus.engine.place import Place
    from chronus.engine.plan import LanePlan
    from chronus.patch.graph import GraphCable


def roots_of(
    order: Sequence[str],
    places: Mapping[str, Place],
    cables: Sequence[GraphCable],
    closing: Container[str],
) -> dict[str, str]:
    """Of each node that pauses with another one that node, which shuts what it makes.

    Args:
        order: the nodes in computing order.
        places: every node by key.
        cables: every cable that stays.
        closing: keys of those that carry the block before.
    """
    # From behind: a node that pauses itself is the root of no other one.
    shutting = [key for key in reversed(order) if _shuts(places[key])]
    if not shutting:
        return {}
    heard_by: dict[str, list[GraphCable]] = {}
    hearing: dict[str, list[GraphCable]] = {}
    for cable in cables:
        heard_by.setdefault(cable.source, []).append(cable)
        hearing.setdefault(cable.target, []).append(cable)
    late = {cable.source for cable in cables if cable.key in closing}
    found: dict[str, str] = {}
    for root in shutting:
        shut = places[root].kind.shuts
        if root in found or _ports(hearing.get(root, ()), places) != {shut}:
            continue
        front = [(root, shut)]
        while front:
            target, port = front.pop()
            for key in dict.fromkeys(cable.source for cable in hearing.get(target, ())):
                if key in found or key in late or not _may_pause(places[key]):
                    continue
                own = heard_by[key]
                if {cable.target for cable in own} == {target} and _ports(own, places) == {port}:
                    found[key] = root
                    front.append((key, "in"))
    return found


def _ports(cables: Iterable[GraphCable], places: Mapping[str, Place]) -> set[str]:
    """The names of the ports that cables go into."""
    return {places[cable.target].kind.inputs[cable.input].name for cable in cables}


def _shuts(place: Place) -> bool:
    return place.group == NONE and place.kind.shuts != ""


def _may_pause(place: Place) -> bool:
    return place.group == NONE and place.kind.may_pause


def set_roots(lane: LanePlan, roots: Mapping[int, int]) -> None:
    """Write into the nodes of a lane with which of them they pause.

    Args:
        lane: the plan of the lane.
        roots: of the slots of nodes that pause the slot of the other one.
    """
    slots = lane.nodes[:, Node.SLOT].tolist()
    places = {slot: index for index, slot in enumerate(slots)}
    rows = [0, *np.cumsum(lane.nodes[:, Node.INPUTS]).tolist()]
    for slot, root in roots.items():
        if slot in places:
            lane.nodes[places[slot], Node.ROOT] = places[root]
            lane.nodes[places[slot], Node.ROOT_ROW] = rows[places[root]]
