"""What a listener would say of a sound, in figures: how loud, bright and long, how it moves."""

from __future__ import annotations

import numpy as np
import pyloudnorm
from scipy.fft import next_fast_len, rfft
from scipy.signal import find_peaks, stft

BANDS_HZ = {
    "sub": (20.0, 80.0),
    "bass": (80.0, 250.0),
    "low middle": (250.0, 800.0),
    "middle": (800.0, 2500.0),
    "presence": (2500.0, 6000.0),
    "air": (6000.0, 20_000.0),
}


def mono(frames):
    """The mean of both channels, in float64."""
    frames = np.asarray(frames, np.float64)
    return frames if frames.ndim == 1 else frames.mean(axis=1)


def power_spectrum(x, rate=48_000):
    """Frequencies in Hz and the power at each, by one Hann window over all of it."""
    x = mono(x)
    return np.fft.rfftfreq(len(x), 1 / rate), np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2


def centroid_hz(x, rate=48_000):
    """The centre of gravity of the power spectrum: what is heard as brightness."""
    hz, power = power_spectrum(x, rate)
    return float(np.sum(hz * power) / np.sum(power))


def band_db(x, low_hz, high_hz, rate=48_000):
    """The power between two frequencies, in decibel relative to all of it."""
    hz, power = power_spectrum(x, rate)
    inside = power[(hz >= low_hz) & (hz < high_hz)].sum()
    return 10.0 * np.log10(max(inside / power.sum(), 1e-20))


def envelope_db(x, rate=48_000, window_s=0.005):
    """The level in decibel below full scale, one value for each window."""
    x = mono(x)
    size = round(window_s * rate)
    whole = len(x) // size * size
    power = np.mean(x[:whole].reshape(-1, size) ** 2, axis=1)
    return 10.0 * np.log10(np.maximum(power, 1e-20))


def decay_s(x, fall_db, rate=48_000, window_s=0.005):
    """Seconds from the loudest window until the level stays so many decibel below that."""
    level = envelope_db(x, rate, window_s)
    top = int(np.argmax(level))
    loud = np.flatnonzero(level > level[top] - fall_db)
    return (int(loud[-1]) + 1 - top) * window_s


def attack_s(x, rate=48_000, window_s=0.002):
    """Seconds from the first sound to the first window within 3 dB of the loudest."""
    level = envelope_db(x, rate, window_s)
    heard = np.flatnonzero(level > level.max() - 60.0)[0]
    return (int(np.flatnonzero(level > level.max() - 3.0)[0]) - int(heard)) * window_s


def loudness_lufs(frames, rate=48_000):
    """The integrated loudness of ITU-R BS.1770-4; frames have shape (n, 2)."""
    return float(pyloudnorm.Meter(rate).integrated_loudness(np.asarray(frames, np.float64)))


def momentary_lufs(frames, rate=48_000):
    """The loudness of each 400 ms, 100 ms apart, as BS.1770-4 measures it before its gates."""
    meter = pyloudnorm.Meter(rate)
    meter.integrated_loudness(np.asarray(frames, np.float64))
    return meter.blockwise_loudness


def width_db(frames):
    """The power of what differs between the sides, in decibel relative to what is alike."""
    frames = np.asarray(frames, np.float64)
    middle, side = frames.sum(axis=1), frames[:, 0] - frames[:, 1]
    return 10.0 * np.log10(max(np.mean(side**2), 1e-20) / max(np.mean(middle**2), 1e-20))


def sections_db(frames, seconds, rate=48_000):
    """The level of each band in each stretch of so many seconds, shape (stretches, bands)."""
    x = mono(frames)
    size = round(seconds * rate)
    padded = next_fast_len(size, real=True)  # a minute of frames may be a prime number of them
    hz, window = np.fft.rfftfreq(padded, 1 / rate), np.hanning(size)
    rows = []
    for start in range(0, len(x) - size + 1, size):
        power = np.abs(rfft(x[start : start + size] * window, padded)) ** 2 * size / padded
        rows.append([power[(hz >= low) & (hz < high)].sum() for low, high in BANDS_HZ.values()])
    return 10.0 * np.log10(np.maximum(np.array(rows) / size**2, 1e-20))


def onsets_per_s(x, rate=48_000, size=1024):
    """How many strokes and notes begin in a second: peaks of the rise of the logarithmic spectrum.

    A rise counts from 2 dB on, as a mean over all frequencies; two within 43 ms count once.
    """
    _, _, spectrum = stft(mono(x), rate, nperseg=size, noverlap=size * 3 // 4, boundary=None)
    rise = np.maximum(np.diff(20.0 * np.log10(np.abs(spectrum) + 1e-5), axis=1), 0.0).mean(axis=0)
    found, _ = find_peaks(rise, height=2.0, distance=8)
    return len(found) * rate / len(x)
