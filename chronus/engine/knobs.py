"""Ports and gates of nodes in the engine: set, glided, opened, and what they are at.

What nothing has been heard of yet is set at once; all else goes there within a ramp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.dsp.declaration import Curve
from chronus.engine.fusable import changes_code
from chronus.engine.layout import NONE, VELOCITY_ONE, Event, Ramp, Way
from chronus.patch.musical import for_engine

if TYPE_CHECKING:
    from chronus.engine.place import Place
    from chronus.engine.writer import Writer


WAYS: Final = {0: 0, 1: int(Way.RATE), -1: int(Way.TIME)}
"""How a value that follows the tempo, or does not, is told by an event."""


class Knobs:
    """The part of the writer that moves the ports of nodes.

    Args:
        writer: whose nodes they are.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def set_port(self, key: str, port: int, value: float) -> None:
        """A port goes to a value within its own ramp; at once where its node is not heard yet."""
        key = self._writer.parts(key)[0]
        place = self._writer.places[key]
        at = place.ports + port
        if place.is_player and place.kind.inputs[port].name == "gate":
            self.set_gate(key, port, is_open=value > 0.5)
        elif key in self._writer.fresh:
            self._set_at_once(at, *for_engine(place.kind.inputs[port], value))
        else:
            number, follows = for_engine(place.kind.inputs[port], value)
            frames = self._ramp_frames(place, port)
            self._writer.instant.add(Event.PORT, at, frames, WAYS[follows], number)
            if place.group != NONE and changes_code(place.kind, port):
                self._writer.instant.patched = True  # another kernel computes its group

    def target(self, at: int) -> float:
        """What a port goes to, by its place; also where that is only staged."""
        events = self._writer.instant.events
        for glides in (True, False):
            if (int(Event.PORT), at, glides) in events:
                return float(events[int(Event.PORT), at, glides][4])
        return float(self._writer.arena.ports[self._writer.bank, at, Ramp.TARGET])

    def _set_at_once(self, at: int, value: float, follows: int) -> None:
        """A port that nothing is heard of has a value, and so have those that go with it."""
        self._writer.instant.forget(Event.FOLLOW, at)
        self._writer.instant.forget(Event.PORT, at)
        while at != NONE:
            arena, number = self._writer.arena, np.float32(value)
            arena.ports[:, at] = (number, number, 0.0, 0.0, follows)
            arena.base[:, at] = value
            arena.base_follows[:, at] = follows
            at = int(arena.port_next[at])

    def glide_port(self, key: str, port: int, ends: tuple[float, float], frames: int) -> None:
        """A port goes to a value within so many frames, by the curve that it declares.

        Args:
            key: the node.
            port: the index of its input.
            ends: where it begins if the node is not heard yet, else it goes from where it is; and
                where it ends.
            frames: at least 1.
        """
        key = self._writer.parts(key)[0]
        place = self._writer.places[key]
        at = place.ports + port
        if key in self._writer.fresh:
            self.set_port(key, port, ends[0])
        is_bent = place.kind.inputs[port].curve is Curve.EXPONENTIAL
        number, follows = for_engine(place.kind.inputs[port], ends[1])
        self._writer.instant.start_of_glide(at)
        way = WAYS[follows] | Way.GLIDES
        self._writer.instant.add(Event.PORT, at, -frames if is_bent else frames, way, number)

    def copy_glides(self, key: str, source: str) -> None:
        """Let the ports of a copy that is new glide as those of its source do."""
        if self._writer.has_voices(key):
            for part, other_part in zip(
                self._writer.parts(key), self._writer.parts(source), strict=False
            ):
                if part != key:
                    self.copy_glides(part, other_part)
            return
        if key not in self._writer.fresh or source not in self._writer.places:
            return
        place, other = self._writer.places[key], self._writer.places[source]
        for index, port in enumerate(place.kind.inputs):
            if port.choices or port.name == "gate":
                continue
            at, there = place.ports + index, other.ports + index
            if source in self._writer.fresh:
                self._writer.arena.ports[:, at] = self._writer.arena.ports[:, there]
            self._writer.instant.glide_alike(at, there, is_new=source in self._writer.fresh)

    def _ramp_frames(self, place: Place, port: int) -> int:
        """How long a port takes to what it is set to."""
        return (
            round(place.kind.inputs[port].ramp_s * self._writer.rate_hz)
            if self._writer.fade_frames
            else 0
        )

    def play_note(self, key: str, hz: float, velocity: float, frames: int) -> None:
        """A voice of a player plays a note for so many frames (0: until all are released)."""
        player = self._writer.place(key).player
        parts = round(float(np.float32(velocity)) * VELOCITY_ONE)
        self._writer.instant.add_note(player, frames, parts, hz)

    def set_gate(self, key: str, port: int, *, is_open: bool, frames: int = 0) -> None:
        """A gate opens for so many frames (0: until it is closed), or closes.

        Of what plays several notes at once: it plays its own pitch, or all voices close theirs.
        """
        place = self._writer.place(key)
        if not place.is_player or place.kind.inputs[port].name != "gate":
            self._writer.instant.add(Event.GATE, place.ports + port, frames, value=float(is_open))
        elif is_open:
            self._writer.instant.add_note(place.player, frames, NONE, 0.0)
        else:
            self._writer.instant.release(place.player)

    def follow_port(self, key: str, port: int, before: tuple[str, int]) -> None:
        """A port of a node that is new takes the value of one that leaves, if that has played."""
        for part, old in zip(self._writer.parts(key), self._writer.parts(before[0]), strict=False):
            if old in self._writer.leaving:
                places = (
                    self._writer.places[part].ports + port,
                    self._writer.places[old].ports + before[1],
                )
                self._writer.instant.add(Event.FOLLOW, *places)

    def port_value(self, key: str, port: int, bpm: float) -> float:
        """What a port is at, or on its way to, in the engine, at a tempo."""
        return self._port_at(self._writer.place(key), port, Ramp.TARGET, bpm)

    def _port_at(self, place: Place, port: int, column: Ramp, bpm: float) -> float:
        writer, declared = self._writer, place.kind.inputs[port]
        ramp = writer.arena.ports[writer.bank, place.ports + port]
        follows = int(ramp[Ramp.FOLLOWS])
        if follows == 0:
            return float(ramp[column])
        value = float(ramp[column]) * (bpm / 60.0) ** follows
        return min(max(value, declared.low), declared.high)

    def gliding_value(self, key: str, port: int, bpm: float) -> float | None:
        """Where a port is on its way, None where it has arrived, but for its own short ramp."""
        writer, place = self._writer, self._writer.place(key)
        left = writer.arena.port_left[writer.bank, place.ports + port]
        if left <= self._ramp_frames(place, port):
            return None
        return self._port_at(place, port, Ramp.NOW, bpm)
