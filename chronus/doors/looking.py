"""Calls that only look: help, the sound cards, and what is wrong on this machine."""

from __future__ import annotations

from chronus.commands.helping import help_lines
from chronus.doors.calls import DONE, write_out


def show_help(topic: str | None) -> int:
    """What `help` says at the prompt.

    Raises:
        UserError: E_NAME, there is no such topic.
    """
    write_out("\n".join(help_lines(topic)))
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
