"""Commands that look for something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Token, Tree


@dataclass(frozen=True, slots=True)
class Search:
    """Words that are looked for, lower case: each must be found."""

    words: tuple[str, ...]


def search(tree: Tree[Token], _line: int) -> Search:
    """The object of `search WORD ...`."""
    return Search(tuple(str(token).lower() for token in tree.children))
