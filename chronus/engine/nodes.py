"""Nodes in the arena: found in a plan by their slot, and started afresh."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import OPTIONS, copy_items, longs
from chronus.engine.layout import NONE, Arena, Choice, Node

N_STATE, N_MEMORY, N_SLOT = int(Node.STATE), int(Node.MEMORY), int(Node.SLOT)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)
N_GROUP = int(Node.GROUP)
N_CHOICES, N_TWIN = int(Node.CHOICES), int(Node.TWIN_STATE)
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
def width_of(node: np.ndarray) -> int:
    """How many voices lie side by side in a node's rows."""
    return 1 if node[N_GROUP] == NONE else WIDE


@njit(**OPTIONS)
def start_afresh(arena: Arena, bank: int, node: np.ndarray) -> None:
    """Give a node the state and the empty memory that it had before its first block."""
    forget_state(arena, bank, node)
    empty_memory(arena, node)


@njit(**OPTIONS)
def forget_state(arena: Arena, bank: int, node: np.ndarray) -> None:
    """Give a node the state that it had before its first block; its memory stays as it is."""
    first = node[N_STATE]
    last = first + node[N_STATE_BYTES]
    copy_items(arena.state[bank, first:last], arena.initial[first:last])
    arena.still[bank, node[N_SLOT]] = 0
    arena.choices[bank, node[N_SLOT], LEFT] = 0.0
    arena.choices[bank, node[N_SLOT], WORDS:] = np.nan


@njit(**OPTIONS)
def empty_memory(arena: Arena, node: np.ndarray) -> None:
    """Empty a node's delay memory."""
    arena.memory[node[N_MEMORY] : node[N_MEMORY] + node[N_MEMORY_FRAMES]] = 0.0


@njit(**OPTIONS)
def words_of_state(node: np.ndarray) -> int:
    """How many words of a node's state go on from block to block.

    What goes on with old words of its choices is copied from there when there are such again.
    """
    return (node[N_STATE_BYTES] if node[N_CHOICES] == 0 else node[N_TWIN] - node[N_STATE]) // 8


@njit(**OPTIONS)
def stays(arena: Arena, node: np.ndarray) -> bool:
    """Whether a block left a node's state as it was."""
    count = words_of_state(node)
    one = longs(arena.state[0].ctypes.data + node[N_STATE], count)
    other = longs(arena.state[1].ctypes.data + node[N_STATE], count)
    moved = 0
    for k in range(count):
        moved |= one[k] ^ other[k]
    return moved == 0
