"""What frames sound like, in figures and in words, for who cannot listen.

Loudness follows ITU-R BS.1770-4: its two filters (made for any rate as in De Man, Evaluation of
implementations of the EBU R128 loudness measurement, AES 145, 2018), blocks of 400 ms, both gates.
The pitch is that of McLeod and Wyvill, A smarter way to find pitch, ICMC 2005: the first high
maximum of the normalised square difference. Onsets are peaks of the rise of the logarithmic
spectrum (Böck, Widmer, Maximum filter vibrato suppression for onset detection, DAFx-13).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chronus.language.quantities import note_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Frames = NDArray[np.float32]
    Reals = NDArray[np.float64]

BANDS: Final = (
    ("sub", 0.0, 60.0),
    ("low", 60.0, 250.0),
    ("mid", 250.0, 4000.0),
    ("high", 4000.0, 1e6),
)
"""Names and edges in Hz."""
SILENCE_DB: Final = -70.0
CEILING: Final = 0.966
"""Nothing leaves louder: what is held there would have been."""
FLOOR_DB: Final = -120.0
SIZE: Final = 4096
ONSET_SIZE: Final = 2048
ONSET_HOP: Final = 256
ONSET_LAG: Final = 2
"""Steps between the spectra that are compared."""
LOWEST_HZ: Final = 25.0
HIGHEST_HZ: Final = 2000.0
CLEAR: Final = 0.85
"""A pitch is told where the wave repeats itself so well; 1 is for ever the same."""
MOST_ONSETS: Final = 256


def db(amplitude: float) -> float:
    """Decibel below full scale."""
    return max(20.0 * math.log10(max(amplitude, 1e-12)), FLOOR_DB)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard.

    Attributes:
        seconds: how long.
        peak_db: of both channels, and `rms_db` of both together.
        lufs: loudness; None where all is too soft to have one.
        centroid_hz: the middle of the spectrum; 0 for silence.
        bands: share of each band in the energy, 0..1.
        pitch_hz: of the clearest tone; None where there is none, and `clarity` how clear it is.
        onsets_s: where something begins.
        width: 0 is mono, 1 as much between the sides as in the middle.
        held_frames: at the ceiling.
        dc: the mean.
    """

    seconds: float
    peak_db: float
    rms_db: float
    lufs: float | None
    centroid_hz: float
    bands: dict[str, float]
    pitch_hz: float | None
    clarity: float
    onsets_s: tuple[float, ...]
    width: float
    held_frames: int
    dc: float

    @property
    def is_silent(self) -> bool:
        """Whether nothing is to be heard."""
        return self.peak_db < SILENCE_DB

    def warnings(self) -> list[str]:
        """What is likely not to be meant."""
        found = []
        if self.is_silent:
            found.append("silence: nothing was heard")
        if self.held_frames:
            found.append(f"too loud: {self.held_frames} frames were held at the ceiling")
        if abs(self.dc) > 0.01:
            found.append(f"the mean is {self.dc:+.3f}, not 0")
        return found

    def words(self) -> list[str]:
        """The same as a person would say it."""
        if self.is_silent:
            return self.warnings()
        loud = "no loudness: too soft" if self.lufs is None else f"{self.lufs:.1f} LUFS"
        most = max(self.bands, key=lambda name: self.bands[name])
        shares = ", ".join(f"{name} {100 * share:.0f}%" for name, share in self.bands.items())
        pitch = "no clear pitch"
        if self.pitch_hz is not None:
            pitch = (
                f"pitch {note_name(self.pitch_hz)} ({self.pitch_hz:.1f} Hz, {_clear(self.clarity)})"
            )
        count = len(self.onsets_s)
        begins = "nothing begins" if not count else "1 onset" if count == 1 else f"{count} onsets"
        colour = f"{_colour(self.centroid_hz)}, centred at {self.centroid_hz:.0f} Hz"
        return [
            f"loudness: {loud}, peak {self.peak_db:.1f} dB, rms {self.rms_db:.1f} dB",
            f"colour: {colour}, mostly {most} ({shares})",
            f"pitch: {pitch}",
            f"rhythm: {begins}" + (f", {count / self.seconds:.1f} a second" if count > 1 else ""),
            f"space: {_space(self.width)}",
            *self.warnings(),
        ]

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "seconds": round(self.seconds, 4),
            "peak_db": round(self.peak_db, 2),
            "rms_db": round(self.rms_db, 2),
            "lufs": None if self.lufs is None else round(self.lufs, 2),
            "centroid_hz": round(self.centroid_hz, 1),
            "bands": {name: round(share, 4) for name, share in self.bands.items()},
            "pitch_hz": None if self.pitch_hz is None else round(self.pitch_hz, 3),
            "note": None if self.pitch_hz is None else note_name(self.pitch_hz),
            "clarity": round(self.clarity, 3),
            "onsets": len(self.onsets_s),
            "onsets_s": [round(onset, 4) for onset in self.onsets_s[:MOST_ONSETS]],
            "width": round(self.width, 3),
            "held_frames": self.held_frames,
            "dc": round(self.dc, 5),
            "silent": self.is_silent,
            "warnings": self.warnings(),
        }


