"""Nodes of which WIDE voices are computed side by side, or sleep."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import ONCE, OPTIONS, call_kernel, floats
from chronus.engine.choices import cross_over, hold_choices
from chronus.engine.faults import (
    EXPONENT,
    are_numbers,
    bypass,
    has_failed,
    is_bypassed,
    note_fault,
)
from chronus.engine.inputs import fill_row
from chronus.engine.layout import (
    NONE,
    Arena,
    Clock,
    Head,
    Node,
    Row,
    Tail,
)
from chronus.engine.ports import moves, rest, walk_port
from chronus.engine.silence import clear, has_rung_out, hush, listen
from chronus.engine.voices import add_up_voices, silence_sums
from chronus.engine.wide_rows import fill_wide_row
from chronus.settings import BLOCK

EVERY_VOICE: Final = (1 << WIDE) - 1
RATE, COMPUTES_ALL = int(Head.RATE), int(Head.COMPUTES_ALL)
CHANGES = int(Clock.CHANGES)
PORT = int(Row.PORT)
VOICES = int(Row.VOICES)
N_KIND, N_STATE, N_MEMORY = int(Node.KIND), int(Node.STATE), int(Node.MEMORY)
N_ROW_IN, N_INPUTS, N_ROW_OUT = int(Node.ROW_IN), int(Node.INPUTS), int(Node.ROW_OUT)
N_OUTPUTS, N_SLOT, N_CHOICES = int(Node.OUTPUTS), int(Node.SLOT), int(Node.CHOICES)
N_GROUP, N_RECORDING = int(Node.GROUP), int(Node.RECORDING)
SINCE = int(Tail.SINCE)
SAMPLES = BLOCK * WIDE


@njit(**OPTIONS)
def sleep_on(
    arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int, width: int
) -> None:
    """Let a node's ports, and its count where it rings on, go on while nobody reads its rows.

    Nothing is done once all of its ports have rested for two blocks, so that both banks have them,
    and as long as no port changes.
    """
    new = block & 1
    slot = node[N_SLOT]
    calm = arena.calm[1 - new, slot]
    if calm < 2 or arena.clock[lane, new, CHANGES] != 0:
        moved = False
        for k in range(node[N_INPUTS]):
            place = node[N_ROW_IN] + width * k
            moved = pass_row(arena, lane, block, plan, row + k, place) or moved
        calm = 0 if moved else calm + 1
    arena.calm[new, slot] = calm
    rings = arena.rings[0, slot, SINCE] != NONE or arena.rings[1, slot, SINCE] != NONE
    if rings and not has_rung_out(arena, block, node):
        listen(arena, block, node)


@njit(**ONCE)
def pass_row(arena: Arena, lane: int, block: int, plan: int, row: int, place: int) -> bool:
    """Let the ports of a row go on while nobody reads it; whether one moved."""
    port = arena.plan_rows[plan, lane, row, PORT]
    moved = pass_port(arena, lane, block, port, place)
    voices = arena.plan_rows[plan, lane, row, VOICES]
    if voices == NONE:
        return moved
    for voice in range(WIDE):
        moved = pass_port(arena, lane, block, voices + voice, place) or moved
    if moved:
        arena.filled[place : place + WIDE] = np.nan
    return moved


@njit(**OPTIONS)
def pass_port(arena: Arena, lane: int, block: int, port: int, place: int) -> bool:
    """Let a port go on while nobody reads its row; whether that was written to."""
    if moves(arena, lane, block, port):
        walk_port(arena, lane, block, port, arena.rows_in[place])
        arena.filled[place] = np.nan
        return True
    rest(arena, block, port)
    return False


@njit(**ONCE)
def run_voices(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    index: int,
    row: int,
    cleared: bool,  # noqa: FBT001
    addresses: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Compute the voices of a node, or let them sleep; what leaves them is their sum.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        index: the node's place in the plan.
        row: its first row in the plan.
        cleared: whether it is silent in this block of a panic, and starts afresh with the next.
        addresses: of the kernels.
        scratch: a table of row addresses.
    """
    new = block & 1
    node = arena.plan_nodes[plan, lane, index]
    awake = arena.awake[lane, node[N_GROUP]]
    if awake == 0 and arena.head[COMPUTES_ALL] == 0:
        silence_sums(arena, new, node)
        sleep_on(arena, lane, block, plan, node, row, WIDE)
        return
    arena.calm[new, node[N_SLOT]] = 0
    for k in range(node[N_INPUTS]):
        place = node[N_ROW_IN] + WIDE * k
        if (node[N_CHOICES] >> k) & 1:
            scratch[k] = fill_row(arena, lane, block, plan, row + k, place)
        else:
            scratch[k] = fill_wide_row(arena, lane, block, plan, row + k, place)
    for k in range(node[N_OUTPUTS]):
        rows = arena.rows_out[new, node[N_ROW_OUT] + WIDE * k]
        scratch[node[N_INPUTS] + k] = rows.ctypes.data
    recording = arena.memory.ctypes.data + 4 * node[N_RECORDING]
    scratch[node[N_INPUTS] + node[N_OUTPUTS]] = recording
    if has_rung_out(arena, block, node):
        hush(arena, new, node)
        silence_sums(arena, new, node)
        return
    if cleared:
        clear(arena, new, node)
        silence_sums(arena, new, node)
        return
    if is_bypassed(arena, block, node[N_SLOT]):
        bypass(arena, block, node, scratch)
    else:
        suspects = compute(arena, block, node, addresses, scratch) & awake
        if suspects != 0 or has_failed(arena, block, node[N_SLOT]):
            judge_voices(arena, lane, block, node, awake)
            listen(arena, block, node)
            return
    add_up_voices(arena, lane, block, node)
    listen(arena, block, node)


