"""A session: what is patched, when it is, and lines carried out one after the other, or not at all.

A *score* runs in virtual time: commands happen where time stands, and only `wait` moves it.
Otherwise a line happens as soon as the engine can, and its reply comes when the engine has done it.

Lines may come from several threads: each has its turn. Who only waits, for time or for the engine,
lets others have theirs. A line from outside a score (`at_once`) happens in real time, and leaves
the score's virtual time alone; what the score has published already stays before it.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chronus.engine.layout import Event
from chronus.errors import UserError
from chronus.language.parser import read
from chronus.patch.musical import value_at
from chronus.session import carrying, passing
from chronus.session.advice import advised
from chronus.session.agenda import Agenda
from chronus.session.alarm import Alarm
from chronus.session.console import Console
from chronus.session.draft import place_of
from chronus.session.drafting import begun_draft, draft_of, would_work
from chronus.session.history import History
from chronus.session.ledger import END, Entry
from chronus.session.past import Past
from chronus.session.pending import Pending
from chronus.session.reply import Length, Recording, Reply, state_error
from chronus.session.telling import Telling
from chronus.session.timing import Timing
from chronus.session.turns import Turns
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.language.statements import Said
    from chronus.patch.instruments import Definition
    from chronus.patch.model import Node, Patch
    from chronus.session.backend import Backend
    from chronus.session.draft import Draft, Result
    from chronus.session.locks import Locks
    from chronus.session.reply import Screen
    from chronus.session.tempo import Transport

    Handler = Callable[[Draft, Any], None]

__all__ = ["Length", "Recording", "Reply", "Session", "state_error"]

QUIET_S: Final = 0.5
"""So much silence ends a score that has no length of its own."""
LONGEST_TAIL_S: Final = 30.0


class Session:
    """The one place where lines take effect.

    Args:
        backend: the engine.
        handlers: what carries out each kind of statement.
        is_score: whether time is virtual.

    Attributes:
        speaker: who says the line that has its turn.
        effect_frame: the frame at which that has taken effect in real time, None before it has.
        publications: how often something was published.
        has_run_out: whether virtual time has come to the end of the length that was asked for.
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
        self.has_run_out = False
        self.quit_frame: int | None = None
        self.length = Length()
        self.recording: Recording | None = None
        self.folders: tuple[str, ...] = ()
        self.history = History()
        self.snapshots: Mapping[str, Patch] = {}
        self.definitions: Mapping[str, Definition] = {}
        self.lines = 0
        self.handlers = handlers
        self.agenda = Agenda()
        self.locks: Locks = {}
        self.screen: Screen | None = None
        self.pending = Pending(self)
        self.telling = Telling(self.writer.took, self.pending.late)
        self.past = Past(self.timing.foreseen)
        self._alarm = Alarm(self.pending.look)
        self.speaker = ""
        self.effect_frame: int | None = None
        self.publications = 0
        if not is_score:
            self.release()

    @property
    def is_over(self) -> bool:
        """Whether no more lines are carried out, but for those from outside."""
        return self.has_quit or self.has_run_out

    def quit(self) -> None:
        """End the session; where a line from outside says so, at once, with nothing played out."""
        self.has_quit = True
        self.ends_now = self.timing.at_once

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
        return self.frame if self.effect_frame is None else self.effect_frame

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
        return self.writer.knobs.port_value(*place_of(here, port), bpm)

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
        """Let virtual time move on; see `chronus.session.passing`."""
        passing.move_to(self, frame, apart=apart)

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
        self.publications += 1
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
            self.effect_frame, self.speaker = None, who
            try:
                said = read(text, number)
                if at_once and self.timing.runs_score:
                    results = self._carry_out_from_outside(said)
                else:
                    results = self.carry_out(said)
            except UserError as error:
                return self.reply(number, text, (), error)
            else:
                return self.reply(number, text, results, None)
            finally:
                self.timing.step_back()

    def waits_for_engine(self, *, at_once: bool) -> bool:
        """Whether a line waits until the engine has done it, as those in real time do."""
        return self.is_released and (at_once or not self.timing.runs_score)

    def _carry_out_from_outside(self, said: tuple[Said, ...]) -> tuple[Result, ...]:
        """Carry out a line that comes in between those of a score."""
        if self.is_released:
            self.publish()  # what the score has said before comes before it
            self.timing.step_outside(said)
        draft = draft_of(self, said)
        waits = [instant.until for instant in draft.instants if instant.until is not None]
        if waits and not self.is_released:
            raise state_error("the music has not begun, so time does not pass")
        if any(not instant.is_empty for instant in draft.instants[1:]):
            raise state_error("a line from outside a score may wait at its end only")
        return carrying.carry_out(self, draft)

    def reply(
        self, number: int, text: str, results: tuple[Result, ...], error: UserError | None
    ) -> Reply:
        """A reply with its place in time: in a score the block at which virtual time stands."""
        if error is not None:
            error = advised(error, text, self.patch, partial(would_work, self))
        frame = self.frame if error and not self.is_score else self.took
        at = self.timing.virtual if self.is_score else frame
        bar = self.transport.position(at)
        return Reply(number, text, results, error, frame, bar)

    def draft(self, frame: float | None = None) -> Draft:
        """A draft that starts from what is so now, for now or for a frame."""
        return begun_draft(self, frame)

    def carry_out(self, said: tuple[Said, ...]) -> tuple[Result, ...]:
        """Check every command, then do what they say, then ask each for its answer.

        Raises:
            UserError: one of them cannot be done; nothing has changed then.
        """
        return carrying.carry_out(self, draft_of(self, said))

    def tell(self) -> None:
        """Tell what has taken effect by now, and what is pending."""
        self.telling.tell(self.agenda)
        self.wake()

    def wake(self) -> None:
        """Have somebody look when what is pending in real time is due."""
        if self.backend.is_live and any(not item.in_score for item in self.agenda.items):
            self._alarm.wake()

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
        entry = Entry(("stop",), self.publications, END, self.patch, self.patch, frame=self.took)
        self.telling.ledger.add(entry)
        self.telling.ledger.tell()
