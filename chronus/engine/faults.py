"""Nodes that go wrong: what is no number is silenced, and what does it too often is bypassed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import int32, njit

from chronus.dsp.native import OPTIONS, copy_items, fence, floats
from chronus.engine.layout import (
    LANE_COLUMNS,
    NONE,
    Arena,
    Clock,
    Count,
    Fault,
    Head,
    Lane,
    Node,
    Reason,
)
from chronus.engine.nodes import (
    empty_memory,
    find_node,
    forget_state,
    start_afresh,
    width_of,
)
from chronus.settings import BLOCK

PLAN, RATE, LANES = int(Clock.PLAN), int(Head.RATE), int(Head.LANES)
FAILED, NODES = int(Lane.FAILED), int(Count.NODES)
N_ROW_OUT, N_OUTPUTS, N_SLOT = int(Node.ROW_OUT), int(Node.OUTPUTS), int(Node.SLOT)
N_DRY, N_DRY_ROWS = int(Node.DRY), int(Node.DRY_ROWS)
BYPASS, REASON = int(Fault.BYPASS), int(Fault.REASON)
RECENT, RESET, SINCE = int(Fault.RECENT), int(Fault.RESET), int(Fault.SINCE)
NOT_FINITE = int(Reason.NOT_FINITE)

EXPONENT: Final = 0x7F800000
"""The bits of a float32 that are all ones in what is no finite number."""
FAULTS_A_SECOND: Final = 3
"""So often in a second a node may give what is no number before it is bypassed: see RECENT."""


@njit(**OPTIONS)
def are_numbers(address: int, count: int) -> bool:
    """Whether so many samples at an address are finite; the largest exponent says it of all.

    In 32 bits throughout, so that as many are looked at side by side as can be.
    """
    bits = floats(address, count).view(np.int32)
    most = int32(0)
    for i in range(count):
        exponent = int32(bits[i] & int32(EXPONENT))
        most = max(most, exponent)
    return most < EXPONENT


@njit(**OPTIONS)
def has_failed(arena: Arena, block: int, slot: int) -> bool:
    """Whether a node has given what is no number in a block, also when that was computed before.

    Then what it gives now may well be numbers: its delay memory holds some of this block already.
    """
    recent = arena.faults[slot, RECENT : RECENT + FAULTS_A_SECOND]
    return recent[0] == block or recent[1] == block or recent[2] == block


@njit(**OPTIONS)
def is_bypassed(arena: Arena, block: int, slot: int) -> bool:
    """Whether a node is not computed; the block for which it was bypassed stays as it was."""
    fault = arena.faults[slot]
    if fault[BYPASS] == 0:
        return False
    return fault[REASON] != NOT_FINITE or not has_failed(arena, block, slot)


@njit(**OPTIONS)
def was_bypassed(arena: Arena, block: int, slot: int) -> bool:
    """Whether a node was bypassed before a block, so that its state is that of no block."""
    fault = arena.faults[slot]
    if fault[REASON] == NOT_FINITE:
        return fault[BYPASS] != 0 and not has_failed(arena, block, slot)
    return fault[BYPASS] != 0 and fault[SINCE] < block


@njit(**OPTIONS)
def bypass(arena: Arena, block: int, node: np.ndarray, scratch: np.ndarray) -> None:
    """In place of a node's main output its main input, unchanged, and silence for the others."""
    new = block & 1
    dry = node[N_DRY]
    width = width_of(node)
    for k in range(node[N_OUTPUTS]):
        place = arena.rows_out[new, node[N_ROW_OUT] + width * k].ctypes.data
        row = floats(place, width * BLOCK)
        if dry != NONE and k < node[N_DRY_ROWS]:
            copy_items(row, floats(scratch[dry + k], width * BLOCK))
        else:
            row[:] = 0.0


@njit(**OPTIONS)
def _oldest(blocks: np.ndarray) -> int:
    """Where the least of some blocks is: the first of them that is."""
    least = 0
    for k in range(1, FAULTS_A_SECOND):
        if blocks[k] < blocks[least]:
            least = k
    return least


@njit(**OPTIONS)
def note_fault(arena: Arena, lane: int, block: int, node: np.ndarray) -> None:
    """Silence a node for this block and start it afresh; the third time in a second, bypass it.

    The block is noted by one store, before anything else is done: a block that is computed again
    counts once, and ends as it would have. Its memory is emptied with the next block
    (`empty_failed`): whoever copies the node in this one may not have done so yet.
    """
    new = block & 1
    arena.head[FAILED + lane * LANE_COLUMNS] = block
    fence()
    slot = node[N_SLOT]
    recent = arena.faults[slot, RECENT : RECENT + FAULTS_A_SECOND]
    if not has_failed(arena, block, slot):
        recent[_oldest(recent)] = block
    fence()
    for k in range(width_of(node) * node[N_OUTPUTS]):
        arena.rows_out[new, node[N_ROW_OUT] + k, :] = 0.0
    forget_state(arena, new, node)
    arena.faults[slot, REASON] = NOT_FINITE
    fence()
    first = recent[_oldest(recent)]
    if first != NONE and block - first <= arena.head[RATE] // BLOCK:
        arena.faults[slot, BYPASS] = 1


@njit(**OPTIONS)
def empty_failed(arena: Arena, lane: int, block: int, plan: int) -> None:
    """Empty the delay memories of a lane's nodes that went wrong in the last block."""
    last = NONE
    for other in range(arena.head[LANES]):
        last = max(last, arena.head[FAILED + other * LANE_COLUMNS])
    if last < block - 1:
        return
    for i in range(arena.plan_counts[plan, lane, NODES]):
        node = arena.plan_nodes[plan, lane, i]
        if has_failed(arena, block - 1, node[N_SLOT]):
            empty_memory(arena, node)


@njit(**OPTIONS)
def reset_node(arena: Arena, lane: int, block: int, slot: int) -> None:
    """Let a node start afresh with this block: in the old bank, which the step reads.

    A block that is computed again because the node went wrong in it does not try it again.
    """
    plan = arena.clock[lane, block & 1, PLAN]
    index = find_node(arena, plan, lane, slot)
    if index == NONE:
        return
    start_afresh(arena, 1 - (block & 1), arena.plan_nodes[plan, lane, index])
    fault = arena.faults[slot]
    if fault[RESET] != block:
        fault[BYPASS] = 0
        fault[REASON] = 0
        fault[RECENT : RECENT + FAULTS_A_SECOND] = NONE
        fence()
        fault[RESET] = block
