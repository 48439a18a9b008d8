"""What is to be published together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chronus.engine.layout import Event

ABOUT_A: Final = frozenset(
    (
        *(Event.PORT, Event.CABLE, Event.GATE, Event.SEQUENCE),
        *(Event.RESET, Event.COPY, Event.RING),
    )
)
"""Events of which each number may have one at an instant; of others there is one in all."""


@dataclass(slots=True)
class Instant:
    """Events by what they are about, of which the last one counts; and whether there is a plan."""

    events: dict[tuple[int, int], tuple[int, int, int, int, float]] = field(default_factory=dict)
    patched: bool = False

    def add(self, kind: Event, a: int = 0, b: int = 0, c: int = 0, value: float = 0.0) -> None:
        """Something is to happen."""
        # What is about the whole transport overrides its like; ports, cables and gates by number.
        about = -2 if kind in (Event.START, Event.STOP, Event.PANIC) else int(kind)
        key = (about, a if kind in ABOUT_A else 0)
        self.events.pop(key, None)
        self.events[key] = (int(kind), a, b, c, value)

    def forget(self, kind: Event, a: int) -> None:
        """Nothing is to happen to a cable or gate after all."""
        self.events.pop((int(kind), a), None)
