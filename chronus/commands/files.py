"""Patches are saved and opened, files of commands run, and what is played is recorded."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.data import data_path
from chronus.errors import Code, Span, UserError
from chronus.language.blocks import gathered
from chronus.language.parser import read
from chronus.language.statements import Open, Record, RecordStop, Run, Save
from chronus.machine.recorder import SUBTYPES, FileRecorder
from chronus.patch.model import OUT, empty_patch
from chronus.session.console import Console
from chronus.session.draft import Result
from chronus.session.reply import state_error
from chronus.session.saving import BUILDING, patch_lines

if TYPE_CHECKING:
    from chronus.language.statements import Statement
    from chronus.session.draft import Draft
    from chronus.session.session import Session

MOST_LINES = 100_000
MOST_BYTES = 10_000_000
DEEPEST_RUN = 8


def expanded(path: str, span: Span | None) -> Path:
    """A path as the system knows it, `~` replaced.

    Raises:
        UserError: E_FILE, it is none: there is no such user, it is too long, or holds a NUL.
    """
    try:
        place = Path(path).expanduser()
        place.is_dir()
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(Code.FILE, f"cannot use {path[:80]}: {reason}", span) from error
    if "\0" in path:
        raise UserError(Code.FILE, f"cannot use {path}: a NUL is in it", span)
    return place


def writable(path: str, span: Span) -> Path:
    """The path of a file that is to be written.

    Raises:
        UserError: E_FILE, its folder is not there or cannot be written, or it is a folder itself.
    """
    place = expanded(path, span)
    if not place.parent.is_dir():
        raise UserError(Code.FILE, f"there is no folder {place.parent}", span)
    if place.is_dir():
        raise UserError(Code.FILE, f"cannot write {path}: it is a folder", span)
    if not os.access(place.parent, os.W_OK):
        raise UserError(Code.FILE, f"cannot write {path}: {place.parent} is read-only", span)
    return place


def read_lines(path: str, span: Span | None = None) -> list[str]:
    """The lines of a command file.

    Raises:
        UserError: E_FILE, it cannot be read, or is no text; E_LIMIT, it is too long.
    """
    place = _found(expanded(path, span))
    try:
        with place.open("rb") as file:
            read = file.read(MOST_BYTES + 1)
        if len(read) > MOST_BYTES:
            raise UserError(Code.LIMIT, f"{path} is longer than {MOST_BYTES} bytes", span)
        text = read.decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        near = (
            tuple(sorted(str(p) for p in place.parent.glob("*.chronus"))[:3])
            if place.parent.is_dir()
            else ()
        )
        raise UserError(Code.FILE, f"cannot read {path}: {reason}", span, near) from error
    except UnicodeDecodeError as error:
        message = f"{path} is no text: byte {error.start} is not UTF-8"
        raise UserError(Code.FILE, message, span) from error
    # Only at line ends, as a pipe: other marks that Python parts at may stand in a comment.
    lines = text.removesuffix("\n").split("\n") if text else []
    if len(lines) > MOST_LINES:
        raise UserError(Code.LIMIT, f"{path} has more than {MOST_LINES} lines", span)
    return lines


def _found(path: Path) -> Path:
    """The path, or where nothing is there, the file of that name that comes with the program."""
    if path.exists() or path.parts[:1] != ("patches",) or ".." in path.parts:
        return path
    try:
        return data_path(*path.parts)
    except FileNotFoundError:
        return path


def show_error(error: UserError) -> str:
    """An error with its place, for a list of them."""
    where = f"line {error.span.line} column {error.span.column}: " if error.span else ""
    hint = f" (try: {', '.join(error.suggestions)})" if error.suggestions else ""
    return f"{where}{error.code}: {error.message}{hint}"


def prepare_lines(
    draft: Draft, lines: list[str], path: str, span: Span | None, allowed: tuple[type, ...] | None
) -> int:
    """Add a file's lines to a draft; the number of commands.

    Args:
        draft: where.
        lines: of the file.
        path: its name, for errors.
        span: where the file was named.
        allowed: kinds of statements that may stand there; None for all.

    Raises:
        UserError: E_FILE with every error and its line.
    """
    errors: list[UserError] = []
    count = 0
    before, draft.builds = draft.builds, allowed is BUILDING
    for text, number in gathered(lines):
        try:
            for part in read(text, number):
                _check_allowed(part.statement, number, allowed)
                draft.session.prepare(draft, part)
                count += 1
        except UserError as error:
            errors.append(error.at(Span(number, 1, 1)))
    draft.builds = before
    if errors:
        kinds = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        message = f"{kinds} in {path}, so nothing of it was done; {show_error(errors[0])}"
        raise UserError(
            Code.FILE, message, span, errors[0].suggestions, [show_error(e) for e in errors]
        )
    return count


def _check_allowed(statement: Statement, number: int, allowed: tuple[type, ...] | None) -> None:
    if allowed is not None and not isinstance(statement, allowed):
        word = type(statement).__name__.lower()
        message = f"a patch file only builds, and '{word}' does more: `run` takes it"
        raise UserError(Code.STATE, message, Span(number, 1, 1 + len(word)))


def _save(draft: Draft, statement: Save) -> None:
    path = writable(statement.path, statement.span)
    lines = patch_lines(draft.patch)

    def act(_session: Session) -> None:
        _write(path, "# A Music Chronus patch: `open` it.\n" + "\n".join(lines) + "\n", statement)

    draft.open_first(act)
    draft.say(Result(f"saved {statement.path} ({len(lines)} lines)", data={"file": statement.path}))


def _write(path: Path, text: str, statement: Save) -> None:
    """Write a file so that it is all there or as it was before."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError as error:
        message = f"cannot write {statement.path}: {error.strerror}"
        raise UserError(Code.FILE, message, statement.span) from error


