"""The options that stand behind a pattern."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from lark import Token, Tree

from chronus.errors import Code, Span, UserError, nearest
from chronus.language.harmony import Scale, tonic
from chronus.language.quantities import in_unit
from chronus.language.steps import SequenceOptions
from chronus.language.tokens import place, quantity, span_of
from chronus.scales import SCALES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chronus.language.statements import Quantity

SHORTEST_STEP: Final = Fraction(1, 1024)
LONGEST_STEP: Final = Fraction(64)
HIGHEST_SEED: Final = 2**31 - 1
_TRANSPOSE_ST: Final = 120
_OCTAVES: Final = range(10)
_OF_NOTES: Final = frozenset({"scale"})
_OF_PORTS: Final = frozenset({"smooth"})


def options(trees: Iterable[Tree[Token]], line: int, *, is_port: bool) -> SequenceOptions:
    """What stands behind a pattern.

    Args:
        trees: as the grammar found them.
        line: number of the text line, for spans.
        is_port: whether the pattern moves a port.

    Raises:
        UserError: E_SYNTAX for an option given twice or of the other sort of pattern, E_VALUE for a
            wrong unit, E_NAME for an unknown scale, E_RANGE for a value out of bounds.
    """
    chosen = SequenceOptions()
    seen: set[str] = set()
    for tree in trees:
        word = tree.data.removesuffix("_option")
        tokens = [token for token in tree.children if isinstance(token, Token)]
        start, end = place(tokens[0]) if tokens else (tree.meta.start_pos, tree.meta.end_pos)
        span = Span(line, start + 1, end + 1)
        if word in seen:
            raise UserError(Code.SYNTAX, f"{word} is given twice; once is enough", span)
        seen.add(word)
        if word in (_OF_NOTES if is_port else _OF_PORTS):
            what = "notes, and this one moves a port" if is_port else "values of a port"
            raise UserError(Code.SYNTAX, f"{word} is an option of patterns of {what}", span)
        if word == "now":
            chosen = replace(chosen, now=True)
        elif word == "smooth":
            chosen = replace(chosen, smooth=True)
        elif word == "scale":
            chosen = replace(chosen, scale=_scale(tokens[0], tokens[1], line).text)
        else:
            chosen = _OPTIONS[word](chosen, quantity(tokens[0], line))
    return chosen


def scale_of(chosen: SequenceOptions) -> Scale | None:
    """The scale that a pattern is in; None for none."""
    if not chosen.scale:
        return None
    root, name = chosen.scale.split()
    return Scale(tonic(root), SCALES[name], chosen.scale)


def _scale(root: Token, name: Token, line: int) -> Scale:
    octave = root.lower().lstrip("abcdefg").lstrip("#b")
    if octave and (len(octave) > 2 or int(octave) not in _OCTAVES):
        message = f"{root.lower()} is no tonic: octaves go from {_OCTAVES[0]} to {_OCTAVES[-1]}"
        raise UserError(Code.VALUE, message, span_of(root, line))
    wanted = name.lower()
    if wanted not in SCALES:
        message = f"{wanted!r} is no scale; there are {', '.join(SCALES)}"
        raise UserError(Code.NAME, message, span_of(name, line), nearest(wanted, SCALES))
    return Scale(tonic(root), SCALES[wanted], f"{root.lower()} {wanted}")


def _step(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    if value.unit not in {"fraction", "beats"} and value.exact != 0:
        message = f"{value.text} is no length of a step, which is written 1/16, 1/8 or 1 beat"
        near = [f"1/{value.text}"] if value.unit == "" and value.text.isdigit() else ["1/16"]
        raise UserError(Code.VALUE, message, value.span, near)
    whole_notes = value.exact / 4 if value.unit == "beats" else value.exact
    if not SHORTEST_STEP <= whole_notes <= LONGEST_STEP:
        message = (
            f"a step lasts from {SHORTEST_STEP} to {LONGEST_STEP} whole notes, not {value.text}"
        )
        raise UserError(Code.RANGE, message, value.span)
    return replace(chosen, step=whole_notes)


def swing(value: Quantity) -> float:
    """Where in its pair the second of two steps begins, 0..1.

    Raises:
        UserError: E_VALUE for a wrong unit, E_RANGE for a value out of bounds.
    """
    share = in_unit(value, "")
    if not 0 < share < 1:
        message = f"swing goes from 1% to 99%, 50% is straight; {value.text} is out of it"
        near = [f"{value.text}%"] if value.unit == "" and 0 < value.value < 100 else []
        raise UserError(Code.RANGE, message, value.span, near)
    return share


def _swing(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    return replace(chosen, swing=swing(value))


def _gate(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    share = in_unit(value, "")
    if not 0 < share <= 1:
        message = f"gate is a share of the step, from 1% to 100%; {value.text} is out of it"
        raise UserError(Code.RANGE, message, value.span)
    return replace(chosen, gate=share)


def _rotate(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    if value.unit != "" or value.exact.denominator != 1:
        message = f"rotate takes a whole number of steps such as 2 or -1, not {value.text}"
        raise UserError(Code.VALUE, message, value.span)
    return replace(chosen, rotate=int(value.exact))


def _transpose(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    semitones = in_unit(value, "st")
    if abs(semitones) > _TRANSPOSE_ST:
        message = f"transpose goes from -{_TRANSPOSE_ST}st to {_TRANSPOSE_ST}st, not {value.text}"
        raise UserError(Code.RANGE, message, value.span)
    return replace(chosen, transpose_st=semitones)


def seed_in(value: Quantity, highest: int) -> int:
    """A seed as it was written.

    Raises:
        UserError: E_VALUE or E_RANGE.
    """
    if value.unit != "" or value.exact.denominator != 1:
        message = f"a seed is a whole number such as 7, not {value.text}"
        raise UserError(Code.VALUE, message, value.span)
    if not 0 <= value.exact <= highest:
        message = f"a seed goes from 0 to {highest}, not {value.text}"
        raise UserError(Code.RANGE, message, value.span)
    return int(value.exact)


def _seed(chosen: SequenceOptions, value: Quantity) -> SequenceOptions:
    return replace(chosen, seed=seed_in(value, HIGHEST_SEED))


_OPTIONS: Final[dict[str, Callable[[SequenceOptions, Quantity], SequenceOptions]]] = {
    "step": _step,
    "swing": _swing,
    "gate": _gate,
    "rotate": _rotate,
    "transpose": _transpose,
    "seed": _seed,
}
