"""What a command is: its word, form and meaning, examples that run, and what carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.session.draft import Draft


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the language.

    Attributes:
        verb: its word.
        form: how it is written.
        doc: one line, what it does.
        examples: lines that work one after the other in a new session.
        handles: what carries out each kind of statement that it can mean.
        more: further lines of help.
    """

    verb: str
    form: str
    doc: str
    examples: tuple[str, ...]
    handles: Mapping[type, Callable[[Draft, Any], None]]
    more: tuple[str, ...] = ()
