"""Enumerated ports: another word is never heard at once, but fades over the old one.

Whatever moves such a port (a `set`, a sequence, a cable), the kernel sees one word at a time. When
it becomes another one, the node is computed twice for the length of a fade: once with the new word,
and once, on a copy of its state and memory (its *twin*), with the old. The outputs cross at equal
gain, since both are of one sound. A word that comes within a fade waits for its end. Voices side by
side play the same words.
"""

from __future__ import annotations

import numpy as np
from numba import float32, njit

from chronus.dsp.native import OPTIONS, call_kernel, copy_items, floats
from chronus.engine.layout import Arena, Choice, Head, Node
from chronus.engine.nodes import width_of
from chronus.settings import BLOCK

FADE, RATE = int(Head.FADE), int(Head.RATE)
LEFT, WORDS = int(Choice.LEFT), int(Choice.WORDS)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_ROW_IN, N_ROW_OUT = int(Node.ROW_IN), int(Node.ROW_OUT)
N_INPUTS, N_OUTPUTS, N_SLOT = int(Node.INPUTS), int(Node.OUTPUTS), int(Node.SLOT)
N_CHOICES, N_HELD = int(Node.CHOICES), int(Node.HELD)
N_TWIN_STATE, N_TWIN_MEMORY = int(Node.TWIN_STATE), int(Node.TWIN_MEMORY)
N_TWIN_ROW = int(Node.TWIN_ROW)


@njit(**OPTIONS)
def hold_choices(arena: Arena, block: int, node: np.ndarray, scratch: np.ndarray) -> bool:
    """Let the rows of a node's choices hold one word each; whether the twin is to be computed.

    Args:
        arena: all that the engine knows.
        block: the block.
        node: its row in the plan.
        scratch: the addresses of its rows; those of its choices are replaced.
    """
    new = block & 1
    state = arena.choices[new, node[N_SLOT]]
    copy_items(state, arena.choices[1 - new, node[N_SLOT]])
    if state[LEFT] == 0.0:
        at = first_change(arena, node, scratch, state)
        if at < BLOCK:
            take_words(node, scratch, state, at)
            state[LEFT] = float32(at + max(arena.head[FADE], 1))
            begin = node[N_MEMORY]
            twin = node[N_TWIN_MEMORY]
            frames = twin - begin
            copy_items(arena.memory[twin : twin + frames], arena.memory[begin:twin])
    choice = 0
    width = width_of(node)
    for k in range(node[N_INPUTS]):
        if (node[N_CHOICES] >> k) & 1:
            place = node[N_HELD] + 2 * choice * width
            scratch[k] = held_row(arena, place, state[WORDS + 2 * choice], width)
            choice += 1
    return state[LEFT] != 0.0


@njit(**OPTIONS)
def word_of(value: float) -> float:
    """The number of the word that a signal names."""
    return np.floor(value + float32(0.5))


@njit(**OPTIONS)
def first_change(arena: Arena, node: np.ndarray, scratch: np.ndarray, state: np.ndarray) -> int:
    """The first frame of the block at which a choice is another word; BLOCK where none is.

    A node that has not played yet has no words: it begins with those of its first frame.
    """
    first = BLOCK
    choice = 0
    width = width_of(node)
    for k in range(node[N_INPUTS]):
        if not (node[N_CHOICES] >> k) & 1:
            continue
        row = floats(scratch[k], BLOCK)
        place = WORDS + 2 * choice
        if np.isnan(state[place]):
            state[place] = word_of(row[0])
        # Of a knob that rests one frame says it for all.
        filled = arena.filled[node[N_ROW_IN] + width * k]
        for at in range(first if np.isnan(filled) else min(first, 1)):
            if word_of(row[at]) != state[place]:
                first = at
                break
        choice += 1
    return first


@njit(**OPTIONS)
def take_words(node: np.ndarray, scratch: np.ndarray, state: np.ndarray, at: int) -> None:
    """Let the words of a frame be the new ones, and those until then the old ones."""
    choice = 0
    for k in range(node[N_INPUTS]):
        if (node[N_CHOICES] >> k) & 1:
            place = WORDS + 2 * choice
            state[place + 1] = state[place]
            state[place] = word_of(floats(scratch[k], BLOCK)[at])
            choice += 1


@njit(**OPTIONS)
def held_row(arena: Arena, place: int, value: float, width: int) -> int:
    """Address of a row, of so many voices, that holds one value."""
    if arena.filled[place] != value:
        arena.filled[place] = np.nan
        for row in range(place, place + width):
            arena.rows_in[row, :] = value
        arena.filled[place] = value
    return arena.rows_in[place].ctypes.data


@njit(**OPTIONS)
def cross_over(
    arena: Arena, block: int, node: np.ndarray, addresses: np.ndarray, scratch: np.ndarray
) -> None:
    """Compute a node's twin with the old words, and let its outputs fade under the new ones."""
    new = block & 1
    state = arena.choices[new, node[N_SLOT]]
    begins = arena.choices[1 - new, node[N_SLOT], LEFT] == 0.0
    width = width_of(node)
    choice = 0
    for k in range(node[N_INPUTS]):
        if (node[N_CHOICES] >> k) & 1:
            place = node[N_HELD] + (2 * choice + 1) * width
            scratch[k] = held_row(arena, place, state[WORDS + 2 * choice + 1], width)
            choice += 1
    for k in range(node[N_OUTPUTS]):
        twin = arena.rows_out[new, node[N_TWIN_ROW] + width * k]
        scratch[node[N_INPUTS] + k] = twin.ctypes.data
    call_kernel(
        addresses[node[N_KIND]],
        scratch.ctypes.data,
        arena.state[1 - new].ctypes.data + (node[N_STATE] if begins else node[N_TWIN_STATE]),
        arena.state[new].ctypes.data + node[N_TWIN_STATE],
        arena.memory.ctypes.data + 4 * node[N_TWIN_MEMORY],
        arena.head[RATE],
    )
    left = int(state[LEFT])
    fade = max(arena.head[FADE], 1)
    rows = arena.rows_out[new]
    for k in range(node[N_OUTPUTS]):
        row = floats(rows[node[N_ROW_OUT] + width * k].ctypes.data, width * BLOCK)
        old = floats(rows[node[N_TWIN_ROW] + width * k].ctypes.data, width * BLOCK)
        for i in range(min(BLOCK, left)):
            share = min(float32(left - 1 - i) / float32(fade), float32(1.0))
            for j in range(width * i, width * (i + 1)):
                row[j] += (old[j] - row[j]) * share
    state[LEFT] = float32(max(left - BLOCK, 0))
