"""Nodes that went wrong, as the user is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.engine.layout import NONE, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Faults = Mapping[str, tuple[int, Reason, int]]

WHAT = {
    Reason.CRASHED: "crashed",
    Reason.LOOPED: "did not come to an end",
    Reason.NOT_FINITE: "gave what is no number, again and again,",
}


def name_of(key: str) -> str:
    """The node that a key of the engine belongs to; a strip is its node's."""
    return key.split("#", maxsplit=1)[0]


def changes(before: Faults, now: Faults) -> list[str]:
    """What to tell of nodes that have gone wrong since they were looked at last.

    Args:
        before: of each node 1 while it is bypassed, why, and the last block that was no number.
        now: the same.
    """
    lines = []
    for key, (bypassed, reason, last) in now.items():
        was_bypassed, _, told = before.get(key, (0, Reason.NONE, NONE))
        name = name_of(key)
        if bypassed and not was_bypassed:
            what = WHAT[reason]
            lines.append(f"{name} {what} and is bypassed; `reset {name}` tries it again")
        elif not bypassed and last > told:
            lines.append(f"{name} gave what is no number; it was silenced and started afresh")
    return lines


class Quarantine:
    """Looks at nodes that went wrong.

    Args:
        faults: what the engine knows of them.
    """

    def __init__(self, faults: Callable[[], Faults]) -> None:
        self._faults = faults
        self._before: Faults = {}

    def bypassed(self) -> list[str]:
        """Names of the nodes that are not computed."""
        return [name_of(key) for key, (is_out, _, _) in self._faults().items() if is_out]

    def news(self) -> list[str]:
        """What has gone wrong since the last call."""
        before, self._before = self._before, self._faults()
        return changes(before, self._before)
