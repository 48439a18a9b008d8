"""Musical time: the transport as a value, with the very arithmetic of the engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from chronus.engine.beats import (
    BAR_TOLERANCE,
    bars_at,
    beat_of_bars,
    beats_after,
    bpm_after,
    frames_after,
    ramp_of_beats,
)
from chronus.engine.layout import Beat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chronus.language.quantities import Duration

TICKS = 1000
FINEST = 100_000
"""The finest fraction of a frame or beat that the length of a ramp has."""

_NAMES: Final = tuple(column.name.lower() for column in Beat if column < Beat.JUMP_BPM)
_COLUMNS: Final = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class Ramp:
    """How long a tempo is on its way: frames, or beats that pass meanwhile."""

    length: Fraction
    is_in_beats: bool


@dataclass(frozen=True, slots=True)
class Transport:
    """Where beats and bars lie; they go on while it `is_playing`.

    Attributes:
        rate_hz: frames a second.
        bpm: at `origin_frame`.
        origin_beat: the beat at `origin_frame`.
        origin_frame: from which tempo is counted.
        bar_beats: beats in a bar, from `meter_beat` to `next_beat`.
        target_bpm: where the tempo goes, or is; None: `bpm`.
        ramp_frames: how long it goes there, 0 where it stands.
        meter_beat: a bar line, with `meter_bar` bars before it.
        next_beat: the bar line from which on a bar has `next_bar_beats`; infinite for none.
        is_playing: whether beats go on; a ramp stands still with them.
    """

    rate_hz: int
    bpm: float = 120.0
    origin_beat: float = 0.0
    origin_frame: float = 0.0
    bar_beats: float = 4.0
    target_bpm: float | None = None
    ramp_frames: float = 0.0
    meter_beat: float = 0.0
    meter_bar: float = 0.0
    next_beat: float = math.inf
    next_bar_beats: float = 4.0
    is_playing: bool = True

    @classmethod
    def of_engine(cls, rate_hz: int, beats: Sequence[float], *, is_playing: bool) -> Transport:
        """The transport that the engine's columns of Beat say."""
        named = dict(zip(_NAMES, map(float, beats), strict=False))
        return cls(rate_hz, is_playing=is_playing, **named)

    @property
    def _columns(self) -> tuple[float, ...]:
        """The columns of Beat."""
        columns: tuple[float, ...] = _COLUMNS(self)
        if self.target_bpm is None:
            at = int(Beat.TARGET_BPM)
            return (*columns[:at], self.bpm, *columns[at + 1 :])
        return columns

    # ---- tempo

    def beat_at(self, frame: float) -> float:
        """The beat at a frame."""
        if not self.is_playing:
            return self.origin_beat
        passed = beats_after(self._columns, self.rate_hz, frame - self.origin_frame)
        return self.origin_beat + passed

    def frame_at(self, beat: float) -> float:
        """The frame of a beat, between frames where it lies there."""
        passed = beat - self.origin_beat
        return self.origin_frame + frames_after(self._columns, self.rate_hz, passed)

    def bpm_at(self, frame: float) -> float:
        """Beats a minute at a frame."""
        passed = frame - self.origin_frame if self.is_playing else 0.0
        return bpm_after(self._columns, passed)

    def is_ramping(self, frame: float) -> bool:
        """Whether the tempo is on its way at a frame."""
        return self.is_playing and frame < self.origin_frame + self.ramp_frames

    def frames_of(self, duration: Duration, frame: float) -> float:
        """How many frames a duration lasts that begins at a frame."""
        beats = float(self.beats_of(duration, frame))
        lasts = frames_after(self.rebased(frame)._columns, self.rate_hz, beats)  # noqa: SLF001
        return float(duration.seconds) * self.rate_hz + lasts

    def beats_of(self, duration: Duration, frame: float) -> Fraction:
        """How many beats a duration lasts that begins at a frame; 0 where it is in seconds."""
        if not duration.bars:
            return duration.beats
        start = self.beat_at(frame)  # a change of meter may lie within the bars
        return Fraction(self.beat_of_bar(self.bar_at(start) + float(duration.bars)) - start)

    # ---- bars

    def bar_at(self, beat: float) -> float:
        """The number of the bar at a beat, from 1 on; 1.5 is the middle of the first bar."""
        return bars_at(self._columns, beat) + 1.0

    def beat_of_bar(self, bar: float) -> float:
        """The beat at which a bar begins; the inverse of `bar_at`, right from now on."""
        return beat_of_bars(self._columns, bar - 1.0)

    def next_bar(self, beat: float, every: int = 1) -> float:
        """The beat of the next bar line, or of the next with a number of 1 modulo `every`.

        Who is less than half a frame behind a line is on it.
        """
        bars = bars_at(self._columns, self._half_a_frame_before(beat))
        return beat_of_bars(self._columns, math.ceil(bars / every - BAR_TOLERANCE) * every)

    @property
    def bar_of_meter(self) -> int:
        """The number of the first bar of the last meter that was said."""
        last = self.meter_beat if math.isinf(self.next_beat) else self.next_beat
        return round(self.bar_at(last))

    def _half_a_frame_before(self, beat: float) -> float:
        """The beat half a frame before a beat."""
        frames = frames_after(self._columns, self.rate_hz, beat - self.origin_beat)
        return self.origin_beat + beats_after(self._columns, self.rate_hz, frames - 0.5)

    def position(self, frame: float) -> str:
        """Bar, beat and thousandth of a beat, from 1.1.000 on."""
        ticks = math.floor(self.beat_at(frame) * TICKS + 1e-6)
        line, bars, length = self.meter_beat, self.meter_bar, self.bar_beats
        if ticks >= self.next_beat * TICKS:
            line, bars = self.next_beat, bars_at(self._columns, self.next_beat)
            length = self.next_bar_beats
        bar, rest = divmod(ticks - round(line * TICKS), round(length * TICKS))
        beat, tick = divmod(rest, TICKS)
        return f"{round(bars) + bar + 1}.{beat + 1}.{tick:03d}"

    # ---- changes

    def rebased(self, frame: float) -> Transport:
        """The same, counted from a frame on."""
        passed = frame - self.origin_frame if self.is_playing else 0.0
        return replace(
            self,
            bpm=self.bpm_at(frame),
            origin_beat=self.beat_at(frame),
            origin_frame=frame,
            ramp_frames=max(self.ramp_frames - passed, 0.0),
        )

    def with_tempo(self, frame: float, bpm: float, ramp: Ramp | None = None) -> Transport:
        """Another tempo from a frame on, or from there on the way to it."""
        here = self.rebased(frame)
        if ramp is None:
            return replace(here, bpm=bpm, target_bpm=bpm, ramp_frames=0.0)
        lasts = ramp.length.numerator / ramp.length.denominator
        if ramp.is_in_beats:
            lasts = ramp_of_beats(here.bpm, bpm, self.rate_hz, lasts)
        return replace(here, target_bpm=bpm, ramp_frames=lasts)

    def ramp_of(self, duration: Duration, frame: float) -> Ramp:
        """The ramp of a tempo that lasts for a duration from a frame on."""
        beats = self.beats_of(duration, frame)
        if beats:
            return Ramp(beats.limit_denominator(FINEST), is_in_beats=True)
        frames = duration.seconds * self.rate_hz
        return Ramp(frames.limit_denominator(FINEST), is_in_beats=False)

    def with_meter(self, frame: float, bar_beats: float) -> Transport:
        """So many beats in a bar from the next bar line on; one that is here is the next."""
        beat = self.beat_at(frame)
        line = self.next_bar(beat)
        here = self
        if self._half_a_frame_before(beat) >= self.next_beat:
            here = replace(
                self,
                meter_beat=self.next_beat,
                meter_bar=bars_at(self._columns, self.next_beat),
                bar_beats=self.next_bar_beats,
            )
        return replace(here, next_beat=line, next_bar_beats=bar_beats)

    def steady(self, frame: float) -> Transport:
        """The same from a frame on, at the tempo that it has there: what note values last then."""
        return self.with_tempo(frame, self.bpm_at(frame))

    def started(self, frame: float) -> Transport:
        """Running from a frame on."""
        return replace(self.rebased(frame), is_playing=True)

    def stopped(self, frame: float) -> Transport:
        """Standing still from a frame on."""
        return replace(self.rebased(frame), is_playing=False)
