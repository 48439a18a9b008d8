"""How a pattern lies in time: its hits and holds as cells, each with the condition it is there on.

All times are exact fractions. A pattern repeats every so many steps, one cycle; what differs from
cycle to cycle (turns, every n-th cycle, chance) is not laid out but said as conditions, so that a
pattern of any period is a few cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

from chronus.patch.chance import ONE, drawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.language.steps import Lock, Sequence, Step


EVEN = Fraction(1, 2)
"""No swing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a cell is there.

    Attributes:
        modulus: it is there in cycles whose number, from 0 on, leaves `remainder` by this.
        chances: each the number of a draw in the pattern, and how likely it is; all must come true.
    """

    modulus: int = 1
    remainder: int = 0
    chances: tuple[tuple[int, Fraction], ...] = ()

    def one_of(self, size: int, place: int) -> Condition:
        """The same, and of the cycles that are left only one in `size`."""
        remainder = self.remainder + self.modulus * place
        return replace(self, modulus=self.modulus * size, remainder=remainder)

    def and_chance(self, number: int, chance: Fraction) -> Condition:
        """The same, if a draw comes true, too."""
        return replace(self, chances=(*self.chances, (number, chance)))

    def holds(self, cycle: int, seed: int) -> bool:
        """Whether a cell is there in a cycle."""
        if cycle % self.modulus != self.remainder:
            return False
        return all(drawn(seed, cycle, n) < threshold(chance) for n, chance in self.chances)


@dataclass(frozen=True, slots=True)
class Cell:
    """A hit or hold in its own time.

    Attributes:
        begin: from the start of the cycle, in steps; in a layout, in beats.
        end: of its own time.
        step: what it is.
        slides: it runs into the next hit.
        locks: of this hit, by port.
        condition: when it is there.
        cycle: which of the cycles of a layout it belongs to.
    """

    begin: Fraction
    end: Fraction
    step: Step
    slides: bool
    locks: tuple[Lock, ...]
    condition: Condition
    cycle: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """All cells of a pattern in beats, after rotation and swing.

    Attributes:
        cells: by their begin; those that begin together in the order in which they are written.
        beats: after which they come again.
        cycles: of the pattern that they are: two where an odd number of steps swings.
    """

    cells: tuple[Cell, ...]
    beats: Fraction
    cycles: int


def threshold(chance: Fraction) -> int:
    """What comes true with a chance is a draw below this."""
    return int(chance * ONE)


def cells_of(steps: tuple[Step, ...]) -> tuple[Cell, ...]:
    """The cells of one cycle, in steps, in the order in which they are written."""
    draws = count()
    return tuple(
        cell
        for index, step in enumerate(steps)
        for cell in _cells(step, Fraction(index), Fraction(1), Condition(), draws)
    )


def _cells(
    step: Step, begin: Fraction, length: Fraction, condition: Condition, draws: Iterator[int]
) -> Iterator[Cell]:
    if step.kind == "rest":
        return
    if step.every != 1:
        condition = condition.one_of(step.every, 0)
    if step.chance is not None:
        condition = condition.and_chance(next(draws), step.chance)
    part = length / step.ratchet
    for strike in range(step.ratchet):
        slides = step.slide and strike == step.ratchet - 1
        for cell in _strike(step, begin + strike * part, part, condition, draws):
            inner = {lock.port.text for lock in cell.locks}
            locks = (*cell.locks, *(lock for lock in step.locks if lock.port.text not in inner))
            # Of a group, its last hit slides: the one whose time ends with it.
            is_last = slides and cell.end == begin + (strike + 1) * part
            if locks or is_last:
                yield replace(cell, locks=locks, slides=cell.slides or is_last)
            else:
                yield cell


def _strike(
    step: Step, begin: Fraction, length: Fraction, condition: Condition, draws: Iterator[int]
) -> Iterator[Cell]:
    """What a step is once, without its marks."""
    size = len(step.parts)
    if step.kind == "group":
        for index, part in enumerate(step.parts):
            yield from _cells(part, begin + index * length / size, length / size, condition, draws)
    elif step.kind == "turn":
        for index, part in enumerate(step.parts):
            yield from _cells(part, begin, length, condition.one_of(size, index), draws)
    else:
        yield Cell(begin, begin + length, step, slides=False, locks=(), condition=condition)


def cycle_beats(sequence: Sequence) -> Fraction:
    """After how many beats a pattern comes again."""
    return len(sequence.steps) * sequence.options.step * 4


def layout(sequence: Sequence, swing: Fraction = EVEN) -> Layout:
    """A pattern in beats.

    Args:
        sequence: the pattern and its options.
        swing: where in its pair the second of two steps begins, of a sequence that says none.
    """
    options = sequence.options
    size = len(sequence.steps)
    swing = swing if options.swing is None else Fraction(options.swing)
    cycles = 2 if swing != EVEN and size % 2 else 1
    step_beats = options.step * 4

    def beat(place: Fraction) -> Fraction:
        """Where a place among the steps lies: swing moves the middle of each pair."""
        if swing == EVEN:
            return place * step_beats
        pair, within = divmod(place, 2)
        if within < 1:
            return (pair * 2 + within * 2 * swing) * step_beats
        return (pair * 2 + 2 * swing + (within - 1) * 2 * (1 - swing)) * step_beats

    placed = []
    for cell in cells_of(sequence.steps):
        begin = (cell.begin + options.rotate) % size
        end = begin + cell.end - cell.begin
        for cycle in range(cycles):
            first = cycle * size
            placed.append(
                replace(cell, begin=beat(begin + first), end=beat(end + first), cycle=cycle)
            )
    placed.sort(key=lambda cell: cell.begin)
    return Layout(tuple(placed), cycle_beats(sequence) * cycles, cycles)
