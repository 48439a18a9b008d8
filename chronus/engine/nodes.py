"""Nodes in the arena: found in a plan by their slot, started afresh, and copied."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.native import OPTIONS
from chronus.engine.due import is_reset_in
from chronus.engine.layout import NONE, Arena, Choice, Clock, Head, Node

PLAN, LANES = int(Clock.PLAN), int(Head.LANES)
N_STATE, N_MEMORY, N_SLOT = int(Node.STATE), int(Node.MEMORY), int(Node.SLOT)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)
LEFT, WORDS = int(Choice.LEFT), int(Choice.WORDS)


@njit(**OPTIONS)
def find_node(arena: Arena, plan: int, lane: int, slot: int) -> int:
    """The place of a node among those that a plan gives to a lane, NONE where it is not there."""
    if plan != NONE:
        for i in range(arena.plan_counts[plan, lane, 0]):
            if arena.plan_nodes[plan, lane, i, N_SLOT] == slot:
                return i
    return NONE


@njit(**OPTIONS)
def start_afresh(arena: Arena, bank: int, node: np.ndarray) -> None:
    """Give a node the state and the empty memory that it had before its first block."""
    first = node[N_STATE]
    last = first + node[N_STATE_BYTES]
    arena.state[bank, first:last] = arena.initial[first:last]
    arena.choices[bank, node[N_SLOT], LEFT] = 0.0
    arena.choices[bank, node[N_SLOT], WORDS:] = np.nan
    arena.memory[node[N_MEMORY] : node[N_MEMORY] + node[N_MEMORY_FRAMES]] = 0.0


@njit(**OPTIONS)
def copy_node(arena: Arena, lane: int, block: int, to: int, source: int) -> None:
    """Let a node go on from where another of its kind is: in the old bank, which the step reads.

    The delay memory is that of a moment in this block. What the other node writes in it meanwhile,
    this one writes again, at the same places and before it is read. Nothing is taken from a node
    that starts afresh in this very block: its lane may have done so, or not yet.
    """
    plan = arena.clock[lane, block & 1, PLAN]
    index = find_node(arena, plan, lane, to)
    if index == NONE or is_reset_in(arena, lane, block, source):
        return
    target = arena.plan_nodes[plan, lane, index]
    for other_lane in range(arena.head[LANES]):
        other = find_node(arena, plan, other_lane, source)
        if other != NONE:
            copy_state(arena, 1 - (block & 1), target, arena.plan_nodes[plan, other_lane, other])


@njit(**OPTIONS)
def copy_state(arena: Arena, old: int, target: np.ndarray, source: np.ndarray) -> None:
    """Copy all that a node keeps from block to block."""
    size = source[N_STATE_BYTES]
    state = arena.state[old]
    state[target[N_STATE] : target[N_STATE] + size] = state[
        source[N_STATE] : source[N_STATE] + size
    ]
    arena.choices[old, target[N_SLOT], :] = arena.choices[old, source[N_SLOT], :]
    size = source[N_MEMORY_FRAMES]
    memory = arena.memory
    memory[target[N_MEMORY] : target[N_MEMORY] + size] = memory[
        source[N_MEMORY] : source[N_MEMORY] + size
    ]
