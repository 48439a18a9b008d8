"""From the trees of lines about instruments to their objects."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, Span, UserError
from chronus.language import build, quantities
from chronus.language import statements as st
from chronus.language.instruments import Expose, Instrument, Manner
from chronus.language.options import seed_in
from chronus.language.tokens import place, quantity, span_of

if TYPE_CHECKING:
    from lark import Token, Tree

    from chronus.language.statements import Quantity

    Node = Tree[Token]

HIGHEST_OF_NODES: Final = 2**32 - 1
"""The highest seed of a node: they have 32 bits."""
VOICES: Final = range(1, 65)
"""Notes that an instrument may play at once."""
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?[ \t]*[a-z%]*", re.ASCII | re.IGNORECASE
)


def instrument(tree: Node, line: int, body: st.Body | None = None) -> Instrument:
    """The beginning of an instrument.

    Raises:
        UserError: E_SYNTAX, E_VALUE or E_RANGE, with its place.
    """
    name = build.names(tree, line, "NAME")[0]
    return Instrument(name, _doc(tree, line) or "", manner(tree, line), body)


def manner(tree: Node, line: int) -> Manner:
    """How an instrument is to be played, from the words behind its name.

    Raises:
        UserError: E_SYNTAX, something is said twice; E_VALUE or E_RANGE.
    """
    found = Manner()
    for part in build.trees(tree):
        if part.data not in {"voices", "mono", "legato", "glide"}:
            continue
        span = Span(line, part.meta.start_pos + 1, part.meta.end_pos + 1)
        what = "voices" if part.data == "mono" else part.data
        if getattr(found, what) is not None:
            message = f"{part.data} is said twice" if what == part.data else "mono is one voice"
            raise UserError(Code.SYNTAX, f"{message}; once is enough", span)
        found = replace(found, span=found.span or span)
        match part.data:
            case "mono":
                found = replace(found, voices=quantities.number("1", span))
            case "voices":
                found = replace(found, voices=_voices(part, line))
            case "legato":
                found = replace(found, legato=not build.tokens(part, "OFF"))
            case _:
                found = replace(found, glide=_glide(part, line))
    return found


def seed(tree: Node, line: int) -> Quantity | None:
    """What the chance of a node is to begin with; None where nothing is said.

    Raises:
        UserError: E_SYNTAX, it is said twice; E_VALUE or E_RANGE.
    """
    found = [part for part in build.trees(tree) if part.data == "seed"]
    values = [quantity(build.tokens(part, "NUMBER")[0], line) for part in found]
    if len(values) > 1:
        raise UserError(Code.SYNTAX, "seed is said twice; once is enough", values[1].span)
    for value in values:
        seed_in(value, HIGHEST_OF_NODES)
    return values[0] if values else None


def _glide(part: Node, line: int) -> Quantity:
    length = quantity(build.tokens(part, "DURATION")[0], line)
    if length.unit not in {"", "s"}:
        message = f"a glide lasts so many ms or s, such as 60ms, not {length.text}"
        raise UserError(Code.VALUE, message, length.span, ("60ms",))
    return length


def _voices(part: Node, line: int) -> Quantity:
    voices = quantity(build.tokens(part, "NUMBER")[0], line)
    if voices.unit or voices.exact.denominator != 1:
        message = f"voices are a whole number such as 4, not {voices.text}"
        raise UserError(Code.VALUE, message, voices.span, ("4",))
    if int(voices.exact) not in VOICES:
        message = f"an instrument has {VOICES[0]} to {VOICES[-1]} voices, not {voices.text}"
        near = VOICES[0] if voices.exact < 1 else VOICES[-1]
        raise UserError(Code.RANGE, message, voices.span, (str(near),))
    return voices


def expose(tree: Node, line: int) -> Expose:
    """A port of an instrument.

    Raises:
        UserError: E_SYNTAX, E_VALUE or E_RANGE, with its place.
    """
    port, inner = build.names(tree, line, "PORT")
    target = st.PortRef(build.names(tree, line, "NODE")[0], inner)
    low = high = default = None
    for part in build.trees(tree):
        (token,) = build.tokens(part, "RANGE", "VALUE", "NOTE", "WORD")
        if (low if part.data == "limits" else default) is not None:
            word = "range" if part.data == "limits" else "default"
            message = f"{word} is given twice; once is enough"
            raise UserError(Code.SYNTAX, message, span_of(token, line))
        if part.data == "limits":
            low, high = _limits(token, line)
        else:
            default = quantity(token, line)
    return Expose(port, target, low, high, default, _doc(tree, line))


def _limits(token: Token, line: int) -> tuple[Quantity, Quantity]:
    """Both ends of a range such as `100hz..8khz`."""
    first = place(token)[0]
    ends: list[Quantity] = []
    for text in token.split("..", maxsplit=1):
        start = first + token.index(text) if not ends else first + len(token) - len(text.lstrip())
        word = text.strip()
        span = Span(line, start + 1, start + 1 + len(word))
        if quantities.note_hz(word) is not None:
            ends.append(quantities.note(word, span))
        elif _NUMBER.fullmatch(word):
            ends.append(quantities.number(word, span))
        else:
            message = f"{word!r} is no end of a range, which is written 100hz..8khz"
            raise UserError(Code.VALUE, message, span)
    return ends[0], ends[1]


def _doc(tree: Node, line: int) -> str | None:
    """What stands in quotes."""
    quoted = build.tokens(tree, "QUOTED")
    if len(quoted) > 1:
        message = "there are two lines in quotes; one is enough"
        raise UserError(Code.SYNTAX, message, span_of(quoted[1], line))
    return " ".join(quoted[0].strip('"').split()) if quoted else None
