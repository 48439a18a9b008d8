"""A small piece with events at given blocks, for any engine, and what it sounds like."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import Event, offline_arena
from chronus.engine.writer import Writer
from chronus.errors import Span
from chronus.language.steps import Sequence, SequenceOptions, Step
from chronus.modules.catalog import catalog
from chronus.patch.graph import graph_of
from chronus.patch.model import Cable, Node, empty_patch
from chronus.patch.tables import note_table
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from chronus.patch.model import Patch

RATE_HZ = 48_000
KINDS = ("kick", "saw", "filter", "strip", "out", "hat")
BLOCKS = 2250
"""Three seconds."""


class Memory:
    """A sink that keeps what it is given, and insists on order."""

    def __init__(self, start_frame: int = 0) -> None:
        self.start_frame = start_frame
        self.next_frame = start_frame
        self.is_closed = False
        self._parts: list[NDArray[np.float32]] = []

    def take(self, start_frame: int, frames: NDArray[np.float32]) -> None:
        """Keep frames."""
        assert start_frame == self.next_frame, (start_frame, self.next_frame)
        self.next_frame += len(frames)
        self._parts.append(frames.copy())

    def close(self) -> None:
        """There is no more."""
        assert not self.is_closed
        self.is_closed = True

    @property
    def frames(self) -> NDArray[np.float32]:
        """All that was given."""
        return np.concatenate([np.zeros((0, 2), np.float32), *self._parts])


def _patch() -> Patch:
    saw = Node("saw", "saw", 3, MappingProxyType({"freq": 55.0}))
    patch = empty_patch().with_node(Node("kick", "kick", 1)).with_node(saw)
    patch = patch.with_node(Node("filter", "filter", 4))
    return patch.with_cable(Cable(5, "saw", "out", "filter", "in"))


def _play(writer: Writer, patch: Patch, name: str, bpm: float) -> None:
    """Let every fourth step of a drum sound."""
    steps = tuple(Step(what, None, 0.8, False, None, Span()) for what in ("hit", "rest", "rest"))
    sequence = Sequence(None, steps, SequenceOptions(), "x..", Span())
    kind = patch.nodes[name].declaration
    key = f"#{patch.nodes[name].number}"
    found = [kind.find_input(port) for port in ("freq", "gate", "velocity")]
    places = [-1 if index is None else writer.port_place(key, index) for index in found]
    table = note_table(sequence, 50.0)
    writer.tables.play(name, (places[0], places[1], places[2]), table, now=False)
    writer.add(Event.TEMPO, value=bpm)


def perform(
    writer: Writer,
    reach: Callable[[int], None],
    need: Callable[[list[str]], None],
    later: int = 0,
) -> None:
    """Publish the piece: at frame 0 before the first `reach`, the rest at its blocks.

    Args:
        writer: of the engine.
        reach: waits until events of a frame may be published.
        need: asks for kinds that join while it plays.
        later: blocks by which all but the beginning comes later.
    """
    patch = _patch()
    writer.stage(graph_of(patch))
    _play(writer, patch, "kick", 175.0)
    writer.publish(0)
    cutoff = patch.nodes["filter"].declaration.find_input("cutoff")
    assert cutoff is not None
    for after, hertz in ((300, 300.0), (301, 4000.0), (700, 800.0)):
        block = later + after
        reach(block * BLOCK)
        writer.knobs.set_port("#4", cutoff, hertz)
        writer.publish(block)
    reach((later + 900) * BLOCK)
    need(["hat"])
    patch = patch.with_node(Node("hat", "hat", 6))
    writer.stage(graph_of(patch))
    _play(writer, patch, "hat", 133.0)
    writer.publish(later + 900)


def expected(later: int = 0) -> NDArray[np.float32]:
    """What the piece sounds like offline."""
    from chronus.engine.offline import Pump, Stepper  # noqa: PLC0415 - loads the compiler

    arena = offline_arena(RATE_HZ)
    pump = Pump(arena, Stepper(catalog().kernels(KINDS)))
    perform(Writer(arena), lambda _frame: None, lambda _kinds: None, later)
    frames = pump.advance(BLOCKS + later)
    assert float(np.abs(frames).max()) > 0.1, "the piece is silent"
    return frames
