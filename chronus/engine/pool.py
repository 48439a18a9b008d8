"""Room in the arena: ranges of a fixed size, taken and given back."""

from __future__ import annotations

from chronus.errors import Code, UserError


class Pool:
    """Ranges of whole numbers below `size`; the first gap that fits is taken.

    Args:
        name: what the numbers count, for the error.
        size: how many there are.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self._gaps: list[tuple[int, int]] = [(0, size)]

    def take(self, count: int) -> int:
        """The first of `count` numbers in a row.

        Raises:
            UserError: E_LIMIT, there is no gap of that size.
        """
        if count == 0:
            return 0
        for index, (start, length) in enumerate(self._gaps):
            if length >= count:
                if length == count:
                    del self._gaps[index]
                else:
                    self._gaps[index] = (start + count, length - count)
                return start
        message = f"no room for more {self.name}: {self.size} is the limit"
        raise UserError(Code.LIMIT, message)

    def copy(self) -> Pool:
        """A pool that is filled alike, to try out what fits."""
        other = Pool(self.name, self.size)
        other._gaps = list(self._gaps)
        return other

    def give(self, start: int, count: int) -> None:
        """Give a range back."""
        if count == 0:
            return
        gaps = sorted([*self._gaps, (start, count)])
        self._gaps = gaps[:1]
        for begin, length in gaps[1:]:
            last, size = self._gaps[-1]
            assert last + size <= begin, "given back twice"
            if last + size == begin:
                self._gaps[-1] = (last, size + length)
            else:
                self._gaps.append((begin, length))
