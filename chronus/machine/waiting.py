"""Waiting in native code: to wake the interpreter costs several times what the wait itself does.

These loops do what can be decided by numbers in the arena, and return whenever there is more to it;
`chronus.machine.loops` has them. What they are given must outlive the call.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from chronus.dsp.compile import Entry
from chronus.engine.entries import RUN_BLOCKS
from chronus.engine.freshness import step_fingerprint

STANDS_STILL: Final = -1
"""What `stand_by` returns besides the codes of a lock: who holds it stands still."""


class Seen(IntEnum):
    """Columns of what `stand_by` saw last of a worker that had something to do."""

    AT_NS = 0
    CPU_NS = 1
    PID = 2  # NONE: it had nothing to do
    BLOCK = 3
    NODE = 4
    SECONDS = 5  # scratch: a timespec
    NANOSECONDS = 6


step_while_wanted: Final = Entry("chronus.machine.loops", "step_while_wanted", 12, step_fingerprint)
is_still: Final = Entry("chronus.machine.loops", "is_still", 3, step_fingerprint)
stand_by: Final = Entry("chronus.machine.loops", "stand_by", 7, step_fingerprint)


def load_loops() -> None:
    """Load what workers and standbys call: the step, and how they wait."""
    for entry in (RUN_BLOCKS, stand_by, step_while_wanted):
        entry.load()
