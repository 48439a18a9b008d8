"""A node gets another name in commands that are kept as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lark import Token
from lark.exceptions import UnexpectedInput

from chronus.language.grammar import grammar
from chronus.language.tokens import place

if TYPE_CHECKING:
    from lark import Tree


def renamed(text: str, before: str, name: str) -> str:
    """A command in which a node has another name, and so has what lies in it, if it is one whole.

    Args:
        text: of the command; what is none stays as it is.
        before: the name that the node had.
        name: that it has.
    """
    try:
        tree: Tree[Token] = grammar().parse(text)
    except UnexpectedInput:
        return text
    found = tree.scan_values(lambda part: isinstance(part, Token))
    for token in sorted(found, key=lambda token: place(token)[0], reverse=True):
        start, end = place(token)
        text = f"{text[:start]}{_renamed(token, before, name)}{text[end:]}"
    return text


def _renamed(token: Token, before: str, name: str) -> str:
    """A word of a command."""
    whole, slash, inside = str(token).lower().partition("/")
    if token.type not in ("NODE", "NAME") or whole != before:
        return str(token)
    return f"{name}{slash}{inside}"
