"""What is played: the example of every kind, and what the file of an instrument says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chronus.data import data_path
from chronus.modules.catalog import kinds
from chronus.session import instrument_files
from tests.support.score import RATE_HZ, render

if TYPE_CHECKING:
    from pathlib import Path

BARS = 4
"""Of each that are played; at 120 BPM they are 8 s."""
PLAYED_S = BARS * 2.0
NEVER_S = 25.0
"""What sounds for so long when its notes are over is a drone, and ends with the bars."""
FADE = RATE_HZ // 50
QUIET = 1e-4
"""After which a sound is over."""
QUIETER_DB = -24.0
"""The master level at which nothing here gets to the limiter of `out`."""
INSTRUMENT, KIND = "instrument", "kind"


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound of the gallery.

    Attributes:
        sort: `INSTRUMENT` or `KIND`.
        name: of it.
        lines: that play it.
        doc: what it says of itself.
        frames: what is heard, shape (n, 2).
        total: what went to `out`, before its limiter, shape (n, 2).
    """

    sort: str
    name: str
    lines: str
    doc: str
    frames: np.ndarray
    total: np.ndarray

    @property
    def file(self) -> str:
        """Its name among the files, without an ending."""
        return f"{self.sort}-{self.name}"


def shipped() -> dict[str, Path]:
    """The files of the instruments that come with the program, by their names."""
    paths = data_path("patches", "instruments").glob(f"*{instrument_files.ENDING}")
    return {path.stem: path for path in sorted(paths)}


def played_in(path: Path) -> str:
    """How the comments of an instrument's file say that it is played: the first such line.

    It stands indented behind `#`; what follows after three spaces more is an explanation.
    """
    found = re.search(rf"^# {{3,}}(load {path.stem}\b.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert found is not None, f"{path} does not say how it is played"
    return re.split(r" {3,}", found[1])[0]


def scores() -> dict[tuple[str, str], str]:
    """The lines of all sounds, by sort and name: instruments, then kinds in the order of help.

    A kind whose name an instrument has taken is loaded only inside of instruments, and heard there.
    """
    found = {(INSTRUMENT, name): played_in(path) for name, path in shipped().items()}
    for kind in kinds().values():
        is_offered = not kind.hidden and kind.name != "out"
        if is_offered and instrument_files.find(kind.name) is None:
            found[KIND, kind.name] = kind.example
    return found


def doc_of(sort: str, name: str) -> str:
    """What a kind or an instrument says of itself in a line."""
    if sort == KIND:
        return kinds()[name].doc
    return instrument_files.read_file(shipped()[name]).head.doc or ""


def sound_of(sort: str, name: str, lines: str) -> Sound:
    """Play lines for some bars, and what rings after them until it is silent.

    They are played a second time with the master turned down, so that `out` does not limit: turned
    up again, that is the sum that the limiter got.
    """
    end = f"wait {BARS} bars"
    heard = render([lines, end]).frames
    quiet = render([f"set out.level {QUIETER_DB}db", lines, end]).frames
    if len(heard) > (PLAYED_S + NEVER_S) * RATE_HZ:
        heard = heard[: round(PLAYED_S * RATE_HZ)].copy()
        heard[-FADE:] *= np.linspace(1.0, 0.0, FADE, dtype=np.float32)[:, None]
    loud = np.flatnonzero(np.abs(heard).max(axis=1) > QUIET)
    heard = heard[: loud[-1] + RATE_HZ // 2 if len(loud) else None]  # a stroke is not four bars
    total = np.zeros_like(heard)
    count = min(len(heard), len(quiet))  # what is turned down is silent a little sooner
    total[:count] = quiet[:count] * 10 ** (-QUIETER_DB / 20)
    total[:FADE] = heard[:FADE]  # the master glides down first
    return Sound(sort, name, lines, doc_of(sort, name), heard, total)
