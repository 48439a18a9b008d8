"""Like nodes of a level that are computed at once, by the kernel that computes voices side by side.

Which nodes these are says the plan: see `chronus.engine.batchable`. They keep their states and rows
where they are. For a block they are gathered side by side, go through the wide kernel of their
kind, and are put apart again; that kernel gives the bits of the mono one, so what is computed at
once may be another set of nodes in each block. A node that is not as usual in a block (it stands,
is bypassed, rings on, a word of it fades) is computed by itself. So is every node of a block in
which a worker was lost: should one be to blame, it shows which.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import (
    OPTIONS,
    call_kernel,
    float_stack,
    floats,
    longs,
    row_of_voices,
)
from chronus.dsp.tiles import put_apart, put_side_by_side
from chronus.engine.choices import hold_choices
from chronus.engine.faults import has_failed, is_bypassed
from chronus.engine.inputs import fill_rows
from chronus.engine.layout import (
    LANE_COLUMNS,
    MOST_BATCH_ROWS,
    NONE,
    SCRATCH,
    Arena,
    Choice,
    Head,
    Lane,
    Node,
    Tail,
)
from chronus.engine.standing import pauses
from chronus.settings import BLOCK

RATE, SINCE, LEFT = int(Head.RATE), int(Tail.SINCE), int(Choice.LEFT)
CURRENT, LOST_BLOCK = int(Lane.NODE), int(Lane.LOST_BLOCK)
N_KIND, N_STATE, N_SLOT = int(Node.KIND), int(Node.STATE), int(Node.SLOT)
N_INPUTS, N_OUTPUTS, N_ROW_OUT = int(Node.INPUTS), int(Node.OUTPUTS), int(Node.ROW_OUT)
N_CHOICES, N_BATCHES, N_ROOT = int(Node.CHOICES), int(Node.BATCHES), int(Node.ROOT)
N_LEAST, N_LONGS = int(Node.LEAST), int(Node.LONGS)

ROWS_AT: Final = 0
"""Where in the step's scratch each node of a batch has the addresses of its input rows."""
MEMBERS_AT: Final = ROWS_AT + WIDE * MOST_BATCH_ROWS
"""Then which of the nodes are computed at once, by their places in the plan."""
TABLE_AT: Final = MEMBERS_AT + WIDE
"""Then what the wide kernel is given, and room for its verdict."""
TILE_AT: Final = TABLE_AT + MOST_BATCH_ROWS + 2
"""And what goes side by side, or apart: see `chronus.dsp.tiles`."""
assert TILE_AT + 2 * WIDE <= SCRATCH


@njit(**OPTIONS)
def run_batch(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    first: int,
    row: int,
    addresses: np.ndarray,
    scratch: np.ndarray,
) -> int:
    """Call the kernel of those nodes of a batch that are as usual in a block.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        first: the place in the plan of the batch's first node.
        row: its first row in the plan.
        addresses: of the kernels.
        scratch: what the step works with.

    Returns:
        A bit for each node of the batch whose outputs are there now, but were not looked at yet.
    """
    node = arena.plan_nodes[plan, lane, first]
    kernel = node[N_KIND] + 1  # the wide form
    is_again = arena.head[LOST_BLOCK + lane * LANE_COLUMNS] == block
    if is_again or kernel >= len(addresses) or addresses[kernel] == 0:
        return 0
    if addresses[kernel] == addresses[node[N_KIND]]:
        return 0  # both do nothing: it is a rehearsal, and no state may change
    done = 0
    count = 0
    for i in range(node[N_BATCHES]):
        member = arena.plan_nodes[plan, lane, first + i]
        rows = scratch[ROWS_AT + MOST_BATCH_ROWS * count :]
        if takes_part(arena, lane, block, plan, member, row, rows):
            scratch[MEMBERS_AT + count] = first + i
            done |= 1 << i
            count += 1
        row += node[N_INPUTS]
    if count < node[N_LEAST]:
        return 0
    # Should the kernel crash or not end, no node is to blame yet.
    arena.head[CURRENT + lane * LANE_COLUMNS] = NONE
    new = block & 1
    gather_inputs(arena, lane, node, count, scratch)
    gather_states(arena, lane, 1 - new, plan, count, scratch)
    call_kernel(
        addresses[kernel],
        scratch[TABLE_AT:].ctypes.data,
        arena.batch_state[lane, 0].ctypes.data,
        arena.batch_state[lane, 1].ctypes.data,
        arena.memory.ctypes.data,
        arena.head[RATE],
    )
    put_states_back(arena, lane, new, plan, count, scratch)
    put_outputs(arena, lane, new, plan, count, scratch)
    return done


