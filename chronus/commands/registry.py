"""All commands by their words, collected from the files of this room."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import chronus.commands as room

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.commands.declaration import Command
    from chronus.session.draft import Draft

FILES = (
    "nodes",
    "copying",
    "sounds",
    "instruments",
    "cables",
    "strips",
    "values",
    "playing",
    "sequences",
    "time",
    "later",
    "undoing",
    "snapshots",
    "scenes",
    "files",
    "midi",
    "capture",
    "looking",
    "describing",
    "helping",
    "showing",
    "hearing",
    "locking",
    "mending",
)
HELPERS: Final = (
    *("declaration", "registry", "making", "accounts", "free_names"),
    *("playable", "drawing", "topic", "topics", "counting", "lateness"),
)
"""Files of this room that declare no commands."""


@cache
def commands() -> Mapping[str, Command]:
    """Every command by its word, in the order of help."""
    names = {entry.name for entry in pkgutil.iter_modules(room.__path__)}
    assert names == {*FILES, *HELPERS}, "a file of commands is not listed"
    found = [command for group in commands_by_file().values() for command in group]
    return MappingProxyType({command.verb: command for command in found})


@cache
def commands_by_file() -> Mapping[str, tuple[Command, ...]]:
    """The commands of each file of this room."""
    return MappingProxyType(
        {file: importlib.import_module(f"{room.__name__}.{file}").COMMANDS for file in FILES}
    )


@cache
def handlers() -> Mapping[type, Callable[[Draft, Any], None]]:
    """What carries out each kind of statement."""
    return MappingProxyType(
        {kind: handler for c in commands().values() for kind, handler in c.handles.items()}
    )
