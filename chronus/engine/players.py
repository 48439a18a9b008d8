"""What plays the voices of instruments, and who still has nodes among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.layout import WIDE

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.patch.graph import GraphNode


class Players:
    """What plays voices: their places, by the key of their player, and how many nodes they have."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, int], int] = {}
        self._voices: dict[int, tuple[int, int, int]] = {}

    def copy(self) -> Players:
        """The same, to try out what fits."""
        other = Players()
        other._by_key, other._voices = dict(self._by_key), dict(self._voices)
        return other

    def take(self, node: GraphNode, take: Callable[[str, int], int]) -> tuple[int, int]:
        """The number of what plays a node's voices, and the place of the first of them."""
        key = (node.player, node.voices)
        if key not in self._by_key:
            count = -(-node.voices // WIDE) * WIDE
            number = take("players", 1)
            self._by_key[key] = number
            self._voices[number] = (take("voices", count), count, 0)
        number = self._by_key[key]
        base, count, nodes = self._voices[number]
        self._voices[number] = (base, count, nodes + 1)
        return number, base

    def forget(self, number: int) -> None:
        """Nodes to come under the key of this player have another one."""
        self._by_key = {key: n for key, n in self._by_key.items() if n != number}

    def give(self, number: int) -> tuple[int, int] | None:
        """A node is gone; the places of voices that are free with it."""
        base, count, nodes = self._voices[number]
        self._voices[number] = (base, count, nodes - 1)
        if nodes > 1:
            return None
        del self._voices[number]
        self.forget(number)
        return base, count
