"""What can be reached along cables, over few steps and over many."""

from __future__ import annotations

import random

import pytest

from chronus.patch.hearing import FEW_STEPS, reached


@pytest.mark.parametrize("steps", [1, FEW_STEPS - 1, FEW_STEPS, FEW_STEPS + 1, 300])
def test_a_row_of_nodes_is_reached_to_its_end(steps):
    """From the first of a row all of it is reached, in whatever order its cables are."""
    row = [(f"n{i}", f"n{i + 1}") for i in range(steps)]
    for ways in (row, row[::-1], random.Random(steps).sample(row, len(row))):
        assert reached(["n0"], ways) == {f"n{i}" for i in range(steps + 1)}


def test_what_is_reached_at_random_is_what_can_be():
    """Of random cables, cycles among them, it is all that one step more does not add to."""
    for seed in range(80):
        chance = random.Random(seed)
        names = [f"n{i}" for i in range(chance.randint(1, 25))]
        ways = [(chance.choice(names), chance.choice(names)) for _ in range(chance.randint(0, 40))]
        begin = chance.sample(names, chance.randint(0, min(3, len(names))))
        expected = set(begin)
        while more := {end for start, end in ways if start in expected} - expected:
            expected |= more
        assert reached(begin, iter(ways)) == expected
