"""When a lane may compute its next block, and how lanes wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba import njit, types

from chronus.dsp.native import OPTIONS, fresh
from chronus.engine.layout import LANE_COLUMNS, Head, Lane
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

COMMITTED, GO, AHEAD = int(Head.COMMITTED), int(Head.GO), int(Head.AHEAD)
PLAYED, QUIT, LANES_USED = int(Head.PLAYED), int(Head.QUIT), int(Head.LANES)
DONE, WAITS = int(Lane.DONE), int(Lane.WAITS)

LOOKS_AT_ONCE: Final = 2000
LOOK_US: Final = 20
"""How a lane waits for another: so many looks in a row, then one in so many microseconds."""
MOST_LOOKS: Final = 3000
"""After so many looks a lane that waits for the commit sees whether it is still wanted."""


usleep = types.ExternalFunction("usleep", types.int32(types.uint32))


@njit(**OPTIONS)
def is_due(head: int, block: int) -> bool:
    """Whether a block is to be computed by now, as far as score and tape go."""
    if fresh(head + 8 * QUIT) != 0 or block >= fresh(head + 8 * GO):
        return False
    return block * BLOCK < fresh(head + 8 * PLAYED) + fresh(head + 8 * AHEAD) * BLOCK


@njit(types.int64(types.int64, types.int64), **OPTIONS)
def has_room(head: int, lane: int) -> int:
    """Whether a lane's next block may be computed: the score has got there, the tape has room.

    No lane is more than a block ahead of what is committed: its two banks are in use until then.

    Args:
        head: address of the arena's head.
        lane: which lane.
    """
    block = fresh(head + 8 * COMMITTED)
    if lane > 0 and fresh(head + 8 * (DONE + lane * LANE_COLUMNS)) > block:
        return 0
    return int(is_due(head, block))


@njit(**OPTIONS)
def wait_for_commit(head: np.ndarray, lane: int) -> bool:
    """Wait until lane 0 has committed what this lane has done, if more is due by now.

    Who posts room knows nothing of commits, so that nobody would wake this lane for its next block.
    """
    if lane == 0:
        return True
    place = head.ctypes.data
    own = head[DONE + lane * LANE_COLUMNS]
    looks = 0
    while fresh(place + 8 * COMMITTED) < own:
        if looks > MOST_LOOKS or not is_due(place, own):
            return False
        looks += 1
        if looks > LOOKS_AT_ONCE:
            usleep(LOOK_US)
    return True


@njit(**OPTIONS)
def wait_for_lanes(head: np.ndarray, block: int) -> bool:
    """Wait until every other lane has done its share of a block; False if all is to end.

    It looks a while at once, since lanes are mostly done together, and then now and then.
    """
    start = head.ctypes.data
    for lane in range(1, head[LANES_USED]):
        place = start + 8 * (DONE + lane * LANE_COLUMNS)
        looks = 0
        head[WAITS] = 1
        while fresh(place) <= block:
            if fresh(start + 8 * QUIT) != 0:
                head[WAITS] = 0
                return False
            looks += 1
            if looks > LOOKS_AT_ONCE:
                usleep(LOOK_US)
        head[WAITS] = 0
    return True
