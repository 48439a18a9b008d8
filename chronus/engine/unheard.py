"""Which nodes pause with the one that alone hears them: see `chronus.engine.standing`.

Cables that only fade out do not count: when they are taken away is chance, and must not be heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import NONE, Node

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

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
    heard_by: dict[str, list[GraphCable]] = {}
    hearing: dict[str, list[GraphCable]] = {}
    for cable in cables:
        heard_by.setdefault(cable.source, []).append(cable)
        hearing.setdefault(cable.target, []).append(cable)
    late = {cable.source for cable in cables if cable.key in closing}
    found: dict[str, str] = {}
    for key in reversed(order):
        targets = {cable.target for cable in heard_by.get(key, ())}
        if len(targets) != 1 or not _may_pause(places[key]) or key in late:
            continue
        (target,) = targets
        ports = {places[target].kind.inputs[c.input].name for c in heard_by[key]}
        shuts = places[target].kind.shuts
        if target in found:
            if ports == {"in"}:
                found[key] = found[target]
        elif shuts and ports == {shuts} and places[target].group == NONE:
            others = {places[target].kind.inputs[c.input].name for c in hearing[target]}
            if others == {shuts}:
                found[key] = target
    return found


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
