"""What a module of the user's own may declare: all that others take for granted of a kind."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from chronus.dsp import own
from chronus.dsp.declaration import Curve, Family, Input, Memory, Output, State

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS: Final = ("", "hz", "ms", "s", "db", "%", "st", "beats")
LONGEST_LINE: Final = 200
"""Characters of a line of help."""
_PARTS: Final = (("inputs", Input), ("outputs", Output), ("state", State), ("memories", Memory))
_WORDS: Final = frozenset({"on", "off"})
_NAMED: Final = "its name is small letters, digits and _"


def mistake_in(kind: Any) -> str:
    """What is wrong with a kind as it was declared, whatever its author has put there; or ""."""
    return next((mistake for check in _CHECKS for mistake in check(kind)), "")


def _in_parts(kind: Any) -> Iterator[str]:
    if not _is_name(kind.name):
        yield f"a module cannot be called '{kind.name}': {_NAMED}"
    if not isinstance(kind.family, Family):
        yield f"family is one of {', '.join(f'Family.{family.name}' for family in Family)}"
    for what, wanted in _PARTS:
        parts = getattr(kind, what)
        if not isinstance(parts, tuple) or not all(isinstance(part, wanted) for part in parts):
            yield f"{what} is a tuple of {wanted.__name__}: ({wanted.__name__}(...),)"


def _in_lines(kind: Any) -> Iterator[str]:
    ports = (*kind.inputs, *kind.outputs)
    for line in (kind.doc, kind.source, kind.example, *(port.doc for port in ports)):
        if not isinstance(line, str) or not line.strip():
            yield f"each doc, and source and example, is a line of text, not {line!r}"
        elif not line.isprintable():
            yield f"{line!r} is not one line of printable text"
    for line in (kind.doc, *(port.doc for port in ports)):
        if len(line) > LONGEST_LINE:
            yield f"a doc has at most {LONGEST_LINE} characters, not {len(line)}"


def _in_names(kind: Any) -> Iterator[str]:
    for ports in (kind.inputs, kind.outputs):
        for name, count in Counter(port.name for port in ports).items():
            if not _is_name(name):
                yield f"a port cannot be called '{name}': {_NAMED}"
            if count > 1:
                yield f"there are two ports '{name}'"


def _in_inputs(kind: Any) -> Iterator[str]:
    for port in kind.inputs:
        if port.unit not in UNITS:
            units = ", ".join(filter(None, UNITS))
            yield f"{port.name}: '{port.unit}' is no unit of a port; there are {units}"
        if not isinstance(port.curve, Curve):
            yield f"{port.name}: curve is Curve.LINEAR or Curve.EXPONENTIAL"
        if math.isfinite(port.low) != math.isfinite(port.high):
            yield f"{port.name}: a range has two ends, or none: {port.low} to {port.high}"
        if port.channels not in {1, 2}:
            yield f"{port.name}: channels are 1, or 2 for left and right"
        for word in port.choices:
            if not isinstance(word, str) or not own.NAME.fullmatch(word):
                yield f"{port.name}: a choice cannot be called '{word}': {_NAMED}"


def _in_memories(kind: Any) -> Iterator[str]:
    for memory in kind.memories:
        if not math.isfinite(memory.seconds) or memory.seconds <= 0.0:
            yield f"{memory.name}: a memory is longer than 0 seconds, not {memory.seconds}"


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and own.NAME.fullmatch(name) is not None and name not in _WORDS


_CHECKS: Final = (_in_parts, _in_lines, _in_names, _in_inputs, _in_memories)
"""Each may take for granted what those before it have seen to."""
