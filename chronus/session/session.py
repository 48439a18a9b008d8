"""A session: what is patched, when it is, and lines carried out one after the other, or not at all.

A *score* runs in virtual time: commands happen where time stands, and only `wait` moves it.
Otherwise a line happens as soon as the engine can, and its reply comes when the engine has done it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from chronus.engine.layout import NONE, Beat, Clock, Event, Head
from chronus.errors import Code, UserError
from chronus.language.parser import parse_line
from chronus.patch.graph import graph_of, heard, key_of
from chronus.patch.model import STRIP_PORTS, Patch, empty_patch
from chronus.session.backend import FrameSink
from chronus.session.draft import Draft, place_of
from chronus.session.tempo import Transport
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from chronus.language.statements import Statement
    from chronus.patch.model import Node
    from chronus.patch.tables import Table
    from chronus.session.backend import Backend
    from chronus.session.draft import Instant, Result

    Handler = Callable[[Draft, Any], None]
    Ports = tuple[str | None, str | None, str | None]

QUIET_S = 0.5
"""So much silence ends a score that has no length of its own."""
LONGEST_TAIL_S = 30.0
PATIENCE_S = 0.005
RUN_MARGIN_S = 0.1
"""How far ahead of what is played a file that is run at the prompt begins."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a score is played: seconds, bars, or until it has ended where both are None."""

    seconds: float | None = None
    bars: float | None = None


