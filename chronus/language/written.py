"""Steps as text again: each that stands for itself, so that repeats and Euclid are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.language.marks import Marks

if TYPE_CHECKING:
    from chronus.language.steps import Step


def steps_text(steps: tuple[Step, ...]) -> str:
    """A pattern that reads back to the very same steps."""
    return " ".join(map(_text, steps))


def _text(step: Step) -> str:
    marks = Marks(None, step.ratchet, step.every, step.chance, step.locks, step.slide)
    return marked(_base(step), marks, is_number=is_number(step))


def marked(base: str, marks: Marks, *, is_number: bool) -> str:
    """A step with its marks; a number behind which `%2` would be a share stands in brackets."""
    is_share = is_number and marks.every != 1 and marks.ratchet == 1 and marks.euclid is None
    return (f"[{base}]" if is_share else base) + marks.text


def is_number(step: Step) -> bool:
    """Whether a step is the value of a port as a number."""
    return step.value is not None and step.value.unit not in {"word", "note"}


def _base(step: Step) -> str:
    match step.kind:
        case "rest":
            return "."
        case "hold":
            return "_"
        case "group":
            return f"[{steps_text(step.parts)}]"
        case "turn":
            return f"<{steps_text(step.parts)}>"
    return step.word