def _clear(clarity: float) -> str:
    return "very clear" if clarity > 0.97 else "clear" if clarity > 0.92 else "rather clear"


def _colour(hz: float) -> str:
    names = ((120.0, "very dark"), (500.0, "dark"), (1500.0, "warm"), (4000.0, "bright"))
    return next((name for edge, name in names if hz < edge), "very bright")


def _space(width: float) -> str:
    return "mono" if width < 0.01 else "narrow" if width < 0.2 else "stereo"


def listen(frames: Frames, rate_hz: int) -> Heard:
    """What frames sound like, shape (count, 2), at least one of them."""
    both = frames.astype(np.float64)
    middle, side = both.mean(axis=1), (both[:, 0] - both[:, 1]) / 2.0
    peak = float(np.max(np.abs(both)))
    power, hz = _spectrum(both, rate_hz)
    whole = float(power.sum())
    energy = float(np.sqrt(np.mean(middle**2)))
    is_silent = db(peak) < SILENCE_DB
    pitch, clarity = (None, 0.0) if is_silent else _pitch(middle, rate_hz)
    return Heard(
        seconds=len(both) / rate_hz,
        peak_db=db(peak),
        rms_db=db(float(np.sqrt(np.mean(both**2)))),
        lufs=_loudness(both, rate_hz),
        centroid_hz=float((power * hz).sum() / whole) if whole > 0.0 else 0.0,
        bands={name: _share(power, hz, low, high) for name, low, high in BANDS},
        pitch_hz=pitch,
        clarity=clarity,
        onsets_s=() if is_silent else _onsets(middle, rate_hz),
        width=float(np.sqrt(np.mean(side**2))) / energy if energy > 1e-9 else 0.0,
        held_frames=int(np.sum(np.max(np.abs(both), axis=1) >= CEILING)),
        dc=float(middle.mean()),
    )


def _share(power: Reals, hz: Reals, low: float, high: float) -> float:
    whole = float(power.sum())
    return float(power[(hz >= low) & (hz < high)].sum()) / whole if whole > 0.0 else 0.0


