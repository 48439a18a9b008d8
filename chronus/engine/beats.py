"""Where beats and bars lie: plain arithmetic, for the session as it is, for the engine compiled.

Each function takes the columns of Beat, a row of the arena or a tuple in that order, and calls no
other one, so that both may use the very same lines. Frames count from the columns' origin, bars
from 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chronus.engine.layout import Beat

if TYPE_CHECKING:
    from collections.abc import Sequence

BPM, TARGET_BPM, RAMP_FRAMES = int(Beat.BPM), int(Beat.TARGET_BPM), int(Beat.RAMP_FRAMES)
BAR_BEATS, METER_BEAT, METER_BAR = int(Beat.BAR_BEATS), int(Beat.METER_BEAT), int(Beat.METER_BAR)
NEXT_BEAT, NEXT_BAR_BEATS = int(Beat.NEXT_BEAT), int(Beat.NEXT_BAR_BEATS)

BAR_TOLERANCE = 1e-7
"""Bars by which a position counts as being on a bar line, above half a frame."""


def bpm_after(beats: Sequence[float], frames: float) -> float:
    """Beats a minute so many frames behind the origin: linear in time through a ramp."""
    ramp = beats[RAMP_FRAMES]
    if ramp == 0.0 or frames >= ramp:
        return beats[TARGET_BPM]
    return beats[BPM] + max(frames, 0.0) * ((beats[TARGET_BPM] - beats[BPM]) / ramp)


def beats_after(beats: Sequence[float], rate: int, frames: float) -> float:
    """Beats that pass in the frames behind the origin: the integral of the tempo."""
    ramp = beats[RAMP_FRAMES]
    if ramp == 0.0 or frames <= 0.0:
        return frames * beats[BPM] / (60.0 * rate)
    slope = (beats[TARGET_BPM] - beats[BPM]) / ramp
    if frames < ramp:
        return frames * (beats[BPM] + 0.5 * slope * frames) / (60.0 * rate)
    within = 0.5 * ramp * (beats[BPM] + beats[TARGET_BPM])
    return (within + (frames - ramp) * beats[TARGET_BPM]) / (60.0 * rate)


def frames_after(beats: Sequence[float], rate: int, passed: float) -> float:
    """Frames behind the origin after which so many beats have passed; the inverse."""
    ramp = beats[RAMP_FRAMES]
    area = passed * (60.0 * rate)
    within = 0.5 * ramp * (beats[BPM] + beats[TARGET_BPM])
    if ramp == 0.0 or area <= 0.0:
        return area / beats[BPM]
    if area >= within:
        return ramp + (area - within) / beats[TARGET_BPM]
    slope = (beats[TARGET_BPM] - beats[BPM]) / ramp
    # The root in the form that subtracts nothing: it holds for the flattest ramp.
    return 2.0 * area / (beats[BPM] + math.sqrt(beats[BPM] * beats[BPM] + 2.0 * slope * area))


def ramp_of_beats(bpm: float, target_bpm: float, rate: int, length: float) -> float:
    """Frames that a ramp takes while so many beats pass."""
    return length * 120.0 * rate / (bpm + target_bpm)


def bars_at(beats: Sequence[float], beat: float) -> float:
    """Bars that have passed at a beat, over a change of meter."""
    bars = beats[METER_BAR] + (min(beat, beats[NEXT_BEAT]) - beats[METER_BEAT]) / beats[BAR_BEATS]
    return bars + max(beat - beats[NEXT_BEAT], 0.0) / beats[NEXT_BAR_BEATS]


def beat_of_bars(beats: Sequence[float], bars: float) -> float:
    """The beat at which so many bars have passed; the inverse."""
    beat = beats[METER_BEAT] + (bars - beats[METER_BAR]) * beats[BAR_BEATS]
    if beat <= beats[NEXT_BEAT]:
        return beat
    change = beats[METER_BAR] + (beats[NEXT_BEAT] - beats[METER_BEAT]) / beats[BAR_BEATS]
    return beats[NEXT_BEAT] + (bars - change) * beats[NEXT_BAR_BEATS]
