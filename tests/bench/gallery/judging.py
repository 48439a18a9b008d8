"""What is wrong with sounds: too soft to be heard, limited, off zero, or like another one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import ShortTimeFFT, get_window

from tests.support import ears

if TYPE_CHECKING:
    from tests.bench.gallery.scores import Sound

SOFTEST_LUFS = -34.0
"""The loudest 400 ms of a sound; songs have -9 to -16 in the mean.."""
FULL_SCALE = 1.0
MOST_LIMITED_DB = 0.5
"""By which the limiter of `out` may turn down what is loudest."""
MOST_OFF_ZERO = 0.05
BANDS = 40
LOW_HZ, HIGH_HZ = 40.0, 16_000.0
HOP_S, WINDOW_S = 0.04, 0.085
DEEPEST_DB = -50.0
"""What is so far below the loudest band of a sound is not heard beside it."""
MOST_SHIFT_S = 0.4
COMPARED_S = 8.0
ALIKE_DB = 4.0
"""Below it two are one sound for a listener.

White noise and other white noise lie 1.8 dB apart, a kick and the same one a step later 2.5, a saw
and one a tone higher 2.0, a bass and the same line with its filter opened by half an octave 3.4;
`kick` and `kick909` 4.4, a saw in a chorus and in a flanger 4.5, closed hats of 90 and 60 ms 6.3,
`bass` and `tb303` with one line 7.9, a saw and a square 8.7. Half of all pairs lie 21 dB apart.
"""


def loudest_lufs(frames: np.ndarray, rate_hz: int) -> float:
    """The greatest momentary loudness, over 400 ms (EBU Tech 3341, after ITU-R BS.1770-4)."""
    padded = np.vstack([frames, np.zeros((rate_hz // 2, 2), frames.dtype)])
    return float(max(ears.momentary_lufs(padded, rate_hz)))


def limited_db(frames: np.ndarray, total: np.ndarray) -> float:
    """By how much the peak of what is heard lies below that of the sum that went to `out`."""
    peaks = [max(float(np.abs(x).max(initial=0.0)), 1e-9) for x in (total, frames)]
    return 20.0 * np.log10(peaks[0] / peaks[1])


def fault_of(frames: np.ndarray, total: np.ndarray, rate_hz: int) -> str | None:
    """What is wrong with a sound by itself, or None.

    Args:
        frames: what is heard, shape (n, 2).
        total: the sum before the limiter of `out`, shape (n, 2).
        rate_hz: of both.
    """
    if not np.isfinite(frames).all():
        return "gives what is no number"
    loudest = loudest_lufs(frames, rate_hz)
    limited = limited_db(frames, total)
    if loudest < SOFTEST_LUFS:
        return f"is silent: {loudest:.0f} LUFS where it is loudest"
    if np.abs(frames).max() >= FULL_SCALE:
        return "is clipped"
    if limited > MOST_LIMITED_DB:
        return f"is limited by {limited:.1f} dB"
    off = float(np.abs(frames.mean(axis=0, dtype=np.float64)).max())
    return f"is off zero by {off:.2f}" if off > MOST_OFF_ZERO else None


def mel(hz: float | np.ndarray) -> float | np.ndarray:
    """Pitch as it is heard (O'Shaughnessy, Speech Communication, 1987)."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def triangles(size: int, rate_hz: int) -> np.ndarray:
    """The weights of mel bands over the bins of a spectrum, shape (BANDS, bins).

    Triangles that overlap by half (Davis and Mermelstein, IEEE Trans. ASSP 28(4), 1980); each is at
    least as wide as two bins, so that none is empty.
    """
    hz = np.fft.rfftfreq(size, 1.0 / rate_hz)
    edges = 700.0 * (10 ** (np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BANDS + 2) / 2595.0) - 1.0)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    width = np.maximum(rate_hz / size, np.minimum(middle - low, high - middle))
    return np.maximum(0.0, 1.0 - np.abs(hz[None, :] - middle) / width)


def heard_bands(frames: np.ndarray, rate_hz: int) -> np.ndarray:
    """Levels in dB of the mel bands of both sides, shape (2 BANDS, times); 0 is the loudest.

    So two sounds are compared as if they were played equally loud.
    """
    size, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    wanted = round(COMPARED_S * rate_hz)
    frames = np.asarray(frames[:wanted], np.float64)
    frames = np.vstack([frames, np.zeros((wanted - len(frames), 2))])
    transform = ShortTimeFFT(get_window("hann", size), hop, rate_hz)
    weights = triangles(size, rate_hz)
    power = np.vstack([weights @ transform.spectrogram(side) for side in frames.T])
    level = 10.0 * np.log10(np.maximum(power, 1e-20))
    return np.maximum(level - level.max(), DEEPEST_DB).astype(np.float32)


def distance_db(one: np.ndarray, other: np.ndarray) -> float:
    """How far two sounds lie apart for a listener, by what `heard_bands` says of them.

    The log spectral distance (Gray and Markel, IEEE Trans. ASSP 24(5), 1976) of mel spectrograms:
    the root of the mean square of differences in dB where at least one of them is heard; of all
    shifts in time by up to `MOST_SHIFT_S` the least.
    """
    most = round(MOST_SHIFT_S / HOP_S)
    count = one.shape[1] - 2 * most
    still = one[:, most : most + count]
    found = []
    for start in range(2 * most + 1):
        moved = other[:, start : start + count]
        is_heard = (still > DEEPEST_DB) | (moved > DEEPEST_DB)
        square = np.square(still - moved)
        found.append(float(square.sum()) / max(int(is_heard.sum()), 1))
    return float(np.sqrt(min(found)))


def distances(sounds: list[Sound], rate_hz: int) -> list[tuple[float, str, str]]:
    """How far all pairs of sounds lie apart in dB, the nearest first, and which they are."""
    bands = {sound.file: heard_bands(sound.frames, rate_hz) for sound in sounds}
    pairs = combinations(bands, 2)
    return sorted((distance_db(bands[one], bands[other]), one, other) for one, other in pairs)


def verdicts(sounds: list[Sound], pairs: list[tuple[float, str, str]], rate_hz: int) -> list[str]:
    """What is wrong with sounds, by their names.

    Args:
        sounds: all of them.
        pairs: what `distances` says of them.
        rate_hz: of their frames.
    """
    found = []
    for sound in sounds:
        fault = fault_of(sound.frames, sound.total, rate_hz)
        if fault is not None:
            found.append(f"{sound.file} {fault}")
    alike = [(distance, one, other) for distance, one, other in pairs if distance < ALIKE_DB]
    return found + [f"{one} sounds like {other}: {d:.1f} dB apart" for d, one, other in alike]
