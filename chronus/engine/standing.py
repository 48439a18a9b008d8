"""Nodes that stand: what gives nothing, and would give nothing again, is not computed.

A node begins to stand in the block after one in which all that matters to it rested, it gave exact
silence, and its state stayed as it was: with the same inputs the next block is the same, bit for
bit. It goes on to stand until something that matters to it moves. What is patched into the input
that it shuts (`Kind.shuts`) does not matter: of that nothing is heard where the node is silent.

A node that is heard by such a one alone *pauses* with it (`unheard` says which do): it gives
nothing, and its state stands still, so that an oscillator or a noise goes on later where it was.
For as long as a fade after each new plan none pauses, as what was patched before may fade.

All of it follows from the old bank and from the changes of a block, so that a block which is
computed again, a render and a replay come to the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import int32, njit

from chronus.dsp.native import OPTIONS, copy_items, floats
from chronus.engine.inputs import is_dead
from chronus.engine.layout import NONE, Arena, Clock, Fault, Head, Node, Row, Tail, Wire
from chronus.engine.nodes import stays
from chronus.engine.ports import CALM, moves
from chronus.engine.settled import M_EDITION, MARKS, NODES, PLACES, goes_on_resting
from chronus.engine.silence import hush
from chronus.engine.wide import sleep_on
from chronus.settings import BLOCK

COMPUTES_ALL, FADE = int(Head.COMPUTES_ALL), int(Head.FADE)
CHANGES, PLAN_SINCE = int(Clock.CHANGES), int(Clock.PLAN_SINCE)
BYPASS, SINCE = int(Fault.BYPASS), int(Tail.SINCE)
PORT, FIRST, WIRES = int(Row.PORT), int(Row.FIRST), int(Row.WIRES)
W_LATE, W_NODE = int(Wire.LATE), int(Wire.NODE)
N_STATE, N_STATE_BYTES = int(Node.STATE), int(Node.STATE_BYTES)
N_INPUTS, N_SLOT, N_OUTPUTS = int(Node.INPUTS), int(Node.SLOT), int(Node.OUTPUTS)
N_ROW_OUT, N_MATTERS = int(Node.ROW_OUT), int(Node.MATTERS)
N_WIRED, N_ROOT, N_ROOT_ROW = int(Node.WIRED), int(Node.ROOT), int(Node.ROOT_ROW)

GAVE_NOTHING: Final = 1
"""What `still` says of a node that was computed, and may stand from the next block on."""
BOTH_BANKS: Final = 4
"""And from when on both banks hold its silence and its state."""
PAUSED: Final = 8
"""What is added where it pauses: it may not stand when nothing shuts it any more."""


@njit(**OPTIONS)
def loudest(address: int, count: int) -> int:
    """The bits of the loudest of so many samples at an address, without its sign.

    Numbers above 0 are in the order of their bits, and of these many are compared side by side.
    """
    bits = floats(address, count).view(np.int32)
    most = int32(0)
    for i in range(count):
        loud = int32(bits[i] & int32(0x7FFFFFFF))
        most = max(most, loud)
    return most


@njit(**OPTIONS)
def loudest_of(arena: Arena, new: int, node: np.ndarray) -> int:
    """The bits of the loudest sample that a node gives in a block, without its sign."""
    rows = arena.rows_out[new, node[N_ROW_OUT]].ctypes.data  # one behind the other
    return loudest(rows, node[N_OUTPUTS] * BLOCK)


@njit(**OPTIONS)
def hears_something(
    arena: Arena, lane: int, block: int, plan: int, row: int, any_wire: int
) -> bool:
    """Whether a cable brings something to an input row, or, where `any_wire` is 1, may do so."""
    first = arena.plan_rows[plan, lane, row, FIRST]
    for wire in range(first, first + arena.plan_rows[plan, lane, row, WIRES]):
        if is_dead(arena, lane, plan, wire):
            continue
        bank = (block & 1) ^ arena.plan_wires[plan, lane, wire, W_LATE]
        if any_wire != 0 or arena.still[bank, arena.plan_wires[plan, lane, wire, W_NODE]] == 0:
            return True
    return False


@njit(**OPTIONS)
def is_at_rest(
    arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int, alone: int
) -> bool:
    """Whether nothing that matters to a node moves in a block.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        node: its row in the plan.
        row: the number of its first input row in the plan.
        alone: 1 if there may be no cable but for what it shuts.
    """
    calm = (
        arena.calm[1 - (block & 1), node[N_SLOT]] >= 2
        and arena.clock[lane, block & 1, CHANGES] == 0
    )
    if calm and node[N_WIRED] == 0:
        return True
    for k in range(node[N_INPUTS]):
        if (node[N_MATTERS] >> k) & 1 == 0:
            continue
        if not calm and moves(arena, lane, block, arena.plan_rows[plan, lane, row + k, PORT]):
            return False
        if hears_something(arena, lane, block, plan, row + k, alone):
            return False
    return True


@njit(**OPTIONS)
def may_rest(arena: Arena, slot: int) -> bool:
    """Whether a node is computed in the usual way: not bypassed, and not ringing on."""
    rings = arena.rings[0, slot, SINCE] != NONE or arena.rings[1, slot, SINCE] != NONE
    return not rings and arena.faults[slot, BYPASS] == 0


@njit(**OPTIONS)
def stands(
    arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int, alone: int
) -> bool:
    """Whether a node gives nothing in a block, as it did before; arguments as of `is_at_rest`."""
    slot = node[N_SLOT]
    before = arena.still[1 - (block & 1), slot]
    if before == 0 or before >= PAUSED or not may_rest(arena, slot):
        return False
    return is_at_rest(arena, lane, block, plan, node, row, alone)


@njit(**OPTIONS)
def pauses(arena: Arena, lane: int, block: int, plan: int, node: np.ndarray) -> bool:
    """Whether what alone hears a node stands, so that it need not go on."""
    root = arena.plan_nodes[plan, lane, node[N_ROOT]]
    if arena.still[1 - (block & 1), root[N_SLOT]] == 0:
        return False
    faded = arena.clock[lane, block & 1, PLAN_SINCE] + arena.head[FADE] // BLOCK + 2
    if block < faded or not may_rest(arena, node[N_SLOT]):
        return False
    return stands(arena, lane, block, plan, root, node[N_ROOT_ROW], 1)


@njit(**OPTIONS)
def is_left_out(arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int) -> bool:
    """Whether a node is not computed in a block; then it has stood or paused through it."""
    base = 0
    if node[N_ROOT] != NONE:
        if not pauses(arena, lane, block, plan, node):
            return False
        base = PAUSED
    elif arena.head[COMPUTES_ALL] != 0 or not stands(arena, lane, block, plan, node, row, 0):
        return False
    new = block & 1
    slot = node[N_SLOT]
    before = max(arena.still[1 - new, slot] - base, GAVE_NOTHING)
    if before < BOTH_BANKS:
        hush(arena, new, node)
        copy_items(arena.choices[new, slot], arena.choices[1 - new, slot])
        first = node[N_STATE]
        last = first + node[N_STATE_BYTES]
        copy_items(arena.state[new, first:last], arena.state[1 - new, first:last])
    arena.still[new, slot] = base + min(before + 1, BOTH_BANKS)
    sleep_on(arena, lane, block, plan, node, row, 1)
    return True


@njit(**OPTIONS)
def note_silence(
    arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int
) -> None:
    """See whether a node that has given nothing in a block may stand from the next one on."""
    new = block & 1
    slot = node[N_SLOT]
    if not may_rest(arena, slot) or not is_at_rest(arena, lane, block, plan, node, row, 0):
        return
    if not stays(arena, node):
        return
    for k in range(arena.choices.shape[2]):
        one = arena.choices[0, slot, k]
        other = arena.choices[1, slot, k]
        if one != other and not (np.isnan(one) and np.isnan(other)):
            return
    arena.still[new, slot] = GAVE_NOTHING


@njit(**OPTIONS)
def note_rest(arena: Arena, node: np.ndarray, index: int, new: int, memo: np.ndarray) -> None:
    """Write down that a node was left out, if nothing but what is said can end that.

    Args:
        arena: all that the engine knows.
        node: its row in the plan.
        index: its place in the plan.
        new: the bank of the block.
        memo: of this process.
    """
    slot = node[N_SLOT]
    is_held = arena.still[0, slot] >= BOTH_BANKS and arena.still[1, slot] == arena.still[0, slot]
    is_calm = arena.calm[0, slot] >= CALM and arena.calm[1, slot] >= CALM
    if not is_held or not is_calm or not may_rest(arena, slot):
        return
    if node[N_ROOT] == NONE:
        ends_alone = node[N_WIRED] != 0  # by what it hears
    else:
        ends_alone = not goes_on_resting(memo, 1 - new, node[N_ROOT])
    if not ends_alone:
        memo[PLACES + new * NODES + index] = NONE
        memo[MARKS + new * NODES + index] = memo[M_EDITION]
