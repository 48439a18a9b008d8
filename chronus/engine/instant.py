"""What is to take effect at one block: events, of which the last about a thing counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chronus.engine.layout import Event, Way

ABOUT_A: Final = frozenset(
    {
        Event.PORT,
        Event.CABLE,
        Event.GATE,
        Event.SEQUENCE,
        Event.RESET,
        Event.MOVE,
        Event.FOLLOW,
        Event.COPY,
        Event.RING,
        Event.RELEASE,
        Event.COPY_VOICES,
    }
)
"""Events of which each number may have one at an instant; of others there is one in all."""


@dataclass(slots=True)
class Instant:
    """What is to be published together: events by what they are about, the last one counts.

    Of a port and the tempo there may be two: what it is from here on, and where it goes from there.
    """

    events: dict[tuple[int, int, bool], tuple[int, int, int, int, float]] = field(
        default_factory=dict
    )
    patched: bool = False

    def add(self, kind: Event, a: int = 0, b: int = 0, c: int = 0, value: float = 0.0) -> None:
        """An event, in place of what it overrides."""
        # What is about the whole transport overrides its like; ports, cables and gates by number.
        about = -2 if kind in (Event.START, Event.STOP, Event.PANIC) else int(kind)
        number = a if kind in ABOUT_A else 0
        glides = (kind == Event.TEMPO and c != 0) or (kind == Event.PORT and c & Way.GLIDES != 0)
        self.events.pop((about, number, glides), None)
        if not glides:
            self.events.pop((about, number, True), None)
        self.events[about, number, glides] = (int(kind), a, b, c, value)

    def add_note(self, player: int, frames: int, velocity: int, hz: float) -> None:
        """A note of a player, behind all that are played at this instant."""
        number = len(self.events)
        while (int(Event.NOTE), number, False) in self.events:
            number += 1
        event = (int(Event.NOTE), player, frames, velocity, hz)
        self.events[int(Event.NOTE), number, False] = event

    def release(self, player: int) -> None:
        """All notes of a player end, those of this instant too."""
        self.forget_player(player)
        self.add(Event.RELEASE, player)

    def forget_player(self, player: int) -> None:
        """Nothing is to be played by a player after all."""
        those = (Event.NOTE, Event.RELEASE)
        self.events = {
            key: event
            for key, event in self.events.items()
            if event[0] not in those or event[1] != player
        }

    def forget(self, kind: Event, a: int) -> None:
        """Nothing is to happen to a node, cable, gate or port after all."""
        self.events.pop((int(kind), a, False), None)
        self.events.pop((int(kind), a, True), None)

    def glide_alike(self, port: int, other: int, *, is_new: bool) -> None:
        """A new port goes the way that another one goes at this instant, or has gone before it.

        Args:
            port: that is set to the same as the other.
            other: another port.
            is_new: whether the other one has not played yet.
        """
        glide = self.events.get((int(Event.PORT), other, True))
        start = self.events.get((int(Event.PORT), other, False))
        follows = self.events.get((int(Event.FOLLOW), other, False))
        if follows is not None:
            self.add(Event.FOLLOW, port, *follows[2:4])
        elif not is_new:
            self.add(Event.FOLLOW, port, other, int(glide is None))
        if glide is not None:
            if start is not None:
                self.add(Event.PORT, port, *start[2:])
            self.add(Event.PORT, port, *glide[2:])

    def start_of_glide(self, port: int) -> None:
        """What a port is set to before a glide at the same instant is where the glide begins."""
        set_before = self.events.get((int(Event.PORT), port, False))
        if set_before is not None:
            self.add(Event.PORT, port, 0, *set_before[3:])
