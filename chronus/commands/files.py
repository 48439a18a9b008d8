"""Patches are saved and opened, files of commands run, and what is played is recorded."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chronus.commands.counting import counted
from chronus.commands.declaration import Command
from chronus.commands.scenes import in_a_block
from chronus.commands.undoing import restore
from chronus.data import data_path
from chronus.dsp import own
from chronus.errors import Code, Span, UserError
from chronus.language.blocks import LONGEST_BLOCK, gathered
from chronus.language.instruments import Instrument
from chronus.language.keeping import Open, OpenBlock, Record, RecordStop, Run, Save
from chronus.language.parser import read
from chronus.machine.recorder import SUBTYPES, FileRecorder
from chronus.patch.instruments import text_of
from chronus.patch.model import empty_patch
from chronus.session import instrument_files, kept_sources
from chronus.session.draft import Draft, Result
from chronus.session.drafting import prepare
from chronus.session.instrument_files import made_here
from chronus.session.naming import counts
from chronus.session.reply import state_error
from chronus.session.saving import BUILDING, HEAD, VERSION, VERSION_LINE, patch_lines
from chronus.session.scenes import leave

if TYPE_CHECKING:
    from chronus.language.statements import Said
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


def sound_file(path: str, span: Span, verb: str) -> Path:
    """The path of a sound file that is to be written.

    Raises:
        UserError: E_FILE, it cannot be, or its name says nothing of a known form.
    """
    place = writable(path, span)
    if place.suffix.lower() not in SUBTYPES:
        message = f"cannot {verb} to {path}: the name must end in .wav or .flac"
        raise UserError(Code.FILE, message, span, (f"{place.stem}.wav",))
    return place


def readable(path: str, place: Path, span: Span | None) -> None:
    """See that a file is no pipe: that would hold up all that plays until somebody wrote into it.

    Raises:
        UserError: E_FILE, it is a device or a pipe.
    """
    if place.exists() and not place.is_file() and not place.is_dir() and span is not None:
        raise UserError(Code.FILE, f"cannot read {path}: it is a device or a pipe", span)


def read_lines(path: str, span: Span | None = None) -> list[str]:
    """The lines of a command file.

    Raises:
        UserError: E_FILE, it cannot be read, or is no text; E_LIMIT, it is too long.
    """
    place = _found(expanded(path, span))
    readable(path, place, span)
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
    folder, draft.folder = draft.folder, _folder_of(path, span)
    for text, number in gathered(lines):
        if allowed is None:
            draft.begin_line()
        try:
            for part in read(text, number):
                _check_allowed(part, number, allowed)
                prepare(draft, part)
                count += 1
        except UserError as error:
            errors.append(error.at(Span(number, 1, 1)))
    draft.builds, draft.folder = before, folder
    if errors:
        kinds = counted(len(errors), "error")
        read_as = "" if allowed is None else f" (read as a patch of version {VERSION})"
        message = f"{kinds} in {path}{read_as}, so nothing of it was done; {show_error(errors[0])}"
        raise UserError(
            Code.FILE, message, span, errors[0].suggestions, [show_error(e) for e in errors]
        )
    return count


def _folder_of(path: str, span: Span | None) -> str:
    """The folder of a file that was named; "" for a block."""
    return "" if span is None else str(_found(expanded(path, span)).parent)


def _check_allowed(part: Said, number: int, allowed: tuple[type, ...] | None) -> None:
    if allowed is not None and not isinstance(part.statement, allowed):
        word = part.text.split()[0].lower()
        message = f"a patch file only builds, and '{word}' does more: `run` takes it"
        raise UserError(Code.STATE, message, Span(number, 1, 1 + len(word)))


def _save(draft: Draft, statement: Save) -> None:
    path = writable(statement.path, statement.span)
    lines = patch_lines(draft.patch, made_here(draft.patch), folder=path.parent)
    used = [node.declaration for node in draft.patch.nodes.values()]
    modules = kept_sources.own_modules(used)
    text = "\n".join([HEAD, *own.notes(used), *kept_sources.notes(modules), *lines]) + "\n"

    def write(_session: Session) -> None:
        write_whole(path, text.encode(), statement.path, statement.span)
        with suppress(OSError):  # then it can be opened with the module as it is, and no other
            for module in modules:
                kept_sources.keep(module)

    draft.open_first(write)
    draft.say(Result(f"saved {statement.path} ({len(lines)} lines)", data={"file": statement.path}))


def write_whole(path: Path, content: bytes, shown: str, span: Span) -> None:
    """Write a file so that it is all there or as it was before, with the rights that it had.

    Args:
        path: of the file.
        content: all of it.
        shown: the path as it was said.
        span: where.

    Raises:
        UserError: E_FILE, it cannot be written.
    """
    path = path.resolve()  # through a link, to the file itself
    there: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name[:100]}.", delete=False
        ) as file:
            there = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        there.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        there.replace(path)
    except OSError as error:
        if there is not None:
            there.unlink(missing_ok=True)
        message = f"cannot write {shown}: {error.strerror}"
        raise UserError(Code.FILE, message, span) from error


def _umask() -> int:
    """The rights that new files do not get; there is no way to ask but to set them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _open(draft: Draft, statement: Open) -> None:
    if instrument_files.begins_an_instrument(expanded(statement.path, statement.span)):
        name = Path(statement.path).name.removesuffix(instrument_files.ENDING).lower()
        message = f"{statement.path} is an instrument: `load {name}` loads it into the patch"
        raise UserError(Code.FILE, message, statement.span, (f"load {name}",))
    lines = read_lines(statement.path, statement.span)
    _check_version(lines, statement)
    count = _put(draft, lines, statement.path, statement.span)
    nodes, cables = counts(draft.patch)
    text = f"opened {statement.path}: {counted(nodes, 'node')}, {counted(cables, 'cable')}"
    data = {"file": statement.path, "commands": count, "nodes": nodes}
    # A module may have been mended since, so what is there now is played.
    others = kept_sources.others(lines)
    for line in others:
        text += f"; {line.split()[1]} is another one now than when this was saved: `{line}`"
    draft.say(Result(text, data=data | {"others": others}))


