"""Songs: scenes of a patch, one after the other, as an immutable value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chronus.language.scenes import Ending


@dataclass(frozen=True, slots=True)
class Part:
    """A scene, and the bars that belong to it."""

    scene: str
    bars: int

    def __str__(self) -> str:
        return f"{self.scene} {self.bars}"


@dataclass(frozen=True, slots=True)
class Song:
    """Parts, and what comes behind the last: nothing new, the transport stops, or all again."""

    parts: tuple[Part, ...]
    ending: Ending = ""

    def __str__(self) -> str:
        return ", ".join([*map(str, self.parts), *([self.ending] if self.ending else [])])

    @property
    def bars(self) -> int:
        """How many bars it lasts, once."""
        return sum(part.bars for part in self.parts)
