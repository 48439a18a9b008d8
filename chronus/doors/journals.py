"""Where journals are kept: the file that was asked for, and always one in the state folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from chronus.dsp import own
from chronus.errors import Code, UserError
from chronus.modules.catalog import kinds
from chronus.session import kept_sources
from chronus.session.journal import end_lines, entry_lines, header_lines, pending_lines, shortened
from chronus.session.ledger import END
from chronus.settings import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from chronus.session.ledger import Done
    from chronus.session.session import Session

KEPT: Final = 20
MOST_BYTES: Final = 16_000_000
"""A kept journal that grows beyond begins anew: it can be gone on from, but not rendered."""
NOTE_S: Final = 1.0
"""How often it is noted where a session is."""
ENDING: Final = ".chronus"


def journals_dir() -> Path:
    """Where the journals of the last sessions are."""
    return state_dir() / "journals"


def kept_journals() -> list[Path]:
    """The journals of the last sessions, the newest first."""
    return sorted(journals_dir().glob(f"*{ENDING}"), key=lambda path: path.name, reverse=True)


def position_file(journal: Path) -> Path:
    """The file that says where the session of a journal was when it was last seen."""
    return journal.with_suffix(".frame")


class _File:
    """A journal on disk.

    Attributes:
        size: bytes.
        shift: frames by which its own lie behind those of the session.

    What is added is handed to the system in one call, so that no crash of the program loses it. The
    file is locked for as long as its session lives.

    Args:
        path: what is there is replaced.
        lines: its first ones.

    Raises:
        UserError: E_FILE, it cannot be written.
    """

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.size = self.shift = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self._descriptor = os.open(path, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
        except OSError as error:
            raise UserError(Code.FILE, f"cannot write {path}: {error.strerror}") from error
        self.add(lines)

    def add(self, lines: list[str]) -> None:
        """Add lines.

        Raises:
            UserError: E_FILE, the disk is full.
        """
        try:
            self.size += os.write(self._descriptor, ("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise UserError(Code.FILE, f"cannot write {self.path}: {error.strerror}") from error

    def begin_anew(self, lines: list[str]) -> None:
        """Put other lines in the place of all.

        Raises:
            UserError: E_FILE, the disk is full.
        """
        os.ftruncate(self._descriptor, 0)
        self.size = 0
        self.add(lines)

    def close(self) -> None:
        """Close the file, and with that unlock it."""
        os.close(self._descriptor)


class Journals:
    """The journals of one session.

    Args:
        asked: the file that was asked for, if any.
        name: of the session.
        rate_hz: of the session.
        tell: called with a line of news where a journal cannot be kept.

    Raises:
        UserError: E_FILE, the file that was asked for cannot be written.
    """

    def __init__(
        self, asked: str | None, name: str, rate_hz: int, tell: Callable[[str], None]
    ) -> None:
        began = datetime.now().astimezone()
        self._tell = tell
        self._header = header_lines(rate_hz, began, f"session {name}")
        self._files = [] if asked is None else [_File(Path(asked).expanduser(), self._header)]
        self._last: tuple[int, int] = (0, 0)
        self._kept: _File | None = None
        try:
            self._kept = _File(_place_for(began, name), self._header)
            self._files.append(self._kept)
        except (UserError, OSError) as error:
            tell(f"no journal is kept: {error}")
        self._session: Session | None = None
        self._is_empty = True
        self._noted: dict[str, None] = {}
        self._modules: dict[str, ModuleType] = {}
        self._marks: dict[str, str] = {}
        self._pending: tuple[str, ...] = ()
        self._ends = Event()

    def follow(self, session: Session) -> None:
        """Write down whatever takes effect in a session from now on, and where it is."""
        session.telling.on_done(self._add)
        session.telling.on_pending(self._add_pending)
        self._session = session
        if self._kept is not None:
            place = position_file(self._kept.path)
            Thread(target=self._note, args=(session, place), name="journal", daemon=True).start()

    def _note(self, session: Session, place: Path) -> None:
        """Keep the position of a session in a file, until its end."""
        with suppress(OSError):
            while not self._ends.wait(NOTE_S):
                place.write_text(f"{session.position[0] + self._shift}\n")

    def end(self, frame: int) -> None:
        """Say at which frame the session ended, and close the files; nothing of it is an error."""
        self._ends.set()
        self._write(lambda shift: end_lines(frame + shift))
        for file in self._files:
            file.close()
        if self._kept is not None:
            position_file(self._kept.path).unlink(missing_ok=True)
            if self._is_empty:
                self._kept.path.unlink(missing_ok=True)
        self._files = []

    def _add(self, done: Done) -> None:
        self._is_empty = self._is_empty and done.who == END
        place = (done.frame, done.publication)
        goes_on = self._last == place
        self._last = place
        now = datetime.now().astimezone()
        used = dict.fromkeys(node.kind for node in done.after.nodes.values())
        notes = own.notes(kinds()[name] for name in used)
        if not self._noted.keys() >= set(notes):
            fresh = [note for note in notes if note not in self._noted]
            self._noted |= dict.fromkeys(fresh)
            self._write(lambda _: fresh)
        needed = self._sources_of(done, used)
        self._write(
            lambda shift: entry_lines(
                replace(done, frame=done.frame + shift), now, needed, goes_on=goes_on
            )
        )
        if self._kept in self._files and self._kept is not None and self._kept.size > MOST_BYTES:
            self._shorten(self._kept, done)

    def _sources_of(self, done: Done, used: Iterable[str]) -> list[str]:
        """Lines that name the sources of the user's own modules which are used for the first time.

        Args:
            done: names those that have been read again.
            used: kinds.
        """
        self._marks |= kept_sources.marks_in(done.texts)
        fresh = []
        for module in kept_sources.own_modules(kinds()[name] for name in used):
            if module in self._modules.values():
                continue
            name, mark = kept_sources.name_of(module), kept_sources.mark_of(module)
            self._modules[name] = module
            if self._marks.get(name) != mark:
                self._marks[name] = mark
                fresh.append(f"reload {kept_sources.marked(module)}")
                self._keep(module)
        return fresh

    def _keep(self, module: ModuleType) -> None:
        try:
            kept_sources.keep(module)
        except OSError as error:
            self._tell(f"the source of a module cannot be kept for the journal: {error}")

    def _add_pending(self, lines: tuple[str, ...]) -> None:
        self._pending = lines
        self._write(lambda shift: pending_lines(lines, shift))

    @property
    def _shift(self) -> int:
        return 0 if self._kept is None else self._kept.shift

    def _shorten(self, file: _File, done: Done) -> None:
        """Let the journal that is always kept begin with what is so now."""
        assert self._session is not None
        session = self._session
        lines, frame = shortened(done.after, session.snapshots, session.transport, done.frame)
        file.shift = frame - done.frame
        with suppress(UserError):  # the next line finds that, too
            pending = pending_lines(self._pending, file.shift)
            sources = [f"reload {name} mark {mark}" for name, mark in self._marks.items()]
            file.begin_anew([*self._header, *self._noted, *sources, *lines, *pending])

    def _write(self, lines: Callable[[int], list[str]]) -> None:
        """Add to each file what is written where its frames are shifted so much."""
        for file in list(self._files):
            try:
                file.add(lines(file.shift))
            except UserError as error:
                self._files.remove(file)
                file.close()
                self._tell(f"the journal has ended: {error.message}")


def _place_for(began: datetime, name: str) -> Path:
    """A new file in the state folder; the oldest ones there go."""
    folder = journals_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in kept_journals()[KEPT - 1 :]:
        old.unlink(missing_ok=True)
        position_file(old).unlink(missing_ok=True)
    return folder / f"{began:%Y%m%d-%H%M%S}-{name}-{os.getpid()}{ENDING}"
