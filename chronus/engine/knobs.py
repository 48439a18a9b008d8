"""Ports and gates of nodes in the engine: set, glided, opened, and what they are at.

What nothing has been heard of yet is set at once; all else goes there within a ramp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.dsp.declaration import Curve
from chronus.engine.fusable import changes_code
from chronus.engine.layout import NONE, VELOCITY_ONE, Event, Ramp

if TYPE_CHECKING:
    from chronus.engine.place import Place
    from chronus.engine.writer import Writer


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
            self._set_at_once(at, value)
        else:
            self._writer.instant.add(Event.PORT, at, self._ramp_frames(place, port), value=value)
            if place.group != NONE and changes_code(place.kind, port):
                self._writer.instant.patched = True  # another kernel computes its group

    def target(self, at: int) -> float:
        """What a port goes to, by its place; also where that is only staged."""
        events = self._writer.instant.events
        for glides in (True, False):
            if (int(Event.PORT), at, glides) in events:
                return float(events[int(Event.PORT), at, glides][4])
        return float(self._writer.arena.ports[self._writer.bank, at, Ramp.TARGET])

    def _set_at_once(self, at: int, value: float) -> None:
        """A port that nothing is heard of has a value, and so have those that go with it."""
        self._writer.instant.forget(Event.FOLLOW, at)
        self._writer.instant.forget(Event.PORT, at)
        while at != NONE:
            self._writer.arena.ports[:, at] = (np.float32(value), np.float32(value), 0.0, 0.0)
            self._writer.arena.base[:, at] = value
            at = int(self._writer.arena.port_next[at])

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
        self._writer.instant.start_of_glide(at)
        self._writer.instant.add(Event.PORT, at, -frames if is_bent else frames, 1, ends[1])

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

    def port_value(self, key: str, port: int) -> float:
        """What a port is at, or on its way to, in the engine."""
        return float(
            self._writer.arena.ports[
                self._writer.bank, self._writer.place(key).ports + port, Ramp.TARGET
            ]
        )

    def gliding_value(self, key: str, port: int) -> float | None:
        """Where a port is on its way, None where it has arrived, but for its own short ramp."""
        place = self._writer.place(key)
        at = place.ports + port
        bank = self._writer.bank
        if self._writer.arena.port_left[bank, at] <= self._ramp_frames(place, port):
            return None
        return float(self._writer.arena.ports[bank, at, Ramp.NOW])
