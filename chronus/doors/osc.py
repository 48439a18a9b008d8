"""The way in for controllers: OSC over UDP, each message answered where it came from.

What is understood stands in `osc_messages`. Each message of a client has a number, from 1 on, and
gets one answer at the port that it was sent from: `/reply n "ok" text` or `/error n code text`. The
messages of a bundle are one transaction: all are done at one block, or none; where the bundle has a
time tag, at the block whose sound is played then. One that comes after its time is done at once,
and its answers say how late. A line from here happens in real time, as any line from outside does.

What has piled up of `/mod` alone is done at one block, too, so that no fader lags behind its hand.

Each client has its own queue and waits for nobody else. When that is full, the newest messages are
refused by E_LIMIT, and those that wait are answered still; a packet that is no OSC is counted, and
answered by E_SYNTAX.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pythonosc.osc_message_builder import OscMessageBuilder

from chronus.doors import replies
from chronus.doors.osc_messages import Group, MalformedError, line_of
from chronus.doors.osc_messages import read as read_packet
from chronus.engine.layout import Head
from chronus.errors import Code, Span, UserError
from chronus.language.parser import read as read_line
from chronus.session.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.doors.news import News
    from chronus.session.session import Session

MOST_BYTES: Final = 65_536
"""More than a packet of UDP has."""
MOST_ANSWER_BYTES: Final = 60_000
MOST_WAITING: Final = 1000
"""Messages or bundles of one client."""
MOST_CLIENTS: Final = 64
MOST_AT_ONCE: Final = 64
"""Messages that have piled up and are done at one block."""
LOOK_S: Final = 0.25
IDLE_S: Final = 5.0
"""So long the thread of a client waits for its next message."""
ROOM_BYTES: Final = 1 << 20
"""What the system is asked to keep until it is taken from it."""
JUMP_S: Final = 0.1
"""A clock that is farther off than this has been interrupted."""
DRIFT: Final = 0.02
"""Share of what is observed that a clock follows at once: a device takes frames in steps."""


class PlayedClock:
    """Says which frame is played at a time of day.

    Args:
        rate_hz: frames a second.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._at_zero: float | None = None

    def frame_at(self, time_s: float, now_s: float, played: int) -> int:
        """The frame that is played at a time.

        Args:
            time_s: since 1970.
            now_s: the same, now.
            played: frames that have been played now.
        """
        seen = played - now_s * self._rate_hz
        before = self._at_zero
        if before is None or abs(seen - before) > JUMP_S * self._rate_hz:
            self._at_zero = seen
        else:
            self._at_zero = before + DRIFT * (seen - before)
        return round(self._at_zero + time_s * self._rate_hz)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a client has sent: messages and the number of the first, or why there are none."""

    first: int
    group: Group | None
    reason: str = ""

    @property
    def sets(self) -> bool:
        """Whether it is one message that sets a port, and opens no gate: that has its own block."""
        if self.group is None or self.group.is_bundle:
            return False
        address = self.group.messages[0].address
        return address.startswith("/mod/") and not address.endswith("/gate")


@dataclass(slots=True)
class Counts:
    """What has come so far."""

    messages: int = 0
    malformed: int = 0
    refused: int = 0
    late: int = 0


class Osc:
    """Takes OSC for as long as a session lives.

    Args:
        address: host and port to listen at.
        session: gives the session; waits where it is still being started.
        end: called once a message has ended the session.

    Raises:
        OSError: the address cannot be listened at.
    """

    def __init__(
        self, address: tuple[str, int], session: Callable[[], Session], end: Callable[[], None]
    ) -> None:
        self._socket = _bound(address)
        self._session = session
        self._end = end
        self.counts = Counts()
        self._clients: dict[tuple[Any, ...], _Client] = {}
        self._clock: PlayedClock | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="osc", daemon=True)
        self._thread.start()

    def facts(self) -> Mapping[str, Any]:
        """What `status` shows."""
        counts = self.counts
        return {
            "osc": shown(self._socket.getsockname()),
            "osc_messages": counts.messages,
            "osc_malformed": counts.malformed,
            "osc_refused": counts.refused,
            "osc_late": counts.late,
        }

    def close(self) -> None:
        """Take nothing more."""
        self._closed.set()
        self._thread.join()
        self._socket.close()

    # ---- what comes

    def _receive(self) -> None:
        while not self._closed.is_set():
            try:
                packet, sender = self._socket.recvfrom(MOST_BYTES)
            except OSError:  # nothing has come for a while, or an answer did not arrive
                continue
            client = self._client(sender)
            if client is not None:
                self._take(client, packet)

    def _take(self, client: _Client, packet: bytes) -> None:
        try:
            groups = read_packet(packet)
        except MalformedError as error:
            self.counts.malformed += 1
            client.take(None, str(error))
            return
        for group in groups:
            self.counts.messages += len(group.messages)
            client.take(group)

    def _client(self, sender: tuple[Any, ...]) -> _Client | None:
        client = self._clients.pop(sender, None)
        if client is None:
            if len(self._clients) >= MOST_CLIENTS:
                idle = next((key for key, c in self._clients.items() if c.is_idle), None)
                if idle is None:
                    self.counts.refused += 1
                    error = UserError(Code.LIMIT, f"{MOST_CLIENTS} clients are busy already")
                    self.send_error(sender, 1, error)
                    return None
                del self._clients[idle]
            client = _Client(self, sender)
        self._clients[sender] = client  # the longest unheard of is first
        return client

    # ---- what goes

    def send_ok(self, sender: tuple[Any, ...], number: int, text: str) -> None:
        """Say that a message has been done."""
        self._send(sender, "/reply", number, "ok", text)

    def send_error(self, sender: tuple[Any, ...], number: int, error: UserError) -> None:
        """Say that a message has not been done, and why."""
        _, _, text = replies.error_line(error).partition(": ")
        self._send(sender, "/error", number, str(error.code), text)

    def _send(self, sender: tuple[Any, ...], address: str, number: int, *words: str) -> None:
        builder = OscMessageBuilder(address)
        builder.add_arg(number, "i")
        for word in words:
            text = word.replace("\0", "").encode("utf-8", "replace")
            if len(text) > MOST_ANSWER_BYTES:
                *lines, closing = word.split("\n")
                text = f"{closing} ({len(lines)} lines before it do not fit a packet)".encode()
            builder.add_arg(text.decode(), "s")
        with contextlib.suppress(OSError):  # the client has gone
            self._socket.sendto(builder.build().dgram, sender)

    # ---- what is done

    def answer(self, client: _Client, job: _Job) -> None:
        """Do what a client has sent, and say what came of it."""
        if job.group is None:
            error = UserError(Code.SYNTAX, f"this is no OSC: {job.reason}")
            self.send_error(client.sender, job.first, error)
            return
        try:
            session = self._session()
        except UserError as error:
            self.send_error(client.sender, job.first, error)
            return
        had_quit = session.has_quit
        if job.group.is_bundle:
            self._do_bundle(session, client, job.first, job.group)
        else:
            self._do_message(session, client, job.first, job.group)
        if session.has_quit and not had_quit:
            self._end()

    def _do_message(self, session: Session, client: _Client, number: int, group: Group) -> None:
        try:
            line = line_of(group.messages[0])
        except UserError as error:
            self.send_error(client.sender, number, error)
            return
        reply = session.run_line(line, number, at_once=True, who=client.name)
        if reply.error is not None:
            self.send_error(client.sender, number, reply.error)
        else:
            self.send_ok(client.sender, number, _text(reply))

    def answer_together(self, client: _Client, jobs: list[_Job]) -> None:
        """Do messages that set ports at one block; where one cannot be done, each for itself."""
        try:
            groups = [job.group for job in jobs if job.group is not None]
            lines = [line_of(group.messages[0]) for group in groups]
            reply, _ = self._transaction(self._session(), client, lines, None)
        except UserError as error:
            reply = Reply(0, "", (), error, 0, "")
        if reply.error is not None:
            for job in jobs:
                self.answer(client, job)
            return
        for job, text in zip(jobs, _texts(reply, len(jobs)), strict=True):
            self.send_ok(client.sender, job.first, text)

    def _do_bundle(self, session: Session, client: _Client, first: int, group: Group) -> None:
        lines: list[str] = []
        for message in group.messages:
            try:
                line = line_of(message)
                read_line(line, len(lines) + 2)  # each alone, so that none ends the transaction
            except UserError as error:
                self._refuse(client, first, group, error.at(_line(len(lines))))
                return
            lines.append(line)
        reply, late_s = self._transaction(session, client, lines, group.time_s)
        if reply.error is not None:
            self._refuse(client, first, group, reply.error)
            return
        late = f" (late by {1000 * late_s:.1f} ms)" if late_s > 0.0 else ""
        self.counts.late += len(lines) if late else 0
        for index, text in enumerate(_texts(reply, len(lines))):
            self.send_ok(client.sender, first + index, text + late)

    def _transaction(
        self, session: Session, client: _Client, lines: list[str], time_s: float | None
    ) -> tuple[Reply, float]:
        """Do lines together, at a time where there is one; by how many seconds that was missed."""
        block = "\n".join(["{", *lines, "}"])
        if time_s is not None:
            now_s = time.time()
            if self._clock is None:
                self._clock = PlayedClock(session.rate_hz)
            played = int(session.writer.arena.head[Head.PLAYED])
            frame = self._clock.frame_at(time_s, now_s, played)
            if frame > session.position[0]:
                at = f"at frame {frame} {block}"
                reply = session.run_line(at, 1, at_once=True, who=client.name)
                if reply.ok or frame > session.position[0]:
                    return reply, 0.0
        reply = session.run_line(block, 1, at_once=True, who=client.name)
        if time_s is None:
            return reply, 0.0
        return reply, max((reply.frame - frame) / session.rate_hz, 1e-9)

    def _refuse(self, client: _Client, first: int, group: Group, error: UserError) -> None:
        """Say of each message of a bundle that it was not done, and of the wrong one why."""
        wrong = None if error.span is None else error.span.line - 2
        if wrong is None or not 0 <= wrong < len(group.messages):
            wrong = 0
        for index in range(max(len(group.messages), 1)):
            said = error
            if index != wrong:
                message = f"nothing of the bundle was done: its message {wrong + 1} is wrong"
                said = UserError(Code.STATE, message)
            self.send_error(client.sender, first + index, said)


class _Client:
    """Who sends from one port, and what it has sent that is not done yet."""

    def __init__(self, door: Osc, sender: tuple[Any, ...]) -> None:
        self.sender = sender
        self.name = f"osc {shown(sender)}"
        self._door = door
        self._count = 0
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._is_running = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is waiting or being done."""
        return not self._is_running

    def take(self, group: Group | None, reason: str = "") -> None:
        """Have something done when what was sent before it has been."""
        with self._changed:
            count = 1 if group is None else max(len(group.messages), 1)
            first = self._count + 1
            self._count += count
            is_full = len(self._jobs) >= MOST_WAITING
            if not is_full:
                self._jobs.append(_Job(first, group, reason))
                self._changed.notify_all()
                if not self._is_running:
                    self._is_running = True
                    threading.Thread(target=self._work, name="osc-client", daemon=True).start()
        if is_full:
            self._door.counts.refused += count
            error = UserError(Code.LIMIT, f"{MOST_WAITING} messages are waiting already")
            for number in range(first, first + count):
                self._door.send_error(self.sender, number, error)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._jobs:
                    self._changed.wait(IDLE_S)
                if not self._jobs:
                    self._is_running = False
                    return
                jobs = [self._jobs.popleft()]
                while (
                    jobs[0].sets and self._jobs and self._jobs[0].sets and len(jobs) < MOST_AT_ONCE
                ):
                    jobs.append(self._jobs.popleft())
            if len(jobs) > 1:
                self._door.answer_together(self, jobs)
            else:
                self._door.answer(self, jobs[0])


