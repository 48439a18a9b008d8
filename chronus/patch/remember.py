"""Answers about immutable things are kept for a while, and known again by the very things.

A patch shares with the one before it all that a line leaves alone. So what was worked out of a part
of it need not be worked out again where that part is the very same: nothing is compared by what it
holds, which would cost as much as the answer.
"""

from __future__ import annotations

from functools import wraps
from operator import is_
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

ANSWERS: Final = 6
"""So many are kept of each function: those for what was, what is and what may be."""


def remembered(
    parts: Callable[[Any], tuple[object, ...]],
) -> Callable[[Callable[[T], R]], Callable[[T], R]]:
    """Let a pure function keep its last answers; nobody changes what it gives.

    Args:
        parts: the immutable things on which its answer depends, of its argument.
    """

    def keeping(function: Callable[[T], R]) -> Callable[[T], R]:
        kept: tuple[tuple[tuple[object, ...], R], ...] = ()

        @wraps(function)
        def ask(whole: T) -> R:
            nonlocal kept
            things = parts(whole)
            for known, answer in kept:
                if all(map(is_, known, things)):
                    return answer
            answer = function(whole)
            kept = ((things, answer), *kept[: ANSWERS - 1])  # another thread may look meanwhile
            return answer

        return ask

    return keeping


class Made(Generic[R]):
    """What a pure function makes of each of many immutable things, kept from one turn to the next.

    Args:
        make: takes the thing, and what else it depends on.
    """

    def __init__(self, make: Callable[..., R]) -> None:
        self._make = make
        self._about: object = None
        self._last: dict[int, tuple[Any, tuple[object, ...], R]] = {}
        self._now: dict[int, tuple[Any, tuple[object, ...], R]] = {}

    def turn(self, about: object) -> None:
        """Forget what was not asked for since the last turn, or all where `about` is another."""
        self._last = self._now if about is self._about else {}
        self._now, self._about = {}, about

    def of(self, thing: object, *how: object) -> R:
        """What is made of a thing: the very same as before, if it was made so and in that way."""
        key = id(thing)  # it cannot be that of another thing, as this one is kept
        kept = self._last.get(key) or self._now.get(key)
        if kept is None or kept[1] != how:
            kept = (thing, how, self._make(thing, *how))
        self._now[key] = kept
        return kept[2]

    def each(self, things: Iterable[object], hows: Iterable[tuple[object, ...]]) -> list[R]:
        """What `of` gives for each of many things, at one go."""
        last, now, found = self._last.get, self._now, []
        for thing, how in zip(things, hows, strict=False):  # `hows` may have no end
            key = id(thing)
            kept = last(key) or now.get(key)
            if kept is None or kept[1] != how:
                kept = (thing, how, self._make(thing, *how))
            now[key] = kept
            found.append(kept[2])
        return found
