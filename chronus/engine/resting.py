"""Ports that are the same all through a block, and those that were so for some blocks."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.layout import WIDE
from chronus.dsp.native import OPTIONS
from chronus.engine.layout import NONE, Arena, Ramp, Row
from chronus.engine.ports import rest
from chronus.engine.synced import at_tempo, tempo_of
from chronus.settings import BLOCK

FOLLOWS = int(Ramp.FOLLOWS)
PORT, VOICES = int(Row.PORT), int(Row.VOICES)


@njit(**OPTIONS)
def resting(arena: Arena, lane: int, block: int, port: int) -> float:
    """What a port is all through a block, brought into the new bank; nan where it moves.

    One that follows the tempo rests as long as that does: it is then what `walk_by_tempo` makes of
    it for each frame.
    """
    old = 1 - (block & 1)
    if arena.port_left[old, port] > 0 or arena.change_first[lane, port] != NONE:
        return np.nan
    follows = arena.ports[old, port, FOLLOWS]
    if follows == 0.0:
        return rest(arena, block, port)
    tempo = tempo_of(arena, lane, block, 0, follows)
    if tempo_of(arena, lane, block, BLOCK - 1, follows) != tempo:
        return np.nan
    value = at_tempo(rest(arena, block, port), follows, tempo)
    return min(max(value, arena.limits[port, 0]), arena.limits[port, 1])


@njit(**OPTIONS)
def has_rested(arena: Arena, block: int, entry: np.ndarray) -> bool:
    """Whether the ports of a row have rested for so long that both banks have them."""
    if block <= arena.port_moved[entry[PORT]] + 1:
        return False
    if entry[VOICES] != NONE:
        for voice in range(entry[VOICES], entry[VOICES] + WIDE):
            if block <= arena.port_moved[voice] + 1:
                return False
    return True
