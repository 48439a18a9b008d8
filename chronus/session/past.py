"""Where beats and bars lay in what has been played: the transports that there were."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chronus.language.quantities import Duration
    from chronus.session.tempo import Transport

MOST: Final = 1000
NEAR_BEATS: Final = 1e-6


class Past:
    """The transports of a session, each until the next.

    Args:
        first: of them.
    """

    def __init__(self, first: Transport) -> None:
        self._known = deque([first], maxlen=MOST)

    def note(self, transport: Transport) -> None:
        """Musical time goes on so from the origin of a transport on."""
        while len(self._known) > 1 and self._known[-1].origin_frame > transport.origin_frame:
            self._known.pop()  # it came otherwise than was foreseen
        self._known.append(transport)

    def frame_before(self, transport: Transport, frame: float, length: Duration) -> float:
        """The frame at which something begins that ends at a frame; below 0 before all music.

        Args:
            transport: as of that frame.
            frame: at which it ends.
            length: how long it lasts, over all changes of tempo and meter.
        """
        known = [*reversed(self._known)]
        beat = transport.beat_at(frame)
        if length.seconds:
            return frame - float(length.seconds) * transport.rate_hz
        if length.bars:
            bar = transport.bar_at(beat) - float(length.bars)
            beats = ((t, t.beat_of_bar(bar)) for t in (transport, *known))
            there = (b for t, b in beats if b >= t.meter_beat - NEAR_BEATS)
            beat = next(there, known[-1].beat_of_bar(bar))
        else:
            beat -= float(length.beats)
        moving = (t for t in known if t.is_playing and beat >= t.origin_beat - NEAR_BEATS)
        return next(moving, known[-1]).frame_at(beat)
