"""A plan is put into a slot of the arena, where the step reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.engine.layout import Count
from chronus.errors import Code, UserError

if TYPE_CHECKING:
    from chronus.engine.layout import Arena
    from chronus.engine.plan import Plan


def write_plan(arena: Arena, slot: int, plan: Plan) -> None:
    """Put a plan into a free plan slot.

    Raises:
        UserError: E_LIMIT, it has more wires than the arena has room for.
    """
    most = arena.plan_scale.shape[2]
    if any(len(lane.wires) > most for lane in plan.lanes):
        raise UserError(Code.LIMIT, f"too many cables at once: {most} wires are the limit")
    for number, lane in enumerate(plan.lanes):
        counts = arena.plan_counts[slot, number]
        counts[Count.NODES] = len(lane.nodes)
        counts[Count.CABLES] = len(lane.cables)
        counts[Count.GATES] = len(lane.gates)
        counts[Count.MASTER] = plan.master
        counts[Count.BEFORE] = lane.before
        counts[Count.PLAYERS] = len(plan.players)
        counts[Count.GROUPS] = len(lane.groups)
        for rows, place in (
            (lane.nodes, arena.plan_nodes),
            (lane.rows, arena.plan_rows),
            (lane.wires, arena.plan_wires),
            (lane.scales, arena.plan_scale),
            (lane.cables, arena.plan_cables),
            (lane.gates, arena.plan_gates),
            (lane.groups, arena.plan_groups),
        ):
            if len(rows):
                place[slot, number, : len(rows)] = rows
        if lane.gates:
            arena.plan_gate_lane[slot, lane.gates] = number
    arena.plan_players[slot, : len(plan.players)] = plan.players
