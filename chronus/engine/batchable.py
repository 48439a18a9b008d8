"""Which nodes of a plan are computed at once, though they are no voices: see `engine.batched`.

They are of one kind and one *level*, so that none listens to another: the level of a node is one
more than the highest of those that it listens to. The plan puts them next to one another. That
changes the order in which nodes are computed and nothing else, since each still comes after those
that it listens to.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from chronus.dsp.layout import ITEM_BYTES, WIDE
from chronus.engine.costs import least_alike
from chronus.engine.layout import MOST_BATCH_ROWS, MOST_BATCH_STATES, NONE, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chronus.dsp.declaration import Kind
    from chronus.engine.place import Place
    from chronus.engine.plan import LanePlan

Like = tuple[int, int]
"""What nodes that are computed at once have in common: their level, and the number of their
kernel."""


def least_of(kind: Kind) -> float:
    """From how many nodes of a kind on it pays to compute them at once; infinite: it never does.

    A kind with delay memory or a file's sound is left out: a wide kernel has these otherwise.
    """
    rows = len(kind.input_rows) + len(kind.output_rows)
    fits = rows < MOST_BATCH_ROWS and len(kind.state) <= MOST_BATCH_STATES
    keeps_more = kind.memories or kind.recording
    return least_alike(kind) if fits and not keeps_more else math.inf


def like_nodes(
    order: list[str],
    places: Mapping[str, Place],
    forward: Iterable[tuple[str, str]],
    least: Mapping[int, float],
) -> tuple[list[str], dict[int, Like]]:
    """A computing order in which like nodes follow each other, and what each is like.

    Args:
        order: a computing order.
        places: of all nodes.
        forward: source and target of each cable that carries this block.
        least: from how many on nodes pay, by the numbers of their kernels.

    Returns:
        The same order, and nothing, where there are too few. What nodes are like is by their slots.
    """
    pays = {key for key in order if places[key].group == NONE and places[key].number in least}
    many = Counter(places[key].number for key in pays)
    if not any(count >= least[number] for number, count in many.items()):
        return order, {}
    levels = _levels(order, places, forward)
    like = {key: (levels[key], places[key].number) for key in order if key in pays}
    many_like = Counter(like.values())
    like = {key: it for key, it in like.items() if many_like[it] >= least[it[1]]}
    if not like:
        return order, {}
    at: dict[Like, int] = {}
    for index, key in enumerate(order):
        if key in like:
            at.setdefault(like[key], index)
    count = len(order)
    place = {key: count * levels[key] + index for index, key in enumerate(order)}
    place |= {key: count * levels[key] + at[it] for key, it in like.items()}
    ordered = sorted(order, key=place.__getitem__)
    return ordered, {places[key].slot: it for key, it in like.items()}


def _levels(
    order: Sequence[str], places: Mapping[str, Place], forward: Iterable[tuple[str, str]]
) -> dict[str, int]:
    """The level of each node; one that follows another of its group of voices is of its level."""
    unit = {key: key for key in order}
    if any(places[key].group != NONE for key in order):
        for before, key in pairwise(order):
            if places[key].group == places[before].group != NONE:
                unit[key] = unit[before]
        forward = [(unit[a], unit[b]) for a, b in forward if unit[a] != unit[b]]
    heard: dict[str, list[str]] = {}
    for source, target in forward:
        heard.setdefault(target, []).append(source)
    levels: dict[str, int] = {}
    for key in order:
        if unit[key] == key:
            sources = heard.get(key)
            levels[key] = 1 + max([levels[source] for source in sources]) if sources else 1
        else:
            levels[key] = levels[unit[key]]
    return levels


def mark_batches(
    lane: LanePlan, like: Mapping[int, Like], kinds: Mapping[int, Kind], least: Mapping[int, float]
) -> set[int]:
    """Write into the nodes of a lane which of them are computed at once.

    Args:
        lane: the plan of the lane.
        like: what nodes are like, by their slots.
        kinds: by the numbers of their kernels.
        least: from how many on nodes pay, by the same.

    Returns:
        The numbers of the mono kernels of those nodes.
    """
    found = set()
    for (_, number), first, last in _runs(lane, like):
        if last - first >= least[number]:
            lane.nodes[first, Node.BATCHES] = last - first
            lane.nodes[first, Node.LEAST] = least[number]
            lane.nodes[first:last, Node.LONGS] = _longs(kinds[number])
            found.add(number)
    return found


def _runs(lane: LanePlan, like: Mapping[int, Like]) -> Iterator[tuple[Like, int, int]]:
    """Runs of up to WIDE like nodes; none goes past those that need nothing of another lane."""
    run: tuple[Like, int, int] | None = None
    for index, slot in enumerate(lane.nodes[:, Node.SLOT].tolist()):
        it = like.get(slot)
        is_next = run is not None and run[0] == it and run[2] - run[1] < WIDE
        if run is not None and is_next and index != lane.before:
            run = (run[0], run[1], index + 1)
            continue
        if run is not None:
            yield run
        run = None if it is None else (it, index, index + 1)
    if run is not None:
        yield run


def _longs(kind: Kind) -> int:
    """A bit for each state of 8 bytes, and one behind the last state."""
    marks = sum((ITEM_BYTES[state.dtype] == 8) << at for at, state in enumerate(kind.state))
    return marks | 1 << len(kind.state)
