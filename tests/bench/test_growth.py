"""What `make bench` is to say of how costs grow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.growth import line_through

COUNTS = np.array([10.0, 20.0, 50.0, 100.0, 500.0, 2000.0])


def test_a_straight_line_is_found():
    """Of costs that grow evenly both figures are found again, and nothing lies off the line."""
    line = line_through(COUNTS, 3.0 + 0.25 * COUNTS)
    assert line.each == pytest.approx(0.25)
    assert line.none == pytest.approx(3.0)
    assert line.r2 == pytest.approx(1.0)
    assert line.furthest < 1e-9


def test_a_bend_shows():
    """Costs that grow faster than their count lie far off the line, among few as among many."""
    line = line_through(COUNTS, 3.0 + 0.25 * COUNTS**1.3)
    assert line.r2 < 0.99
    assert line.furthest > 0.1