def _windows(x: Reals, hop: int) -> Reals:
    """Overlapping stretches of a signal, one a row, the first and last filled up with silence."""
    padded = np.concatenate((np.zeros(SIZE // 2), x, np.zeros(SIZE)))
    return np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::hop]


def _spectrum(both: Reals, rate_hz: int) -> tuple[Reals, Reals]:
    """Power at each frequency over all of the time and both channels."""
    window = np.hanning(SIZE)
    power = np.zeros(SIZE // 2 + 1)
    for channel in both.T:
        for row in _windows(channel, SIZE // 2):
            power += np.abs(np.fft.rfft(row * window)) ** 2
    power[0] = 0.0
    return power, np.arange(SIZE // 2 + 1, dtype=np.float64) * (rate_hz / SIZE)


# ---- loudness


def _loudness(both: Reals, rate_hz: int) -> float | None:
    """Integrated loudness in LUFS."""
    from scipy.signal import lfilter  # noqa: PLC0415 - heavy, and needed by nothing else

    weighted = both
    for b, a in (_shelf(rate_hz), _highpass(rate_hz)):
        weighted = np.asarray(lfilter(b, a, weighted, axis=0))
    size = min(round(0.4 * rate_hz), len(weighted))
    starts = range(0, len(weighted) - size + 1, max(size // 4, 1))
    powers = np.array([np.sum(np.mean(weighted[at : at + size] ** 2, axis=0)) for at in starts])
    loud = powers[powers > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if not len(loud):
        return None
    loud = loud[loud > loud.mean() * 0.1]
    return float(-0.691 + 10.0 * np.log10(loud.mean()))


def _shelf(rate_hz: int) -> tuple[list[float], list[float]]:
    gain, q, hz = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k = math.tan(math.pi * hz / rate_hz)
    vh = 10.0 ** (gain / 20.0)
    vb = vh**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    b = [(vh + vb * k / q + k * k) / a0, 2.0 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0]
    return b, [1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]


def _highpass(rate_hz: int) -> tuple[list[float], list[float]]:
    q, hz = 0.5003270373238773, 38.13547087602444
    k = math.tan(math.pi * hz / rate_hz)
    a0 = 1.0 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]


# ---- pitch


def _pitch(x: Reals, rate_hz: int) -> tuple[float | None, float]:
    """The pitch of the clearest of some loud stretches, and how clear it is."""
    size = min(2 * SIZE, len(x))
    starts = range(0, len(x) - size + 1, max(size // 2, 1))
    loudest = sorted(starts, key=lambda at: -float(np.sum(x[at : at + size] ** 2)))[:8]
    found = [_pitch_of(x[at : at + size], rate_hz) for at in loudest]
    clear = max((f for f in found if f is not None), key=lambda f: f[1], default=None)
    if clear is None:
        return None, 0.0
    return (clear[0] if clear[1] >= CLEAR else None), clear[1]


def _pitch_of(x: Reals, rate_hz: int) -> tuple[float, float] | None:
    x = x - x.mean()
    count = len(x)
    spectrum = np.fft.rfft(x, 2 * count)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[:count]
    squares = np.concatenate(([0.0], np.cumsum(x**2)))
    lags = np.arange(count)
    sums = squares[count - lags] + (squares[count] - squares[lags])
    curve = 2.0 * likeness / np.maximum(sums, 1e-12)
    low, high = int(rate_hz / HIGHEST_HZ), min(int(rate_hz / LOWEST_HZ), count // 2)
    below = np.flatnonzero(curve[:high] < 0.0)
    if not len(below) or high <= low:
        return None
    begin = max(low, int(below[0]))
    inner = curve[begin : high - 1]
    peaks = begin + np.flatnonzero(
        (inner >= curve[begin - 1 : high - 2]) & (inner > curve[begin + 1 : high])
    )
    if not len(peaks):
        return None
    at = int(peaks[np.argmax(curve[peaks] >= 0.93 * curve[peaks].max())])
    left, here, right = curve[at - 1 : at + 2]
    bend = left - 2.0 * here + right
    shift = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    return float(rate_hz / (at + shift)), float(min(here, 1.0))


# ---- onsets


def _onsets(x: Reals, rate_hz: int) -> tuple[float, ...]:
    """Seconds at which something begins."""
    size = ONSET_SIZE
    padded = np.concatenate((np.zeros(size), x))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[::ONSET_HOP]
    steps = range(0, len(rows) - ONSET_LAG, 512)
    rise = np.concatenate([_rise(rows[at : at + 512 + ONSET_LAG]) for at in steps])
    reach = round(0.05 * rate_hz / ONSET_HOP)
    found: list[float] = []
    for at in np.flatnonzero(rise > max(0.15 * rise.max(), 0.5)):
        near = rise[max(at - reach, 0) : at + reach + 1]
        around = rise[max(at - 4 * reach, 0) : at + 4 * reach + 1]
        if rise[at] == near.max() and rise[at] > 2.0 * np.median(around) + 0.2:
            middle = (int(at) + ONSET_LAG) * ONSET_HOP - size // 2
            found.append(max(middle / rate_hz, 0.0))
    return tuple(found)


def _rise(rows: Reals) -> Reals:
    """By how much the logarithmic spectrum rises above that of a moment before.

    Each frequency is held against its neighbours of then, too, so that no vibrato is an onset.
    """
    window = np.hanning(rows.shape[1])
    spectra = np.abs(np.fft.rfft(rows * window, axis=1)) * (2.0 / window.sum())
    level = np.log1p(100.0 * spectra)
    before = np.pad(level[:-ONSET_LAG], ((0, 0), (1, 1)))
    highest = np.maximum(before[:, 1:-1], np.maximum(before[:, :-2], before[:, 2:]))
    return np.asarray(np.sum(np.maximum(level[ONSET_LAG:] - highest, 0.0), axis=1))
