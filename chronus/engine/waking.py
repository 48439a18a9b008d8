"""Voices that wake: what their nodes know of the last note is emptied."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import ONCE, floats
from chronus.engine.layout import (
    NONE,
    Arena,
    Choice,
    Count,
    Node,
)
from chronus.settings import BLOCK

NODES = int(Count.NODES)
N_STATE, N_MEMORY = int(Node.STATE), int(Node.MEMORY)
N_STATE_BYTES, N_MEMORY_FRAMES = int(Node.STATE_BYTES), int(Node.MEMORY_FRAMES)
N_ROW_OUT = int(Node.ROW_OUT)
N_OUTPUTS, N_SLOT = int(Node.OUTPUTS), int(Node.SLOT)
N_GROUP = int(Node.GROUP)
LEFT, WORDS = int(Choice.LEFT), int(Choice.WORDS)
SAMPLES = BLOCK * WIDE


@njit(**ONCE)
def wake_nodes(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Let the voices that wake in this block start afresh: in the old bank, which the step reads.

    Of a group that slept as a whole, and was perhaps not computed, all but memory does: that of
    each voice is emptied when it wakes.
    """
    old = 1 - (block & 1)
    for i in range(arena.plan_counts[plan, lane, NODES]):
        node = arena.plan_nodes[plan, lane, i]
        if node[N_GROUP] == NONE or arena.woken[lane, node[N_GROUP]] == 0:
            continue
        woken = arena.woken[lane, node[N_GROUP]]
        others = arena.awake[lane, node[N_GROUP]] & ~woken
        first = node[N_STATE]
        for at in range(first, first + node[N_STATE_BYTES]):
            if others == 0 or (woken >> arena.state_voice[at]) & 1:
                arena.state[old, at] = arena.initial[at]
        if others == 0:
            arena.choices[old, node[N_SLOT], LEFT] = 0.0
            arena.choices[old, node[N_SLOT], WORDS:] = np.nan
        for voice in range(WIDE):
            if (woken >> voice) & 1:
                empty_voice(arena, old, node, voice)


@njit(**ONCE)
def empty_voice(arena: Arena, old: int, node: np.ndarray, voice: int) -> None:
    """Empty the delay memory of a voice, and what a cable that closes a cycle reads of it."""
    for k in range(node[N_OUTPUTS]):
        row = floats(arena.rows_out[old, node[N_ROW_OUT] + WIDE * k].ctypes.data, SAMPLES)
        for i in range(BLOCK):
            row[WIDE * i + voice] = 0.0
    at = node[N_MEMORY]
    end = at + node[N_MEMORY_FRAMES]
    while at < end:  # once, or twice where it has a twin
        for part in arena.memory_parts[node[N_SLOT]]:
            if part == 0:
                break
            arena.memory[at + voice * part : at + (voice + 1) * part] = 0.0
            at += WIDE * part
