"""How many there are, in words."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """A number and what is counted: `1 cable`, `2 cables`, `3 boxes`."""
    ending = "" if count == 1 else "es" if noun.endswith("x") else "s"
    return f"{count} {noun}{ending}"
