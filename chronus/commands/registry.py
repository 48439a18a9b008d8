"""All commands by their words, collected from the files of this room."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import chronus.commands as room

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chronus.commands.declaration import Command
    from chronus.session.draft import Draft

FILES = (
    "nodes",
    "cables",
    "strips",
    "values",
    "playing",
    "sequences",
    "time",
    "later",
    "undoing",
    "snapshots",
    "files",
    "looking",
    "showing",
    "hearing",
    "locking",
    "mending",
)


@cache
def commands() -> Mapping[str, Command]:
    """Every command by its word, in the order of help."""
    names = {entry.name for entry in pkgutil.iter_modules(room.__path__)}
    assert names == {*FILES, "declaration", "registry"}, "a file of commands is not listed"
    found = [
        command
        for file in FILES
        for command in importlib.import_module(f"{room.__name__}.{file}").COMMANDS
    ]
    return MappingProxyType({command.verb: command for command in found})


@cache
def handlers() -> Mapping[type, Callable[[Draft, Any], None]]:
    """What carries out each kind of statement."""
    return MappingProxyType(
        {kind: handler for c in commands().values() for kind, handler in c.handles.items()}
    )
