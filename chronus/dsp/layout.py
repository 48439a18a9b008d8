"""Where a node's states and delay memories lie, byte for byte, in mono and wide kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chronus.settings import BLOCK

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind, Memory
    from chronus.dsp.recipe import Shape

WIDE: Final = 16
"""Voices side by side in a wide kernel."""

FUSED_WORDS: Final = 1024
"""Whole numbers that a fused kernel is given at most; real ones follow them."""
FUSED_VALUES: Final = 2048
FRAMES_AT_ONCE: Final = 16
"""What a kernel of one voice computes side by side."""
KEPT_WORDS: Final = 20
"""Room for what a kernel of one voice keeps from block to block: 1, then its steady values."""
VERDICT: Final = FUSED_WORDS - 1
"""The word in which a fused kernel says that it went wrong."""
UNREASONABLE: Final = 1e18
"""No output is as large as this, unless something went wrong."""

ALIGNMENT: Final = 64
ITEM_BYTES: Final = {"f4": 4, "f8": 8, "i4": 4, "u4": 4, "i8": 8}


@dataclass(frozen=True, slots=True)
class StateLayout:
    """Byte offset of each state of a kind, each `width` items long, and the bytes of all."""

    offsets: tuple[int, ...]
    size: int


def state_layout(kind: Kind | Shape, width: int = 1) -> StateLayout:
    """Lay out a kind's states for `width` voices; a whole number of cache lines."""
    offsets = []
    at = 0
    for state in kind.state:
        offsets.append(at)
        at += -(-ITEM_BYTES[state.dtype] * width // 8) * 8
    return StateLayout(tuple(offsets), -(-at // ALIGNMENT) * ALIGNMENT)


def memory_frames(memory: Memory, rate_hz: int) -> int:
    """Samples of a delay memory at a rate: what it declares and one block more.

    They are a multiple of FRAMES_AT_ONCE, so that a kernel that takes so many frames of a ring at
    once comes to its end between two times and not within one.
    """
    frames = int(memory.seconds * rate_hz + 0.5) + BLOCK
    return -(-frames // FRAMES_AT_ONCE) * FRAMES_AT_ONCE
