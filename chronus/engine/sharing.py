"""Which input rows nodes of a plan fill: those of voices may be filled by several in turn."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chronus.engine.layout import NONE, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from chronus.engine.place import Place


def share_inputs(nodes: NDArray[np.int64], places: Sequence[Place]) -> None:
    """Let nodes of a kind whose voices are computed side by side fill the same input rows in turn.

    A node's input rows are looked at in its own turn alone, and what `filled` says of a row is so
    whoever has filled it. Wide rows of their own for each group of hundreds of voices are more than
    a core's cache holds; these stay there, and where knobs rest alike they are not written again.
    Those of one group have rows of their own, since one kernel may compute all of them at once. A
    player has its own, too: each of its voices rests where its last note was.

    Args:
        nodes: of one lane, by rows; other lanes are computed at the same time.
        places: of the nodes.
    """
    if all(place.group == NONE for place in places):
        return
    first: dict[tuple[int, int], int] = {}
    users: Counter[int] = Counter()
    alike: dict[tuple[int, int], int] = {}
    for index, place in enumerate(places):
        if place.group != NONE and not place.is_player:
            own = (place.group, place.number)
            alike[own] = alike.get(own, 0) + 1
            rows = first.setdefault((place.number, alike[own]), place.rows_in)
            nodes[index, Node.ROW_IN] = rows
            users[rows] += 1
    for node in nodes:
        if users[node[Node.ROW_IN]] > 1 and node[Node.ROW_IN] == node[Node.OWN_ROWS]:
            node[Node.OWN_ROWS] = NONE
