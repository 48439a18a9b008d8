"""The order in which a plan computes its nodes, and which cables read the last block.

A cable that closes a cycle is late: it carries what its source gave a block before. If a cable that
sounds became late, or came in time, its sound would jump by a block. So that is settled when it is
patched in, and holds for as long as it is there, whatever else comes or goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chronus.patch.order import computing_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from chronus.engine.plan import Wiring
    from chronus.engine.writer import Writer
    from chronus.patch.graph import Graph, GraphCable


@dataclass(slots=True)
class Ranks:
    """Which cables are late, and which are not, as plans have settled it so far.

    Attributes:
        in_time: keys of the cables that were patched in as of the last plan and are in time.
        late: keys of all that ever were late: what `undo` brings back is as it was.
        nodes: keys of the nodes that were there as of the last plan.
    """

    in_time: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)

    def note(self, wiring: Wiring, late: Iterable[str]) -> None:
        """Hold what a plan has settled of cables that stay.

        What only fades settles nothing: whether it is still there is chance.

        Args:
            wiring: what the plan was made of.
            late: keys of the cables that are late in it.
        """
        stays = {cable.key for cable in wiring.cables if cable.key not in wiring.leaving}
        self.late |= stays.intersection(late)
        self.in_time = stays - self.late
        self.nodes = {key for key in wiring.places if key not in wiring.leaving}

    def rename(self, old: str, new: str) -> None:
        """A cable goes on under another key."""
        if old in self.in_time:
            self.in_time ^= {old, new}
        if old in self.late:
            self.late.add(new)


def late_cables(writer: Writer, graph: Graph) -> frozenset[str]:
    """Keys of the cables of a graph that read the last block, or will as soon as it plays."""
    stays, in_time = graph.cables, writer.ranks.in_time
    going = [c for key, c in writer.cables.items() if key in in_time and key not in stays]
    nodes = dict.fromkeys((*graph.nodes, *writer.places))
    cables, leaving = [*stays.values(), *going], {cable.key for cable in going}
    return order_of(nodes, cables, leaving, writer.ranks)[1]


def order_of(
    nodes: Iterable[str], cables: Iterable[GraphCable], leaving: Collection[str], ranks: Ranks
) -> tuple[list[str], frozenset[str]]:
    """The computing order and the cables that read the last block.

    What was patched in at the last plan is late or in time as it was there, and what begins to fade
    now as well. A new cable that closes a cycle with those is late. What began to fade before never
    decides for a cable that stays: when it is taken away is chance, and must not be heard.

    Args:
        nodes: keys of all nodes, in the order of the patch.
        cables: between them.
        leaving: keys of what only fades out, in the order in which it began to.
        ranks: what plans before have settled.
    """
    nodes, cables, in_time = list(nodes), list(cables), ranks.in_time
    late = {cable.key for cable in cables if cable.key in ranks.late}
    free = [cable for cable in cables if cable.key not in late] if late else cables
    staying = [cable for cable in free if cable.key not in leaving] if leaving else free
    going = [cable for cable in free if cable.key in leaving] if leaving else []
    order, closing = computing_order(nodes, staying)
    place = {key: index for index, key in enumerate(order)} if going else {}
    if not closing and all(place[cable.source] < place[cable.target] for cable in going):
        return order, frozenset(late)
    forward = [cable for cable in free if cable.key in in_time]
    new = [cable for cable in staying if cable.key not in in_time]
    # What is late is better late into a new node: that has not given anything in the last block.
    late |= _closing(sorted(nodes, key=ranks.nodes.__contains__), forward, new)
    forward += [cable for cable in new if cable.key not in late]
    # What began to fade last is in the order first: it is there for longer than what is in its way.
    age = {key: index for index, key in enumerate(leaving)}
    before = [cable for cable in going if cable.key not in in_time]
    before.sort(key=lambda cable: age[cable.key], reverse=True)
    late |= _leading_back(forward, before)
    order, _ = computing_order(nodes, [cable for cable in free if cable.key not in late])
    return order, frozenset(late)


def _closing(
    nodes: Sequence[str], forward: Sequence[GraphCable], new: Sequence[GraphCable]
) -> set[str]:
    """Which new cables close a cycle with those that are in time, or among themselves.

    Where a whole cycle is new, it is the one that goes into the oldest node.
    """
    _, closing = computing_order(nodes, [*forward, *new])
    if closing <= {cable.key for cable in new}:
        return set(closing)
    _, closing = computing_order(nodes, new)
    return _leading_back(forward, sorted(new, key=lambda cable: cable.key in closing))


def _leading_back(forward: Iterable[GraphCable], others: Iterable[GraphCable]) -> set[str]:
    """Which of the other cables close a cycle with those forward and the others before them."""
    targets: dict[str, list[str]] = {}
    for cable in forward:
        targets.setdefault(cable.source, []).append(cable.target)
    late = set()
    for cable in others:
        if leads(targets, cable.target, cable.source):
            late.add(cable.key)
        else:
            targets.setdefault(cable.source, []).append(cable.target)
    return late


def leads(targets: Mapping[str, Sequence[str]], start: str, end: str) -> bool:
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
