"""Modules of the user's own: in which folders a call looks for them, and a start for a new one."""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Final

from chronus.data import data_path
from chronus.doors.statuses import DONE, write_err, write_out
from chronus.dsp import own
from chronus.errors import Code, UserError
from chronus.modules.catalog import catalog, kinds, look_in
from chronus.session import instrument_files
from chronus.settings import data_dir

PLACE: Final = "own_name"
"""What the module is called in the files that new ones are made from."""


def own_folder() -> Path:
    """The folder of modules that is looked in by every call."""
    return data_dir() / "modules"


def find_modules(named: str | None) -> None:
    """Look for modules in the user's folder, and in front of it in one that the call names.

    What is wrong with a file is said, and its kinds are not there.

    Raises:
        UserError: E_FILE, the folder that was named is none.
    """
    folders = [own_folder()]
    if named is not None:
        folder = Path(named).expanduser().absolute()
        if not folder.is_dir():
            raise UserError(Code.FILE, f"--modules: there is no folder {folder}")
        folders.insert(0, folder)
    look_in(folders)
    for error in catalog().wrong.values():
        write_err(f"! {error.message}; it is not there until that is mended")


def kinds_to_begin_with() -> list[str]:
    """All kinds, for a session that may load any; what of the user's own does not compile is told.

    Raises:
        UserError: E_FILE, the cache folder cannot be written.
    """
    from chronus.machine.build import build_for  # noqa: PLC0415 - not needed by `check` and `help`

    found = [kind.name for kind in kinds().values() if own.origin(kind) is None]
    for name in kinds().keys() - set(found):
        try:
            build_for(catalog(), [name])
        except UserError as error:
            write_err(f"! {error.message}")
        else:
            found.append(name)
    return found


# ---- new ones


def new_module(name: str, folder: str | None) -> int:
    """Write a start for a module and its test.

    Args:
        name: of the module.
        folder: None for the user's own; it is made where it is missing.

    Raises:
        UserError: E_NAME, it cannot be called so; E_FILE, it is there already, or cannot be
            written.
    """
    _check_new(name)
    place = own_folder() if folder is None else Path(folder).expanduser()
    sources = data_path("patches", "modules")
    texts = {
        place / file.replace(PLACE, name): (sources / f"{file}.txt").read_text(encoding="utf-8")
        for file in (f"{PLACE}.py", f"test_{PLACE}.py")
    }
    there = [path for path in texts if path.exists()]
    if there:
        raise UserError(Code.FILE, f"{there[0]} is there already; it stays as it is")
    try:
        place.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text.replace(PLACE, name))
    except OSError as error:
        raise UserError(Code.FILE, f"cannot write into {place}: {error.strerror}") from error
    option = "" if folder is None else f" --modules {folder}"
    module, test = texts
    write_out(f"{module}: the module; `chronus{option}`, then `load saw; load {name}`")
    write_out(f"{test}: its test; `python {test}`")
    write_out(f"ok {name}: change it while it plays, and say `reload {name}`")
    return DONE


def _check_new(name: str) -> None:
    """See that a new module may be called so.

    Raises:
        UserError: E_NAME.
    """
    if not own.is_name(name) or name.endswith("_"):
        message = f"'{name}' cannot be the name of a module: that is small letters, digits and _,"
        raise UserError(Code.NAME, f"{message} a letter first, and not test_...")
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _TAKEN:
        raise UserError(Code.NAME, f"'{name}' means something else already: choose another name")
    if name in kinds():
        file = own.origin(kinds()[name])
        where = "comes with the program" if file is None else f"is in {file}"
        raise UserError(Code.NAME, f"there is a module kind '{name}' already, which {where}")
    if instrument_files.find(name) is not None:
        raise UserError(Code.NAME, f"there is an instrument '{name}': choose another name")


_TAKEN: Final = frozenset({"on", "off", "all", "tick", "float", "int", "min", "max", "abs", "sqrt"})
"""Words of the language, or of what a module may call."""
