"""A session: what is patched, when it is, and lines carried out one after the other, or not at all.

A *score* runs in virtual time: commands happen where time stands, and only `wait` moves it.
Otherwise a line happens as soon as the engine can, and its reply comes when the engine has done it.

Lines may come from several threads: each has its turn. Who only waits, for time or for the engine,
lets others have theirs. A line from outside a score (`at_once`) happens in real time, and leaves
the score's virtual time alone; what the score has published already stays before it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chronus.engine.layout import NONE, Clock, Event, Head
from chronus.errors import UserError
from chronus.language.parser import parse_line
from chronus.language.statements import Gate, Note, Set, Trigger
from chronus.patch.graph import graph_of, heard, key_of
from chronus.patch.model import Patch, empty_patch
from chronus.session.draft import Draft, place_of
from chronus.session.glides import Glides
from chronus.session.reply import Length, Recording, Reply, state_error
from chronus.session.sequences import Sequences
from chronus.session.tempo import Transport
from chronus.session.turns import Turns
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chronus.language.statements import Statement
    from chronus.patch.model import Node
    from chronus.patch.tables import Table
    from chronus.session.backend import Backend
    from chronus.session.draft import Instant, Result
    from chronus.session.glides import Ends
    from chronus.session.sequences import Ports

    Handler = Callable[[Draft, Any], None]

__all__ = ["Length", "Recording", "Reply", "Session", "state_error"]

QUIET_S = 0.5
"""So much silence ends a score that has no length of its own."""
LONGEST_TAIL_S = 30.0
PATIENCE_S = 0.005
GESTURES = (Set, Note, Gate, Trigger)
"""What touches ports alone, so that it need not come after what a score has published."""
CLOSE_BLOCKS = 8
"""What is to follow something that is nearer than this follows so much later."""
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
        self.patch = empty_patch()
        self.turns = Turns()
        self.is_released = False
        self.has_quit = False
        self.ends_now = False
        self._has_run_out = False
        self.quit_frame: int | None = None
        self.length = Length()
        self.recording: Recording | None = None
        self.lines = 0
        self._handlers = handlers
        self._runs_score = is_score
        self._at_once = False
        self._is_gesture = False
        self._virtual = 0.0
        self._last_due = self._last_plan_due = NONE
        self._transport = Transport(self.rate_hz)
        self._unpublished = False
        self._is_staged = False
        self._took: int | None = None
        self._glides = Glides()
        self._sequences = Sequences(self.writer, self._is_in_engine)
        self.writer.stage(graph_of(self.patch))
        if not is_score:
            self.release()

    @property
    def is_over(self) -> bool:
        """Whether no more lines are carried out, but for those from outside."""
        return self.has_quit or self._has_run_out

    def quit(self) -> None:
        """End the session; where a line from outside says so, at once, with nothing played out."""
        self.has_quit = True
        self.ends_now = self._at_once

    # ---- time

    @property
    def is_score(self) -> bool:
        """Whether time is virtual, for the line that has its turn."""
        return self._runs_score and not self._at_once

    @property
    def frame(self) -> int:
        """Where the session is: virtual time in a score, else the last finished block's end."""
        if self.is_score:
            return int(self._virtual)
        return self._done_blocks() * BLOCK

    def _done_blocks(self) -> int:
        return int(self.writer.arena.head[Head.COMMITTED])

    @property
    def transport(self) -> Transport:
        """The transport as of `frame`; for a line from outside, after what a score published."""
        waits = self._runs_score and self._last_due > self._done_blocks()
        if self.is_score or waits:
            return self._transport
        return self._engine_transport()

    @property
    def position(self) -> tuple[int, str]:
        """Frame and musical place of the last finished block's end, whatever line has its turn."""
        frame = self._done_blocks() * BLOCK
        return frame, self._engine_transport().position(frame)

    def _engine_transport(self) -> Transport:
        beats = self.writer.arena.beats[0, self.writer.bank]
        is_playing = bool(self.writer.clock(Clock.PLAYING))
        return Transport.of_engine(self.rate_hz, beats, is_playing=is_playing)

    @property
    def due_block(self) -> int:
        """The block at which what is said now takes effect, NONE for as soon as possible."""
        if self.is_score:
            return int(self._virtual + 0.5) // BLOCK
        if self._runs_score:
            return self._earliest_block()
        return NONE

    def _earliest_block(self) -> int:
        """The block of a line from outside: after what a score has published, as far as it must."""
        before = self._last_plan_due if self._is_gesture else self._last_due
        done = self._done_blocks()
        return max(before, done + CLOSE_BLOCKS) if before > done else NONE

    def set_transport(self, transport: Transport) -> None:
        """Let musical time go on differently; the engine has been told by an event."""
        self._transport = transport

    def move_to(self, frame: float, *, apart: bool = False) -> None:
        """Let virtual time move on; what was said until now is published first.

        Args:
            frame: to which it moves.
            apart: whether other lines may have their turns meanwhile.
        """
        self.publish()
        self.release()
        if self.is_score:
            self._virtual = frame
            end = self.end_frame()
            if end is not None and frame >= end:
                self._has_run_out = True
            else:
                with self._apart(apart):
                    self.backend.reach(int(frame + 0.5))
            return
        with self._apart(apart):
            while self._done_blocks() * BLOCK < frame:
                self.backend.reach(self._done_blocks() * BLOCK)
                time.sleep(PATIENCE_S)

    @contextmanager
    def _apart(self, is_apart: bool) -> Iterator[None]:  # noqa: FBT001
        """Let other lines have their turns while this one waits, if it may."""
        if not is_apart:
            yield
            return
        mine = (self._at_once, self._is_gesture, self._took)
        try:
            with self.turns.apart():
                yield
        finally:
            self._at_once, self._is_gesture, self._took = mine

    @contextmanager
    def as_score(self) -> Iterator[None]:
        """Virtual time for a while, from a moment ahead of what is played."""
        if self._runs_score:
            yield
            return
        with self.turns.turn():
            self._transport = self.transport
            self._virtual = self.frame + RUN_MARGIN_S * self.rate_hz
            self._runs_score = True
        try:
            yield
        finally:
            with self.turns.turn():
                self.publish()
                self._runs_score = False

    def release(self) -> None:
        """Let frame 0 be played."""
        if not self.is_released:
            self.publish()
            self.is_released = True
            self.backend.release()

    def publish(self) -> int | None:
        """Publish what was staged; a mark to settle on, None if there was nothing."""
        if not self._unpublished and self.is_released:
            return None
        self.backend.need({node.kind for node in self.patch.nodes.values()})
        self.backend.make_room()
        self._unpublished = False
        due = self.due_block
        mark = self.writer.publish(due)
        self._last_due = max(self._last_due, due)
        if self._is_staged:
            self._last_plan_due = max(self._last_plan_due, due)
            self._is_staged = False
        return mark

    # ---- what actions use

    def stage(self, patch: Patch) -> None:
        """Make a patch the one that plays.

        Raises:
            UserError: E_LIMIT, the engine is full; nothing has changed then.
        """
        self.writer.stage(graph_of(patch))
        self.patch = patch
        self._is_staged = self._unpublished = True

    def is_here(self, node: Node) -> bool:
        """Whether a node is still the one of its name."""
        here = self.patch.nodes.get(node.name)
        return here is not None and here.number == node.number

    def _is_in_engine(self, node: Node, port: str) -> bool:
        """Whether a port of a node is there to be set: a strip is only while the node is heard."""
        own = node.declaration.find_input(port) is not None
        return self.is_here(node) and (own or node.name in heard(self.patch))

    def set_port(self, node: Node, port: str, value: float) -> None:
        """Set a port of a node in the engine."""
        if self._is_in_engine(node, port):
            self._glides.end(node, port)
            self.writer.set_port(*place_of(node, port), value)
            self._unpublished = True

    def glide_port(self, node: Node, port: str, ends: Ends, frames: int) -> None:
        """Let a port of a node glide in the engine, from where it is."""
        if self._is_in_engine(node, port):
            due = self.due_block
            begin = self.frame if due == NONE else due * BLOCK
            start = self._glides.begin(node, port, begin, frames, ends)
            self.writer.glide_port(*place_of(node, port), (start, ends[1]), frames)
            self._unpublished = True

    def gliding_value(self, node: Node, port: str) -> float | None:
        """What a port is at on its way to what it is set to; None where it has arrived."""
        if not self._is_in_engine(node, port):
            return None
        if self.is_score:
            return self._glides.value(node, port, self._virtual)
        return self.writer.gliding_value(*place_of(node, port))

    def set_gate(self, node: Node, *, is_open: bool, frames: int = 0) -> None:
        """Open or close the gate of a node."""
        index = node.declaration.find_input("gate")
        assert index is not None, node.name
        if self.is_here(node):
            self.writer.set_gate(key_of(node), index, is_open=is_open, frames=frames)
            self._unpublished = True

    def play(self, target: str, node: Node, table: Table, roles: Ports, *, now: bool) -> None:
        """Let a node, or one of its ports, be played by a table from the next bar line on."""
        self._unpublished |= self._sequences.play(target, node, table, roles, now=now)

    def move_sequence(self, target: str) -> None:
        """Let what plays a target whose node starts afresh go on from where it is."""
        self._sequences.move(target, self.patch.nodes[target.partition(".")[0]])
        self._unpublished = True

    def stop_playing(self, target: str, *, now: bool) -> None:
        """Let a target be played by nothing from the next bar line on."""
        self._sequences.stop(target, now=now)
        self._unpublished = True

    def send(self, kind: Event, a: int = 0, b: int = 0, c: int = 0, value: float = 0.0) -> None:
        """Any other event."""
        self.writer.add(kind, a, b, c, value)
        self._unpublished = True

    def reset_node(self, node: Node) -> None:
        """Let a node start afresh, and be computed again if it was bypassed."""
        if self.is_here(node):
            self.writer.reset_node(key_of(node))
            self._unpublished = True

    def port_value(self, node: Node, port: str) -> float:
        """What a port is set to: in the engine, or in a score what it will be."""
        if not self.is_here(node):
            return node.value(port)
        if self.is_score or not self._is_in_engine(node, port):
            return self.patch.nodes[node.name].value(port)
        return self.writer.port_value(*place_of(node, port))

    def begin_recording(self, recording: Recording, frame: int) -> None:
        """Record what is played from a frame on."""
        self.recording = recording
        self.backend.add_sink(recording, frame)

    def end_recording(self, frame: int) -> None:
        """End the recording before a frame, and close its file."""
        if self.recording is not None:
            self.backend.remove_sink(self.recording, frame)
            self.recording = None

    # ---- lines

    def run_line(self, text: str, line: int | None = None, *, at_once: bool = False) -> Reply:
        """Carry out a line in its turn: all of it, or nothing.

        Args:
            text: the line.
            line: its number in its file; by default lines are counted.
            at_once: whether it comes from outside: it happens in real time even where a score
                runs. Before a score's frame 0 is played, it happens there.
        """
        text = text.removesuffix("\n").removesuffix("\r")
        with self.turns.turn():
            self.lines += 1
            number = self.lines if line is None else line
            self._took = None
            try:
                statements = parse_line(text, number)
                if at_once and self._runs_score:
                    results = self._carry_out_from_outside(statements)
                else:
                    results = self.carry_out(statements)
            except UserError as error:
                return self._reply(number, text, (), error)
            else:
                return self._reply(number, text, results, None)
            finally:
                self._at_once = self._is_gesture = False

    def _carry_out_from_outside(self, statements: tuple[Statement, ...]) -> tuple[Result, ...]:
        """Carry out a line that comes in between those of a score."""
        if self.is_released:
            self.publish()  # what the score has said before comes before it
            self._at_once = True
            self._is_gesture = all(isinstance(statement, GESTURES) for statement in statements)
        draft = self.draft()
        for statement in statements:
            self.prepare(draft, statement)
        draft.close()
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
        if self.is_score:
            frame, bar = self.due_block * BLOCK, self.transport.position(self._virtual)
        else:
            frame = self.frame if self._took is None or error else self._took
            bar = self.transport.position(frame)
        return Reply(number, text, results, error, frame, bar)

    def draft(self) -> Draft:
        """A draft that starts from what is so now."""
        frame = self._virtual if self.is_score else float(self.frame)
        recording = None if self.recording is None else str(self.recording.path)
        return Draft(self, self.patch, self.transport, frame, recording=recording)

    def carry_out(self, statements: tuple[Statement, ...]) -> tuple[Result, ...]:
        """Check every statement, then do what they say, then ask each for its answer.

        Raises:
            UserError: one of them cannot be done; nothing has changed then.
        """
        draft = self.draft()
        for statement in statements:
            self.prepare(draft, statement)
        draft.close()
        return self._carry_out(draft)

    def _carry_out(self, draft: Draft) -> tuple[Result, ...]:
        # An empty instant at the end does nothing, and others may have changed the patch by then.
        instants = [n for n in draft.instants if n is draft.instants[0] or not n.is_empty]
        for instant in instants:
            if self._at_once or not self.is_over:
                self._do(instant, is_last=instant is instants[-1])
        return tuple(result(self) for result in draft.results)

    def _do(self, instant: Instant, *, is_last: bool) -> None:
        """Do what an instant says; others have their turns once nothing of the line is to come."""
        assert instant.patch is not None
        if instant.is_rewired:
            self.stage(instant.patch)
        self.patch = instant.patch
        self._unpublished |= self._sequences.follow_strips()
        before = self._transport
        for action in instant.actions:
            action(self)
        if self.is_score:
            self._took = None
        elif self._unpublished:
            transport = self._transport
            mark = self.publish()
            assert mark is not None
            with self._apart(is_last):
                took = self.backend.settle(mark)
            self._took = took
            if self._runs_score and before is not transport is self._transport:
                self._transport = self._engine_transport()  # as of the block at which it came
        if instant.until is not None:
            self.move_to(instant.until, apart=is_last)

    def prepare(self, draft: Draft, statement: Statement) -> None:
        """Let a statement's handler add to a draft."""
        self._handlers[type(statement)](draft, statement)

    # ---- the end

    def end_frame(self) -> int | None:
        """The frame at which the length that was asked for ends, at the tempo of now."""
        if self.length.seconds is not None:
            return round(self.length.seconds * self.rate_hz)
        if self.length.bars is not None:
            beat = self.transport.beat_of_bar(self.length.bars + 1.0)
            return round(self.transport.frame_at(beat))
        return None

    def finish(self) -> int:
        """Play to the end, and say at which frame it was.

        The end is where `quit` was said, else the length that was asked for, else when all that
        rings has ended.
        """
        with self.turns.turn():
            frames = self.end_frame() if self.quit_frame is None else self.quit_frame
            if frames is None:
                self.send(
                    Event.FINISH,
                    round(QUIET_S * self.rate_hz / BLOCK),
                    round(LONGEST_TAIL_S * self.rate_hz / BLOCK),
                )
            self.publish()
            self.release()
        return self.backend.play_out(frames)
