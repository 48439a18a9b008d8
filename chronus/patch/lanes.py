"""How a graph is shared out over lanes: branches that need nothing of each other, and a trunk.

The trunk is what lies behind several branches: buses, the master. Branches are computed side by
side, the trunk after them in lane 0. It begins as the way out alone, and is let grow towards the
sources while that lets the heaviest branch fall into smaller ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEAVY: Final = 1.1
"""A branch is heavy when it costs so many times its fair share."""


def share_out(
    order: Sequence[str],
    cables: Sequence[tuple[str, str]],
    costs: Mapping[str, float],
    master: str,
    lanes: int,
) -> tuple[dict[str, int], frozenset[str]]:
    """Give each node a lane.

    Args:
        order: the nodes in computing order.
        cables: source and target of each cable that does not close a cycle.
        costs: of each node, in any unit.
        master: the node whose output is played.
        lanes: how many there are.

    Returns:
        The lane of each node, and the nodes of the trunk, which are in lane 0.
    """
    if lanes == 1:
        return dict.fromkeys(order, 0), frozenset()
    targets: dict[str, set[str]] = {key: set() for key in order}
    for source, target in cables:
        targets[source].add(target)
    trunk = {master, *_below(master, targets)}
    branches = _components(order, cables, trunk)
    fair = sum(costs[key] for key in order) / lanes
    while True:
        heaviest = max(branches, key=lambda branch: _cost(branch, costs), default=[])
        if _cost(heaviest, costs) <= HEAVY * fair:
            break
        ends = [key for key in heaviest if targets[key] <= trunk]
        grown = trunk | set(ends)
        if not ends or _cost(grown, costs) > fair:
            break
        trunk = grown
        branches = _components(order, cables, trunk)
    loads = [_cost(trunk, costs), *[0.0] * (lanes - 1)]
    found = dict.fromkeys(trunk, 0)
    place = {key: index for index, key in enumerate(order)}
    for branch in sorted(branches, key=lambda b: (-_cost(b, costs), place[b[0]])):
        lane = loads.index(min(loads))
        loads[lane] += _cost(branch, costs)
        found.update(dict.fromkeys(branch, lane))
    return found, frozenset(trunk)


def _cost(keys: Sequence[str] | set[str], costs: Mapping[str, float]) -> float:
    return sum(costs[key] for key in sorted(keys))


def _below(key: str, targets: Mapping[str, set[str]]) -> set[str]:
    """All nodes that hear `key`."""
    found: set[str] = set()
    front = [key]
    while front:
        new = targets[front.pop()] - found
        found |= new
        front += new
    return found


def _components(
    order: Sequence[str], cables: Sequence[tuple[str, str]], trunk: set[str]
) -> list[list[str]]:
    """Nodes outside the trunk that hang together, each group in computing order."""
    root = {key: key for key in order if key not in trunk}

    def top(key: str) -> str:
        while root[key] != key:
            root[key] = root[root[key]]
            key = root[key]
        return key

    for source, target in cables:
        if source in root and target in root:
            root[top(source)] = top(target)
    groups: dict[str, list[str]] = {}
    for key in root:
        groups.setdefault(top(key), []).append(key)
    return list(groups.values())
