"""The order in which nodes are computed: each after those that it listens to, where that can be."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chronus.patch.graph import GraphCable


def computing_order(
    nodes: Iterable[str], cables: Iterable[GraphCable]
) -> tuple[list[str], frozenset[str]]:
    """An order in which each node comes after those that it listens to, as far as there is one.

    Args:
        nodes: keys, in the order in which they came to be: the first of several that are ready is
            taken first, and where a cycle leaves none, its oldest node.
        cables: between them.

    Returns:
        The keys in order, and the keys of the cables that close a cycle: they read the last block.
    """
    keys, cables = list(nodes), list(cables)
    rank = {key: index for index, key in enumerate(keys)}
    ways = [(rank[cable.source], rank[cable.target]) for cable in cables]
    place = _places(len(keys), ways)
    order = [""] * len(keys)
    for key, at in zip(keys, place, strict=True):
        order[at] = key
    closing = frozenset(
        cable.key
        for cable, (source, target) in zip(cables, ways, strict=True)
        if place[source] >= place[target]
    )
    return order, closing


def _places(count: int, ways: Sequence[tuple[int, int]]) -> list[int]:
    """The place in the order of each of so many nodes, which are known by their age.

    Args:
        count: of the nodes.
        ways: the node that each cable comes from, and the one that it goes to.
    """
    listening: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for source, target in ways:
        listening[source].append(target)
        missing[target] += 1
    ready = [node for node, sources in enumerate(missing) if not sources]
    place = [-1] * count
    sources_of: dict[int, list[int]] = {}
    placed = 0
    while placed < count:
        if ready:
            node = heapq.heappop(ready)
        else:
            if not sources_of:
                for source, target in ways:
                    sources_of.setdefault(target, []).append(source)
            waiting = dict.fromkeys(node for node, at in enumerate(place) if at < 0)
            node = _oldest_of_a_cycle(waiting, sources_of)
        if place[node] >= 0:
            continue
        place[node] = placed
        placed += 1
        for target in listening[node]:
            missing[target] -= 1
            if not missing[target] and place[target] < 0:
                heapq.heappush(ready, target)
    return place


def _upstream(node: int, waiting: Mapping[int, None], sources: Mapping[int, list[int]]) -> set[int]:
    """All waiting nodes whose sound reaches one."""
    found: set[int] = set()
    front = [node]
    while front:
        new = [s for s in sources.get(front.pop(), ()) if s in waiting and s not in found]
        found.update(new)
        front.extend(new)
    return found


def _oldest_of_a_cycle(waiting: Mapping[int, None], sources: Mapping[int, list[int]]) -> int:
    """The oldest node of a cycle that waits for nothing but itself; every node here waits."""
    node = next(iter(waiting))
    above = _upstream(node, waiting, sources)
    while True:
        higher = next((n for n in above if node not in _upstream(n, waiting, sources)), None)
        if higher is None:
            return min(above)
        node, above = higher, _upstream(higher, waiting, sources)
