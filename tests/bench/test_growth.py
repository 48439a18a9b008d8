"""What `make bench` is to say of how costs grow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.growth import line_through
from tests.bench.plans import SHAPES
from tests.support.score import Stage

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


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES)
def test_what_is_measured_is_there_and_sounds(make):
    """A patch of so many nodes has as many, or a few less where chains do not come out even."""
    stage = Stage()
    make(stage.session, 52)
    stage.say("wait 300ms")
    assert 48 <= len(stage.session.patch.nodes) - 1 <= 52
    assert np.max(np.abs(stage.frames)) > 1e-4