class Recording(FrameSink, Protocol):
    """A sink that is a file."""

    @property
    def path(self) -> Path:
        """The file."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a line: output lines, and one closing line's worth of facts."""

    number: int
    line: str
    results: tuple[Result, ...]
    error: UserError | None
    frame: int
    bar: str

    @property
    def ok(self) -> bool:
        """Whether the line does what it says."""
        return self.error is None


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
        self.is_score = is_score
        self.is_released = False
        self.is_over = False
        self.length = Length()
        self.recording: Recording | None = None
        self.lines = 0
        self._handlers = handlers
        self._virtual = 0.0
        self._transport = Transport(self.rate_hz)
        self._unpublished = False
        self._took: int | None = None
        self._on_strips: dict[str, tuple[Node, Table, Ports]] = {}
        self.writer.stage(graph_of(self.patch))
        if not is_score:
            self.release()

    # ---- time

    @property
    def frame(self) -> int:
        """Where the session is: virtual time in a score, else the last finished block's end."""
        if self.is_score:
            return int(self._virtual)
        return int(self.writer.arena.head[Head.COMMITTED]) * BLOCK

    @property
    def transport(self) -> Transport:
        """The transport as of `frame`."""
        if self.is_score:
            return self._transport
        beats = self.writer.arena.beats[0, self.writer.bank]
        return Transport(
            self.rate_hz,
            bpm=float(beats[Beat.BPM]),
            origin_beat=float(beats[Beat.ORIGIN_BEAT]),
            origin_frame=float(beats[Beat.ORIGIN_FRAME]),
            bar_beats=float(beats[Beat.BAR_BEATS]),
            is_playing=bool(self.writer.clock(Clock.PLAYING)),
        )

    @property
    def due_block(self) -> int:
        """The block at which what is said now takes effect, NONE for as soon as possible."""
        return int(self._virtual + 0.5) // BLOCK if self.is_score else NONE

    def set_transport(self, transport: Transport) -> None:
        """Let musical time go on differently; the engine has been told by an event."""
        self._transport = transport

    def move_to(self, frame: float) -> None:
        """Let virtual time move on; what was said until now is published first."""
        self.publish()
        self.release()
        if self.is_score:
            self._virtual = frame
            end = self.end_frame()
            if end is not None and frame >= end:
                self.is_over = True
            else:
                self.backend.reach(int(frame + 0.5))
            return
        while self.frame < frame:
            self.backend.reach(self.frame)
            time.sleep(PATIENCE_S)

    @contextmanager
    def as_score(self) -> Iterator[None]:
        """Virtual time for a while, from a moment ahead of what is played."""
        if self.is_score:
            yield
            return
        self._transport = self.transport
        self._virtual = self.frame + RUN_MARGIN_S * self.rate_hz
        self.is_score = True
        try:
            yield
        finally:
            self.publish()
            self.is_score = False

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
        return self.writer.publish(self.due_block)

    # ---- what actions use

    def stage(self, patch: Patch) -> None:
        """Make a patch the one that plays.

        Raises:
            UserError: E_LIMIT, the engine is full; nothing has changed then.
        """
        self.writer.stage(graph_of(patch))
        self.patch = patch
        self._unpublished = True

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
            self.writer.set_port(*place_of(node, port), value)
            self._unpublished = True

    def set_gate(self, node: Node, *, is_open: bool, frames: int = 0) -> None:
        """Open or close the gate of a node."""
        index = node.declaration.find_input("gate")
        assert index is not None, node.name
        if self.is_here(node):
            self.writer.set_gate(key_of(node), index, is_open=is_open, frames=frames)
            self._unpublished = True

    def play(self, target: str, node: Node, table: Table, roles: Ports, *, now: bool) -> None:
        """Let a node, or one of its ports, be played by a table from the next bar line on."""
        on_strip = any(n in STRIP_PORTS and node.declaration.find_input(n) is None for n in roles)
        if on_strip:
            self._on_strips[target] = (node, table, roles)
        if not all(name is None or self._is_in_engine(node, name) for name in roles):
            return
        places = [
            NONE if name is None else self.writer.port_place(*place_of(node, name))
            for name in roles
        ]
        self.writer.tables.play(target, (places[0], places[1], places[2]), table, now=now)
        self._unpublished = True

    def stop_playing(self, target: str, *, now: bool) -> None:
        """Let a target be played by nothing from the next bar line on."""
        self._on_strips.pop(target, None)
        self.writer.tables.end(target, now=now)
        self._unpublished = True

    def _follow_strips(self) -> None:
        """A sequence of a level or pan plays while there is a strip to play: its node is heard."""
        for target, (node, table, roles) in list(self._on_strips.items()):
            is_there = all(name is None or self._is_in_engine(node, name) for name in roles)
            plays = self.writer.tables.plays(target)
            if plays and not is_there:
                self.writer.tables.end(target, now=True)
            elif is_there and not plays:
                self.play(target, node, table, roles, now=False)

    def send(self, kind: Event, a: int = 0, b: int = 0, value: float = 0.0) -> None:
        """Any other event."""
        self.writer.add(kind, a, b, value=value)
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

    def run_line(self, text: str, line: int | None = None) -> Reply:
        """Carry out a line: all of it, or nothing.

        Args:
            text: the line.
            line: its number in its file; by default lines are counted.
        """
        self.lines += 1
        number = self.lines if line is None else line
        self._took = None
        try:
            statements = parse_line(text, number)
            results = self.carry_out(statements)
        except UserError as error:
            return self._reply(number, text, (), error)
        return self._reply(number, text, results, None)

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
        for instant in draft.instants:
            if not self.is_over:
                self._do(instant)
        return tuple(result(self) for result in draft.results)

    def _do(self, instant: Instant) -> None:
        assert instant.patch is not None
        if instant.is_rewired:
            self.stage(instant.patch)
        self.patch = instant.patch
        self._follow_strips()
        for action in instant.actions:
            action(self)
        if self.is_score:
            self._took = None
        elif self._unpublished:
            mark = self.publish()
            assert mark is not None
            self._took = self.backend.settle(mark)
        if instant.until is not None:
            self.move_to(instant.until)

    def prepare(self, draft: Draft, statement: Statement) -> None:
        """Let a statement's handler add to a draft."""
        self._handlers[type(statement)](draft, statement)

    # ---- the end

    def end_frame(self) -> int | None:
        """The frame at which the length that was asked for ends, at the tempo of now."""
        if self.length.seconds is not None:
            return round(self.length.seconds * self.rate_hz)
        if self.length.bars is not None:
            beats = self.length.bars * self.transport.bar_beats
            return round(self.transport.frame_at(beats))
        return None

    def finish(self) -> int:
        """Play to the end: to the length asked for, or until what rings has ended; its frame."""
        frames = self.end_frame()
        if frames is None:
            self.send(
                Event.FINISH,
                round(QUIET_S * self.rate_hz / BLOCK),
                round(LONGEST_TAIL_S * self.rate_hz / BLOCK),
            )
        self.publish()
        self.release()
        return self.backend.play_out(frames)


def state_error(message: str, *suggestions: str) -> UserError:
    """A command that makes no sense as things stand."""
    return UserError(Code.STATE, message, None, suggestions)
