"""The colours of the line that is being typed: what the grammar takes each word for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from lark.exceptions import UnexpectedInput
from prompt_toolkit.lexers import Lexer

from chronus.language.grammar import grammar

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples

STYLE: Final = {
    "command": "bold",
    "word": "ansicyan",
    "name": "ansigreen",
    "port": "ansiyellow",
    "value": "ansimagenta",
    "step": "ansimagenta",
    "sign": "",
    "comment": "ansibrightblack italic",
}
_LONGEST: Final = 500
"""What is longer has no colours: it was pasted, and nobody waits for them."""
_NAMES: Final = frozenset(
    {"NODE", "KIND", "MODULE", "NAME", "THING", "LABEL", "DIGEST", "FILE", "TOPIC"}
)
_VALUES: Final = frozenset({"VALUE", "NUMBER", "DURATION", "METER", "NOTE", "WORD", "OPERATOR"})
_STEPS: Final = frozenset({"HIT", "REST", "HOLD", "BARLINE", "SLIDE"})


def _class_of(terminal: str, *, is_first: bool) -> str:
    if terminal in _NAMES:
        return "name"
    if terminal == "PORT":
        return "port"
    if terminal in _VALUES:
        return "value"
    if terminal in _STEPS:
        return "step"
    if is_first:
        return "command"
    return "word" if terminal.lstrip("_").isalpha() else "sign"


@functools.lru_cache(maxsize=64)
def coloured(text: str) -> StyleAndTextTuples:
    """A line in pieces with their styles; from where it is not understood on it has none."""
    pieces: StyleAndTextTuples = []
    done, is_first = 0, True

    def add(until: int, style: str) -> None:
        nonlocal done
        if until > done:
            pieces.append((style, text[done:until]))
            done = until

    if len(text) <= _LONGEST:
        try:
            for token in grammar().parse_interactive(text).iter_parse():
                start, end = token.start_pos, token.end_pos
                if start is None or end is None:
                    break
                add(start, "")
                is_sign = not token.strip(" ;:,.=>")
                name = "sign" if is_sign else _class_of(token.type, is_first=is_first)
                add(end, f"class:{name}")
                is_first = token.type == "_SEMICOLON" or (is_first and is_sign)
        except UnexpectedInput:
            pass
    rest = text[done:]
    is_comment = rest.lstrip().startswith("#") and (not done or rest[:1].isspace())
    add(len(text), "class:comment" if is_comment else "")
    return pieces


class Colours(Lexer):
    """Colours for prompt_toolkit, line by line."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The pieces of each line."""
        lines = document.lines

        def line(number: int) -> StyleAndTextTuples:
            return coloured(lines[number]) if number < len(lines) else []

        return line
