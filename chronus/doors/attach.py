"""The call `attach`: the prompt in another terminal, of a session that is live already.

Lines go to the session's socket, and what other people say there stands between the replies.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from chronus.doors import replies, sessions
from chronus.doors.score import Manner
from chronus.doors.send import send
from chronus.doors.statuses import DONE, SOME_FAILED
from chronus.doors.talking import Speaker, talk
from chronus.errors import Code, UserError
from chronus.language.blocks import Gathering

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDED: Final = "the session has ended"
GOES_ON: Final = "not waited for: the line goes on, and its reply stands before the next one's"
COMPLETE_S: Final = 1.0
"""What completion may take; a session that is busy has no words then."""


class _Remote:
    """A session at the other end of a socket.

    Args:
        connection: to it.
        manner: how what comes is written.
    """

    def __init__(self, connection: socket.socket, manner: Manner) -> None:
        self._connection = connection
        self._manner = manner
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._words: queue.Queue[list[list[str]]] = queue.Queue()
        self._owed = 0  # replies to lines that were sent
        self.is_over = False
        self.has_quit = self._leaves = False
        self._send(f"#framed {'json' if manner.json else 'text'}")
        self._reader = threading.Thread(target=self._read, name="attach", daemon=True)
        self._reader.start()

    def _send(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the session has ended, as what comes shows
            self._connection.sendall(text.encode("utf-8", "replace") + b"\n")

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._connection.makefile("r", encoding="utf-8") as file:
            self._take(file)
        if not self.has_quit and not self._leaves:
            self._manner.write(replies.news(ENDED, as_object=self._manner.json))
        self.is_over = True
        self._replies.put(None)
        if not self._leaves:
            os.kill(os.getpid(), signal.SIGINT)  # whoever reads a line need not press Enter

    def _take(self, lines: Iterable[str]) -> None:
        for line in lines:
            said = json.loads(line)
            if "event" in said:
                self._manner.write(said["said"])
            elif "completions" in said:
                self._words.put(said["completions"])
            elif "said" in said:
                self._replies.put(said)

    def answer(self, text: str) -> bool:
        """Have a line or block carried out, and say what came of it; whether it goes on."""
        if not text.strip():
            return not self.is_over
        self._send(text)
        if _is_unfinished(text):
            self._leave()  # only the end of all lines tells the session that no more of it comes
        self._owed += 1
        try:
            if not self._take_replies():
                return False
        except KeyboardInterrupt:
            if self.is_over:
                return False
            self._manner.write(replies.news(GOES_ON, as_object=self._manner.json))
            return True
        self.has_quit = self.has_quit or text.strip().lower() in {"quit", "exit"}
        return not self.has_quit

    def _take_replies(self) -> bool:
        """Write the replies that are to come, in order; whether the session goes on."""
        while self._owed > 0:
            said = self._replies.get()
            if said is None:
                return False
            self._owed -= 1
            if said["said"] != "ok":
                self._manner.write(said["said"])
        return True

    @property
    def is_lost(self) -> bool:
        """Whether the session has ended though nobody here said so."""
        return self.is_over and not (self.has_quit or self._leaves)

    def complete(self, text: str) -> list[tuple[str, str]]:
        """Words that may stand at the end of a line; none where the session is busy."""
        while not self._words.empty():
            self._words.get()
        self._send("#complete " + text.replace("\n", " "))
        try:
            found = self._words.get(timeout=COMPLETE_S)
        except queue.Empty:
            return []
        return [(word, note) for word, note in found]

    def _leave(self) -> None:
        """Say that no more lines come."""
        self._leaves = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Leave the session."""
        self._leaves = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join()


def _is_unfinished(text: str) -> bool:
    """Whether a text leaves a block open."""
    gathering = Gathering()
    for line in text.split("\n"):
        gathering.add(line)
    return gathering.is_open


def attach(name: str | None, *, plain: bool, as_json: bool) -> int:
    """A prompt in a live session; lines of a pipe are sent there.

    Args:
        name: of the session; None for `main`, or the only one that there is.
        plain: no colour, no cursor movement.
        as_json: one object a reply.

    Raises:
        UserError: E_NAME, there is no such session.
    """
    if not sys.stdin.isatty():
        return send(name, [], as_json=as_json)
    entry = sessions.session_named(name)
    try:
        connection = entry.connect()
    except OSError as error:
        message = f"the session '{entry.name}' does not answer: {error.strerror or error}"
        raise UserError(Code.NAME, message) from error
    with connection:
        connection.settimeout(None)
        speaker = Speaker()
        manner = Manner(speaker.say, json=as_json)
        remote = _Remote(connection, manner)
        try:
            talk(remote, manner, speaker, plain=plain)
        except KeyboardInterrupt:
            if not remote.is_over:
                raise
        finally:
            is_lost = remote.is_lost
            remote.close()
    return SOME_FAILED if is_lost else DONE
