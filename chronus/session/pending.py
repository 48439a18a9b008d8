"""What is pending comes: in a score when virtual time is there, else a little ahead, stamped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from chronus.errors import UserError
from chronus.session import carrying
from chronus.session.draft import Instant
from chronus.session.drafting import prepare
from chronus.session.passing import go_to, move_to
from chronus.session.scenes import bars_to_end, running
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.language.statements import Said
    from chronus.session.agenda import Item
    from chronus.session.draft import Draft
    from chronus.session.session import Session

LEAD_S: Final = 0.1
"""How long before its time it is published where time is real."""
LOOK_S: Final = 0.02


class Pending:
    """Carries out what is on a session's agenda.

    Args:
        session: whose.

    Attributes:
        failures: how many items could not be done when their time came.
    """

    def __init__(self, session: Session) -> None:
        self.failures = 0
        self._session = session
        self._listeners: list[Callable[[str], None]] = []

    def on_news(self, listener: Callable[[str], None]) -> None:
        """Have told what failed, came late or was dropped: no line asked for it."""
        self._listeners.append(listener)

    def _tell(self, text: str) -> None:
        for listener in self._listeners:
            listener(text)

    @property
    def _lead(self) -> float:
        return LEAD_S * self._session.rate_hz

    # ---- in virtual time

    def pass_until(self, frame: float, *, apart: bool) -> None:
        """Let virtual time move through all that is due up to a frame, but not to the end."""
        session = self._session
        while True:
            found = session.agenda.next_due(session.transport, in_score=True)
            end = session.end_frame()
            if found is None or found[0] > frame or (end is not None and found[0] >= end):
                return
            due, item = found
            if due > session.timing.virtual:
                go_to(session, due, apart=apart)  # another line may have its turn: look again
            else:
                self._carry_out(item, session.timing.virtual)

    def pass_song(self) -> None:
        """Let virtual time move on to the end of a song that runs and has one."""
        session = self._session
        more = bars_to_end(session.patch, session.agenda)
        item = running(session.agenda)
        if more is None or item is None or item.beat is None:
            return
        last = session.transport.bar_at(item.beat) + more
        while item is not None and item.beat is not None:
            frame = item.frame_in(session.transport)
            if math.isinf(frame) or session.transport.bar_at(item.beat) > last + 0.5:
                return  # the transport stands, or somebody has begun the song again
            move_to(session, max(frame, session.timing.virtual), apart=True)
            item = running(session.agenda)

    # ---- in real time

    def look(self) -> float | None:
        """Carry out what is due soon; seconds to the next look, None where there is no need."""
        session = self._session
        wait = self._frames_to_go()
        if session.telling.ledger.is_open or (wait is not None and wait <= 0):
            with session.turns.turn():
                session.telling.ledger.tell()
                session.telling.tell_pending(session.agenda)
                while (wait := self._frames_to_go()) is not None and wait <= 0:
                    self._carry_out_ahead()
        if wait is None:
            return LOOK_S if session.telling.ledger.is_open else None
        return min(max(wait / session.rate_hz, LOOK_S / 10), LOOK_S)

    def _frames_to_go(self) -> float | None:
        """Frames until the next item has to be published; None while there is none."""
        timing = self._session.timing
        if not any(not item.in_score for item in self._session.agenda.items):
            return None
        found = self._session.agenda.next_due(timing.real_transport, in_score=False)
        if found is None:
            return self._lead  # the transport stands: it may go on at any time
        return found[0] - self._lead - timing.done_blocks * BLOCK

    def _carry_out_ahead(self) -> None:
        session, timing = self._session, self._session.timing
        found = session.agenda.next_due(timing.real_transport, in_score=False)
        assert found is not None
        frame, item = found
        if timing.runs_score:
            session.publish()  # what the score has said before comes before it
        timing.step_outside(item.parts, int(frame + 0.5) // BLOCK)
        try:
            self._carry_out(item, frame)
        finally:
            timing.step_back()

    # ---- either way

    def _carry_out(self, item: Item, frame: float) -> None:
        session = self._session
        try:
            instant = self._instant_of(session.draft(frame), item)
            carrying.do(session, instant, is_last=False)
        except UserError as error:
            session.agenda = session.agenda.without({item.number})
            self.failed(item, error)

    def _instant_of(self, draft: Draft, item: Item) -> Instant:
        """What an item does, on a draft for its frame; the agenda goes on behind it.

        Raises:
            UserError: it cannot be done, with its place.
        """
        draft.who = item.who
        draft.agenda = draft.agenda.after(item, draft.transport)
        self.prepare(draft, item.parts)
        draft.close()
        (instant,) = draft.instants
        instant.pending = item.line_once
        return instant

    def prepare(self, draft: Draft, parts: tuple[Said, ...]) -> None:
        """Let commands that are done together add to a draft.

        Raises:
            UserError: one of them cannot be done, or is the first that the engine has no room for,
                with its place.
        """
        is_now = len(draft.instants) == 1 and not draft.is_trial
        for part in parts:
            try:
                prepare(draft, part)
                if is_now and draft.instants[0].is_rewired:
                    carrying.check_room(self._session, draft.patch)
            except UserError as error:
                raise error.at(part.span) from error

    def failed(self, item: Item, error: UserError) -> None:
        """Tell that an item could not be done; one that repeats is not tried again."""
        ends = ", and is cancelled" if item.repeat is not None else ""
        self._tell(f"at {item.when} (#{item.number}){ends}: error {error}")
        self.failures += 1

    def left_out(self, what: str, error: UserError) -> None:
        """Tell that something was left out, and that all else goes on."""
        self._tell(f"{what}: left out, error {error}")
        self.failures += 1

    def late(self, what: str, due: int, frame: int) -> None:
        """Tell that an item came too late."""
        self._tell(f"{what} came late: at frame {frame}, not {due}")

    def drop(self) -> None:
        """Take away what a score ends before; what would only be repeated goes untold."""
        session = self._session
        dropped = [item for item in session.agenda.items if item.in_score]
        for item in dropped:
            if item.repeat is None:
                self._tell(f"at {item.when} (#{item.number}): dropped, the score ends before")
        session.agenda = session.agenda.without({item.number for item in dropped})

    # ---- in the middle of a line

    def catch_up(self, draft: Draft) -> None:
        """Carry out, within a draft, what comes due while it waits, before what follows that."""
        in_score = self._session.is_score
        while len(draft.instants) > 1 and draft.instants[-1].is_empty:
            found = draft.agenda.next_due(draft.transport, in_score=in_score)
            if found is None or found[0] > draft.frame:
                return
            frame, item = found
            self._insert(draft, max(frame, draft.instants[-2].at), item, in_score=in_score)

    def _insert(self, draft: Draft, frame: float, item: Item, *, in_score: bool) -> None:
        """Part the wait that ends a draft by an item."""
        waits = draft.instants[-2]
        trial = draft.fork(frame)
        try:
            instant = self._instant_of(trial, item)
            draft.adopt(trial)
        except UserError as error:
            reason = error
            draft.agenda = draft.agenda.without({item.number})
            instant = Instant(patch=draft.patch, agenda=draft.agenda)
            instant.actions.append(lambda session: session.pending.failed(item, reason))
        instant.at, instant.until = frame, waits.until
        waits.until = frame
        if not in_score:
            instant.stamp = int(frame + 0.5) // BLOCK
            waits.until = max(frame - self._lead, waits.at)
        draft.instants[-1:] = [instant, Instant(at=draft.frame)]
