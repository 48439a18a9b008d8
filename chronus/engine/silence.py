"""What comes to an end in the engine: nodes that were unloaded and ring on, and a panic.

When a node has rung out is counted in blocks, in the arena: it does not depend on when anybody
looks. A panic fades the master out, starts every node afresh in one block of silence, and fades
the master in again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import float32, njit

from chronus.dsp.native import OPTIONS, copy_items
from chronus.engine.layout import NONE, RUNG_OUT, Arena, Clock, Head, Node, Tail
from chronus.engine.nodes import start_afresh, width_of
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

FADE, PANIC = int(Head.FADE), int(Clock.PANIC)
N_ROW_OUT, N_OUTPUTS, N_SLOT = int(Node.ROW_OUT), int(Node.OUTPUTS), int(Node.SLOT)
N_SUMS = int(Node.SUMS)
SINCE, QUIET = int(Tail.SINCE), int(Tail.QUIET)
QUIET_BLOCKS, MOST_BLOCKS = int(Tail.QUIET_BLOCKS), int(Tail.MOST_BLOCKS)

SILENCE: Final = 3.1622776e-05
"""-90 dB below full scale."""


@njit(**OPTIONS)
def hush(arena: Arena, new: int, node: np.ndarray) -> None:
    """Let a node give nothing in this block."""
    for k in range(width_of(node) * node[N_OUTPUTS]):
        arena.rows_out[new, node[N_ROW_OUT] + k, :] = 0.0


@njit(**OPTIONS)
def has_rung_out(arena: Arena, block: int, node: np.ndarray) -> bool:
    """Whether a node is silent for good; its count goes on into the new bank."""
    new = block & 1
    slot = node[N_SLOT]
    since = arena.rings[1 - new, slot, SINCE]
    if since != NONE or arena.rings[new, slot, SINCE] != NONE:
        copy_items(arena.rings[new, slot], arena.rings[1 - new, slot])
    return since == RUNG_OUT


@njit(**OPTIONS)
def listen(arena: Arena, block: int, node: np.ndarray) -> None:
    """Count a ringing node's silent blocks, and fade it out where it would ring for too long."""
    new = block & 1
    ring = arena.rings[new, node[N_SLOT]]
    if ring[SINCE] == NONE:
        return
    left = (ring[SINCE] + ring[MOST_BLOCKS] - block) * BLOCK
    fade = arena.head[FADE]
    peak = float32(0.0)
    for k in range(node[N_OUTPUTS]):
        row = arena.rows_out[new, node[N_SUMS] + k]
        for i in range(BLOCK):
            if left - 1 - i < fade:
                row[i] *= float32(left - 1 - i) / float32(fade)
            peak = max(peak, abs(row[i]))
    ring[QUIET] = ring[QUIET] + 1 if peak < SILENCE else 0
    if ring[QUIET] >= ring[QUIET_BLOCKS] or left <= BLOCK:
        ring[SINCE] = RUNG_OUT


@njit(**OPTIONS)
def let_ring(arena: Arena, block: int, slot: int, quiet: int, most: int) -> None:
    """A node rings on from this block, until it is silent for `quiet` blocks or `most` are over.

    With `most` below 0 it is silent at once.
    """
    ring = arena.rings[1 - (block & 1), slot]
    ring[SINCE] = block if most >= 0 else RUNG_OUT
    ring[QUIET] = 0
    ring[QUIET_BLOCKS] = quiet
    ring[MOST_BLOCKS] = most


@njit(**OPTIONS)
def panic_blocks(arena: Arena) -> int:
    """Blocks from a panic to the one of silence: those of a fade."""
    return -(-arena.head[FADE] // BLOCK)


@njit(**OPTIONS)
def begin_panic(arena: Arena, lane: int, block: int) -> None:
    """A panic begins; one that comes while another one fades goes on from where that is."""
    clock = arena.clock[lane, block & 1]
    length = panic_blocks(arena)
    since = clock[PANIC]
    if since == NONE or block > since + 2 * length:
        clock[PANIC] = block
    elif block > since + length:
        clock[PANIC] = block - length + (block - since - length - 1)


@njit(**OPTIONS)
def is_cleared(arena: Arena, lane: int, block: int) -> bool:
    """Whether this is the block of a panic in which every node is silent and starts afresh."""
    since = arena.clock[lane, block & 1, PANIC]
    return since != NONE and block == since + panic_blocks(arena)


@njit(**OPTIONS)
def clear(arena: Arena, new: int, node: np.ndarray) -> None:
    """Let a node be silent for a block, and start afresh with the next."""
    hush(arena, new, node)
    start_afresh(arena, new, node)


@njit(**OPTIONS)
def fade_for_panic(arena: Arena, block: int, part: np.ndarray) -> bool:
    """Let a block of the tape, shape (BLOCK, 2), sink before a panic's silence or rise after it.

    Whether it does so.
    """
    since = arena.clock[0, block & 1, PANIC]
    length = panic_blocks(arena)
    if since == NONE or block > since + 2 * length:
        return False
    at = (block - since) * BLOCK
    silent = length * BLOCK
    fade = arena.head[FADE]
    for i in range(BLOCK):
        before = silent - 1 - at - i
        after = at + i - silent - BLOCK + 1
        gain = float32(max(min(max(before, after), fade), 0)) / float32(max(fade, 1))
        part[i, 0] *= gain
        part[i, 1] *= gain
    return True
