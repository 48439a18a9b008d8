"""What a draft says is done: instant by instant, each all at once, or not at all."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from chronus.errors import Code, UserError
from chronus.session.ledger import Entry
from chronus.session.passing import PATIENCE_S, go_to, letting_others, move_to
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.patch.model import Patch
    from chronus.session.draft import Draft, Instant, Result
    from chronus.session.session import Session

PATIENCE: Final = 100
"""So often something waits for what must come soon."""


def carry_out(session: Session, draft: Draft) -> tuple[Result, ...]:
    """Do what a draft says, then ask each command for its answer.

    Raises:
        UserError: it cannot be done; nothing has changed then.
    """
    # An empty instant at the end does nothing, and others may have changed the patch by then.
    instants = [n for n in draft.instants if n is draft.instants[0] or not n.is_empty]
    for instant in instants:
        if session.timing.at_once or not session.is_over:
            do(session, instant, is_last=instant is instants[-1])
    session.telling.tell_line(draft, instants)
    return tuple(result(session) for result in draft.results)


def do(session: Session, instant: Instant, *, is_last: bool, settles: bool = True) -> int | None:
    """Do what an instant says; others have their turns once nothing of the line is to come.

    Args:
        session: where.
        instant: what is done.
        is_last: whether it is the last of its line.
        settles: whether to wait until the engine has done it.

    Returns:
        What the backend can settle on, where that was not waited for.

    Raises:
        UserError: it cannot be done; nothing has changed then.
    """
    timing, before, foreseen = session.timing, session.patch, session.timing.foreseen
    stamp = timing.stamp if instant.stamp is None else instant.stamp
    is_ahead, timing.stamp = timing.stamp is not None, stamp
    _apply(session, instant)
    mark = session.publish() if session.console.is_touched and not session.is_score else None
    timing.stamp = stamp if is_ahead else None
    _note(session, instant, before, mark, stamp)
    if mark is not None and not settles:
        return mark
    if mark is not None and not is_ahead:
        transport = timing.foreseen
        with letting_others(session, is_apart=is_last):
            took = session.backend.settle(mark)
        has_taken(session, instant, took)
        if foreseen is not transport is timing.foreseen:
            # From the block at which it came.
            session.set_transport(timing.engine_transport())
    session.tell()
    if instant.until is not None and is_last:
        move_to(session, instant.until, apart=True)
    elif instant.until is not None:
        go_to(
            session, instant.until, apart=False
        )  # what comes due meanwhile is in the line's draft
    return None


def _apply(session: Session, instant: Instant) -> None:
    """Let the session be as it is from an instant on, and stage what that is in the engine.

    Raises:
        UserError: it cannot be done; nothing has changed then.
    """
    assert instant.patch is not None
    if instant.openings and instant.is_rewired:
        check_room(session, instant.patch)
    for opening in instant.openings:
        opening(session)
    _with_patience(
        session,
        partial(
            session.console.take,
            instant.patch,
            is_rewired=instant.is_rewired,
            ringing=instant.ringing,
            copies=instant.copies,
        ),
    )
    for action in instant.actions:
        action(session)
    session.agenda = instant.agenda
    if instant.history is not None:
        session.history = instant.history


def has_taken(session: Session, instant: Instant, frame: int) -> None:
    """Note at which frame an instant took effect."""
    session.effect_frame = frame
    bar = session.transport.position(frame)
    session.history = session.history.took(instant.line, frame, bar)


def check_room(session: Session, patch: Patch) -> None:
    """Make sure that the engine would take a patch now.

    Raises:
        UserError: E_LIMIT, it is too full.
    """
    _with_patience(session, partial(session.console.check_room, patch))


def _with_patience(session: Session, action: Callable[[], None]) -> None:
    """Do what may find the engine full, again while what was unloaded leaves it.

    A score is some time ahead of the engine; offline that has got as far as it may.
    """
    for patience in reversed(range(PATIENCE)):
        try:
            action()
        except UserError as error:
            can_wait = session.backend.is_live and session.is_released and patience > 0
            waits = error.code is Code.LIMIT and can_wait and session.console.waits_for_places()
            if not waits:
                raise
            time.sleep(PATIENCE_S)
        else:
            return


def _note(
    session: Session, instant: Instant, before: Patch, mark: int | None, stamp: int | None
) -> None:
    """Have an instant told of once it has taken effect."""
    texts = tuple(filter(None, instant.said))
    if texts:
        due = None if stamp is None or mark is None else stamp * BLOCK
        entry = Entry(
            texts,
            session.publications,
            instant.who,
            before,
            session.patch,
            mark,
            session.took,
            due,
            is_unheard=mark is None and not session.is_score,
            pending=instant.pending,
        )
        session.telling.ledger.add(entry)
