"""The way in from outside: a local socket at which other programs of the same user type lines.

What a client sends are lines of UTF-8, each ended by a line break; what it gets are replies, in the
order of its lines, as a pipe gives them. Blank lines and comments get none. A line counts when its
line break has come: what a client leaves unfinished is not carried out; a block of several lines
gets one reply when its last line has come. What other people say and do is news, too:
`! client 3: set filter.cutoff 800hz`. News go to a client from its first line on, be that blank, so
that it can say before how it wants them. Once a client has shut down its sending side, it gets the
replies that it is owed, and the end.

Comments say how a client wants it; they may come at any time:

    #text           output lines and a closing line (from the start)
    #json           one object a reply, `{"event": …}` for news
    #framed text    `{"ok": …, "said": "…"}`, said as after #text; `{"event": …, "said": …}`;
    #framed json    and at last `{"end": replies}`
    #who            is answered by `{"name": …, "pid": …, "what": …, "frame": …, "bar": …}`
    #complete LINE  is answered by `{"completions": [["word", "what it is"], …]}` for its end

Each line has its turn among those of the prompt or score, and happens in real time: a score's own
time goes on untouched. `wait` lets its own client wait, nobody else. Who does not read what it is
sent is dropped, and so is who comes when there are too many.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from chronus.doors import replies
from chronus.doors.completion import completions
from chronus.language.blocks import Gathering
from chronus.session.burst import MOST, Line, run_burst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chronus.doors.news import News
    from chronus.doors.sessions import Claim
    from chronus.session.session import Reply, Session

MOST_LINE_BYTES: Final = 100_000
"""More than any line of the language has; of a longer one, so much is enough to refuse it."""
MOST_WAITING_BYTES: Final = 1_000_000
MOST_AT_ONCE: Final = 65_536
MOST_GUESTS: Final = 32
PATIENCE_S: Final = 5.0
"""A client that takes nothing for so long is dropped."""
PARTING_S: Final = 0.5
"""The time that clients have at the end to take what is still theirs."""
MANNERS: Final = {b"#text", b"#json", b"#framed text", b"#framed json"}
WHO: Final = b"#who"
COMPLETE: Final = b"#complete "


class Door:
    """Lets clients in for as long as a session lives.

    Args:
        claim: the session's name and socket.
        what: what is played, in a few words.
        session: gives the session; waits where it is still being started.
        news: told to clients too, and what is told of them.
        end: called once a client's line has ended the session.
    """

    def __init__(
        self,
        claim: Claim,
        what: str,
        session: Callable[[], Session],
        news: News,
        end: Callable[[], None],
    ) -> None:
        self.session = session
        self.news = news
        self.end = end
        self._claim = claim
        self._what = what
        self._guests: list[_Guest] = []
        self._count = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        news.listen(self._tell)
        self._thread = threading.Thread(target=self._receive, name="door", daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._claim.socket.accept()
            except OSError:
                if self._closed.is_set():
                    return
                continue  # it left before it was let in
            with self._lock:
                if len(self._guests) >= MOST_GUESTS or self._closed.is_set():
                    connection.close()
                    continue
                self._guests.append(_Guest(self, connection))

    def _tell(self, text: str, author: str) -> None:
        with self._lock:
            guests = list(self._guests)
        for guest in guests:
            if not author or guest.name != author:
                guest.tell(text)

    def name_one(self) -> str:
        """A name for a client that begins to speak: who only looks whether we are here has none."""
        with self._lock:
            self._count += 1
            return f"client {self._count}"

    def leave(self, guest: _Guest) -> None:
        """Forget a client that has gone, and unlock what it has locked."""
        with self._lock:
            if guest in self._guests:
                self._guests.remove(guest)
        if guest.name:
            self.session().release_locks(guest.name)

    def who(self) -> dict[str, object]:
        """What is said of the session to who asks."""
        session = self.session()
        frame, bar = session.position
        return {
            "name": self._claim.name,
            "pid": os.getpid(),
            "what": self._what,
            "frame": frame,
            "bar": bar,
        }

    def close(self) -> None:
        """Let nobody in any more, and see those off who are there."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._claim.socket.shutdown(socket.SHUT_RDWR)
        self._claim.close()
        with self._lock:
            guests = list(self._guests)
        limit = time.monotonic() + PARTING_S
        for guest in guests:
            guest.see_off(max(limit - time.monotonic(), 0.0))
        self._thread.join(PARTING_S)


