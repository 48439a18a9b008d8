"""A node goes on from where another of its kind is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from chronus.dsp.native import OPTIONS, copy_items
from chronus.engine.due import is_reset_in
from chronus.engine.faults import has_failed, was_bypassed
from chronus.engine.layout import NONE, Arena, Clock, Head, Node
from chronus.engine.nodes import find_node

if TYPE_CHECKING:
    import numpy as np

PLAN, LANES = int(Clock.PLAN), int(Head.LANES)
N_STATE, N_MEMORY, N_SLOT = int(Node.STATE), int(Node.MEMORY), int(Node.SLOT)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)


@njit(**OPTIONS)
def copy_node(arena: Arena, lane: int, block: int, to: int, source: int) -> None:
    """Let a node go on from where another of its kind is: in the old bank, which the step reads.

    The delay memory is that of a moment in this block. What the other node writes in it meanwhile,
    this one writes again, at the same places and before it is read. Nothing is taken from a node
    that starts afresh in this very block: its lane may have done so, or not yet. Nor from one that
    is bypassed: its state is that of no block. Where it has failed in the last block its memory is
    emptied in this one, and a copy's is empty already.
    """
    plan = arena.clock[lane, block & 1, PLAN]
    index = find_node(arena, plan, lane, to)
    if index == NONE or is_reset_in(arena, lane, block, source):
        return
    if was_bypassed(arena, block, source):
        return
    target = arena.plan_nodes[plan, lane, index]
    for other_lane in range(arena.head[LANES]):
        other = find_node(arena, plan, other_lane, source)
        if other != NONE:
            source_node = arena.plan_nodes[plan, other_lane, other]
            copy_state(arena, 1 - (block & 1), target, source_node)
            if not has_failed(arena, block - 1, source):
                copy_memory(arena, target, source_node)


@njit(**OPTIONS)
def copy_state(arena: Arena, old: int, target: np.ndarray, source: np.ndarray) -> None:
    """Copy all that a node keeps from block to block, but for its memory."""
    size = source[N_STATE_BYTES]
    state = arena.state[old]
    copy_items(
        state[target[N_STATE] : target[N_STATE] + size],
        state[source[N_STATE] : source[N_STATE] + size],
    )
    copy_items(arena.choices[old, target[N_SLOT]], arena.choices[old, source[N_SLOT]])
    arena.still[old, target[N_SLOT]] = 0


@njit(**OPTIONS)
def copy_memory(arena: Arena, target: np.ndarray, source: np.ndarray) -> None:
    """Copy a node's delay memory."""
    size = source[N_MEMORY_FRAMES]
    memory = arena.memory
    copy_items(
        memory[target[N_MEMORY] : target[N_MEMORY] + size],
        memory[source[N_MEMORY] : source[N_MEMORY] + size],
    )
