"""Patterns made of notes: the steps on which they lie, their lengths and velocities."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chronus.session.notes import Note

GRIDS: Final = (4, 8, 12, 16, 24, 32, 48, 64, 96)
"""Steps of a whole note that are tried, the coarsest first; 96 are triplets of 1/64."""
FINE: Final = 16
NEAR_GATE: Final = Fraction(1, 50)
LEVELS: Final = {"x": 0.8, "X": 1.0, "o": 0.45}
NEAR_LEVEL: Final = 0.02
NAMES: Final = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")


@dataclass(frozen=True, slots=True)
class Manner:
    """How notes become steps.

    Attributes:
        is_grid: hits alone, whatever the pitch.
        chords: notes that begin together are one step, `c3+eb3`; else the highest is taken.
        locks: a velocity that is none of the levels is locked, `c3{velocity=0.6}`.
    """

    is_grid: bool = False
    chords: bool = False
    locks: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern made of notes.

    Attributes:
        text: of the steps, and of the options behind them.
        notes: how many notes it plays in a cycle.
        bars: it lasts.
        grid: its steps of a whole note.
        moved: notes that lay between steps.
        left_out: notes that began together with others.
        levelled: notes that have another velocity now.
    """

    text: str
    notes: int
    bars: int
    grid: int
    moved: int
    left_out: int
    levelled: int


def pattern_of(notes: Sequence[Note], meter: tuple[int, int], manner: Manner) -> Pattern:
    """A pattern that plays notes, in whole bars.

    The steps are the coarsest on which all of them lie, and whose gate they all have; where they
    differ in that, the coarsest from 1/16 on; where they lie on none, triplets of 1/64, to which
    they move.

    Args:
        notes: by their begin; there must be one.
        meter: of the bars.
        manner: how.
    """
    bar = Fraction(4 * meter[0], meter[1])
    grid = _grid(notes, bar)
    step = Fraction(4, grid)
    at: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        at[round(note.begin / step)].append(note)
    lasts = max(*(note.end for note in notes), *(index * step for index in at))
    bars = max(math.ceil((lasts - step / 2) / bar), math.floor(max(at) * step / bar) + 1)
    count = math.ceil(bars * bar / step)
    gate = _gate(_shares(notes, step))
    words = ["."] * count
    onsets = sorted(at)
    left_out = levelled = 0
    for place, index in enumerate(onsets):
        chord = {note.number: note for note in at[index]}
        kept = sorted(chord.values(), key=lambda note: -note.number)
        kept = kept if manner.chords and not manner.is_grid else kept[:1]
        left_out += len(at[index]) - len(kept)
        words[index], is_levelled = _word(kept, manner)
        levelled += is_levelled
        room = (onsets[place + 1] if place + 1 < len(onsets) else count) - index
        length = max(note.end - note.begin for note in kept) / step
        held = min(max(round(length - gate), 0), room - 1)
        words[index + 1 : index + 1 + held] = ["_"] * held
    options = f" step 1/{grid}" if grid != 16 else ""
    options += f" gate {float(gate * 100):g}%" if gate != Fraction(1, 2) else ""
    moved = sum((note.begin / step).denominator != 1 for note in notes)
    text = _with_bar_lines(words, bar / step, manner) + options
    return Pattern(text, len(notes) - left_out, bars, grid, moved, left_out, levelled)


def _grid(notes: Sequence[Note], bar: Fraction) -> int:
    """Steps of a whole note for notes in bars."""
    fitting = [g for g in GRIDS if _fits(notes, bar, Fraction(4, g))]
    for grid in fitting:
        shares = _shares(notes, Fraction(4, grid))
        if shares[-1] - shares[0] <= NEAR_GATE:
            return grid
    fine = [grid for grid in fitting if grid >= FINE]
    return [*fine, *fitting[-1:], GRIDS[-1]][0]


def _fits(notes: Iterable[Note], bar: Fraction, step: Fraction) -> bool:
    whole = (bar / step).denominator == 1
    return whole and all((note.begin / step).denominator == 1 for note in notes)


def _shares(notes: Sequence[Note], step: Fraction) -> list[Fraction]:
    """The share of its last step that each note lasts, sorted."""
    lengths = [(note.end - note.begin) / step for note in notes]
    return sorted(length - math.ceil(length) + 1 for length in lengths)


def _gate(shares: Sequence[Fraction]) -> Fraction:
    """The share of its last step that a note lasts, for most of them; in thousandths."""
    return Fraction(min(max(round(shares[len(shares) // 2] * 1000), 10), 1000), 1000)


def _word(chord: Sequence[Note], manner: Manner) -> tuple[str, bool]:
    """The step that plays notes together, and whether its velocity is another than theirs."""
    velocity = max(note.velocity for note in chord)
    if manner.is_grid:
        word = min(LEVELS, key=lambda level: abs(LEVELS[level] - velocity))
        level = LEVELS[word]
    else:
        word = "+".join(_name(note.number) for note in reversed(chord))
        level = LEVELS["x"]
    if abs(level - velocity) <= NEAR_LEVEL:
        return word, False
    return (f"{word}{{velocity={velocity:.3g}}}", False) if manner.locks else (word, True)


def _name(number: int) -> str:
    octave, semitone = divmod(number, 12)
    return f"{NAMES[semitone]}{octave - 1}"


def _with_bar_lines(words: Sequence[str], bar_steps: Fraction, manner: Manner) -> str:
    between = "" if manner.is_grid and all(len(word) == 1 for word in words) else " "
    size = int(bar_steps) if bar_steps.denominator == 1 else len(words)
    bars = [between.join(words[i : i + size]) for i in range(0, len(words), size)]
    return " | ".join(bars)
