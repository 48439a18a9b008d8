"""Sources of modules as they were played: each is kept under a mark of its content, for replays.

A journal names a mark and never a file, and nobody but this program writes into the folder where
they are kept. So what a replay runs has run here before, or lies in a folder that the call names.
"""

from __future__ import annotations

import hashlib
import re
from importlib.util import decode_source
from typing import TYPE_CHECKING, Final

from chronus.dsp import own
from chronus.dsp.declaration import LINES
from chronus.dsp.sources import text_in
from chronus.errors import Code, UserError
from chronus.modules.catalog import catalog, module_called
from chronus.settings import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import ModuleType

    from chronus.dsp.declaration import Kind
    from chronus.dsp.sources import Text

MARK_DIGITS: Final = 12
_NOTE: Final = re.compile(r"# source (\w+) mark ([0-9a-f]+)", re.ASCII)
_MARKED: Final = re.compile(r"(\w+) mark ([0-9a-f]+)", re.ASCII)


def folder() -> Path:
    """Where sources are kept; they stay until the user deletes them."""
    return state_dir() / "modules"


def name_of(module: ModuleType) -> str:
    """What a line calls the file of a module."""
    return module.__name__.rpartition(".")[2].removeprefix(own.PREFIX)


def mark_of(module: ModuleType) -> str:
    """The mark of the source that a module was read from."""
    return _mark(_source(module))


def marked(module: ModuleType) -> str:
    """How `reload` names a module with the source that it has now."""
    return f"{name_of(module)} mark {mark_of(module)}"


def own_modules(kinds: Iterable[Kind]) -> list[ModuleType]:
    """The modules of the user's own that some kinds are from."""
    names = dict.fromkeys(kind.tick.__module__ for kind in kinds if own.origin(kind) is not None)
    return [catalog().modules[name] for name in names if name in catalog().modules]


def notes(modules: Iterable[ModuleType]) -> list[str]:
    """Comments of a patch file that say which sources it was made with."""
    return [f"# source {marked(module)}" for module in modules]


def others(lines: Iterable[str]) -> list[str]:
    """Lines that bring back the sources which such comments name, where others are there now."""
    found = []
    for name, mark in (match.groups() for line in lines if (match := _NOTE.fullmatch(line))):
        module = catalog().modules.get(module_called(name))
        if module is not None and mark_of(module) != mark:
            found.append(f"reload {name} mark {mark}")
    return found


def marks_in(texts: Iterable[str]) -> dict[str, str]:
    """The marks that lines of `reload` name, by the names of files."""
    lines = [text for text in texts if text.startswith("reload ")]
    return {found[1]: found[2] for line in lines for found in _MARKED.finditer(line)}


def keep(module: ModuleType) -> None:
    """Keep the source that a module was read from.

    Raises:
        OSError: it cannot be written.
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder() / _file(name_of(module), mark_of(module))
    source = _source(module).encode()
    if not path.exists() or path.read_bytes() != source:
        path.write_bytes(source)


def kept(name: str, mark: str) -> tuple[str, Text]:
    """A module's source of a mark: its file's own if that still has it, else the one that was kept.

    Args:
        name: of the file, as a line calls it.
        mark: of the content.

    Returns:
        The Python module's name, and the source.

    Raises:
        UserError: E_FILE, it is kept no longer.
    """
    module = module_called(name)
    there = catalog().modules.get(module)
    own_file = own.files().get(module) or getattr(there, "__file__", None)
    folders = (folder(), *own.folders())
    paths = [place / _file(name, mark) for place in folders]
    for path in (*filter(None, [own_file]), *paths):
        try:
            text = text_in(str(path))
        except UserError:
            continue
        if _mark(decode_source(text[1])) == mark:
            return module, text
    raise _not_kept(name, mark, folders)


def _not_kept(name: str, mark: str, folders: Sequence[Path]) -> UserError:
    """That a source is not kept, and what there is of that module: the newest, and its file."""
    places = " or ".join(map(str, folders))
    message = f"no source of '{name}' with the mark {mark} is kept: there is no"
    files = [path for place in folders for path in place.glob(_file(name, "*"))]
    files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    lines = [f"reload {name} mark {path.stem.rpartition('-')[2]}" for path in files[:2]]
    if module_called(name) in catalog().modules:
        lines.append(f"reload {name}")
    return UserError(Code.FILE, f"{message} {_file(name, mark)} in {places}", None, tuple(lines))


def is_kept(name: str, mark: str) -> bool:
    """Whether a module's source of a mark can still be played."""
    try:
        kept(name, mark)
    except UserError:
        return False
    return True


def _file(name: str, mark: str) -> str:
    # No file of a module that can be loaded has a hyphen in its name.
    return f"{name}-{mark}{own.ENDING}"


def _source(module: ModuleType) -> str:
    return "".join(vars(module)[LINES])


def _mark(source: str) -> str:
    whole = source.rstrip("\n") + "\n"  # the system's reader of lines adds a last line break
    return hashlib.sha256(whole.encode()).hexdigest()[:MARK_DIGITS]
