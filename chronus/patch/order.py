"""The order in which nodes are computed: each after those that it listens to, where that can be."""

from __future__ import annotations

import heapq
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    sources = tuple([rank[cable.source] for cable in cables])
    targets = tuple([rank[cable.target] for cable in cables])
    place = _places(len(keys), sources, targets)
    order = [""] * len(keys)
    for key, at in zip(keys, place, strict=True):
        order[at] = key
    ways = zip(cables, sources, targets, strict=True)
    closing = frozenset(cable.key for cable, a, b in ways if place[a] >= place[b])
    return order, closing


@lru_cache(maxsize=4)  # the plan without what fades is mostly in the order of the one with it
def _places(count: int, sources: tuple[int, ...], targets: tuple[int, ...]) -> tuple[int, ...]:
    """The place in the order of each of so many nodes, which are known by their age.

    Args:
        count: of the nodes.
        sources: the node that each cable comes from.
        targets: the node that each cable goes to.
    """
    # The cables that leave a node are a chain: its first one, and behind each cable the next one.
    first, following = [-1] * count, [-1] * len(sources)
    missing = [0] * count
    for cable in range(len(sources) - 1, -1, -1):
        source = sources[cable]
        following[cable], first[source] = first[source], cable
        missing[targets[cable]] += 1
    # What is ready from the beginning is in order; what becomes so comes into a heap beside it.
    begins = iter([node for node, waits_for in enumerate(missing) if not waits_for])
    begin = next(begins, count)
    ready: list[int] = []
    place = [-1] * count
    listens_to: dict[int, list[int]] = {}
    placed = 0
    while placed < count:
        if begin < count and (not ready or begin < ready[0]):
            node, begin = begin, next(begins, count)
        elif ready:
            node = heapq.heappop(ready)
        else:
            if not listens_to:
                for source, target in zip(sources, targets, strict=True):
                    listens_to.setdefault(target, []).append(source)
            waiting = dict.fromkeys(node for node, at in enumerate(place) if at < 0)
            node = _oldest_of_a_cycle(waiting, listens_to)
        if place[node] >= 0:
            continue
        place[node] = placed
        placed += 1
        cable = first[node]
        while cable >= 0:
            target = targets[cable]
            missing[target] -= 1
            if not missing[target] and place[target] < 0:
                heapq.heappush(ready, target)
            cable = following[cable]
    return tuple(place)


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
