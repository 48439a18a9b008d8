"""What the chance of a node begins with: a number, which is made of its name unless it is given.

The seeds of its states, and of each of its voices, are made of that number. CRC-32 goes on from a
number as from the text that gave it: the seed of `pad` and the rest of a name, `/air`, give that of
`pad/air`. So one number says all of what is in an instrument, too.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind

HIGHEST: Final = 2**32 - 1
"""The highest seed of a node."""


def seed_of(text: str, before: int = 0) -> int:
    """The seed of a text, or of a text that goes on from one whose seed was `before`."""
    return zlib.crc32(text.encode(), before)


def leaves_to_chance(kind: Kind) -> bool:
    """Whether a kind has states that begin with a seed."""
    return any(math.isnan(state.initial) for state in kind.state)
