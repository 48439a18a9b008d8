"""Where the ports of a score are on their way: its time runs ahead of the engine's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.dsp.declaration import Curve

if TYPE_CHECKING:
    from chronus.patch.model import Node


@dataclass(frozen=True, slots=True)
class Glide:
    """A way from one value to another, as the engine takes it.

    Attributes:
        begin: the frame at which it takes effect.
        frames: how long it lasts.
        start: the value at its beginning.
        target: the value at its end.
        curve: how it is walked; linear where equal ratios never reach the target.
    """

    begin: float
    frames: int
    start: float
    target: float
    curve: Curve

    def value_at(self, frame: float) -> float | None:
        """The value at a frame, None from the end on."""
        way = (frame - self.begin) / self.frames
        if way >= 1.0:
            return None
        if self.curve is Curve.EXPONENTIAL and self.start * self.target > 0.0:
            return float(self.start * (self.target / self.start) ** way)
        return self.start + (self.target - self.start) * way


class Glides:
    """The glides of a session, the last one of each port."""

    def __init__(self) -> None:
        self._glides: dict[tuple[int, str], Glide] = {}

    def begin(self, node: Node, port: str, frame: float, frames: int, ends: Ends) -> float:
        """A port sets out, in the middle of a glide from where that is; where that was."""
        declaration = node.port(port)
        assert declaration is not None, port
        gliding = self.value(node, port, frame)
        start = ends[0] if gliding is None else gliding
        self._glides[node.number, port] = Glide(frame, frames, start, ends[1], declaration.curve)
        return start

    def end(self, node: Node, port: str) -> None:
        """A port is set to a value of its own."""
        self._glides.pop((node.number, port), None)

    def copy(self, node: Node, source: Node) -> None:
        """A copy of a node goes on as that does."""
        for (number, port), glide in list(self._glides.items()):
            if number == source.number:
                self._glides[node.number, port] = glide

    def value(self, node: Node, port: str, frame: float) -> float | None:
        """What a port is at on its way, None where it has arrived or never left."""
        glide = self._glides.get((node.number, port))
        return None if glide is None else glide.value_at(frame)


Ends = tuple[float, float]
"""Where a glide begins, if the port stands, and where it ends."""
