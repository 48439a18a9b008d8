"""Nodes that are given what they were given two blocks ago, in blocks in which nothing is said.

What is written down of a node are the words of `Given`: addresses of all that its kernel takes and
of all that may end this, so that no row of the plan is looked at; then the table of its rows, and,
of each row that is to be filled anew, the words of `Refill`. See `given` for who writes that, and
`settled` for how long it holds.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import (
    ONCE,
    OPTIONS,
    call_kernel,
    float_at,
    floats,
    long_at,
    put_float,
    put_long,
)
from chronus.dsp.rows import NUMBERS, SILENCE, sum_rows, what_is_heard
from chronus.engine.inputs import fill_row
from chronus.engine.layout import ANY, GROUPED, HOLDS, NONE, Arena, Given, Head, Node, Refill, Row
from chronus.engine.ports import CALM
from chronus.engine.settled import M_EDITION, MARKS, NODES, PLACES
from chronus.engine.verdicts import judge_place
from chronus.engine.voices import add_up_voices, is_asleep
from chronus.engine.wide_rows import fill_wide_row
from chronus.settings import BLOCK

RATE, PORT = int(Head.RATE), int(Row.PORT)
N_INPUTS, N_FIRST_ROW = int(Node.INPUTS), int(Node.FIRST_ROW)
N_ROW_IN, N_SLOT = int(Node.ROW_IN), int(Node.SLOT)
G_SLOT, G_KERNEL, G_MEMORY = 8 * int(Given.SLOT), 8 * int(Given.KERNEL), 8 * int(Given.MEMORY)
G_OLD, G_NEW, G_STILL = 8 * int(Given.OLD), 8 * int(Given.NEW), 8 * int(Given.STILL)
G_STOOD, G_ROOT_STOOD = 8 * int(Given.STOOD), 8 * int(Given.ROOT_STOOD)
G_CARE, G_BEHIND = 8 * int(Given.CARE), 8 * int(Given.BEHIND)
G_AWAKE, G_LEAVES = 8 * int(Given.AWAKE), 8 * int(Given.LEAVES)
G_VERDICT, G_OUTPUTS = 8 * int(Given.VERDICT), 8 * int(Given.OUTPUTS)
G_COUNT, G_STATES, G_REFILLS = (
    8 * int(Given.COUNT),
    8 * int(Given.STATES),
    8 * int(Given.REFILLS),
)
G_REFILLED, G_TABLE = 8 * int(Given.REFILLED), 8 * int(Given.TABLE)
G_HEARD = 8 * int(Given.HEARD)
R_TABLE, R_PIECES = 8 * int(Refill.TABLE), 8 * int(Refill.PIECES)
R_TARGET, R_BASE = 8 * int(Refill.TARGET), 8 * int(Refill.BASE)
R_LOW, R_HIGH = 8 * int(Refill.LOW), 8 * int(Refill.HIGH)
R_SOURCES, R_FILLED = 8 * int(Refill.SOURCES), 8 * int(Refill.FILLED)
R_FIRST = 8 * int(Refill.FIRST)
"""Bytes: all of it is read and written by addresses."""

SOURCE: Final = 16
"""Bytes of what is written down of a source."""
DONE: Final = 0
"""What becomes of a node: nothing more is to be done for it in this block."""
GAVE_OTHER: Final = 1
"""Or it gave nothing, or what may be no number, and is to be judged."""
STIRRED: Final = 2
"""Or it is to be computed in the usual way."""


@njit(**OPTIONS)
def go_by_heart(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    first: int,
    last: int,
    current: int,
    memo: np.ndarray,
) -> int:
    """Compute nodes of which something is written down; the place of the first that has none.

    Args:
        arena: all that the engine knows.
        lane: the lane.
        block: the block.
        plan: the plan slot.
        first: the place in the plan of the node to begin with.
        last: and of the one to end before.
        current: address of the node that is being computed, for blame.
        memo: of this process.
    """
    new = block & 1
    start = memo.ctypes.data
    marks = start + 8 * (MARKS + new * NODES)
    places = start + 8 * (PLACES + new * NODES)
    edition = memo[M_EDITION]
    index = first
    while index < last and long_at(marks + 8 * index) == edition:
        place = long_at(places + 8 * index)
        if place != NONE:
            given = start + 8 * place
            if long_at(given + G_SLOT) == NONE:
                break  # it is of a group
            found = repeat(arena, lane, block, plan, index, current, given)
            if found == STIRRED:
                break
            if found == GAVE_OTHER:
                judge_place(arena, lane, block, plan, index)
        index += 1
    return index


@njit(**ONCE)
def repeat(
    arena: Arena, lane: int, block: int, plan: int, index: int, current: int, given: int
) -> int:
    """Compute a node by the address of what is written down of it.

    Arguments are those of `go_by_heart`, and the node's place in the plan.

    Returns:
        DONE, GAVE_OTHER or STIRRED.
    """
    if long_at(long_at(given + G_STOOD)) | long_at(long_at(given + G_ROOT_STOOD)) != 0:
        return STIRRED
    care = long_at(given + G_CARE)
    if care != 0 and not takes_care(arena, lane, block, plan, index, care, given):
        return STIRRED
    put_long(current, long_at(given + G_SLOT))
    put_long(long_at(given + G_STILL), 0)
    target = long_at(given + G_REFILLED)
    for _ in range(long_at(given + G_REFILLS)):
        target = refill(arena, lane, block, plan, target)
    call_kernel(
        long_at(given + G_KERNEL),
        given + G_TABLE,
        long_at(given + G_OLD),
        long_at(given + G_NEW),
        long_at(given + G_MEMORY),
        arena.head[RATE],
    )
    awake_at = long_at(given + G_AWAKE) if care != 0 else 0
    if awake_at == 0:
        found = what_is_heard(long_at(given + G_OUTPUTS), long_at(given + G_COUNT))
        if found == SILENCE and (hears_on(given) or moves_on(given)):
            return DONE
        return DONE if found == NUMBERS else GAVE_OTHER
    if long_at(long_at(given + G_VERDICT)) & long_at(awake_at) != 0:
        return GAVE_OTHER
    if long_at(given + G_LEAVES) != 0:
        add_up_voices(arena, lane, block, arena.plan_nodes[plan, lane, index])
    return DONE


@njit(**ONCE)
def takes_care(
    arena: Arena, lane: int, block: int, plan: int, index: int, care: int, given: int
) -> bool:
    """See that voices are heard, and fill rows whose knobs move; False where none are heard.

    Arguments are those of `repeat`, and what is written down as `Given.CARE`.
    """
    if care & GROUPED != 0:
        behind = long_at(given + G_BEHIND)
        if behind != NONE and is_asleep(arena, lane, behind):
            return False
        awake_at = long_at(given + G_AWAKE)
        if awake_at != 0 and long_at(awake_at) == 0:
            return False
    if care & ~GROUPED != 0:
        move_rows(arena, lane, block, plan, index, care, given)
    return True


@njit(**ONCE)
def move_rows(
    arena: Arena, lane: int, block: int, plan: int, index: int, care: int, given: int
) -> None:
    """Fill the rows of a node whose knobs are on their way, until they rest.

    A knob that did not move in a block is the same in both banks from then on, and its row is given
    as one that rests. What says so of the node goes on as in `fill_rows`.
    """
    new = block & 1
    node = arena.plan_nodes[plan, lane, index]
    moved = False
    for k in range(node[N_INPUTS]):
        if (care >> k) & 1:
            row = node[N_FIRST_ROW] + k
            address = fill_row(arena, lane, block, plan, row, node[N_ROW_IN] + k)
            if arena.port_moved[arena.plan_rows[plan, lane, row, PORT]] == block:
                moved = True
            else:
                address |= 1
                care &= ~(1 << k)
            put_long(given + G_TABLE + 8 * k, address)
    put_long(given + G_CARE, care)
    calm = arena.calm[1 - new, node[N_SLOT]]
    arena.calm[new, node[N_SLOT]] = 0 if moved else min(calm + 1, CALM)


@njit(**OPTIONS)
def hears_on(given: int) -> bool:
    """Whether something that matters to a node was computed, so that this cannot stand yet."""
    heard = long_at(given + G_HEARD)
    return heard != 0 and long_at(heard) == 0


@njit(**ONCE)
def moves_on(given: int) -> bool:
    """Whether a node's state is another one than before, so that its silence may end by itself."""
    old, new = long_at(given + G_OLD), long_at(given + G_NEW)
    for k in range(long_at(given + G_STATES)):
        if long_at(old + 8 * k) != long_at(new + 8 * k):
            return True
    return False


