"""Where the sounds of files lie in the arena: nodes that play the same file share one copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.dsp.declaration import RECORDING_HEAD
from chronus.dsp.recording import laid_out, recorded_frames
from chronus.modules.catalog import kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from chronus.patch.graph import GraphNode

    Key = tuple[str, bool]


class Recordings:
    """The places of recordings, by what they hold, and how many nodes play each."""

    def __init__(self) -> None:
        self._starts: dict[Key, int] = {}
        self._nodes: dict[int, int] = {}
        self._new: set[int] = set()

    def copy(self) -> Recordings:
        """The same, to try out what fits."""
        other = Recordings()
        other._starts, other._nodes = dict(self._starts), dict(self._nodes)
        other._new = set(self._new)
        return other

    def take(self, node: GraphNode, take: Callable[[str, int], int]) -> tuple[int, int]:
        """Where the sound of a node's file is, in frames of the memory, and how many they are."""
        size = recording_frames(node)
        if not size:
            return 0, 0
        key = _key(node)
        if key not in self._starts:
            self._starts[key] = take("memory", size)
            self._nodes[self._starts[key]] = 0
            self._new.add(self._starts[key])
        self._nodes[self._starts[key]] += 1
        return self._starts[key], size

    def give(self, start: int) -> bool:
        """A node is gone; whether nobody else plays what it played."""
        self._nodes[start] -= 1
        if self._nodes[start]:
            return False
        del self._nodes[start]
        self._new.discard(start)
        self._starts = {key: place for key, place in self._starts.items() if place != start}
        return True

    def write(self, memory: NDArray[np.float32], start: int, node: GraphNode) -> None:
        """Write the sound of a node's file, long before it is played, if nobody plays it yet."""
        if start not in self._new:
            return
        self._new.remove(start)
        memory[start : start + RECORDING_HEAD] = 0.0
        if node.recording is not None:
            levels = node.recording.levels if kinds()[node.kind].levels else ()
            sound = laid_out(node.recording.samples, levels)
            memory[start : start + len(sound)] = sound


def _key(node: GraphNode) -> Key:
    """What tells apart what recordings hold: the mark of the file, and whether it has levels."""
    if node.recording is None:
        return "", False
    return node.recording.mark, kinds()[node.kind].levels


def recording_frames(node: GraphNode) -> int:
    """What the sound of a node's file takes of the memory, with its head; 0 of other kinds."""
    kind = kinds()[node.kind]
    if not kind.recording or node.recording is None:
        return RECORDING_HEAD if kind.recording else 0
    channels, frames = node.recording.samples.shape
    return recorded_frames(frames, channels, levels=kind.levels)