def _open_block(draft: Draft, statement: OpenBlock) -> None:
    parts = statement.body.parts
    count = _put(draft, [part.text for part in parts], "the block", None)
    nodes, cables = counts(draft.patch)
    text = f"opened: {counted(nodes, 'node')}, {counted(cables, 'cable')}"
    draft.say(Result(text, data={"commands": count, "nodes": nodes}))


def _put(draft: Draft, lines: list[str], path: str, span: Span | None) -> int:
    """Put what lines build in the place of what is there; the number of commands.

    Raises:
        UserError: E_FILE, with every error and its line.
    """
    was = draft.patch
    fresh = replace(empty_patch(), count=was.count, bpm=was.bpm, meter=was.meter, swing=was.swing)
    built = Draft(draft.session, fresh, draft.transport, draft.frame, definitions=draft.definitions)
    count = prepare_lines(built, lines, path, span, BUILDING)
    # Who replays what was said may find another file there, or none.
    parts = [part for text, number in gathered(lines) for part in read(text, number)]
    plain = [in_a_block(part) for part in parts if not isinstance(part.statement, Instrument)]
    if any(node.recording is not None for node in built.patch.nodes.values()):
        plain = patch_lines(built.patch, in_block=True)  # with whole paths, and marks
    in_full = f"open {{ {'; '.join(plain)} }}"
    draft.in_full = in_full if len(in_full) < LONGEST_BLOCK // 2 else ""
    draft.made_from = tuple(dict.fromkeys(map(text_of, built.patch.instruments.values())))
    restore(draft, built.patch)
    leave(draft)
    return count


def _check_version(lines: list[str], statement: Open) -> None:
    """Refuse a patch of a version that was not there yet.

    Raises:
        UserError: E_FILE, naming both versions.
    """
    head = VERSION_LINE.fullmatch(next((line for line in lines if line.strip()), ""))
    if head is not None and (len(head[1]) > 9 or int(head[1]) > VERSION):
        message = (
            f"{statement.path} is a patch of version {head[1][:20]}, and this program reads "
            f"version {VERSION}: a newer one opens it"
        )
        raise UserError(Code.FILE, message, statement.span)


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
    path = sound_file(statement.path, statement.span, "record")
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
        doc="Write the patch, its sequences, scenes, tempo, meter and swing as command lines",
        examples=("load kick", "save my.chronus"),
        handles={Save: _save},
    ),
    Command(
        verb="open",
        form="open FILE, or open { COMMANDS }",
        doc="Put a saved patch in the place of what is there; checked whole before that",
        examples=("load kick", "save my.chronus", "open my.chronus"),
        handles={Open: _open, OpenBlock: _open_block},
        more=(
            "What was there fades out while what comes fades in, within 5 ms. All nodes are new",
            "ones, also those that are called as before: they begin from their first state.",
        ),
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
