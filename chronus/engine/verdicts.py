"""What becomes of a node that gives what is no number, or nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from chronus.dsp.native import OPTIONS
from chronus.engine.faults import EXPONENT, has_failed, note_fault
from chronus.engine.layout import NONE, Arena, Node
from chronus.engine.standing import loudest_of, note_silence
from chronus.engine.wide import judge_voices

if TYPE_CHECKING:
    import numpy as np

N_SLOT, N_GROUP = int(Node.SLOT), int(Node.GROUP)
N_MATTERS, N_FIRST_ROW = int(Node.MATTERS), int(Node.FIRST_ROW)


@njit(**OPTIONS)
def judge(
    arena: Arena,
    lane: int,
    block: int,
    plan: int,
    node: np.ndarray,
    row: int,
    crosses: bool,  # noqa: FBT001
) -> None:
    """See whether what a node gives is no number, or nothing at all."""
    most = loudest_of(arena, block & 1, node)
    if most >= EXPONENT or has_failed(arena, block, node[N_SLOT]):
        note_fault(arena, lane, block, node)
    elif most == 0 and node[N_MATTERS] != 0 and not crosses:
        note_silence(arena, lane, block, plan, node, row)


@njit(**OPTIONS)
def judge_place(arena: Arena, lane: int, block: int, plan: int, index: int) -> None:
    """See the same of the node at a place of the plan, which may be one of voices."""
    node = arena.plan_nodes[plan, lane, index]
    if node[N_GROUP] != NONE:
        judge_voices(arena, lane, block, node, arena.awake[lane, node[N_GROUP]])
    else:
        judge(arena, lane, block, plan, node, node[N_FIRST_ROW], False)
