"""What is measured on frames: onsets, pitch, levels, clicks."""

from __future__ import annotations

import numpy as np
from scipy.signal import hilbert


def onsets(x, threshold=0.0):
    """Frames at which |x| rises above a threshold from at or below it."""
    above = np.abs(x) > threshold
    return np.flatnonzero(above & ~np.concatenate(([False], above[:-1])))


def ends(x, threshold=0.0):
    """Frames at which |x| has fallen to a threshold or below it."""
    above = np.abs(x) > threshold
    return np.flatnonzero(~above & np.concatenate(([False], above[:-1])))


def dbfs(x):
    """The peak in decibel below full scale."""
    peak = float(np.max(np.abs(x))) if len(x) else 0.0
    return 20.0 * np.log10(max(peak, 1e-12))


def rms_db(x):
    """The root of the mean square in decibel below full scale."""
    return 20.0 * np.log10(max(float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))), 1e-12))


def amplitude(x, hz, rate=48_000):
    """The amplitude of the partial at `hz`, by a Hann window."""
    x = np.asarray(x, np.float64)
    window = np.hanning(len(x))
    turn = np.exp(-2j * np.pi * hz * np.arange(len(x)) / rate)
    return 2.0 * abs(np.sum(x * window * turn)) / np.sum(window)


def pitch(x, rate=48_000):
    """The frequency of a steady tone's strongest partial, in Hz; exact to far below a cent.

    The largest line of a windowed spectrum, and then the turn of its phase between two halves.
    """
    x = np.asarray(x, np.float64)
    half = len(x) // 2
    window = np.hanning(half)
    spectrum = np.abs(np.fft.rfft(x[:half] * window))
    coarse = (np.argmax(spectrum[2:]) + 2) * rate / half
    hz = coarse
    hop = max(half // 16, 1)
    for step in (hop, half):
        turn = np.exp(-2j * np.pi * hz * np.arange(half) / rate)
        first = np.sum(x[:half] * window * turn)
        later = np.sum(x[step : step + half] * window * turn)
        moved = np.angle(later / first) - 2 * np.pi * hz * step / rate
        hz += ((moved + np.pi) % (2 * np.pi) - np.pi) * rate / (2 * np.pi * step)
    return hz


def aliases_db(x, hz, top_hz=24_000.0, rate=48_000):
    """The energy of a steady tone between its partials, relative to all of it, in decibel.

    The pitch is to be one whose partials, folded back at half the rate, fall between the others;
    40 Hz around each partial belong to it.
    """
    x = np.asarray(x, np.float64)
    power = np.abs(np.fft.rfft(x * np.blackman(len(x)) ** 2)) ** 2
    found_hz = np.arange(len(power)) * rate / len(x)
    beside = np.abs(found_hz - np.round(found_hz / hz) * hz) > 40.0
    return 10.0 * np.log10(np.sum(power[beside & (found_hz < top_hz)]) / np.sum(power) + 1e-30)


def cents(measured, wanted):
    """How far a frequency is from another, in hundredths of a semitone."""
    return 1200.0 * np.log2(measured / wanted)


def momentary_hz(x, rate=48_000):
    """The frequency of a tone from frame to frame."""
    phase = np.unwrap(np.angle(hilbert(np.asarray(x, np.float64))))
    return np.diff(phase) * rate / (2 * np.pi)


def jolts(x):
    """Per frame, by how much the signal leaves the straight line through its last two frames."""
    return np.abs(np.diff(np.asarray(x, np.float64), 2, axis=0))


def hardest_jolt(frames, start=0, end=None):
    """The greatest jolt of any channel between two frames: a click sticks out of it."""
    return float(np.max(jolts(frames[start:end]))) if len(frames[start:end]) > 2 else 0.0
