"""`chronus check`: files of commands and of instruments are checked, and nothing is played."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chronus.commands.files import read_lines, show_error
from chronus.commands.making import mistakes_in
from chronus.commands.registry import handlers
from chronus.doors import replies
from chronus.doors.statuses import DONE, SOME_FAILED, write_out
from chronus.errors import Code, UserError
from chronus.language.blocks import gathered
from chronus.language.parser import read
from chronus.language.statements import Reload
from chronus.modules.catalog import adopt, read_again
from chronus.patch.instruments import Definition
from chronus.session import instrument_files
from chronus.session.drafting import prepare
from chronus.session.kept_sources import kept
from chronus.session.offline import Offline
from chronus.session.session import Session

if TYPE_CHECKING:
    from chronus.language.statements import Statement
    from chronus.session.draft import Draft


def check(paths: list[str]) -> int:
    """Parse and check files, play nothing; every error with its line."""
    errors = 0
    for path in paths:
        session = Session(Offline(48_000), handlers(), is_score=True)
        session.folders = (str(Path(path).parent),)
        draft = session.draft()
        try:
            lines = read_lines(path)
        except UserError as error:
            write_out(replies.error_line(error))
            errors += 1
            continue
        if instrument_files.begins_an_instrument(Path(path)):
            errors += _check_instrument(path, draft)
            continue
        commands = 0
        wrong = 0
        for text, number in gathered(lines):
            try:
                for part in read(text, number):
                    prepare(draft, part)
                    _find_replayed(part.statement)
                    commands += 1
            except UserError as error:
                wrong += 1
                write_out(f"{path}: {show_error(error)}")
        errors += wrong
        if not wrong:
            write_out(f"ok {path}: {commands} commands")
    return SOME_FAILED if errors else DONE


def _find_replayed(statement: Statement) -> None:
    """Have the kinds that a journal's `reload` brings from a kept source, for the lines behind it.

    Raises:
        UserError: E_FILE, it is kept no longer, with its place.
    """
    if isinstance(statement, Reload):
        for name, mark in zip(statement.names, statement.marks, strict=True):
            if mark:
                try:
                    adopt(read_again((), dict([kept(name.text, mark)])))
                except UserError as error:
                    raise error.at(name.span) from error


def _check_instrument(path: str, draft: Draft) -> int:
    """Check the file of an instrument; how many errors there are."""
    try:
        source = instrument_files.read_file(Path(path))
    except UserError as error:
        write_out(replies.error_line(error))
        return 1
    name = source.head.name
    if instrument_files.is_kinds_own(name.text):
        message = f"{name.text} is a kind of module: an instrument of that name is never loaded"
        write_out(f"{path}: {show_error(UserError(Code.NAME, message, name.span))}")
        return 1
    found = mistakes_in(draft, source)
    if isinstance(found, Definition):
        write_out(f"ok {path}: instrument {found.name}, {', '.join(found.ports) or 'no ports'}")
        return 0
    for mistake in found:
        write_out(f"{path}: {show_error(mistake)}")
    return len(found)
