"""What a sequence plays, drawn as a grid with a row for each bar."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from chronus.language.steps import has_chance
from chronus.patch.cells import cells_of
from chronus.patch.naming import shown_target
from chronus.patch.query import query
from chronus.session.saving import options_text

if TYPE_CHECKING:
    from chronus.language.steps import Sequence
    from chronus.patch.model import Patch

MOST_BARS: Final = 4
MOST_STEPS: Final = 64
"""Of a bar that are shown."""


def period(sequence: Sequence) -> int:
    """After how many cycles a pattern comes again, but for chance."""
    return math.lcm(1, *(cell.condition.modulus for cell in cells_of(sequence.steps)))


def length_text(sequence: Sequence) -> str:
    """How long a pattern is: `16 steps`, `5 steps, 3 cycles, chance`."""
    count, cycles = len(sequence.steps), period(sequence)
    words = [f"{count} step{'s' * (count != 1)}"]
    words += [f"{cycles} cycles"] * (cycles > 1)
    return ", ".join([*words, *["chance"] * has_chance(sequence.steps)])


def pattern_text(target: str, sequence: Sequence) -> str:
    """A pattern in its normal form, with its options."""
    return f"{sequence.text}{options_text(target, sequence)}"


def grid(patch: Patch, target: str) -> tuple[str, ...]:
    """What a sequence plays from its start on, a row for a bar; what is left to chance is decided.

    Until it comes again, or MOST_BARS.
    """
    sequence = patch.sequences[target]
    # Where a step lies is drawn without swing.
    plain = replace(sequence, options=replace(sequence.options, swing=0.5))
    step = plain.options.step * 4
    bar = Fraction(patch.meter[0] * 4, patch.meter[1])
    whole = len(plain.steps) * step * period(plain)
    bars = min(math.ceil(whole / bar), MOST_BARS)
    cells: dict[int, list[str]] = {}
    for event in query(plain, Fraction(0), bars * bar):
        cells.setdefault(math.floor(event.begin / step), []).append(event.step.word)
        for held in range(math.floor(event.begin / step) + 1, math.ceil(event.end / step)):
            cells.setdefault(held, ["_"])
    shown = {index: _within(words) for index, words in cells.items()}
    width = max(map(len, shown.values()), default=1)
    rows = []
    for number in range(bars):
        first, last = math.ceil(number * bar / step), math.ceil((number + 1) * bar / step)
        places = range(first, min(last, first + MOST_STEPS))
        words = [shown.get(index, ".").ljust(width) for index in places]
        beats = [
            " " * (index > first and width == 1 and (index * step).denominator == 1) + word
            for index, word in zip(places, words, strict=True)
        ]
        text = ("" if width == 1 else " ").join(beats).rstrip()
        more = " ..." if last - first > MOST_STEPS else ""
        rows.append(f"{number + 1} | {text}{more} |")
    return tuple(rows)


def _within(words: list[str]) -> str:
    """What begins within one step."""
    if len(words) == 1:
        return words[0]
    return f"{words[0]}*{len(words)}" if len(set(words)) == 1 else f"[{' '.join(words)}]"


def described(patch: Patch, target: str) -> tuple[str, ...]:
    """All that is said of a sequence, as lines."""
    sequence = patch.sequences[target]
    shown = shown_target(patch, target)
    head = f"sequence {shown}: {pattern_text(shown, sequence)}"
    return (head, f"  {length_text(sequence)}", *(f"  {row}" for row in grid(patch, target)))


def sequence_data(patch: Patch, target: str) -> dict[str, Any]:
    """The same for programs."""
    sequence, shown = patch.sequences[target], shown_target(patch, target)
    return {
        "sequence": shown,
        "pattern": pattern_text(shown, sequence),
        "steps": len(sequence.steps),
        "cycles": period(sequence),
        "chance": has_chance(sequence.steps),
        "beats": float(len(sequence.steps) * sequence.options.step * 4),
        "grid": list(grid(patch, target)),
    }
