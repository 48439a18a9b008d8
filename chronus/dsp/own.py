"""Where modules of the user's own are: files in folders that a call names, and in no others.

A module is code that runs in the program, so no command and no patch file can name a folder: it is
the user's own one, and the one that stands behind `--modules` on the command line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from chronus.dsp.declaration import Kind

PREFIX: Final = "chronus_own_"
"""What the Python modules of such files are called, before the name of the file."""
ENDING: Final = ".py"
NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_NO_MODULES: Final = re.compile(r"test_.*|conftest", re.ASCII)
"""Files that may lie beside modules: their tests."""

_folders: list[Path] = []


def look_in(folders: Sequence[Path]) -> None:
    """Look for modules in some folders from now on, the nearest first."""
    _folders[:] = folders


def folders() -> tuple[Path, ...]:
    """Where modules are looked for, the nearest first."""
    return tuple(_folders)


def is_name(text: str) -> bool:
    """Whether the file of a module may be called so, without its ending."""
    return NAME.fullmatch(text) is not None and _NO_MODULES.fullmatch(text) is None


def files() -> dict[str, Path]:
    """The file of each Python module by its name; of two that are called alike the nearest."""
    found: dict[str, Path] = {}
    for folder in _folders:
        paths = sorted(folder.glob(f"*{ENDING}")) if folder.is_dir() else []
        for path in paths:
            if is_name(path.stem) and path.is_file():
                found.setdefault(python_name(path.stem), path)
    return found


def python_name(stem: str) -> str:
    """What the Python module of a file is called."""
    return PREFIX + stem


_NOTE: Final = re.compile(r"# module ([a-z][a-z0-9_]*) of (.+)", re.ASCII)


def notes(kinds: Iterable[Kind]) -> list[str]:
    """Comments that say which of some kinds are the user's own, and where they are from."""
    files = {kind.name: origin(kind) for kind in kinds}
    return [f"# module {name} of {file}" for name, file in files.items() if file is not None]


def noted(lines: Iterable[str]) -> dict[str, str]:
    """The files of modules by their names, as such comments say."""
    return {found[1]: found[2] for line in lines if (found := _NOTE.fullmatch(line.rstrip()))}


def origin(kind: Kind) -> str | None:
    """The file of a kind of the user's own; None for one that comes with the program."""
    is_own = kind.tick.__module__.startswith(PREFIX)
    return kind.tick.__code__.co_filename if is_own else None
