"""What can go wrong by a user's hand: one exception with a code, a place and a way out."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Code(StrEnum):
    """The error codes of the reply protocol; they stay for ever."""

    SYNTAX = "E_SYNTAX"
    NAME = "E_NAME"
    PORT = "E_PORT"
    VALUE = "E_VALUE"
    RANGE = "E_RANGE"
    CABLE = "E_CABLE"
    STATE = "E_STATE"
    FILE = "E_FILE"
    DEVICE = "E_DEVICE"
    LIMIT = "E_LIMIT"
    LOCKED = "E_LOCKED"
    INTERNAL = "E_INTERNAL"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a command text, counted from 1; `end` is one past the last column."""

    line: int = 1
    column: int = 1
    end: int = 2


class UserError(Exception):
    """A mistake of the user, made known where it is found and caught once, in the command runner.

    Args:
        code: one of the contract's codes.
        message: reason and what is allowed, in one sentence without a final full stop.
        span: the place in the line, where there is one.
        suggestions: the nearest valid names or commands, best first.
        details: further lines, such as every error of a file.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        span: Span | None = None,
        suggestions: Iterable[str] = (),
        details: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.suggestions = tuple(suggestions)
        self.details = tuple(details)

    def __str__(self) -> str:
        """Code, reason, place and way out, on one line."""
        text = f"{self.code}: {self.message}"
        if self.span is not None:
            text += f" (line {self.span.line}, column {self.span.column})"
        return f"{text}; try: {', '.join(self.suggestions)}" if self.suggestions else text

    def at(self, span: Span) -> UserError:
        """The same error with a place, where it had none."""
        return UserError(self.code, self.message, self.span or span, self.suggestions, self.details)


def nearest(word: str, names: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The valid names that look most like `word`, best first; empty where nothing is near."""
    lower = {name.lower(): name for name in names}
    found = difflib.get_close_matches(word.lower(), lower, n=count, cutoff=0.5)
    begins = [key for key in lower if key.startswith(word.lower()) and key not in found]
    return tuple(lower[key] for key in [*found, *sorted(begins)][:count])
