"""Options of the live calls: an option wins over its variable, the variable over the file."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from chronus.errors import Code, UserError, nearest
from chronus.settings import BLOCK, DEFAULT_RATE_HZ, config_file

if TYPE_CHECKING:
    from collections.abc import Mapping

TRUE: Final = frozenset({"1", "true", "yes", "on"})
FALSE: Final = frozenset({"", "0", "false", "no", "off"})

RANGES: Final = {
    "rate": (8000, 192_000),
    "block": (16, 4096),
    "ahead": (2, 4096),
    "lanes": (1, 3),
}
"""Lowest and highest value of the numbers."""
LOOPBACK: Final = "127.0.0.1"
HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Options:
    """How a live call plays and answers.

    Attributes:
        device: name or number of a sound card, `null` for none, None for the system's own.
        rate: frames a second.
        block: frames that the sound card takes at a time.
        ahead: blocks of 64 frames that the engine may be ahead of the sound card.
        lanes: processes that share the patch.
        record: file that gets all that is played.
        journal: file that gets all that takes effect, as a score that plays it again.
        name: of the session, for `chronus send`; None takes the first of main, main2, … .
        osc: where OSC is taken: a port of this machine, HOST:PORT, or off.
        plain: no colour, no cursor movement.
        json: one object a reply.
        strict: the first error ends the score.
        toolbar: whether a line below the prompt shows position, level and load.
        modules: folder with modules of the user's own, besides the one that is always looked in.
    """

    device: str | None = None
    rate: int = DEFAULT_RATE_HZ
    block: int = 256
    ahead: int = 16
    lanes: int = 1
    record: str | None = None
    journal: str | None = None
    name: str | None = None
    osc: str = "5005"
    plain: bool = False
    json: bool = False
    strict: bool = False
    toolbar: bool = True
    modules: str | None = None

    @property
    def osc_address(self) -> tuple[str, int] | None:
        """Host and port at which OSC is taken; None for nowhere.

        Raises:
            UserError: E_VALUE, it is none.
        """
        if self.osc.lower() in FALSE:
            return None
        host, _, port = self.osc.rpartition(":")
        if not port.isdecimal() or not 0 < int(port) <= HIGHEST_PORT:
            message = f"osc is a port from 1 to {HIGHEST_PORT}, HOST:PORT, or off"
            raise UserError(Code.VALUE, f"{message}, not '{self.osc}'", suggestions=("--osc 5005",))
        return host.strip("[]") or LOOPBACK, int(port)


def gather(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Options:
    """Options from the command line, the environment and the config file.

    Args:
        given: what the command line says; None where it says nothing.
        environ: variables.

    Raises:
        UserError: E_VALUE, E_RANGE or E_FILE, with the place that is wrong.
    """
    values = _from_file()
    for field in fields(Options):
        values |= _said(field.name, given, environ)
    for name, (low, high) in RANGES.items():
        if name in values and not low <= values[name] <= high:
            raise UserError(Code.RANGE, f"{name} goes from {low} to {high}, not {values[name]}")
    options = Options(**values)
    _ = options.osc_address  # what is wrong with it is said before anything begins
    needed = -(-options.block // BLOCK) + 1
    if options.ahead < needed:
        message = f"with {options.block} frames a block, ahead is at least {needed}"
        raise UserError(Code.RANGE, message, suggestions=(f"--ahead {needed}",))
    return options


def modules_folder(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> str | None:
    """The folder of modules that a call names, for those calls that have no other option.

    Raises:
        UserError: E_FILE, E_NAME or E_VALUE, the config file is wrong.
    """
    values = {**_from_file(), **_said("modules", given, environ)}
    return values.get("modules") or None


def _said(name: str, given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says of an option, or the command line in its place."""
    if given.get(name) is not None:
        return {name: given[name]}
    variable = f"CHRONUS_{name.upper()}"
    return {name: _converted(name, environ[variable], variable)} if variable in environ else {}


def _from_file() -> dict[str, Any]:
    path = config_file()
    if not path.exists():
        return {}
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(Code.FILE, f"cannot read {path}: {error}") from error
    names = [field.name for field in fields(Options)]
    for key in read:
        if key not in names:
            raise UserError(
                Code.NAME, f"{path} has an unknown key '{key}'", None, nearest(key, names)
            )
    return {key: _converted(key, str(value), str(path)) for key, value in read.items()}


def _converted(name: str, text: str, where: str) -> Any:
    """A written option as its type."""
    default = getattr(Options(), name)
    if isinstance(default, bool):
        if text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        raise UserError(Code.VALUE, f"{where}: {name} is on or off, not '{text}'")
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError as error:
            message = f"{where}: {name} is a whole number, not '{text}'"
            raise UserError(Code.VALUE, message) from error
    return text
