"""Which sessions are live on this machine: each has a socket with its name, in a private folder.

The folder is `$XDG_RUNTIME_DIR/chronus`, or where that cannot be, one under the temporary folder.
It belongs to the user and lets nobody else in. Where nobody listens at a socket, its session has
died.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import socket
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chronus.errors import Code, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT: Final = "main"
ENDING: Final = ".sock"
MOST_PATH_BYTES: Final = 100
"""The system has room for 107 in a socket's address, some systems for 103."""
MOST_SESSIONS: Final = 100
PATIENCE_S: Final = 2.0
"""The time that a session has to say who it is."""
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}")


# ---- folders


def _candidates() -> list[Path]:
    """Folders for sockets, the best first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    under_temporary = Path(tempfile.gettempdir()) / f"chronus-{os.geteuid()}"
    return [*([Path(runtime) / "chronus"] if runtime.startswith("/") else []), under_temporary]


def _is_private(folder: Path) -> bool:
    """Whether a folder, and no link to one, belongs to this user and lets nobody else in."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    own = found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return stat.S_ISDIR(found.st_mode) and own


def _folder_for(name: str) -> Path:
    """A private folder, made where need be, in which a socket of that name can be.

    Raises:
        UserError: E_FILE, there is none.
    """
    for folder in _candidates():
        if len(os.fsencode(folder / f"{name}{ENDING}")) > MOST_PATH_BYTES:
            continue
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700)
        if _is_private(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    tried = " or ".join(map(str, _candidates()))
    raise UserError(Code.FILE, f"no private folder for the session's socket: {tried}")


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let no other session come or go meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# ---- a session's own socket


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that is this session's for as long as its socket is listened at.

    Attributes:
        name: of the session.
        path: of the socket.
        socket: that listens there.
    """

    name: str
    path: Path
    socket: socket.socket

    def close(self) -> None:
        """Give the name back, and leave nothing behind."""
        with contextlib.suppress(OSError), _alone_in(self.path.parent):
            self.path.unlink(missing_ok=True)
            self.socket.close()
        self.socket.close()
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()  # another session may be in it


def claim(name: str | None) -> Claim:
    """Take a name, and listen at its socket.

    Args:
        name: of the session; None takes the first of `main`, `main2`, … that is free.

    Raises:
        UserError: E_VALUE, it is no name; E_STATE, a live session has it; E_FILE, there is no place
            for the socket.
    """
    if name is not None:
        _check(name)
        taken = _claimed(name)
        if taken is None:
            raise UserError(
                Code.STATE, f"a session '{name}' is live already", None, _free_after(name)
            )
        return taken
    for number in range(1, MOST_SESSIONS + 1):
        taken = _claimed(DEFAULT if number == 1 else f"{DEFAULT}{number}")
        if taken is not None:
            return taken
    raise UserError(Code.STATE, f"{MOST_SESSIONS} sessions are live already")


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        message = f"'{name}' is no name of a session: letters, digits, '-', '_' and '.', at most 40"
        raise UserError(Code.VALUE, message)


def _free_after(name: str) -> tuple[str, ...]:
    live = {entry.name for entry in found()}
    return (next(n for n in (f"{name}{i}" for i in range(2, 1000)) if n not in live),)


def _claimed(name: str) -> Claim | None:
    """A claim on a name, or None where a live session has it."""
    if any(_is_listened_at(folder / f"{name}{ENDING}") for folder in _private_folders()):
        return None
    folder = _folder_for(name)
    path = folder / f"{name}{ENDING}"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _alone_in(folder):
            if _is_listened_at(path):
                listener.close()
                return None
            path.unlink(missing_ok=True)  # of a session that was killed
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen()
    except OSError as error:
        listener.close()
        raise UserError(Code.FILE, f"cannot make {path}: {error.strerror}") from error
    return Claim(name, path, listener)


def _private_folders() -> list[Path]:
    return [folder for folder in _candidates() if _is_private(folder)]


def _is_listened_at(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.setblocking(False)
        try:
            asked.connect(str(path))
        except BlockingIOError:
            return True  # it has more callers than it has taken yet
        except OSError:
            return False
    return True


# ---- those of others


@dataclass(frozen=True, slots=True)
class Entry:
    """A session that somebody listens for."""

    name: str
    path: Path

    def connect(self) -> socket.socket:
        """A connection to it.

        Raises:
            OSError: it has ended.
        """
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            asking.settimeout(PATIENCE_S)
            asking.connect(str(self.path))
        except OSError:
            asking.close()
            raise
        return asking

    def who(self) -> dict[str, Any]:
        """What it says of itself: name, pid, what, frame, bar; empty where it does not answer."""
        try:
            with self.connect() as asking:
                asking.sendall(b"#who\n")
                with asking.makefile("r", encoding="utf-8") as answers:
                    said = json.loads(answers.readline())
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}


def found() -> list[Entry]:
    """All live sessions, by name."""
    entries = {
        path.stem: Entry(path.stem, path)
        for folder in reversed(_private_folders())
        for path in folder.glob(f"*{ENDING}")
        if _is_listened_at(path)
    }
    return [entries[name] for name in sorted(entries)]


def session_named(name: str | None) -> Entry:
    """The session of a name; without one `main`, or the only one that there is.

    Raises:
        UserError: E_NAME, there is none, with those that there are.
    """
    entries = found()
    named = [entry for entry in entries if entry.name == (name or DEFAULT)]
    if not named and name is None and len(entries) == 1:
        named = entries
    if named:
        return named[0]
    names = tuple(entry.name for entry in entries)
    if not names:
        raise UserError(
            Code.NAME, "no session is live; `chronus` or `chronus play FILE` begins one"
        )
    message = f"there is no session '{name or DEFAULT}'; live are {', '.join(names)}"
    raise UserError(Code.NAME, message, None, names)
