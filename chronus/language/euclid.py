"""Euclid's rhythms: hits spread over steps as evenly as can be."""

from __future__ import annotations


def euclid(count: int, size: int, rotation: int = 0) -> tuple[bool, ...]:
    """Which of `size` steps are hits, `count` of them, beginning `rotation` steps in.

    Source: Bjorklund's algorithm as in Godfried Toussaint, "The Euclidean Algorithm Generates
    Traditional Musical Rhythms" (2005): `euclid(3, 8)` is x..x..x.
    """
    assert 0 <= count <= size
    heads = [[True] for _ in range(count)]
    tails = [[False] for _ in range(size - count)]
    is_first = True
    while heads and (len(tails) > 1 or (is_first and tails)):
        is_first = False
        pairs = min(len(heads), len(tails))
        joined = [heads[i] + tails[i] for i in range(pairs)]
        heads, tails = joined, heads[pairs:] or tails[pairs:]
    steps = [hit for group in heads + tails for hit in group]
    first = rotation % size
    return tuple(steps[first:] + steps[:first])
