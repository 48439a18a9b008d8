"""How the last seconds of what came in are read at any speed, without aliases up to two octaves.

At the speed at which it came, or slower, a cubic is read between samples. What is read faster is
weighed by a sinc that is as wide as the reading is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chronus.dsp.approx import f4
from chronus.dsp.declaration import helper, table

if TYPE_CHECKING:
    from collections.abc import MutableSequence

    from numpy.typing import NDArray

WIDEST: Final = 4.0
"""Of what comes in, what is read faster than this is kept from aliases as if it were as fast."""


@helper
def cubic(y0: float, y1: float, y2: float, y3: float, share: float) -> float:
    """A value between y1 and y2."""
    c1 = 0.5 * (y2 - y0)
    c2 = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
    c3 = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
    return ((c3 * share + c2) * share + c1) * share + y1


@table
def bell() -> NDArray[Any]:
    """A sinc of four fifths of the rate under a Kaiser window, 64 values a sample, from its middle.

    Rounded to 2**-22, far above what mathematical libraries differ by.
    """
    import numpy as np  # noqa: PLC0415 - this function stands alone

    away = np.arange(64 * 8 + 2) / 64.0
    window = np.i0(6.8 * np.sqrt(np.maximum(1.0 - (away / 8.0) ** 2, 0.0))) / np.i0(6.8)
    return np.asarray(np.round(0.8 * np.sinc(0.8 * away) * window * 4194304.0) / 4194304.0, "f4")


@helper
def reach_of(speed: float) -> int:
    """How many samples either way a piece is read from a ring, at a speed."""
    return int(8.0 * min(speed, WIDEST)) if speed > 1.0 else 2


@helper
def of_ring_faster(
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    place: int,
    behind: float,
    speed: float,
) -> tuple[float, float]:
    """Left and right so many samples behind the newest one, without what is too high for a speed.

    Args:
        line_left: a ring.
        line_right: another.
        place: of the newest sample.
        behind: in float64.
        speed: above 1.
    """
    reach = reach_of(speed)
    whole = int(behind)
    share = f4(behind - whole)
    narrow = 1.0 / min(speed, WIDEST)
    left = 0.0
    right = 0.0
    for tap in range(1 - reach, reach + 1):
        away = min(64.0 * narrow * abs(f4(tap) - share), 512.0)
        at = int(away)
        low = bell[at]
        weight = low + (away - f4(at)) * (bell[at + 1] - low)
        left += weight * line_left[place - whole - tap]
        right += weight * line_right[place - whole - tap]
    return narrow * left, narrow * right


@helper
def of_ring(line: MutableSequence[float], place: int, behind: float) -> float:
    """What lay so many samples behind the newest one, in float64."""
    whole = int(behind)
    # An index below 0 counts from the end, so that the ring closes by itself.
    at = place - whole
    return cubic(line[at + 1], line[at], line[at - 1], line[at - 2], f4(behind - whole))