@njit(**OPTIONS)
def takes_part(
    arena: Arena, lane: int, block: int, plan: int, node: np.ndarray, row: int, rows: np.ndarray
) -> bool:
    """Whether a node is as usual in a block; then its rows are filled, as they always are.

    If not, nothing that was done here is more than will be done again.
    """
    slot = node[N_SLOT]
    new = block & 1
    if (
        arena.still[1 - new, slot] != 0  # it stands, or did so until now
        or arena.rings[0, slot, SINCE] != NONE
        or arena.rings[1, slot, SINCE] != NONE
        or is_bypassed(arena, block, slot)
        or has_failed(arena, block, slot)
        or arena.choices[1 - new, slot, LEFT] != 0.0
        or (node[N_ROOT] != NONE and pauses(arena, lane, block, plan, node))
    ):
        return False
    arena.still[new, slot] = 0
    fill_rows(arena, lane, block, plan, node, row, rows)
    return node[N_CHOICES] == 0 or not hold_choices(arena, block, node, rows)


@njit(**OPTIONS)
def gather_inputs(
    arena: Arena, lane: int, node: np.ndarray, count: int, scratch: np.ndarray
) -> None:
    """Write the wide input rows of a batch, and the table of rows that its kernel is given.

    Behind the nodes that are there the first one is written again: it is no other work.
    """
    filled_at = arena.rows_in.ctypes.data
    for k in range(node[N_INPUTS]):
        wide = arena.batch_rows[lane, k].ctypes.data
        scratch[TABLE_AT + k] = wide
        rests = True
        for voice in range(WIDE):
            of = voice if voice < count else 0
            address = scratch[ROWS_AT + MOST_BATCH_ROWS * of + k]
            scratch[TILE_AT + voice] = address
            place = (address - filled_at) // (4 * BLOCK)
            is_input = 0 <= place < arena.rows_in.shape[0]
            rests = rests and is_input and not np.isnan(arena.filled[place])
        if rests:
            hold_side_by_side(scratch[TILE_AT:].ctypes.data, wide)
        else:
            put_side_by_side(scratch[TILE_AT:].ctypes.data, wide)
    for k in range(node[N_OUTPUTS] + 1):  # the last one in place of a recording
        place = node[N_INPUTS] + k
        scratch[TABLE_AT + place] = arena.batch_rows[lane, place].ctypes.data


@njit(**OPTIONS)
def hold_side_by_side(rows: int, wide: int) -> None:
    """As `put_side_by_side`, of rows that hold one value each."""
    table = longs(rows, WIDE)
    values = float_stack()
    for voice in range(WIDE):
        values[voice] = floats(table[voice], 1)[0]
    target = row_of_voices(wide)
    for i in range(BLOCK):
        for voice in range(WIDE):
            target[i, voice] = values[voice]


@njit(**OPTIONS)
def gather_states(
    arena: Arena, lane: int, old: int, plan: int, count: int, scratch: np.ndarray
) -> None:
    """Put the states of a batch side by side, as the wide kernel has them."""
    target = arena.batch_state[lane, 0].ctypes.data
    longs_left = arena.plan_nodes[plan, lane, scratch[MEMBERS_AT], N_LONGS]
    at = 0
    while longs_left > 1:
        size = 1 + (longs_left & 1)
        for voice in range(WIDE):
            of = scratch[MEMBERS_AT + (voice if voice < count else 0)]
            state = arena.state[old].ctypes.data + arena.plan_nodes[plan, lane, of, N_STATE] + at
            words = floats(target, WIDE * size)
            for k in range(size):
                words[size * voice + k] = floats(state, 2)[k]
        target += 4 * WIDE * size
        at += 8
        longs_left >>= 1


@njit(**OPTIONS)
def put_states_back(
    arena: Arena, lane: int, new: int, plan: int, count: int, scratch: np.ndarray
) -> None:
    """Give each node of a batch the state that it has after the block."""
    source = arena.batch_state[lane, 1].ctypes.data
    longs_left = arena.plan_nodes[plan, lane, scratch[MEMBERS_AT], N_LONGS]
    at = 0
    while longs_left > 1:
        size = 1 + (longs_left & 1)
        words = floats(source, WIDE * size)
        for voice in range(count):
            of = scratch[MEMBERS_AT + voice]
            state = arena.state[new].ctypes.data + arena.plan_nodes[plan, lane, of, N_STATE] + at
            for k in range(size):
                floats(state, 2)[k] = words[size * voice + k]
        source += 4 * WIDE * size
        at += 8
        longs_left >>= 1


@njit(**OPTIONS)
def put_outputs(
    arena: Arena, lane: int, new: int, plan: int, count: int, scratch: np.ndarray
) -> None:
    """Give each node of a batch its own output rows; what lies behind the nodes goes nowhere."""
    node = arena.plan_nodes[plan, lane, scratch[MEMBERS_AT]]
    nowhere = arena.batch_rows[lane, MOST_BATCH_ROWS].ctypes.data
    for k in range(node[N_OUTPUTS]):
        for voice in range(WIDE):
            scratch[TILE_AT + voice] = nowhere
        for voice in range(count):
            out = arena.plan_nodes[plan, lane, scratch[MEMBERS_AT + voice], N_ROW_OUT] + k
            scratch[TILE_AT + voice] = arena.rows_out[new, out].ctypes.data
        wide = arena.batch_rows[lane, node[N_INPUTS] + k].ctypes.data
        put_apart(wide, scratch[TILE_AT:].ctypes.data)
