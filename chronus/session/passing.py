"""Time passes in the middle of a line or of a score, and others may have their turns meanwhile."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.session.session import Session

PATIENCE_S: Final = 0.005
"""So long something waits each time for what must come soon."""
RUN_MARGIN_S: Final = 0.1
"""How far ahead of what is played a file that is run at the prompt begins."""


def move_to(session: Session, frame: float, *, apart: bool = False) -> None:
    """Let virtual time move on through what is pending; what was said until now comes first.

    Args:
        session: whose time it is.
        frame: to which it moves.
        apart: whether other lines may have their turns meanwhile.
    """
    if session.is_score:
        session.pending.pass_until(frame, apart=apart)
    go_to(session, frame, apart=apart)


def go_to(session: Session, frame: float, *, apart: bool) -> None:
    """The same, past what is pending."""
    session.publish()
    session.release()
    if session.is_score:
        session.timing.virtual = frame
        end = session.end_frame()
        if end is not None and frame >= end:
            session.has_run_out = True
            return
        with letting_others(session, is_apart=apart):
            session.backend.reach(int(frame + 0.5))
        return
    with letting_others(session, is_apart=apart):
        while session.timing.done_blocks * BLOCK < frame:
            session.backend.reach(session.timing.done_blocks * BLOCK)
            time.sleep(PATIENCE_S)


@contextmanager
def letting_others(session: Session, *, is_apart: bool = True) -> Iterator[None]:
    """Let other lines have their turns while this one waits or works on its answer, if it may."""
    if not is_apart:
        yield
        return
    timing = session.timing
    mine = (timing.at_once, timing.is_gesture, session.effect_frame, session.speaker)
    timing.step_back()  # the lines of others are not said as this one is
    try:
        with session.turns.apart():
            yield
    finally:
        timing.at_once, timing.is_gesture, session.effect_frame, session.speaker = mine


@contextmanager
def as_score(session: Session) -> Iterator[None]:
    """Virtual time for a while, from a moment ahead of what is played."""
    timing = session.timing
    if timing.runs_score:
        yield
        return
    with session.turns.turn():
        timing.foreseen = session.transport
        timing.virtual = session.frame + RUN_MARGIN_S * session.rate_hz
        timing.runs_score = True
    try:
        yield
    finally:
        with session.turns.turn():
            session.publish()
            timing.runs_score = False
            session.agenda = session.agenda.in_real_time()
            session.wake()
