"""The order in which a plan computes its nodes while some of its cables fade out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from chronus.patch.order import computing_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chronus.engine.plan import Wiring
    from chronus.patch.graph import GraphCable


def order_of(wiring: Wiring) -> tuple[list[str], frozenset[str]]:
    """The computing order and the cables that read the last block.

    What fades out keeps its place as far as it can, but never decides for a cable that stays:
    when a faded cable is taken away is chance, and must not be heard.
    """
    places, cables, leaving = wiring.places, wiring.cables, wiring.leaving
    staying = [cable for cable in cables if cable.key not in leaving]
    order, closing = computing_order(places, staying)
    going = [cable for cable in cables if cable.key in leaving]
    if not going:
        return order, closing
    place = {key: index for index, key in enumerate(order)}
    if not closing and all(place[cable.source] < place[cable.target] for cable in going):
        return order, closing
    forward = [cable for cable in cables if cable.key not in closing]
    both, broken = computing_order(places, forward)
    if not broken:
        return both, closing
    # What began to fade last is in the order first: it is there for longer than what is in its way.
    forward = [cable for cable in staying if cable.key not in closing]
    by_key = {cable.key: cable for cable in going}
    late: set[str] = set()
    for _, keys in groupby(reversed(tuple(leaving)), leaving.__getitem__):
        at_once = [by_key[key] for key in keys if key in by_key][::-1]
        late |= _closing(wiring.oldest or [*places], forward, at_once)
        forward += [cable for cable in at_once if cable.key not in late]
    both, _ = computing_order(places, forward)
    return both, closing | late


def _closing(
    nodes: Sequence[str], forward: Sequence[GraphCable], at_once: Sequence[GraphCable]
) -> frozenset[str]:
    """Which of the cables that began to fade at once read the last block.

    Those that did before, as far as it can be: another one would play the last block once more.
    """
    _, closing = computing_order(nodes, [*forward, *at_once])
    if closing <= {cable.key for cable in at_once}:
        return closing
    _, closing = computing_order(nodes, at_once)
    targets: dict[str, list[str]] = {}
    for cable in forward:
        targets.setdefault(cable.source, []).append(cable.target)
    late = set()
    for cable in sorted(at_once, key=lambda cable: cable.key in closing):
        if _leads(targets, cable.target, cable.source):
            late.add(cable.key)
        else:
            targets.setdefault(cable.source, []).append(cable.target)
    return frozenset(late)


def _leads(targets: Mapping[str, Sequence[str]], start: str, end: str) -> bool:
    """Whether cables lead from one node to another one, or it is the same."""
    seen = {start}
    front = [start]
    while front:
        node = front.pop()
        if node == end:
            return True
        new = [target for target in targets.get(node, ()) if target not in seen]
        seen.update(new)
        front += new
    return False