def opened(
    address: tuple[str, int], session: Callable[[], Session], news: News, end: Callable[[], None]
) -> Osc | None:
    """A door for OSC; None where its address is taken, which is told."""
    try:
        return Osc(address, session, end)
    except OSError as error:
        reason = error.strerror or str(error)
        news.say(f"no OSC at {shown(address)}: {reason} (--osc PORT takes another, --osc off none)")
        return None


def shown(address: tuple[Any, ...]) -> str:
    """Host and port as they are written."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bound(address: tuple[str, int]) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
    listener = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_BYTES)
        listener.bind(place)
    except OSError:
        listener.close()
        raise
    listener.settimeout(LOOK_S)
    return listener


def _line(index: int) -> Span:
    """The place of a message of a bundle in the block that it becomes."""
    return Span(index + 2, 1, 2)


def _text(reply: Reply) -> str:
    """What a reply says, without the `ok` that is said already."""
    *lines, closing = replies.as_text(reply).split("\n")
    return "\n".join([*lines, closing.removeprefix("ok").strip()])


def _texts(reply: Reply, count: int) -> list[str]:
    """What a reply says of each message of a bundle."""
    whole = _text(reply)
    results = [result for result in reply.results if "results" in result.data]
    parts = results[0].data["results"] if results else []
    if len(parts) != count:
        return [whole] * max(count, 1)
    return [f"{part['text']} at {reply.bar} (frame {reply.frame})" for part in parts]