class _Guest:
    """A client: one thread carries out its lines, another one sends."""

    def __init__(self, door: Door, connection: socket.socket) -> None:
        self._door = door
        self.name = ""
        self._connection = connection
        # Only what is sent has a time limit; a client may be silent as long as it likes.
        limit = struct.pack("@ll", int(PATIENCE_S), 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._manner = b"#text"
        self._has_spoken = False
        self._replies = 0
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_over = False  # nothing is added any more
        self._is_gone = False  # nothing is sent any more
        self._sender = threading.Thread(target=self._send, name="door-out", daemon=True)
        self._sender.start()
        threading.Thread(target=self._serve, name="door-in", daemon=True).start()

    # ---- lines

    def _serve(self) -> None:
        try:
            count = first = 0
            gathering = Gathering()
            ready: list[Line] = []
            for line in lines_of(self._connection):
                if self._is_gone:
                    break
                if line is None or len(ready) >= MOST or is_asking(line):
                    self._answer(ready)
                    ready = []
                if line is None:
                    continue
                if line.strip() in MANNERS:
                    self._manner = line.strip()
                elif line.strip() == WHO:
                    self._add(json.dumps(self._door.who()))
                elif line.startswith(COMPLETE):
                    self._complete(line.removeprefix(COMPLETE).decode("utf-8", "replace"))
                else:
                    count += 1
                    first = first if gathering.is_open else count
                    text = gathering.add(line.decode("utf-8", "replace"))
                    if text is not None:
                        ready.append(Line(text, first))
                self._has_spoken = True
            if gathering.is_open and not self._is_gone:
                ready.append(Line(gathering.take(), first))
            if not self._is_gone:
                self._answer(ready)
            self._say_end()
        finally:
            self._end()

    def _complete(self, text: str) -> None:
        session = self._door.session()
        found = completions(text, session.patch, tuple(session.snapshots))
        self._add(json.dumps({"completions": found}))

    def _say_end(self) -> None:
        if self._manner.startswith(b"#framed"):
            self._add(json.dumps({"end": self._replies}))

    def _answer(self, lines: list[Line]) -> None:
        """Carry out lines that have come together, and answer each."""
        session = self._door.session()
        had_quit = session.has_quit
        if lines:
            self.name = self.name or self._door.name_one()
        for answers in run_burst(session, lines, at_once=True, who=self.name):
            self._replies += len(answers)
            self._add("\n".join(map(self._said, answers)))
        if session.has_quit and not had_quit:
            self._say_end()
            self._empty(PARTING_S)
            self._door.end()

    def _said(self, reply: Reply) -> str:
        text = replies.as_json(reply) if self._manner.endswith(b"json") else replies.as_text(reply)
        if self._manner.startswith(b"#framed"):
            return json.dumps({"ok": reply.ok, "said": text})
        return text

    def tell(self, text: str) -> None:
        """Send news; none before the first line, which may say how."""
        if not self._has_spoken:
            return
        said = replies.news(text, as_object=self._manner.endswith(b"json"))
        if self._manner.startswith(b"#framed"):
            said = json.dumps({"event": text, "said": said})
        self._add(said, is_news=True)

    # ---- sending

    def _add(self, text: str, *, is_news: bool = False) -> None:
        """Have a text sent; waits for a client that is behind, but not for long."""
        data = text.encode("utf-8", "replace") + b"\n"
        with self._changed:
            while self._bytes > MOST_WAITING_BYTES and not self._is_gone and not is_news:
                self._changed.wait(PATIENCE_S)
            if self._is_gone or self._is_over or self._bytes > MOST_WAITING_BYTES:
                return
            self._waiting.append(data)
            self._bytes += len(data)
            self._changed.notify_all()

    def _empty(self, timeout_s: float) -> None:
        """Wait until all is sent, but not for long."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes == 0 or self._is_gone, timeout_s)

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_over)
                if not self._waiting:
                    break
                data = self._waiting.popleft()
            try:
                self._send_all(data)
            except BlockingIOError:
                self._door.news.say(
                    f"a client did not read what it was sent for {PATIENCE_S:.0f} s; it is dropped"
                )
                break
            except OSError:
                break  # it has gone
            with self._changed:
                self._bytes -= len(data)
                self._changed.notify_all()
        with self._changed:
            self._is_gone = True
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _send_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._connection.send(view[:MOST_AT_ONCE]) :]

    def _end(self) -> None:
        """Send what is waiting, and part."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._sender.join()
        self._connection.close()
        self._door.leave(self)

    def see_off(self, timeout_s: float) -> None:
        """Part, because the session ends; what is waiting may still be sent for so long."""
        self._empty(timeout_s)
        with self._changed:
            self._is_over = self._is_gone = True
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)


def is_asking(line: bytes) -> bool:
    """Whether a line is a comment that is answered, or says how replies are to be from now on."""
    return line.strip() in {*MANNERS, WHO} or line.startswith(COMPLETE)


def lines_of(connection: socket.socket) -> Iterator[bytes | None]:
    """The finished lines that come, without their ends; of one that is far too long, its start.

    Behind those that came together stands None.
    """
    rest = b""
    is_refused = False
    while True:
        try:
            chunk = connection.recv(MOST_AT_ONCE)
        except OSError:
            return
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not is_refused:
                yield line.removesuffix(b"\r")
            is_refused = False
        if is_refused:
            rest = b""
        elif len(rest) > MOST_LINE_BYTES:
            yield rest
            rest, is_refused = b"", True
        yield None
