"""All module kinds by name, collected from the files of this room, and read again when asked.

`CHRONUS_TEST_KINDS` is for the test-suite alone: it names a module whose kinds are added, in every
process of the program.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import chronus.modules as room
from chronus.dsp.codegen import kernel_name
from chronus.dsp.declaration import Family, Kind
from chronus.dsp.sources import import_anew, is_text_of, source_error, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType


@dataclass(frozen=True, slots=True)
class Catalog:
    """All kinds, as they were read at one time.

    Attributes:
        kinds: by name, in the order of help: by family, then file and place in it.
        numbers: of each kind's kernel, in the table of addresses; another kernel has another. The
            wide kernel, of voices side by side, has the next one: see `wide`.
        count: the next free number.
        generations: how often a kind has got another shape, for all kinds that ever were.
        modules: that they were read from.
        is_first: whether these are the kinds that the program began with.
    """

    kinds: Mapping[str, Kind]
    numbers: Mapping[str, int]
    count: int
    generations: Mapping[str, int]
    modules: Mapping[str, ModuleType]
    is_first: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """What they were read from."""
        return tuple(Path(str(module.__file__)) for module in self.modules.values())

    def number(self, kernel: str) -> int:
        """The number of the kernel of a kind, or of the wide one by `wide(kind)`."""
        name, is_wide = form_of(kernel)
        return self.numbers[name] + is_wide

    def kernel(self, kernel: str) -> str:
        """What the cache calls it."""
        name, is_wide = form_of(kernel)
        return kernel_name(self.kinds[name], wide=is_wide)

    def kernels(self, names: Iterable[str]) -> dict[int, str]:
        """The kernels of some kinds, or wide ones: their names by their numbers."""
        return {self.number(name): self.kernel(name) for name in names}

    def changed_since(self, before: Catalog) -> list[str]:
        """Kinds that were there before, and say or do something else now."""
        return [
            name
            for name, kind in self.kinds.items()
            if name in before.kinds
            and (
                self.numbers[name] != before.numbers[name] or kind.words != before.kinds[name].words
            )
        ]


WIDE_MARK: Final = "/wide"
FORMS: Final = 2
"""Numbers that a kind takes: of its mono and of its wide kernel."""


def wide(kind: str) -> str:
    """What a kind's wide kernel is called among the names of kinds, whose kernels are mono."""
    return kind + WIDE_MARK


def form_of(kernel: str) -> tuple[str, bool]:
    """The kind that a name is of, and whether it is that of its wide kernel."""
    return kernel.removesuffix(WIDE_MARK), kernel.endswith(WIDE_MARK)


_now: list[Catalog] = []
"""The catalog that counts."""


def catalog() -> Catalog:
    """The kinds as they were read last."""
    if not _now:
        modules = {name: importlib.import_module(name) for name in _module_names()}
        _now.append(_first(modules))
    return _now[-1]


def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of help."""
    return catalog().kinds


def read_again() -> Catalog:
    """Read all sources as they are now; nothing has changed until `adopt`.

    Returns:
        The same catalog where no source has changed.

    Raises:
        UserError: E_FILE, a source is wrong, with the file, the line and the reason.
    """
    before = catalog()
    texts = {name: text_of(name) for name in _module_names()}
    if texts.keys() == before.modules.keys() and all(
        is_text_of(before.modules[name], text) for name, text in texts.items()
    ):
        return before
    return _after(before, dict(zip(texts, import_anew(texts), strict=True)))


def adopt(new: Catalog) -> None:
    """Let a catalog be the one that counts, in this process."""
    _now[:] = [new]


def _module_names() -> list[str]:
    files = sorted(entry.name for entry in pkgutil.iter_modules(room.__path__))
    names = [f"{room.__name__}.{file}" for file in files if file != "catalog"]
    return [*names, *filter(None, [os.environ.get("CHRONUS_TEST_KINDS")])]


def _kinds_of(modules: Iterable[ModuleType]) -> Mapping[str, Kind]:
    """Kinds by name, in the order of help.

    Raises:
        UserError: E_FILE, two have one name.
    """
    declared = [value for m in modules for value in vars(m).values() if isinstance(value, Kind)]
    found: dict[str, Kind] = {}
    for kind in declared:
        if found.setdefault(kind.name, kind) is not kind:
            twice = AssertionError(f"there is another kind '{kind.name}'")
            raise source_error(*place_of(kind), twice)
    order = list(Family)
    in_order = sorted(found.values(), key=lambda kind: order.index(kind.family))
    return MappingProxyType({kind.name: kind for kind in in_order})


def place_of(kind: Kind) -> tuple[str, int]:
    """File and line in which a kind is declared."""
    return kind.tick.__code__.co_filename, kind.tick.__code__.co_firstlineno


def _first(modules: Mapping[str, ModuleType]) -> Catalog:
    found = _kinds_of(modules.values())
    numbers = {name: FORMS * place for place, name in enumerate(found)}
    generations = dict.fromkeys(found, 0)
    return Catalog(found, numbers, FORMS * len(found), generations, modules, is_first=True)


def _after(before: Catalog, modules: Mapping[str, ModuleType]) -> Catalog:
    """The catalog that follows another: what is the same keeps its number and generation.

    Raises:
        UserError: E_FILE, two kinds have one name, or no kernel can be made of one.
    """
    found = _kinds_of(modules.values())
    numbers, count = {}, before.count
    generations = dict(before.generations)
    for name, kind in found.items():
        old = before.kinds.get(name)
        same_shape = old is not None and old.shape == kind.shape
        if name not in generations:
            generations[name] = 0
        elif not same_shape:
            generations[name] += 1
        kernel = _checked_kernel(kind)
        if same_shape and old is not None and kernel_name(old) == kernel:
            numbers[name] = before.numbers[name]
        else:
            numbers[name] = count
            count += FORMS
    return Catalog(found, numbers, count, generations, modules)


def _checked_kernel(kind: Kind) -> str:
    try:
        return kernel_name(kind)
    except Exception as error:
        raise source_error(*place_of(kind), error) from error
