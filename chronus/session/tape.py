"""What has been heard of late: frames from the tape, and the level of each node that is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.engine.findings import strip_rows
from chronus.engine.layout import tape_part
from chronus.errors import Code, UserError
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from chronus.errors import Span
    from chronus.session.session import Session

MARGIN_FRAMES: Final = 128 * BLOCK
"""What a reader stays clear of, before the place that is written to."""


def kept_frames(session: Session) -> int:
    """How many frames can be read back at most."""
    return len(session.writer.arena.tape) - MARGIN_FRAMES


def check_length(session: Session, frames: int, span: Span | None) -> None:
    """See that so much of what was heard is kept.

    Raises:
        UserError: E_RANGE, it is not.
    """
    if frames > kept_frames(session):
        seconds = kept_frames(session) / session.rate_hz
        message = f"only the last {seconds:.0f}s of what was heard are kept"
        raise UserError(Code.RANGE, message, span, (f"hear last {int(seconds)}s",))


def last_frames(session: Session, frames: int) -> tuple[int, NDArray[np.float32]]:
    """The first frame of the last ones that were computed, and as many as there are of them.

    Where nothing has been computed yet, that is one frame of silence.
    """
    end = session.timing.done_blocks * BLOCK
    if session.is_score:
        end = min(end, session.frame)
    start = max(end - frames, 0)
    return start, tape_part(session.writer.arena, start, max(end - start, 1)).copy()


def node_levels(session: Session) -> dict[str, NDArray[np.float32]]:
    """The last block of each heard node, behind its strip, shape (frames, 2)."""
    writer = session.writer
    rows = writer.arena.rows_out[writer.bank]
    found: dict[str, NDArray[np.float32]] = {}
    for name, row in strip_rows(writer):
        block = rows[row : row + 2].T.copy()
        found[name] = found[name] + block if name in found else block
    return found
