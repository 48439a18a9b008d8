"""`make gallery`: every kind's example and every instrument, as WAV and as a picture.

Each is rendered for two bars; the picture shows its wave and its spectrogram. What is silent, what
is clipped, and what is all but the same as another one is told by name, and the command fails.
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import soundfile

from chronus.modules.catalog import kinds
from chronus.session import instrument_files
from tests.support.score import RATE_HZ, Stage, render

mpl.use("Agg")
from matplotlib import pyplot as plt

BARS = 2
SILENT = 1e-3
FULL_SCALE = 1.0
ALIKE = 0.999
"""Two whose samples go together so closely are one and the same sound."""


def scores() -> dict[str, str]:
    """The lines that make each heard: of a kind its example, of an instrument some notes."""
    found = {}
    for name in instrument_files.files():
        lines = f"load {name}; sequence {name}: c3 . eb3 . g3 . c4 . step 1/8"
        if not Stage().session.run_line(lines).ok:
            lines = f"load {name}; sequence {name}: x . . . X . x . step 1/8"
        found[f"instrument-{name}"] = lines
    for kind in kinds().values():
        is_offered = not kind.hidden and kind.name != "out"
        if is_offered and instrument_files.find(kind.name) is None:
            found[f"kind-{kind.name}"] = kind.example
    return found


def draw(frames: np.ndarray, title: str, path: Path) -> None:
    """The wave and the spectrogram of a sound."""
    mono = frames.mean(axis=1)
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 6))
    above.plot(np.arange(len(mono)) / RATE_HZ, mono, linewidth=0.4)
    above.set(title=title, ylim=(-1.0, 1.0), xlim=(0.0, len(mono) / RATE_HZ))
    below.specgram(mono + 1e-9, NFFT=1024, Fs=RATE_HZ, noverlap=512, vmin=-150, vmax=-30)
    below.set(xlabel="seconds", ylabel="Hz")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def faults(heard: dict[str, np.ndarray]) -> list[str]:
    """What is wrong with sounds, by name."""
    found = []
    for name, frames in heard.items():
        peak = float(np.abs(frames).max(initial=0.0))
        if not np.isfinite(frames).all():
            found.append(f"{name} gives what is no number")
        elif peak < SILENT:
            found.append(f"{name} is silent")
        elif peak >= FULL_SCALE:
            found.append(f"{name} is clipped")
    for (one, a), (other, b) in combinations(heard.items(), 2):
        size = min(len(a), len(b))
        x, y = a[:size].ravel().astype(np.float64), b[:size].ravel().astype(np.float64)
        norm = float(np.sqrt((x @ x) * (y @ y)))
        if norm > 0.0 and abs(float(x @ y)) / norm > ALIKE:
            found.append(f"{one} sounds as {other}")
    return found


def main() -> int:
    """Render all, draw all, and say what is wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", nargs="?", type=Path, default=Path("gallery"))
    options.add_argument("--only", nargs="*", help="parts of names")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    heard = {}
    for name, lines in scores().items():
        if given.only and not any(part in name for part in given.only):
            continue
        heard[name] = render(lines, bars=BARS).frames
        soundfile.write(given.folder / f"{name}.wav", heard[name], RATE_HZ)
        draw(heard[name], name, given.folder / f"{name}.png")
    found = faults(heard)
    print(f"{len(heard)} sounds and pictures in {given.folder}")
    print("\n".join(found) or "none is silent, clipped, or like another")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
