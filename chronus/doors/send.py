"""The calls `send` and `sessions`: lines for a session that is live, and which there are."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

from chronus.doors import replies, sessions
from chronus.doors.statuses import DONE, SOME_FAILED, write_err, write_out
from chronus.errors import Code, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable


def send(name: str | None, lines: list[str], *, as_json: bool) -> int:
    """Run lines in a live session, and write its replies.

    Args:
        name: of the session; None for `main`, or the only one that there is.
        lines: each one line of the language; where there is none, those of stdin.
        as_json: one object a reply.

    Raises:
        UserError: E_NAME, there is no such session.
    """
    entry = sessions.session_named(name)
    try:
        connection = entry.connect()
    except OSError as error:
        message = f"the session '{entry.name}' does not answer: {error.strerror or error}"
        raise UserError(Code.NAME, message) from error
    with connection:
        connection.settimeout(None)
        given = (line.encode() for line in lines) if lines else iter(sys.stdin.buffer)
        manner = b"#framed json" if as_json else b"#framed text"
        threading.Thread(target=_hand_over, args=(connection, manner, given), daemon=True).start()
        with connection.makefile("r", encoding="utf-8") as answers:
            return _show(answers)


def _hand_over(connection: socket.socket, manner: bytes, lines: Iterable[bytes]) -> None:
    """Send lines, and say that there are no more."""
    with contextlib.suppress(OSError):  # the session has ended, as the answers show
        connection.sendall(manner + b"\n")
        for line in lines:
            connection.sendall(line.removesuffix(b"\n") + b"\n")
        connection.shutdown(socket.SHUT_WR)


def _show(answers: Iterable[str]) -> int:
    """Write what comes; the status of the call."""
    failed = False
    said_last: dict[str, Any] = {}
    with contextlib.suppress(OSError):
        for answer in answers:
            said_last = json.loads(answer)
            if "said" in said_last:
                write_out(said_last["said"])
            failed |= not said_last.get("ok", True)
    if "end" not in said_last:
        error = UserError(Code.STATE, "the session has ended; lines without a reply were not done")
        write_err(replies.error_line(error))
        # What asked for the end was done, and nothing has to follow it.
        failed |= not said_last.get("ok", False)
    return SOME_FAILED if failed else DONE


def show_sessions(*, as_json: bool) -> int:
    """The live sessions, a line each: name, process, what is played, where."""
    found = sessions.found()
    for entry in found:
        who = {"name": entry.name} | entry.who()
        if as_json:
            write_out(json.dumps(who))
        elif "pid" in who:
            place = f"bar {who['bar']} (frame {who['frame']})"
            write_out(f"{entry.name}  pid {who['pid']}  {who['what']}  {place}")
        else:
            write_out(f"{entry.name}  does not answer")
    if not found and not as_json:
        write_out("no session is live")
    return DONE