def _open(draft: Draft, statement: Open) -> None:
    lines = read_lines(statement.path, statement.span)
    before = len(draft.results)
    for target in draft.patch.sequences:
        draft.touch(partial(Console.stop_playing, target=target, now=True))
    out = draft.patch.nodes[OUT]
    for name in out.values:
        default = out.declaration.inputs[out.declaration.find_input(name) or 0].default
        draft.touch(partial(Console.set_port, node=out, port=name, value=default))
    was = draft.patch
    fresh = replace(empty_patch(), count=was.count, bpm=was.bpm, meter=was.meter, swing=was.swing)
    draft.rewire(fresh)
    count = prepare_lines(draft, lines, statement.path, statement.span, BUILDING)
    nodes = len(draft.patch.nodes) - 1
    text = f"opened {statement.path}: {nodes} nodes, {len(draft.patch.cables)} cables"
    draft.say_instead(
        before, Result(text, data={"file": statement.path, "commands": count, "nodes": nodes})
    )


def _run(draft: Draft, statement: Run) -> None:
    lines = read_lines(statement.path, statement.span)
    before = len(draft.results)
    if draft.depth >= DEEPEST_RUN:
        message = f"files run each other more than {DEEPEST_RUN} deep"
        raise UserError(Code.LIMIT, message, statement.span)
    draft.depth += 1
    count = prepare_lines(draft, lines, statement.path, statement.span, None)
    draft.depth -= 1
    text = f"ran {statement.path}: {count} commands"
    draft.say_instead(before, Result(text, data={"file": statement.path, "commands": count}))


def _record(draft: Draft, statement: Record) -> None:
    if draft.recording is not None:
        raise state_error(f"a recording to {draft.recording} is running", "record stop")
    path = writable(statement.path, statement.span)
    if path.suffix.lower() not in SUBTYPES:
        message = f"cannot record to {statement.path}: the name must end in .wav or .flac"
        raise UserError(Code.FILE, message, statement.span, (f"{path.stem}.wav",))
    draft.recording = statement.path
    frame = int(draft.frame + 0.5)

    def act(session: Session) -> None:
        session.begin_recording(FileRecorder(path, session.rate_hz), frame)

    draft.open_first(act)
    draft.say(Result(f"recording to {statement.path}", data={"file": statement.path}))


def _record_stop(draft: Draft, _statement: RecordStop) -> None:
    if draft.recording is None:
        raise state_error("nothing is being recorded", "record take.wav")
    path, draft.recording = draft.recording, None
    frame = int(draft.frame + 0.5)
    draft.open_first(lambda session: session.end_recording(frame))
    draft.say(Result(f"recorded {path}", data={"file": path}))


COMMANDS = (
    Command(
        verb="save",
        form="save FILE",
        doc="Write the patch, its sequences, tempo, meter and swing as command lines",
        examples=("load kick", "save my.chronus"),
        handles={Save: _save},
    ),
    Command(
        verb="open",
        form="open FILE",
        doc="Put a saved patch in the place of what is there; checked whole before that",
        examples=("load kick", "save my.chronus", "open my.chronus"),
        handles={Open: _open},
    ),
    Command(
        verb="run",
        form="run FILE",
        doc="Carry out a file of commands; checked whole before anything is done",
        examples=("load kick", "save my.chronus", "unload kick", "run my.chronus"),
        handles={Run: _run},
    ),
    Command(
        verb="record",
        form="record FILE, or record stop",
        doc="Write what is played to a WAV (float32) or FLAC file, from now until `record stop`",
        examples=("load kick", "record take.wav", "wait 1/4", "record stop"),
        handles={Record: _record, RecordStop: _record_stop},
    ),
)
