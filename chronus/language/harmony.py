"""Chords by name, in semitones above their root, and scales on a tonic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from chronus.language.quantities import SEMITONES

CHORDS: Final[dict[str, tuple[int, ...]]] = {
    "maj": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "69": (0, 4, 7, 9, 14),
    "m69": (0, 3, 7, 9, 14),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "mmaj7": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug7": (0, 4, 8, 10),
    "7sus4": (0, 5, 7, 10),
    "7b5": (0, 4, 6, 10),
    "7b9": (0, 4, 7, 10, 13),
    "7#9": (0, 4, 7, 10, 15),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "m9": (0, 3, 7, 10, 14),
    "11": (0, 4, 7, 10, 14, 17),
    "maj11": (0, 4, 7, 11, 14, 17),
    "m11": (0, 3, 7, 10, 14, 17),
    "13": (0, 4, 7, 10, 14, 21),
    "maj13": (0, 4, 7, 11, 14, 21),
    "m13": (0, 3, 7, 10, 14, 21),
}
"""Source: the intervals of Mark Levine, "The Jazz Theory Book" (1995), with their usual symbols."""

TONIC_OCTAVE: Final = 3
"""Of a tonic that is written without one."""
_TONIC: Final = re.compile("([a-g])([#b]?)(-?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale on a tonic.

    Attributes:
        tonic: its MIDI number.
        intervals: of its notes above the tonic, within an octave.
        text: as it is written.
    """

    tonic: int
    intervals: tuple[int, ...]
    text: str

    def degree(self, number: int) -> int:
        """The MIDI number of a degree: 1 is the tonic, 0 and what is below lie under it."""
        octave, place = divmod(number - 1, len(self.intervals))
        return self.tonic + 12 * octave + self.intervals[place]

    def nearest(self, midi: int) -> int:
        """The note of the scale that is nearest to a MIDI number; of two, the lower."""
        return min(range(midi - 6, midi + 7), key=lambda n: (not self._has(n), abs(n - midi), n))

    def _has(self, midi: int) -> bool:
        return (midi - self.tonic) % 12 in self.intervals


def tonic(text: str) -> int:
    """The MIDI number of a tonic such as `c`, `f#`, `eb2`."""
    match = _TONIC.fullmatch(text.lower())
    assert match is not None, text
    octave = TONIC_OCTAVE if match[3] is None else int(match[3])
    bend = {"": 0, "#": 1, "b": -1}[match[2]]
    return 12 * (octave + 1) + SEMITONES[match[1]] + bend
