"""Plan slots: which ones the engine can still come back to, and which are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable


class Slots:
    """Gives out plan slots.

    Args:
        count: how many there are.
        is_over: whether an event took effect so many frames ago.
    """

    def __init__(self, count: int, is_over: Callable[[int, int], bool]) -> None:
        self._count = count
        self._is_over = is_over
        self._current: tuple[int, ...] = ()
        self._replaced: dict[int, int] = {}

    def free(self, wanted: int) -> list[int]:
        """Up to so many slots that no block can come back to.

        Those are free whose successor has been committed twice.
        """
        for slot, mark in list(self._replaced.items()):
            if self._is_over(mark, 2 * BLOCK):
                del self._replaced[slot]
        used = {*self._current, *self._replaced}
        return [slot for slot in range(self._count) if slot not in used][:wanted]

    def use(self, slots: tuple[int, ...], mark: int) -> None:
        """Let an event put slots in the place of those that were used until then."""
        self._replaced.update(dict.fromkeys(self._current, mark))
        self._current = slots
