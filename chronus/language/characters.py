"""Characters that have no place in a line, and those that only look as if they had."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chronus.errors import Code, Span, UserError

LONGEST_LINE: Final = 20_000
_SUGGESTED: Final = 400

_CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_FREE_TEXT: Final = re.compile(r'"[^"]*"|(?<![^\s;])#.*', re.ASCII)
_DISGUISED: Final = re.compile(
    "[\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\u2018-\u201f\xab\xbb]"
)
# ruff: noqa: RUF001 - the look-alikes stand here as they are met
_LIKE: Final = {
    "a": "аα", "b": "б", "c": "с", "e": "еε", "i": "і", "o": "оο", "p": "рρ", "s": "ѕ", "x": "хχ×",
    "y": "у", "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "Н", "K": "К", "M": "М", "O": "ОΟ",
    "P": "РΡ", "T": "Т", "X": "ХΧ", "-": "−‐‑–—", ".": "·∙•", "#": "♯", '"': "«»“”„‟", "'": "‘’‚‛",
    ">": "→⇒",
}  # fmt: skip
_LOOKALIKES: Final = str.maketrans(
    {char: meant for meant, chars in (*_LIKE.items(), ("b", "♭")) for char in chars}
)


def plain(text: str) -> str:
    """The text with each disguised character (a Cyrillic х for an x) as what it looks like."""
    spread = text.replace("…", "...")
    return unicodedata.normalize("NFKC", spread).translate(_LOOKALIKES)


def title(character: str) -> str:
    """What to call a character in an error: itself, or its name where it cannot be shown."""
    code_point = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    if not character.isprintable() or character.isspace():
        return f"{name.lower()} ({code_point})" if name else code_point
    if character.isascii():
        return f"{character!r}"
    return (
        f"{character!r} ({name.lower()}, {code_point})" if name else f"{character!r} ({code_point})"
    )


def check(text: str, line: int) -> None:
    """Refuse what no line may hold, before anything else looks at it.

    Raises:
        UserError: E_LIMIT for a line too long; E_SYNTAX for control characters and lone surrogates
            anywhere, and, outside comments and quotes, for spaces and quotes of other alphabets.
    """
    if len(text) > LONGEST_LINE:
        message = f"the line has {len(text)} characters; {LONGEST_LINE} is the most a line may have"
        span = Span(line, LONGEST_LINE + 1, len(text) + 1)
        raise UserError(Code.LIMIT, message, span)
    control = _CONTROL.search(text)
    if control:
        message = f"the character {title(control[0])} has no place in a line"
        raise UserError(Code.SYNTAX, message, _at(line, control.start()))
    typed = _FREE_TEXT.sub(lambda free: " " * len(free[0]), text)
    disguised = _DISGUISED.search(typed)
    if disguised:
        character = disguised[0]
        meant = plain(character)
        instead = f"; write {'a space' if meant.isspace() else meant}" if meant.isascii() else ""
        if meant in {"", "'"}:
            instead = "; leave it out"
        message = f"{title(character)} is not understood{instead}"
        corrected = plain(text).replace("'", "")
        suggestions = (
            [" ".join(corrected.split())]
            if corrected.isascii() and len(corrected) <= _SUGGESTED
            else []
        )
        raise UserError(Code.SYNTAX, message, _at(line, disguised.start()), suggestions)


def _at(line: int, position: int) -> Span:
    return Span(line, position + 1, position + 2)
