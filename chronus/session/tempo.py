"""Musical time: the transport as a value, with the very arithmetic of the engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronus.language.quantities import Duration

TICKS = 1000


@dataclass(frozen=True, slots=True)
class Transport:
    """Where beats lie: `origin_beat` at `origin_frame`; they go on while it `is_playing`."""

    rate_hz: int
    bpm: float = 120.0
    origin_beat: float = 0.0
    origin_frame: float = 0.0
    bar_beats: float = 4.0
    is_playing: bool = True

    def beat_at(self, frame: float) -> float:
        """The beat at a frame."""
        if not self.is_playing:
            return self.origin_beat
        passed = frame - self.origin_frame
        return self.origin_beat + passed * self.bpm / (60.0 * self.rate_hz)

    def frame_at(self, beat: float) -> float:
        """The frame of a beat, between frames where it lies there."""
        return self.origin_frame + (beat - self.origin_beat) * self.frames_per_beat

    @property
    def frames_per_beat(self) -> float:
        """Frames from one beat to the next."""
        return 60.0 * self.rate_hz / self.bpm

    def frames_of(self, duration: Duration) -> float:
        """How many frames a duration lasts at this tempo."""
        beats = float(duration.beats) + float(duration.bars) * self.bar_beats
        return float(duration.seconds) * self.rate_hz + beats * self.frames_per_beat

    def position(self, frame: float) -> str:
        """Bar, beat and thousandth of a beat, from 1.1.000 on."""
        ticks = math.floor(self.beat_at(frame) * TICKS + 1e-6)
        bar, rest = divmod(ticks, round(self.bar_beats * TICKS))
        beat, tick = divmod(rest, TICKS)
        return f"{bar + 1}.{beat + 1}.{tick:03d}"

    def rebased(self, frame: float) -> Transport:
        """The same, counted from a frame on."""
        return replace(self, origin_beat=self.beat_at(frame), origin_frame=frame)

    def with_tempo(self, frame: float, bpm: float) -> Transport:
        """Another tempo from a frame on."""
        return replace(self.rebased(frame), bpm=bpm)

    def started(self, frame: float) -> Transport:
        """Running from a frame on."""
        return replace(self.rebased(frame), is_playing=True)

    def stopped(self, frame: float) -> Transport:
        """Standing still from a frame on."""
        return replace(self.rebased(frame), is_playing=False)
