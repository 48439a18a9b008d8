"""The folder: a picture and a WAV of each sound, and a page that shows all of them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import soundfile
from scipy.signal import ShortTimeFFT, get_window

from tests.bench.gallery.scores import INSTRUMENT, KIND, Sound
from tests.support.score import RATE_HZ

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

WINDOW, HOP = 2048, 1024
ROWS = 160
"""Of a spectrogram, each as far above the last as for the ear."""
LOW_HZ, HIGH_HZ = 30.0, 20_000.0
DEEPEST_DB = -80.0
TITLES = {INSTRUMENT: "Instruments", KIND: "Module kinds"}
STYLE = """
body { font-family: sans-serif; margin: 2em; background: #fafafa; color: #222 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(24em, 1fr)); gap: 1.5em }
article { background: white; padding: 1em; border: 1px solid #ddd }
h3 { margin: 0 } p { margin: 0.3em 0 } img, audio { width: 100% }
code { display: block; font-size: 85%; overflow-wrap: anywhere }
"""


def draw(frames: np.ndarray, path: Path) -> None:
    """The wave of both sides, and below it their spectrogram over a logarithmic frequency."""
    seconds = len(frames) / RATE_HZ
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(7.2, 4.2), sharex=True, height_ratios=(1, 2), layout="constrained"
    )
    times = np.arange(len(frames)) / RATE_HZ
    for side, colour in zip(frames.T, ("tab:blue", "tab:orange"), strict=True):
        above.plot(times, side, linewidth=0.4, color=colour, alpha=0.7)
    above.set(ylim=(-1.0, 1.0), xlim=(0.0, seconds))
    transform = ShortTimeFFT(get_window("hann", WINDOW), HOP, RATE_HZ)
    power = sum(transform.spectrogram(np.asarray(side, np.float64)) for side in frames.T)
    hz = np.geomspace(LOW_HZ, HIGH_HZ, ROWS)
    rows = [np.interp(hz, transform.f, column) for column in power.T]
    level = 10.0 * np.log10(np.maximum(np.array(rows).T, 1e-20))
    below.pcolormesh(
        transform.t(len(frames)),
        hz,
        level - level.max(),
        vmin=DEEPEST_DB,
        vmax=0.0,
        cmap="magma",
        rasterized=True,
    )
    below.set(yscale="log", ylim=(LOW_HZ, HIGH_HZ), xlabel="seconds", ylabel="Hz")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def write(sound: Sound, folder: Path) -> None:
    """The WAV and the picture of a sound."""
    soundfile.write(folder / f"{sound.file}.wav", sound.frames, RATE_HZ, subtype="PCM_16")
    draw(sound.frames, folder / f"{sound.file}.png")


def article(sound: Sound) -> str:
    """What the page shows of a sound."""
    return f"""<article id="{sound.file}">
<h3>{escape(sound.name)}</h3>
<p>{escape(sound.doc)}</p>
<img src="{sound.file}.png" alt="Wave and spectrogram of {escape(sound.name)}" loading="lazy">
<audio controls preload="none" src="{sound.file}.wav"></audio>
<code>{escape(sound.lines)}</code>
</article>"""


def index(sounds: list[Sound]) -> str:
    """The page: instruments, then kinds, each with its picture, its sound and its lines."""
    parts = []
    for sort, title in TITLES.items():
        articles = [article(sound) for sound in sounds if sound.sort == sort]
        if articles:
            parts += [f"<h2>{title}</h2>", "<main>", *articles, "</main>"]
    body = "\n".join(parts)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Music Chronus: gallery</title>
<style>{STYLE}</style>
<h1>What the instruments and modules sound like</h1>
<p>Each sound was made by the line below it, at 120 BPM.</p>
{body}
</html>
"""
