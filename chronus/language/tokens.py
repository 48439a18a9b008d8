"""Words of the grammar: where they stand, and the values that they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.errors import Span
from chronus.language import quantities

if TYPE_CHECKING:
    from lark import Token

    from chronus.language.statements import Quantity


def quantity(token: Token, line: int) -> Quantity:
    """The value that a token of the grammar writes.

    Raises:
        UserError: E_VALUE and E_RANGE as `quantities` says.
    """
    span = span_of(token, line)
    match token.type:
        case "NOTE":
            return quantities.note(token, span)
        case "WORD":
            return quantities.word(token, span)
    return quantities.number(token, span)


def place(token: Token) -> tuple[int, int]:
    """Where a token begins and ends, counted from 0."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return token.start_pos, token.end_pos


def span_of(token: Token, line: int) -> Span:
    """The place of a word."""
    start, end = place(token)
    return Span(line, start + 1, end + 1)