@njit(**ONCE)
def refill(arena: Arena, lane: int, block: int, plan: int, words: int) -> int:
    """Fill a row, by the address of what is written down of it; where that ends."""
    pieces = long_at(words + R_PIECES)
    target = long_at(words + R_TARGET)
    if pieces > 0:
        base, low, high = (
            float_at(words + R_BASE),
            float_at(words + R_LOW),
            float_at(words + R_HIGH),
        )
        sources = long_at(words + R_SOURCES)
        put_float(long_at(words + R_FILLED), np.float32(np.nan))
        sum_rows(words + R_FIRST, sources, pieces, target, base, low, high)
        return words + R_FIRST + SOURCE * sources
    if pieces == HOLDS:
        hold(target, float_at(words + R_BASE), long_at(words + R_FILLED))
        return words + R_FIRST
    row = long_at(words + R_BASE)
    if pieces == ANY:
        filled = fill_row(arena, lane, block, plan, row, target)
    else:
        filled = fill_wide_row(arena, lane, block, plan, row, target)
    put_long(long_at(words + R_TABLE), filled)
    return words + R_FIRST


@njit(**ONCE)
def hold(target: int, value: float, filled: int) -> None:
    """Let a row of voices hold one value; by its address, and that of what says what it holds."""
    if float_at(filled) != value:
        put_float(filled, np.float32(np.nan))
        samples = floats(target, BLOCK * WIDE)
        for i in range(BLOCK * WIDE):
            samples[i] = value
        put_float(filled, value)
