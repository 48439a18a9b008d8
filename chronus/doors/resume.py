"""A session that ended without warning goes on: its journal is carried out again, unheard."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chronus.commands.files import read_lines
from chronus.commands.registry import handlers
from chronus.doors.calls import tell_missing
from chronus.doors.journals import journals_dir, kept_journals, position_file
from chronus.dsp.declaration import RAMP_S
from chronus.errors import Code, UserError
from chronus.session import instrument_files
from chronus.session.journal import in_order, last_frame, pending_at_end, read_header, without_end
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from chronus.doors.calls import Live

WHO = "journal"
FADED_S = 2 * RAMP_S


class Past(NamedTuple):
    """What is known of a session that has ended.

    Attributes:
        path: of its journal.
        rate_hz: frames a second.
        lines: of the journal, without its end.
        frame: where it was when it was last seen, the start of a block; what its last line took
            away has faded there.
        pending: what was to be done later.
    """

    path: Path
    rate_hz: int
    lines: list[str]
    frame: int
    pending: list[str]


def past_session(name: str | None) -> Past:
    """The session of a journal.

    Args:
        name: the file; None for the last session that is not live.

    Raises:
        UserError: E_FILE, there is none, it cannot be read, or is no journal.
    """
    path = _last_journal() if name is None else Path(name).expanduser()
    written = read_lines(str(path))
    lines = in_order(written)
    header = read_header(lines[0]) if lines else None
    if header is None:
        raise UserError(Code.FILE, f"{path} is no journal: `chronus play` plays it")
    tell_missing(lines, str(path))
    faded = last_frame(lines) + round(FADED_S * header.rate_hz)
    frame = max(faded, _seen_at(path))
    frame = -(-frame // BLOCK) * BLOCK
    pending = pending_at_end(written, frame, header.rate_hz)
    return Past(path, header.rate_hz, without_end(lines), frame, pending)


def _last_journal() -> Path:
    for path in kept_journals():
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                continue  # its session is live
            return path
    raise UserError(Code.FILE, f"there is no journal of a past session in {journals_dir()}")


def _seen_at(path: Path) -> int:
    """The frame at which the session of a journal was seen last; 0 where nothing is known."""
    with contextlib.suppress(OSError, ValueError):
        return int(position_file(path).read_text())
    return 0


def resume(live: Live, past: Past) -> Session:
    """Bring a machine to where a past session was, and let it go on from there.

    Modules start afresh there: nothing rings on from before. The new session's journal holds the
    past one, so that it renders to what is heard from here on.

    Raises:
        UserError: E_DEVICE or E_FILE, the machine does not start.
    """
    engine = Offline(past.rate_hz, writer=live.machine.writer, rehearses=True)
    session = Session(engine, handlers(), is_score=True)
    live.attend(session)
    for number, line in enumerate(past.lines, 1):
        reply = session.run_line(line, number, who=WHO)
        if reply.error is not None:
            live.news.say(f"{past.path} line {number}: {reply.error.message}")
    session.move_to(past.frame)
    session.run_line("reset all", who="resume")
    # A journal holds its instruments as they were; from now on their files count again.
    session.definitions = {
        name: made
        for name, made in session.definitions.items()
        if instrument_files.find(name) is None
    }
    session.publish()
    live.machine.begin_at(past.frame)
    session.go_on_with(live.start())
    for line in past.pending:
        reply = session.run_line(line, who=WHO)
        if reply.error is not None:
            live.news.say(f"'{line}' is not pending any more: {reply.error.message}")
    live.news.say(f"resumed {past.path.name} at bar {session.position[1]}")
    return session
