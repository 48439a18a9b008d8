"""Calls that only look: help, the sound cards, and what is wrong on this machine."""

from __future__ import annotations

from chronus.commands.accounts import definition_lines
from chronus.commands.helping import FORMS, help_lines, pages
from chronus.commands.making import define
from chronus.commands.registry import handlers
from chronus.doors.statuses import DONE, write_out
from chronus.session import instrument_files
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import DEFAULT_RATE_HZ


def show_help(topic: str | None) -> int:
    """What `help` says at the prompt.

    Raises:
        UserError: E_NAME, there is no such topic; E_FILE, it is an instrument whose file is wrong.
    """
    path = (
        None
        if topic is None or topic == FORMS or topic in pages()
        else instrument_files.find(topic)
    )
    if path is None:
        lines = help_lines(topic)
    else:
        session = Session(Offline(DEFAULT_RATE_HZ), handlers(), is_score=True)
        lines = definition_lines(define(session.draft(), instrument_files.read_file(path)))
    write_out("\n".join(lines))
    return DONE


def show_devices() -> int:
    """The sound cards, a line each; `null` is always there."""
    from chronus.machine.devices import device_lines  # noqa: PLC0415 - opens the sound system

    write_out("\n".join(device_lines()))
    return DONE


def show_doctor() -> int:
    """What this machine allows, and the command that mends what it does not."""
    from chronus.machine.doctor import findings  # noqa: PLC0415 - opens the sound system

    write_out("\n".join(findings()))
    return DONE
