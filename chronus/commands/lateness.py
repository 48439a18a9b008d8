"""Which cables carry the last block, and why: what `describe` and `show graph` say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.engine.fading import late_cables, leads
from chronus.patch.graph import graph_of

if TYPE_CHECKING:
    from chronus.session.draft import Draft

CLOSES: Final = "it closes a cycle"
CLOSED: Final = "it closed a cycle when it was patched in"


def why_late(draft: Draft) -> dict[str, str]:
    """The engine's names of the cables that are a block late, and why each of them is."""
    graph = graph_of(draft.patch)
    targets: dict[str, list[str]] = {}
    for cable in graph.cables.values():
        targets.setdefault(cable.source, []).append(cable.target)
    late = [graph.cables[key] for key in late_cables(draft.session.writer, graph)]
    return {c.key: CLOSES if leads(targets, c.target, c.source) else CLOSED for c in late}
