"""Who is to blame when a worker is lost: decided from the traces that it left in the arena."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chronus.engine.layout import NONE, Fault, Head, Lane, Reason, lane_place, recover

if TYPE_CHECKING:
    from chronus.engine.layout import Arena, Longs


class Traces(NamedTuple):
    """What a lost worker left behind of the block that it was at."""

    block: int
    node: int  # slot that was being computed, NONE between nodes
    crash: int  # the signal of a crash, 0 for none
    looped: int  # block + 1 in which it did not end, 0 for none
    lost_node: int  # `node` and `block` of the worker that was lost before it
    lost_block: int


def lane_block(head: Longs, lane: int) -> int:
    """The block that a lane is at."""
    return int(head[Head.COMMITTED if lane == 0 else lane_place(Lane.DONE, lane)])


def traces_of(head: Longs, lane: int) -> Traces:
    """Read what the last worker of a lane left."""
    columns = (Lane.NODE, Lane.CRASH, Lane.LOOPED, Lane.LOST_NODE, Lane.LOST_BLOCK)
    return Traces(lane_block(head, lane), *(int(head[lane_place(c, lane)]) for c in columns))


def guilt(traces: Traces) -> Reason:
    """What the node that was being computed is guilty of: NONE where it was the worker alone.

    A crash leaves its signal, and who killed it for an endless loop a note. Without either the node
    is innocent, unless it is the second worker in a row that is lost in the same place.
    """
    if traces.node == NONE:
        return Reason.NONE
    if traces.crash != 0:
        return Reason.CRASHED
    if traces.looped == traces.block + 1:
        return Reason.LOOPED
    again = (traces.lost_node, traces.lost_block) == (traces.node, traces.block)
    return Reason.CRASHED if again else Reason.NONE


def take_over(arena: Arena, lane: int) -> None:
    """Bypass a guilty node, and make the arena ready for the lost worker's block to be redone.

    Should this worker be lost meanwhile, the next one finds the same traces, or none.
    """
    head = arena.head
    traces = traces_of(head, lane)
    reason = guilt(traces)
    if reason is not Reason.NONE:
        fault = arena.faults[traces.node]
        if not fault[Fault.BYPASS]:
            fault[Fault.SINCE] = traces.block
        fault[Fault.REASON] = reason
        fault[Fault.BYPASS] = 1
    recover(arena, lane)
    head[lane_place(Lane.NODE, lane)] = NONE
    head[lane_place(Lane.WAITS, lane)] = 0
    head[lane_place(Lane.CRASH, lane)] = 0
    head[lane_place(Lane.LOOPED, lane)] = 0
    head[lane_place(Lane.LOST_NODE, lane)] = traces.node
    head[lane_place(Lane.LOST_BLOCK, lane)] = traces.block
