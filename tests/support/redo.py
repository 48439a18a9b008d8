"""Stages whose blocks are all computed again, as if a worker were lost at the end of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import Head, recover

if TYPE_CHECKING:
    from tests.support.score import Stage


def redo_blocks(stage: Stage) -> Stage:
    """Let a stage compute each block twice: all but the commit is there the second time.

    What must not outlive a block is made worthless meanwhile, as it is where a worker was lost.
    """
    arena = stage.backend.writer.arena
    pump = stage.backend._hand()
    advance = pump.advance

    def twice(blocks):
        frames = []
        for _ in range(blocks):
            advance(1)
            arena.head[Head.COMMITTED] -= 1
            recover(arena)
            arena.awake[:] = arena.woken[:] = -1
            arena.rows_in[:256] = np.nan
            frames.append(advance(1))
        return np.concatenate(frames)

    pump.advance = twice
    return stage
