"""A recording as a kernel finds it: its head, the sound, and the levels that are read faster.

Level n holds what may be read up to 1, 1.41, 2, 2.83 and so on to 64 times as fast without an
alias: all up to that part of half the rate, with a slope of a sixth of an octave below it. Each has
half as many frames again as that needs, or some more, so that a Fourier transform of them is fast.
The ends of the sound follow each other: a loop of all of it has no seam on any level.

Behind the sound stand the numbers of frames of its levels, and behind these the levels, each with
its left side and then its right one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.dsp.declaration import RECORDING_HEAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

FASTEST: Final = tuple(2.0 ** (level / 2) for level in range(13))
"""How fast each level may be read."""
PASSES: Final = 0.84
STOPS: Final = 0.94
"""Shares of a level's highest frequency where its slope begins and ends: a level is heard up to a
semitone above the speed that it is for."""


def level_frames(frames: int, level: int) -> int:
    """How many frames a level of a sound has."""
    wanted = math.ceil(frames * min(2.0**0.5 / FASTEST[level], 1.0))
    if level < 2:
        return frames
    twos = [2**n for n in range(wanted.bit_length() + 1)]
    smooth = (odd * two for odd in (1, 3, 5, 9, 15, 25, 27, 45, 75, 81, 125) for two in twos)
    return int(min(count for count in smooth if count >= wanted))


def recorded_frames(frames: int, channels: int, *, levels: bool) -> int:
    """What a recording takes of the memory, with its heads."""
    own = RECORDING_HEAD + channels * frames
    if not levels:
        return own
    more = sum(level_frames(frames, n) for n in range(1, len(FASTEST)))
    return own + len(FASTEST) + channels * more


def banded(samples: Samples) -> tuple[Samples, ...]:
    """The levels of a sound but for the first, which is the sound itself.

    Args:
        samples: (channels, frames).
    """
    frames = samples.shape[1]
    if frames == 0:
        return ()
    spectrum = np.fft.rfft(samples.astype(np.float64))
    # From 0 to 1, half the rate of the sound.
    place = np.arange(spectrum.shape[1]) / (frames / 2)
    found = []
    for level, fastest in enumerate(FASTEST[1:], 1):
        slope = np.clip((place * fastest - PASSES) / (STOPS - PASSES), 0.0, 1.0)
        kept = spectrum * (0.5 + 0.5 * np.cos(np.pi * slope))
        count = level_frames(frames, level)
        wave = np.fft.irfft(kept[:, : count // 2 + 1], count) * (count / frames)
        found.append(np.ascontiguousarray(wave, np.float32))
    return tuple(found)


def laid_out(samples: Samples, levels: tuple[Samples, ...] = ()) -> Samples:
    """All of a recording in one row."""
    head = (samples.shape[1], samples.shape[0])
    counts = [level.shape[1] for level in (samples, *levels)] if levels else []
    parts = [head, samples.ravel(), counts, *(level.ravel() for level in levels)]
    return np.concatenate([np.asarray(part, np.float32) for part in parts])