@njit(**OPTIONS)
def judge_voices(arena: Arena, lane: int, block: int, node: np.ndarray, awake: int) -> None:
    """See whether what voices give is no number, and let what leaves them be their sum."""
    wrong = not are_finite(arena, block & 1, node, awake)
    if wrong or has_failed(arena, block, node[N_SLOT]):
        note_fault(arena, lane, block, node)
    add_up_voices(arena, lane, block, node)


@njit(**ONCE)
def rest_behind(arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int) -> None:
    """Let a wire be silent behind voices that all sleep; see `Node.BEHIND`."""
    hush(arena, block & 1, node)
    sleep_on(arena, lane, block, plan, node, row, 1)


@njit(**ONCE)
def compute(
    arena: Arena, block: int, node: np.ndarray, addresses: np.ndarray, scratch: np.ndarray
) -> int:
    """Call the kernel of a node whose rows are there, twice where another word fades in.

    A bit for each voice that may have given what is no number.
    """
    new = block & 1
    crosses = node[N_CHOICES] != 0 and hold_choices(arena, block, node, scratch)
    call_kernel(
        addresses[node[N_KIND]],
        scratch.ctypes.data,
        arena.state[1 - new].ctypes.data + node[N_STATE],
        arena.state[new].ctypes.data + node[N_STATE],
        arena.memory.ctypes.data + 4 * node[N_MEMORY],
        arena.head[RATE],
    )
    if crosses:
        cross_over(arena, block, node, addresses, scratch)
        return EVERY_VOICE
    return scratch[node[N_INPUTS] + node[N_OUTPUTS] + 1]


@njit(**ONCE)
def are_finite(arena: Arena, new: int, node: np.ndarray, awake: int) -> bool:
    """Whether all that a node's voices give out are numbers, as far as they are heard."""
    for k in range(node[N_OUTPUTS]):
        address = arena.rows_out[new, node[N_ROW_OUT] + WIDE * k].ctypes.data
        if are_numbers(address, SAMPLES):
            continue
        bits = floats(address, SAMPLES).view(np.int32)
        for i in range(SAMPLES):
            if (awake >> (i % WIDE)) & 1 and (bits[i] & EXPONENT) == EXPONENT:
                return False
    return True
