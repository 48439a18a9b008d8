"""What is published ahead of its time, and what is said meanwhile about the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.session.parts import changed, parts_of
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chronus.patch.model import Patch
    from chronus.session.ledger import Entry
    from chronus.session.parts import Part

COMES_AND_GOES = frozenset({"node", "cable"})
"""Parts that take numbers, which go by the order of what takes effect."""


def block_behind(entries: Iterable[Entry], before: Patch, after: Patch) -> int | None:
    """The block before which a change must not take effect; None where it may come at once.

    A line that is said after something was published, and is about the same, was said about what
    that leaves: it takes effect with it, not before it.

    Args:
        entries: what is published and still to come.
        before: the patch that the line finds.
        after: the one that it leaves.
    """
    ahead = [entry for entry in entries if entry.due is not None]
    if not ahead or before is after:
        return None
    own = _touched(before, after)
    blocks = [
        entry.due // BLOCK
        for entry in ahead
        if entry.due is not None and _meet(own, _touched(entry.before, entry.after))
    ]
    return max(blocks, default=None)


def _touched(before: Patch, after: Patch) -> set[Part]:
    return changed(parts_of(before), parts_of(after))


def _meet(one: set[Part], other: set[Part]) -> bool:
    """Whether two changes are about the same node or field, or both plug or load something."""
    nodes = [set().union(*(part.nodes for part in parts)) for parts in (one, other)]
    plug = [any(part.kind in COMES_AND_GOES for part in parts) for parts in (one, other)]
    return bool(one & other or nodes[0] & nodes[1]) or all(plug)
