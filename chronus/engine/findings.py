"""What the arena says of the nodes in it: which sound, which went wrong, what they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import ASLEEP, Count, Fault, Node, Player, Reason

if TYPE_CHECKING:
    from chronus.engine.writer import Writer


def sounding(writer: Writer, key: str) -> int:
    """How many voices of a player sound, after the last finished block."""
    player = writer.arena.players[writer.place(key).player]
    first, last = player[Player.BASE], player[Player.BASE] + player[Player.VOICES]
    return int(np.count_nonzero(writer.arena.voice_quiet[writer.bank, first:last] != ASLEEP))


def strip_rows(writer: Writer) -> list[tuple[str, int]]:
    """Name of each node that is heard, and the first output row of its channel strip."""
    return [
        (writer.nodes[key].name, place.rows_out)
        for key, place in writer.places.items()
        if place.kind.name == "strip"
    ]


def faults(writer: Writer) -> dict[str, tuple[int, Reason, int]]:
    """Of each node that went wrong: 1 while it is bypassed, why, and when it gave no number.

    That is the last such block, or NONE. Each is called by its name of now and its key, as in
    `kick#3`.
    """
    found = {}
    for key, place in list(writer.places.items()):  # another thread may ask
        bypass, reason, *recent = (int(n) for n in writer.arena.faults[place.slot, : Fault.RESET])
        if reason != Reason.NONE:
            found[writer.nodes[key].name + key] = (bypass, Reason(reason), max(recent))
    return found


def kernels_in_use(writer: Writer) -> set[int]:
    """Numbers of the kernels that any plan calls, or that the next one will."""
    found = {place.number for place in writer.places.values()}
    counts = writer.arena.plan_counts[:, :, Count.NODES]
    for slot, lane in np.ndindex(*counts.shape):
        nodes = writer.arena.plan_nodes[slot, lane, : counts[slot, lane]]
        found.update(nodes[:, Node.KIND].tolist())
    return found
