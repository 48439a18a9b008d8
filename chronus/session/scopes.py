"""Levels, waves and spectra drawn in characters: pure functions of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chronus.session.ears import CEILING, FLOOR_DB, db

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Frames = NDArray[np.float32]

BAR: Final = 30
"""Columns of a meter."""
LOWEST_DB: Final = -60.0
COLUMNS: Final = 72
ROWS: Final = 12
DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a character of Braille, by row and column; it stands at U+2800."""
BLOCKS: Final = " ▁▂▃▄▅▆▇█"
LOWEST_HZ: Final = 30.0
HIGHEST_HZ: Final = 18_000.0
SPECTRUM_DB: Final = -90.0


# ---- meters


def levels(frames: Frames) -> dict[str, Any]:
    """Peak and RMS of frames, in decibel below full scale."""
    if not len(frames):
        return {"peak_db": FLOOR_DB, "rms_db": FLOOR_DB}
    exact = frames.astype(np.float64)
    rms = float(np.sqrt(np.mean(exact**2)))
    return {"peak_db": round(db(float(np.abs(exact).max())), 2), "rms_db": round(db(rms), 2)}


def meter_lines(found: Mapping[str, Mapping[str, float]]) -> tuple[str, ...]:
    """A bar for each name: filled to its RMS, with a mark at its peak."""
    widest = max((len(name) for name in found), default=0)
    return tuple(
        f"{name.ljust(widest)}  {_bar(at['peak_db'], at['rms_db'])}  "
        f"peak {_shown(at['peak_db'])}  rms {_shown(at['rms_db'])}"
        for name, at in found.items()
    )


def _bar(peak_db: float, rms_db: float) -> str:
    def place(level_db: float) -> int:
        return min(max(round((level_db / -LOWEST_DB + 1.0) * BAR), 0), BAR)

    cells = ["█" if column < place(rms_db) else "·" for column in range(BAR)]
    if place(peak_db) > 0:
        cells[place(peak_db) - 1] = "▌" if peak_db < db(CEILING) else "!"
    return "".join(cells)


def _shown(level_db: float) -> str:
    return "  -inf db" if level_db <= FLOOR_DB else f"{level_db:6.1f} db"


# ---- scope


def scope_span(frames: Frames, count: int) -> Frames:
    """So many of the last frames, from a place on at which the wave rises through zero."""
    middle = frames.mean(axis=1)
    last = len(middle) - count
    rises = np.flatnonzero((middle[:-1] <= 0.0) & (middle[1:] > 0.0)) + 1
    rises = rises[rises <= last]
    at = int(rises[-1]) if len(rises) else max(last, 0)
    return frames[at : at + count]


def scope_lines(frames: Frames) -> tuple[str, ...]:
    """A wave in characters of Braille, two dots wide and four high; the scale is its own peak."""
    middle = frames.mean(axis=1) if len(frames) else np.zeros(1)
    scale = max(float(np.abs(middle).max()), 1e-6)
    width, height = 2 * COLUMNS, 4 * ROWS
    edges = np.linspace(0, len(middle), width + 1).astype(int)
    cells = np.zeros((ROWS, COLUMNS), int)
    for x in range(width):
        part = middle[edges[x] : max(edges[x + 1], edges[x] + 1)]
        part = part if len(part) else middle[-1:]
        top, bottom = (
            round((1.0 - v / scale) / 2.0 * (height - 1)) for v in (part.max(), part.min())
        )
        for y in range(top, bottom + 1):
            cells[y // 4, x // 2] |= DOTS[y % 4][x % 2]
    lines = ["".join(chr(0x2800 + cell) for cell in row) for row in cells]
    marks = {0: f" {scale:+.3f}", ROWS // 2: "  0", ROWS - 1: f" {-scale:+.3f}"}
    return tuple(line + marks.get(row, "") for row, line in enumerate(lines))


# ---- spectrum


def spectrum_of(frames: Frames, rate_hz: int) -> tuple[list[float], list[float]]:
    """Frequencies in equal steps of pitch, and the level in decibel around each.

    A sine of full scale is 0 dB.
    """
    middle = frames.mean(axis=1).astype(np.float64)
    window = np.hanning(len(middle))
    size = np.abs(np.fft.rfft(middle * window)) * 2.0 / max(window.sum(), 1e-9)
    hz = np.arange(len(size)) * (rate_hz / len(middle))
    edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate_hz / 2.0), COLUMNS + 1)
    centres = np.sqrt(edges[:-1] * edges[1:])
    found = []
    for low, high, centre in zip(edges[:-1], edges[1:], centres, strict=True):
        within = size[(hz >= low) & (hz < high)]
        level = within.max() if len(within) else np.interp(centre, hz, size)
        found.append(round(db(float(level)), 1))
    return [round(float(c), 1) for c in centres], found


def spectrum_lines(hz: list[float], levels_db: list[float]) -> tuple[str, ...]:
    """Columns from low to high, from -90 to 0 dB."""
    eighths = [round((1.0 - max(at, SPECTRUM_DB) / SPECTRUM_DB) * ROWS * 8) for at in levels_db]
    lines = []
    for row in reversed(range(ROWS)):
        cells = [BLOCKS[min(max(height - 8 * row, 0), 8)] for height in eighths]
        top_db = SPECTRUM_DB * (1.0 - (row + 1) / ROWS)
        lines.append("".join(cells) + f" {top_db:4.0f} db" * (row % 3 == 2))
    return (*lines, _scale(hz))


def _scale(hz: list[float]) -> str:
    line = [" "] * (COLUMNS + 8)
    for mark, name in ((50, "50"), (100, "100"), (200, "200"), (500, "500"), (1000, "1k"),
                       (2000, "2k"), (5000, "5k"), (10_000, "10k")):  # fmt: skip
        at = next((i for i, centre in enumerate(hz) if centre >= mark), None)
        if at is not None:
            line[at : at + len(name)] = name
    return "".join(line).rstrip() + " hz"
