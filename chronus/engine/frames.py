"""Where a beat lies, in frames: the plain arithmetic of `beats`, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.native import OPTIONS
from chronus.engine import beats as plain
from chronus.engine.layout import Beat

ORIGIN_BEAT, ORIGIN_FRAME = int(Beat.ORIGIN_BEAT), int(Beat.ORIGIN_FRAME)

beats_after = njit(**OPTIONS)(plain.beats_after)
frames_after = njit(**OPTIONS)(plain.frames_after)


@njit(**OPTIONS)
def frame_at(beats: np.ndarray, rate: int, beat: float) -> int:
    """The frame nearest to a beat."""
    frames = frames_after(beats, rate, beat - beats[ORIGIN_BEAT])
    return int(np.floor(beats[ORIGIN_FRAME] + frames + 0.5))
