"""A session: what is patched, when it is, and lines carried out one after the other, or not at all.

A *score* runs in virtual time: commands happen where time stands, and only `wait` moves it.
Otherwise a line happens as soon as the engine can, and its reply comes when the engine has done it.

Lines may come from several threads: each has its turn. Who only waits, for time or for the engine,
lets others have theirs. A line from outside a score (`at_once`) happens in real time, and leaves
the score's virtual time alone; what the score has published already stays before it.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from chronus.engine.layout import Event
from chronus.errors import Code, UserError
from chronus.language.parser import read
from chronus.language.statements import Note
from chronus.patch.musical import value_at
from chronus.session.advice import advised
from chronus.session.agenda import Agenda
from chronus.session.alarm import Alarm
from chronus.session.console import Console
from chronus.session.draft import Draft, place_of
from chronus.session.history import History
from chronus.session.ledger import END, Entry, Ledger
from chronus.session.locks import check
from chronus.session.past import Past
from chronus.session.pending import Pending
from chronus.session.reply import Length, Recording, Reply, state_error
from chronus.session.timing import MOST_RAMP_BLOCKS, RAMP_BLOCKS, Timing
from chronus.session.turns import Turns
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from chronus.language.statements import Said
    from chronus.patch.instruments import Definition
    from chronus.patch.model import Node, Patch
    from chronus.session.backend import Backend
    from chronus.session.draft import Instant, Result
    from chronus.session.ledger import Done
    from chronus.session.locks import Locks
    from chronus.session.reply import Screen
    from chronus.session.tempo import Transport

    Handler = Callable[[Draft, Any], None]

__all__ = ["Length", "Recording", "Reply", "Session", "state_error"]

QUIET_S = 0.5
"""So much silence ends a score that has no length of its own."""
LONGEST_TAIL_S = 30.0
PATIENCE_S = 0.005
PATIENCE = 100
"""So often, and so long each time, something waits for what must come soon."""
RUN_MARGIN_S = 0.1
"""How far ahead of what is played a file that is run at the prompt begins."""


class Session:
    """The one place where lines take effect.

    Args:
        backend: the engine.
        handlers: what carries out each kind of statement.
        is_score: whether time is virtual.
    """

    def __init__(
        self, backend: Backend, handlers: Mapping[type, Handler], *, is_score: bool
    ) -> None:
        self.backend = backend
        self.writer = backend.writer
        self.rate_hz = self.writer.rate_hz
        self.timing = Timing(self.writer, runs_score=is_score)
        self.console = Console(backend, self.timing)
        self.turns = Turns()
        self.is_released = False
        self.has_quit = False
        self.ends_now = False
        self._has_run_out = False
        self.quit_frame: int | None = None
        self.length = Length()
        self.recording: Recording | None = None
        self.folders: tuple[str, ...] = ()
        self.history = History()
        self.snapshots: Mapping[str, Patch] = {}
        self.definitions: Mapping[str, Definition] = {}
        self.lines = 0
        self._handlers = handlers
        self.agenda = Agenda()
        self.locks: Locks = {}
        self.screen: Screen | None = None
        self.pending = Pending(self)
        self.ledger = Ledger(self.writer.took, self.pending.late)
        self.past = Past(self.timing.foreseen)
        self._alarm = Alarm(self.pending.look)
        self._who = ""
        self._took: int | None = None
        self._publications = 0
        self._told_pending: tuple[str, ...] = ()
        self._pending_listeners: list[Callable[[tuple[str, ...]], None]] = []
        self._line_listeners: list[Callable[[str, str], None]] = []
        if not is_score:
            self.release()

    @property
    def is_over(self) -> bool:
        """Whether no more lines are carried out, but for those from outside."""
        return self.has_quit or self._has_run_out

    def quit(self) -> None:
        """End the session; where a line from outside says so, at once, with nothing played out."""
        self.has_quit = True
        self.ends_now = self.timing.at_once

    def on_done(self, listener: Callable[[Done], None]) -> None:
        """Have each instant told once it has taken effect, in the order in which they do.

        The listener has the turn meanwhile: it must not wait, nor run lines.
        """
        self.ledger.listen(listener)

    def on_line(self, listener: Callable[[str, str], None]) -> None:
        """Have told who has said what, for each line that has done something; see `on_done`."""
        self._line_listeners.append(listener)

    def release_locks(self, who: str) -> None:
        """Unlock what somebody has locked who has gone."""
        with self.turns.turn():
            self.locks = {number: holder for number, holder in self.locks.items() if holder != who}

    def close(self) -> None:
        """Carry out nothing more of what is pending, and finish what is being recorded."""
        self._alarm.close()
        self.end_recording(self.frame)

    # ---- how things stand

    @property
    def patch(self) -> Patch:
        """What is patched, as of the last line."""
        return self.console.patch

    @property
    def is_score(self) -> bool:
        """Whether time is virtual, for the line that has its turn."""
        return self.timing.is_score

    @property
    def frame(self) -> int:
        """Where the session is: virtual time in a score, else the last finished block's end."""
        return self.timing.frame

    @property
    def transport(self) -> Transport:
        """The transport as of `frame`."""
        return self.timing.transport

    @property
    def position(self) -> tuple[int, str]:
        """Frame and musical place of the last finished block's end, whatever line has its turn."""
        frame = self.timing.done_blocks * BLOCK
        return frame, self.timing.engine_transport().position(frame)

    @property
    def took(self) -> int:
        """The frame at which the line that has its turn has taken effect, as its reply names it."""
        if self.is_score:
            return self.timing.due_block * BLOCK
        return self.frame if self._took is None else self._took

    def set_transport(self, transport: Transport) -> None:
        """Let musical time go on differently; the engine has been told by an event."""
        self.timing.foreseen = transport
        self.past.note(transport)

    def port_value(self, node: Node, port: str) -> float:
        """What a port is set to: in the engine, or in a score what it will be."""
        here = self.patch.node_of(node.number)
        bpm = self.transport.bpm_at(self.frame)
        if here is None or self.is_score or not self.console.is_in_engine(node, port):
            node = node if here is None else here
            declared = node.port(port)
            assert declared is not None, port
            return value_at(declared, node.value(port), bpm)
        return self.writer.port_value(*place_of(here, port), bpm)

    def begin_recording(self, recording: Recording, frame: int) -> None:
        """Record what is played from a frame on."""
        self.recording = recording
        self.backend.add_sink(recording, frame)

    def end_recording(self, frame: int) -> None:
        """End the recording before a frame, and close its file."""
        if self.recording is not None:
            self.backend.remove_sink(self.recording, frame)
            self.recording = None

    # ---- time

    def move_to(self, frame: float, *, apart: bool = False) -> None:
        """Let virtual time move on; what was said until now is published first.

        Args:
            frame: to which it moves.
            apart: whether other lines may have their turns meanwhile.
        """
        if self.is_score:
            self.pending.pass_until(frame, apart=apart)
        self.go_to(frame, apart=apart)

    def go_to(self, frame: float, *, apart: bool) -> None:
        """The same, past what is pending."""
        self.publish()
        self.release()
        if self.is_score:
            self.timing.virtual = frame
            end = self.end_frame()
            if end is not None and frame >= end:
                self._has_run_out = True
            else:
                with self._apart(apart):
                    self.backend.reach(int(frame + 0.5))
            return
        with self._apart(apart):
            while self.timing.done_blocks * BLOCK < frame:
                self.backend.reach(self.timing.done_blocks * BLOCK)
                time.sleep(PATIENCE_S)

    @contextmanager
    def _apart(self, is_apart: bool) -> Iterator[None]:  # noqa: FBT001
        """Let other lines have their turns while this one waits, if it may."""
        if not is_apart:
            yield
            return
        timing = self.timing
        mine = (timing.at_once, timing.is_gesture, self._took, self._who)
        timing.step_back()  # the lines of others are not said as this one is
        try:
            with self.turns.apart():
                yield
        finally:
            timing.at_once, timing.is_gesture, self._took, self._who = mine

    def aside(self) -> AbstractContextManager[None]:
        """Let other lines have their turns, while this one works on its answer."""
        return self._apart(is_apart=True)

    @contextmanager
    def as_score(self) -> Iterator[None]:
        """Virtual time for a while, from a moment ahead of what is played."""
        if self.timing.runs_score:
            yield
            return
        with self.turns.turn():
            self.timing.foreseen = self.transport
            self.timing.virtual = self.frame + RUN_MARGIN_S * self.rate_hz
            self.timing.runs_score = True
        try:
            yield
        finally:
            with self.turns.turn():
                self.publish()
                self.timing.runs_score = False
                self.agenda = self.agenda.in_real_time()
                self._wake()

    def go_on_with(self, backend: Backend) -> None:
        """Let another engine go on with the very arena of this one, and lines happen in real time.

        A score that was carried out until now has been a rehearsal.
        """
        self.publish()
        self.backend = self.console.backend = backend
        self.timing.runs_score = False
        self.agenda = self.agenda.in_real_time()
        backend.release()

    def release(self) -> None:
        """Let frame 0 be played."""
        if not self.is_released:
            self.publish()
            self.is_released = True
            self.backend.release()

    def publish(self) -> int | None:
        """Publish what was staged; a mark to settle on, None if there was nothing."""
        if not self.console.is_touched and self.is_released:
            return None
        due, is_rewired = self.timing.due_block, self.console.is_rewired
        mark = self.console.publish(due)
        self._publications += 1
        self.timing.published(due, is_rewired=is_rewired)
        return mark

    # ---- lines

    def run_line(
        self, text: str, line: int | None = None, *, at_once: bool = False, who: str = ""
    ) -> Reply:
        """Carry out a line in its turn: all of it, or nothing.

        Args:
            text: the line, or the lines of a block.
            line: the number of the first in its file; by default lines are counted.
            at_once: whether it comes from outside: it happens in real time even where a score
                runs. Before a score's frame 0 is played, it happens there.
            who: says it.
        """
        text = text.removesuffix("\n").removesuffix("\r")
        with self.turns.turn():
            number = self.lines + 1 if line is None else line
            self.lines += text.count("\n") + 1
            self._took, self._who = None, who
            try:
                said = read(text, number)
                if at_once and self.timing.runs_score:
                    results = self._carry_out_from_outside(said)
                else:
                    results = self.carry_out(said)
            except UserError as error:
                return self._reply(number, text, (), error)
            else:
                return self._reply(number, text, results, None)
            finally:
                self.timing.step_back()

    def waits_for_engine(self, *, at_once: bool) -> bool:
        """Whether a line waits until the engine has done it, as those in real time do."""
        return self.is_released and (at_once or not self.timing.runs_score)

    def begin_gesture(self, said: tuple[Said, ...], who: str) -> tuple[Draft, int | None]:
        """Publish what a line does in real time that only touches ports; see `run_burst`.

        Returns:
            Its draft, and what the backend can settle on.

        Raises:
            UserError: it cannot be done; nothing has changed then.
        """
        self._took, self._who = None, who
        try:
            if self.timing.runs_score:
                self.publish()  # what the score has said before comes before it
                self.timing.step_outside(said)
            draft = self._prepared(said)
            return draft, self.do(draft.instants[0], is_last=True, settles=False)
        finally:
            self.timing.step_back()

    def end_gesture(
        self, number: int, text: str, begun: Draft | UserError, frame: int | None
    ) -> Reply:
        """The reply to such a line.

        Args:
            number: of the line.
            text: of the line.
            begun: its draft, or what was wrong with it.
            frame: at which it has taken effect; None where it did nothing.
        """
        self._took = frame
        self.timing.step_outside(())
        try:
            if isinstance(begun, UserError):
                return self._reply(number, text, (), begun)
            if frame is not None:
                self._has_taken(begun.instants[0], frame)
            self._tell_line(begun, begun.instants)
            results = tuple(result(self) for result in begun.results)
            return self._reply(number, text, results, None)
        finally:
            self.timing.step_back()

    def tell(self) -> None:
        """Tell what has taken effect by now, and what is pending."""
        self.ledger.tell()
        self.tell_pending()
        self._wake()

    def _carry_out_from_outside(self, said: tuple[Said, ...]) -> tuple[Result, ...]:
        """Carry out a line that comes in between those of a score."""
        if self.is_released:
            self.publish()  # what the score has said before comes before it
            self.timing.step_outside(said)
        draft = self._prepared(said)
        waits = [instant.until for instant in draft.instants if instant.until is not None]
        if waits and not self.is_released:
            raise state_error("the music has not begun, so time does not pass")
        if any(not instant.is_empty for instant in draft.instants[1:]):
            raise state_error("a line from outside a score may wait at its end only")
        return self._carry_out(draft)

    def _reply(
        self, number: int, text: str, results: tuple[Result, ...], error: UserError | None
    ) -> Reply:
        """A reply with its place in time: in a score the block at which virtual time stands."""
        if error is not None:
            error = advised(error, text, self.patch, self._would_work)
        frame = self.frame if error and not self.is_score else self.took
        at = self.timing.virtual if self.is_score else frame
        bar = self.transport.position(at)
        return Reply(number, text, results, error, frame, bar)

    def _would_work(self, text: str) -> bool:
        """Whether a command would be carried out now."""
        try:
            draft = self.draft()
            for part in read(text):
                self.prepare(draft, part)
        except UserError:
            return False
        return bool(draft.results)

    def draft(self, frame: float | None = None) -> Draft:
        """A draft that starts from what is so now, for now or for a frame."""
        if frame is None:
            frame = self.timing.virtual if self.is_score else float(self.frame)
        recording = None if self.recording is None else str(self.recording.path)
        return Draft(
            self,
            self.patch,
            self.transport,
            frame,
            recording=recording,
            agenda=self.agenda,
            who=self._who,
            history=self.history,
            snapshots=self.snapshots,
            definitions=self.definitions,
        )

    def carry_out(self, said: tuple[Said, ...]) -> tuple[Result, ...]:
        """Check every command, then do what they say, then ask each for its answer.

        Raises:
            UserError: one of them cannot be done; nothing has changed then.
        """
        return self._carry_out(self._prepared(said))

    def _prepared(self, said: tuple[Said, ...]) -> Draft:
        """A draft of some commands.

        Raises:
            UserError: one of them cannot be done, or what follows a wait is too much for the engine
                whatever is taken away before.
        """
        ahead, stamp = RAMP_BLOCKS, None
        if self.is_released:
            stamp = self.timing.block_in_ramp()
        draft = self._understood(said, stamp)
        while stamp is not None and self.timing.is_near(stamp) and ahead < MOST_RAMP_BLOCKS:
            ahead *= 2  # on a machine that is busy it took that long to be understood
            stamp = self.timing.block_in_ramp(ahead)
            draft = self._understood(said, stamp)
        return draft

    def _understood(self, said: tuple[Said, ...], stamp: int | None) -> Draft:
        """A draft of some commands that are to happen at a block, None for at once."""
        draft = self.draft(None if stamp is None else float(stamp * BLOCK))
        draft.instants[0].stamp = stamp
        draft.whole = "; ".join(part.text for part in said)
        for part in said:
            self.prepare(draft, part)
        draft.close()
        for instant in draft.instants[1:]:
            if instant.is_rewired:
                assert instant.patch is not None
                self.console.check_size(instant.patch)
        return draft

    def _carry_out(self, draft: Draft) -> tuple[Result, ...]:
        # An empty instant at the end does nothing, and others may have changed the patch by then.
        instants = [n for n in draft.instants if n is draft.instants[0] or not n.is_empty]
        for instant in instants:
            if self.timing.at_once or not self.is_over:
                self.do(instant, is_last=instant is instants[-1])
        self._tell_line(draft, instants)
        return tuple(result(self) for result in draft.results)

    def _tell_line(self, draft: Draft, instants: Iterable[Instant]) -> None:
        """Tell who has said what, where it has done something."""
        if any(instant.does for instant in instants):
            for listener in self._line_listeners:
                listener(draft.who, draft.whole)

    def do(self, instant: Instant, *, is_last: bool, settles: bool = True) -> int | None:
        """Do what an instant says; others have their turns once nothing of the line is to come.

        Args:
            instant: what is done.
            is_last: whether it is the last of its line.
            settles: whether to wait until the engine has done it.

        Returns:
            What the backend can settle on, where that was not waited for.

        Raises:
            UserError: it cannot be done; nothing has changed then.
        """
        assert instant.patch is not None
        timing, before, foreseen = self.timing, self.patch, self.timing.foreseen
        stamp = timing.stamp if instant.stamp is None else instant.stamp
        is_ahead, timing.stamp = timing.stamp is not None, stamp
        if instant.openings and instant.is_rewired:
            self.check_room(instant.patch)
        for opening in instant.openings:
            opening(self)
        self._with_patience(
            partial(
                self.console.take,
                instant.patch,
                is_rewired=instant.is_rewired,
                ringing=instant.ringing,
                copies=instant.copies,
            )
        )
        for action in instant.actions:
            action(self)
        self.agenda = instant.agenda
        if instant.history is not None:
            self.history = instant.history
        mark = self.publish() if self.console.is_touched and not self.is_score else None
        timing.stamp = stamp if is_ahead else None
        self._note(instant, before, mark, stamp)
        if mark is not None and not settles:
            return mark
        if mark is not None and not is_ahead:
            transport = timing.foreseen
            with self._apart(is_last):
                took = self.backend.settle(mark)
            self._has_taken(instant, took)
            if foreseen is not transport is timing.foreseen:
                # From the block at which it came.
                self.set_transport(timing.engine_transport())
        self.tell()
        if instant.until is not None and is_last:
            self.move_to(instant.until, apart=True)
        elif instant.until is not None:
            self.go_to(
                instant.until, apart=False
            )  # what comes due meanwhile is in the line's draft
        return None

    def _has_taken(self, instant: Instant, frame: int) -> None:
        """Note at which frame an instant took effect."""
        self._took = frame
        self.history = self.history.took(instant.line, frame, self.transport.position(frame))

    def check_room(self, patch: Patch) -> None:
        """Make sure that the engine would take a patch now.

        Raises:
            UserError: E_LIMIT, it is too full.
        """
        self._with_patience(partial(self.console.check_room, patch))

    def _with_patience(self, action: Callable[[], None]) -> None:
        """Do what may find the engine full, again while what was unloaded leaves it.

        A score is some time ahead of the engine; offline that has got as far as it may.
        """
        for patience in reversed(range(PATIENCE)):
            try:
                action()
            except UserError as error:
                can_wait = self.backend.is_live and self.is_released and patience > 0
                waits = error.code is Code.LIMIT and can_wait and self.console.waits_for_places()
                if not waits:
                    raise
                time.sleep(PATIENCE_S)
            else:
                return

    def _note(self, instant: Instant, before: Patch, mark: int | None, stamp: int | None) -> None:
        """Have an instant told of once it has taken effect."""
        if instant.said:
            due = None if stamp is None or mark is None else stamp * BLOCK
            entry = Entry(
                tuple(instant.said),
                self._publications,
                instant.who,
                before,
                self.patch,
                mark,
                self.took,
                due,
                is_unheard=mark is None and not self.is_score,
                pending=instant.pending,
            )
            self.ledger.add(entry)

    def on_pending(self, listener: Callable[[tuple[str, ...]], None]) -> None:
        """Have told what is pending, a line each, whenever it has changed; see `on_done`."""
        self._pending_listeners.append(listener)

    def tell_pending(self) -> None:
        """Tell what is pending, if that has changed; what is published ahead still is."""
        lines = (*self.ledger.pending, *(item.line for item in self.agenda.items))
        if lines != self._told_pending:
            self._told_pending = lines
            for listener in self._pending_listeners:
                listener(lines)

    def _wake(self) -> None:
        """Have somebody look when what is pending in real time is due."""
        if self.backend.is_live and any(not item.in_score for item in self.agenda.items):
            self._alarm.wake()

    def prepare(self, draft: Draft, part: Said) -> None:
        """Let the handler of a command add to a draft, behind what comes due until then.

        Raises:
            UserError: it cannot be done, with its place.
        """
        self.pending.catch_up(draft)
        draft.begin(part.text)
        before, count = draft.patch, len(draft.changed)
        self._handlers[type(part.statement)](draft, part.statement)
        if self.locks:
            check(self.locks, draft.who, (before, draft.patch), part)
        # A note sets ports, but is nothing that is undone; the commands of a block were noted.
        if not isinstance(part.statement, Note) and len(draft.changed) == count:
            draft.note_change(before)

    # ---- the end

    def end_frame(self) -> int | None:
        """The frame at which the length that was asked for ends, at the tempo of now."""
        return self.length.end_frame(self.transport)

    def finish(self) -> int:
        """Play to the end, and say at which frame it was.

        The end is where `quit` was said, else the length that was asked for, else when all that
        rings has ended.
        """
        with self.turns.turn():
            if self.quit_frame is None and self.end_frame() is not None:
                self.pending.pass_until(math.inf, apart=True)
            elif self.quit_frame is None and self.is_score:
                self.pending.pass_song()
            self.pending.drop()
            frames = self.end_frame() if self.quit_frame is None else self.quit_frame
            if frames is None:
                self.console.send(
                    Event.FINISH,
                    round(QUIET_S * self.rate_hz / BLOCK),
                    round(LONGEST_TAIL_S * self.rate_hz / BLOCK),
                )
                self._tell_end()
            self.publish()
            self.release()
        return self.backend.play_out(frames)

    def _tell_end(self) -> None:
        """Tell that the transport stops at the end of a score, as if it had been said."""
        entry = Entry(("stop",), self._publications, END, self.patch, self.patch, frame=self.took)
        self.ledger.add(entry)
        self.ledger.tell()
