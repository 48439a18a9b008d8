"""Whether a sound card runs dry, and what latency would mend it: looks at a stream, no device.

Sound systems say less often that they ran dry than they do. So three signs count: that they say so;
a callback that comes when its first frame should already sound; and fewer frames asked for than the
rate has it.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

MOST_LATENCY_S: Final = 0.4
"""More would be felt as a delay between a line and its sound, and would mend nothing."""
LEAST_LATENCY_S: Final = 0.02
SIGNS: Final = 3
"""So many signs within WINDOW_S are no accident."""
WINDOW_S: Final = 10.0
SETTLING_S: Final = 1.0
"""What happens so soon after the start is the sound system waking up."""
RATE_WINDOW_S: Final = 2.0
LEAST_RATE: Final = 0.97
"""Share of the frames that are due which a device asks for at least, where it never stops."""


class Look(NamedTuple):
    """A look at a stream."""

    time_s: float  # since the stream began to play
    frames: int  # that the device has asked for since then
    underflows: int  # that it has told since then
    ahead_s: float | None  # least time from a callback to its sound since the last look, if known


class Health:
    """Counts the signs of a stream that runs dry.

    Args:
        rate_hz: of the stream.
        latency_s: that it has now.
    """

    def __init__(self, rate_hz: int, latency_s: float) -> None:
        self._rate_hz = rate_hz
        self._latency_s = latency_s
        self._underflows = 0
        self._signs: deque[float] = deque()
        self._rate_since: Look | None = None

    def wanted_latency_s(self, look: Look) -> float | None:
        """The latency that the stream should have instead, None while all is well or at its most.

        Args:
            look: later than all before it.
        """
        count = self._signs_in(look)
        if look.time_s < SETTLING_S:
            return None
        self._signs.extend([look.time_s] * count)
        while self._signs and self._signs[0] < look.time_s - WINDOW_S:
            self._signs.popleft()
        if len(self._signs) < SIGNS or self._latency_s >= MOST_LATENCY_S:
            return None
        return min(max(2.0 * self._latency_s, LEAST_LATENCY_S), MOST_LATENCY_S)

    def _signs_in(self, look: Look) -> int:
        count = look.underflows - self._underflows
        self._underflows = look.underflows
        if count == 0 and look.ahead_s is not None and look.ahead_s <= 0.0:
            count = 1
        before = self._rate_since
        if before is None or look.time_s < SETTLING_S:
            self._rate_since = look
        elif look.time_s - before.time_s >= RATE_WINDOW_S:
            due = (look.time_s - before.time_s) * self._rate_hz
            # What the device holds may be asked for a little earlier or later.
            slack = self._latency_s * self._rate_hz
            if count == 0 and look.frames - before.frames < LEAST_RATE * due - slack:
                count = 1
            self._rate_since = look
        return count
