"""What stands right behind a step: chance, ratchets, locks, slides, Euclid and the like."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from lark import Token, Tree

from chronus.errors import Code, Span, UserError
from chronus.language.statements import Name
from chronus.language.steps import Lock
from chronus.language.tokens import quantity, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EVEN: Final = Fraction(1, 2)
"""The chance of `x?`."""
MOST: Final = {"RATCHET": 32, "REPEAT": 256, "EVERY": 1000}
MOST_EUCLID: Final = 64
MOST_LOCKS: Final = 8

_NAMES: Final = {
    "SLIDE": "a slide", "CHANCE": "chance", "RATCHET": "a ratchet", "EVERY": "every n-th cycle",
    "REPEAT": "a repeat", "EUCLID": "Euclid", "locks": "a lock",
}  # fmt: skip
_EUCLID: Final = re.compile(r"\(\s*([0-9]{1,9})\s*,\s*([0-9]{1,9})\s*(?:,\s*(-?[0-9]{1,9})\s*)?\)")
_CHANCE_DIGITS: Final = 12


class Marks(NamedTuple):
    """The marks of one step."""

    euclid: tuple[int, int, int] | None = None
    ratchet: int = 1
    every: int = 1
    chance: Fraction | None = None
    locks: tuple[Lock, ...] = ()
    slide: bool = False
    repeat: int = 1

    @property
    def text(self) -> str:
        """They as they are written, in the order that they always have."""
        shown = ""
        if self.euclid is not None:
            count, size, rotation = self.euclid
            shown += f"({count},{size},{rotation})" if rotation else f"({count},{size})"
        shown += f"*{self.ratchet}" if self.ratchet != 1 else ""
        shown += f"%{self.every}" if self.every != 1 else ""
        shown += chance_text(self.chance)
        if self.locks:
            locks = " ".join(f"{lock.port.text}={lock.value.text}" for lock in self.locks)
            shown += f"{{{locks}}}"
        shown += "~" if self.slide else ""
        return shown + (f"!{self.repeat}" if self.repeat != 1 else "")


def chance_text(chance: Fraction | None) -> str:
    """Chance as it is written."""
    if chance is None or chance == EVEN:
        return "" if chance is None else "?"
    percent = Decimal(chance.numerator * 100) / Decimal(chance.denominator)
    return f"?{percent.normalize():f}%"


def read(children: Iterable[Token | Tree[Token]], line: int) -> Marks:
    """The marks of a step, from what the grammar found behind it.

    Raises:
        UserError: E_SYNTAX for a mark that comes twice or is not finished, E_RANGE for a number out
            of bounds, E_LIMIT for too many locks.
    """
    marks = Marks()
    seen: dict[str, Span] = {}
    for child in children:
        kind = child.type if isinstance(child, Token) else child.data
        span = mark_span(child, line)
        if kind in seen:
            message = f"{_NAMES[kind]} is given twice; once is enough"
            raise UserError(Code.SYNTAX, message, span)
        seen[kind] = span
        if not isinstance(child, Token):
            marks = marks._replace(locks=_locks(child, line))
        elif kind == "SLIDE":
            marks = marks._replace(slide=True)
        elif kind == "CHANCE":
            marks = marks._replace(chance=_chance(child, span))
        elif kind == "EUCLID":
            marks = marks._replace(euclid=_euclid(child, span))
        elif kind == "RATCHET":
            marks = marks._replace(ratchet=_count(child, span))
        elif kind == "EVERY":
            marks = marks._replace(every=_count(child, span))
        else:
            marks = marks._replace(repeat=_count(child, span))
    return marks


def mark_span(child: Token | Tree[Token], line: int) -> Span:
    """The place of a mark."""
    if isinstance(child, Token):
        return span_of(child, line)
    return Span(line, child.meta.start_pos + 1, child.meta.end_pos + 1)


def _count(token: Token, span: Span) -> int:
    most, digits = MOST[token.type], token[1:]
    what = _NAMES[token.type]
    if not digits:
        message = f"{what} needs a number: {token}2"
        raise UserError(Code.SYNTAX, message, span, [f"{token}2"])
    if len(digits) > 9 or not 1 <= int(digits) <= most:
        near = f"{token[0]}{most if int(digits[:9]) else 1}"
        message = f"{what} goes from {token[0]}1 to {token[0]}{most}, not {token[:12]}"
        raise UserError(Code.RANGE, message, span, [near])
    return int(digits)


def _chance(token: Token, span: Span) -> Fraction | None:
    written = token[1:]
    if not written:
        return EVEN
    digits = written.removesuffix("%")
    if digits == written:
        message = f"chance is written in percent: ?{digits}%"
        raise UserError(Code.SYNTAX, message, span, [f"?{digits}%"])
    if len(digits) > _CHANCE_DIGITS or Fraction(digits) > 100:
        message = f"chance goes from 0% to 100%, not {written[:_CHANCE_DIGITS]}"
        raise UserError(Code.RANGE, message, span)
    return Fraction(digits) / 100


def _euclid(token: Token, span: Span) -> tuple[int, int, int]:
    match = _EUCLID.fullmatch(token)
    if match is None:
        message = f"Euclid is written (3,8), or (3,8,2) to begin 2 steps in, not {token[:24]}"
        raise UserError(Code.SYNTAX, message, span, ["(3,8)", "(3,8,2)"])
    count, size, rotation = int(match[1]), int(match[2]), int(match[3] or 0)
    if not 1 <= size <= MOST_EUCLID:
        message = f"Euclid spreads hits over 1 to {MOST_EUCLID} steps, not {size}"
        raise UserError(Code.RANGE, message, span)
    if count > size:
        message = f"{count} hits do not fit into {size} steps"
        raise UserError(Code.RANGE, message, span, [f"({size},{size})", f"({size},{count})"])
    return count, size, rotation % size


def _locks(tree: Tree[Token], line: int) -> tuple[Lock, ...]:
    found: dict[str, Lock] = {}
    for lock in tree.children:
        assert isinstance(lock, Tree)
        port, value = (child for child in lock.children if isinstance(child, Token))
        name = Name(port.lower(), span_of(port, line))
        if name.text in found:
            message = f"{name.text} is locked twice; once is enough"
            raise UserError(Code.SYNTAX, message, name.span)
        found[name.text] = Lock(name, quantity(value, line))
    if not found:
        message = "this lock is empty: it is written {cutoff=1200 resonance=0.5}"
        raise UserError(Code.SYNTAX, message, mark_span(tree, line))
    if len(found) > MOST_LOCKS:
        message = f"a step locks up to {MOST_LOCKS} ports, not {len(found)}"
        raise UserError(Code.LIMIT, message, mark_span(tree, line))
    return tuple(found.values())


def refuse(children: Sequence[Token | Tree[Token]], line: int, kinds: set[str], why: str) -> None:
    """Refuse marks of some kinds where they mean nothing.

    Raises:
        UserError: E_SYNTAX, there is one of them.
    """
    for child in children:
        if (child.type if isinstance(child, Token) else child.data) in kinds:
            raise UserError(Code.SYNTAX, why, mark_span(child, line))
