"""A pattern as a pure function of time: what begins in a span of beats, exactly.

This is what the engine's tables are compared with; it knows nothing of frames, floats or tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from chronus.patch.cells import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.language.steps import Lock, Sequence, Step
    from chronus.patch.cells import Cell, Layout

LONGEST_WALK = 1 << 14
"""Cells that are looked at to find the end of a note; it ends there at the latest."""


@dataclass(frozen=True, slots=True)
class Event:
    """A hit, with all that holds it.

    Attributes:
        begin: its onset, in beats from the pattern's start, and `end`, where its last step ends.
        part: as much of that as lies in the span that was asked for.
        last: where the last step begins that it has: `begin`, or that of a hold.
        step: what is hit.
        locks: ports that are set while it lasts.
        is_followed: the next hit begins at its end.
        slides: it runs into that.
        cycle: in which cycle of the pattern it begins.
    """

    begin: Fraction
    end: Fraction
    part: tuple[Fraction, Fraction]
    last: Fraction
    step: Step
    locks: tuple[Lock, ...]
    is_followed: bool
    slides: bool
    cycle: int


def query(
    sequence: Sequence, begin: Fraction, end: Fraction, swing: Fraction = Fraction(1, 2)
) -> tuple[Event, ...]:
    """The events whose onset lies in a half-open span of beats, in order.

    So the events of a span are those of its parts one after the other, but for where `part` ends.

    Args:
        sequence: the pattern and its options; one that leaves something to chance has a seed.
        begin: of the span, in beats from the pattern's start, 0 or more.
        end: of the span.
        swing: of a sequence that says none.
    """
    laid = layout(sequence, swing)
    seed = sequence.options.seed or 0
    found: list[Event] = []
    turn = int(begin // laid.beats)
    while turn * laid.beats < end:
        for index, cell in enumerate(laid.cells):
            onset = turn * laid.beats + cell.begin
            if not begin <= onset < end or cell.step.kind != "hit":
                continue
            if _is_there(laid, cell, turn, seed):
                found.append(_event(laid, index, turn, seed, (begin, end)))
        turn += 1
    return tuple(found)


def _is_there(laid: Layout, cell: Cell, turn: int, seed: int) -> bool:
    return cell.condition.holds(turn * laid.cycles + cell.cycle, seed)


def _event(
    laid: Layout, index: int, turn: int, seed: int, span: tuple[Fraction, Fraction]
) -> Event:
    cell = laid.cells[index]
    onset = turn * laid.beats + cell.begin
    last, end = onset, turn * laid.beats + cell.end
    is_followed, slides = False, cell.slides
    for begin, after in _later(laid, index, turn, seed):
        if begin > end:
            break
        if begin < end:
            continue
        if after.step.kind == "hit":
            is_followed = True
            break
        last, end = begin, begin + after.end - after.begin
        slides = slides or after.slides
    return Event(
        begin=onset,
        end=end,
        part=(onset, min(end, span[1])),
        last=last,
        step=cell.step,
        locks=cell.locks,
        is_followed=is_followed,
        slides=slides and is_followed,
        cycle=turn * laid.cycles + cell.cycle,
    )


def _later(laid: Layout, index: int, turn: int, seed: int) -> Iterator[tuple[Fraction, Cell]]:
    """The onsets and cells that are there behind a cell."""
    for _ in range(LONGEST_WALK):
        index += 1
        if index == len(laid.cells):
            index, turn = 0, turn + 1
        cell = laid.cells[index]
        if _is_there(laid, cell, turn, seed):
            yield turn * laid.beats + cell.begin, cell
