"""What Python calls of the compiled engine."""

from __future__ import annotations

from typing import Final

from chronus.dsp.compile import Entry
from chronus.engine.freshness import step_fingerprint

RUN_BLOCKS: Final = Entry("chronus.engine.step", "run_blocks", 6, step_fingerprint)
CUT_OF: Final = Entry("chronus.engine.events", "cut_of", 3, step_fingerprint)
HAS_ROOM: Final = Entry("chronus.engine.pace", "has_room", 2, step_fingerprint)
DO_NOTHING: Final = Entry("chronus.engine.nothing", "do_nothing", 5, step_fingerprint)
"""What stands in the place of every kernel in a rehearsal."""
ENTRIES: Final = (RUN_BLOCKS, CUT_OF, HAS_ROOM, DO_NOTHING)
