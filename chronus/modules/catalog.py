"""All module kinds by name, collected from the files of this room, and read again when asked.

With them come those of the user's own files, in the folders that a call has named (see
`chronus.dsp.own`): what is wrong with one of these hides its kinds, and nothing else.

`CHRONUS_TEST_KINDS` is for the test-suite alone: it names a module whose kinds are added, in every
process of the program.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import chronus.modules as room
from chronus.dsp import objects, own
from chronus.dsp.declaration import Family, Kind
from chronus.dsp.own_checks import mistake_in
from chronus.dsp.recipe import kernel_name
from chronus.dsp.rewriting import SourceError
from chronus.dsp.sources import import_anew, is_text_of, source_error, text_in, text_of
from chronus.errors import Code, UserError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from types import ModuleType

    from chronus.dsp.sources import Text


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
        wrong: files of the user's own that gave no kinds, by their names, and why.
    """

    kinds: Mapping[str, Kind]
    numbers: Mapping[str, int]
    count: int
    generations: Mapping[str, int]
    modules: Mapping[str, ModuleType]
    is_first: bool = False
    wrong: Mapping[str, UserError] = field(default_factory=dict)

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


def look_in(folders: Sequence[Path]) -> None:
    """Have the kinds of the files in some folders, too, the nearest first; they are read anew."""
    own.look_in(folders)
    _now.clear()


def catalog() -> Catalog:
    """The kinds as they were read last."""
    if not _now:
        modules = {name: importlib.import_module(name) for name in _shipped_names()}
        _now.append(_first(modules))
    return _now[-1]


def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of help."""
    return catalog().kinds


def read_again(
    names: Collection[str] = (), given: Mapping[str, Text] = MappingProxyType({})
) -> Catalog:
    """Read sources as they are now; nothing has changed until `adopt`.

    Args:
        names: of kinds, or of files of the user's own, whose files are read; without any, all are,
            unless texts are given.
        given: texts of Python modules that are read in place of their files.

    Returns:
        The same catalog where no source has changed.

    Raises:
        UserError: E_FILE, a source is wrong, with the file, the line and the reason; E_NAME, there
            is nothing of such a name.
    """
    before = catalog()
    is_part = bool(names or given)
    wanted = [*map(_module_of, names), *given] if is_part else _module_names()
    texts = {name: given.get(name) or _text_of(name) for name in wanted}
    kept = {n: module for n, module in before.modules.items() if is_part or n in texts}
    changed = _changed(kept, texts)
    if not changed and kept.keys() == before.modules.keys():
        return before
    fresh = dict(zip(changed, import_anew(changed), strict=True))
    for name, module in fresh.items():
        if name.startswith(own.PREFIX):
            _check_own(module)
    wrong = {n: error for n, error in before.wrong.items() if n not in texts} if is_part else {}
    return _after(before, {**kept, **fresh}, wrong)


def _changed(before: Mapping[str, ModuleType], texts: Mapping[str, Text]) -> Mapping[str, Text]:
    """The texts that are not as they were, and those that they import or are imported by.

    What is imported is read with them, since it may have been read anew before.
    """
    changed = {
        name: text
        for name, text in texts.items()
        if name not in before or not is_text_of(before[name], text)
    }
    count = -1
    while count != len(changed):
        count = len(changed)
        changed |= {
            name: text
            for name, text in texts.items()
            if any(n.encode() in text[1] or name.encode() in t[1] for n, t in changed.items())
        }
    return changed


def find_new(name: str) -> None:
    """Read a file of the user's own that is called so, and that nothing can be played by so far.

    It is new, gave no kinds, or what it gave never compiled and has been changed since.

    Raises:
        UserError: E_FILE, it is wrong, with the line and the reason.
    """
    module = own.python_name(name)
    is_known = module in catalog().modules or name in kinds()
    if is_known and (name not in kinds() or own.origin(kinds()[name]) is None):
        return
    if is_known and any(objects.is_there(catalog().kernel(form)) for form in (name, wide(name))):
        return
    if module in own.files():
        adopt(read_again([name]))


def _module_of(name: str) -> str:
    """The Python module that a kind is from, or that a file of the user's own is.

    Raises:
        UserError: E_NAME, there is nothing of that name.
    """
    if name in kinds():
        return kinds()[name].tick.__module__
    module = own.python_name(name)
    if module in own.files() or module in catalog().modules:
        return module
    where = " or ".join(map(str, own.folders()))
    message = f"there is no module kind '{name}'"
    if where:
        message += f", and no {name}{own.ENDING} in {where}"
    raise UserError(Code.NAME, message, None, nearest(name, kinds()))


def module_called(name: str) -> str:
    """The Python module whose file has a name, or one of whose kinds has; else one that is new.

    Of two files that have it the user's own counts.
    """
    own_name = own.python_name(name)
    if own_name in catalog().modules or own_name in own.files():
        return own_name
    shipped = [known for known in catalog().modules if known.rpartition(".")[2] == name]
    if shipped:
        return shipped[0]
    return kinds()[name].tick.__module__ if name in kinds() else own_name


def adopt(new: Catalog) -> None:
    """Let a catalog be the one that counts, in this process."""
    _now[:] = [new]


def _shipped_names() -> list[str]:
    files = sorted(entry.name for entry in pkgutil.iter_modules(room.__path__))
    names = [f"{room.__name__}.{file}" for file in files if file != "catalog"]
    return [*names, *filter(None, [os.environ.get("CHRONUS_TEST_KINDS")])]


def _module_names() -> list[str]:
    return [*_shipped_names(), *own.files()]


def _text_of(module: str) -> Text:
    """The text of a Python module's file as it is now.

    Raises:
        UserError: E_FILE, it cannot be read.
    """
    if not module.startswith(own.PREFIX):
        return text_of(module)
    there = catalog().modules.get(module) if _now else None
    path = own.files().get(module) or getattr(there, "__file__", None)
    return text_in(str(path))


def _check_own(module: ModuleType) -> None:
    """See that a file of the user's own declares kinds that can be loaded.

    Raises:
        UserError: E_FILE, with the line and the reason.
    """
    found = _declared_in(module)
    if not found:
        nothing = AssertionError("it declares no module: @module stands above no function")
        raise source_error(str(module.__file__), 1, nothing)
    for kind in found:
        mistake = mistake_in(kind)
        if mistake:
            raise source_error(*place_of(kind), AssertionError(mistake))
        _checked_kernel(kind)


def _kinds_of(modules: Iterable[ModuleType]) -> Mapping[str, Kind]:
    """Kinds by name, in the order of help.

    Raises:
        UserError: E_FILE, two have one name.
    """
    declared = [kind for module in modules for kind in _declared_in(module)]
    found: dict[str, Kind] = {}
    for kind in declared:
        if found.setdefault(kind.name, kind) is not kind:
            twice = AssertionError(f"there is another kind '{kind.name}'")
            raise source_error(*place_of(kind), twice)
    order = list(Family)
    in_order = sorted(found.values(), key=lambda kind: order.index(kind.family))
    return MappingProxyType({kind.name: kind for kind in in_order})


def _declared_in(module: ModuleType) -> list[Kind]:
    """The kinds of a Python module, without those that it only imports."""
    values = [value for value in vars(module).values() if isinstance(value, Kind)]
    return [kind for kind in values if kind.tick.__module__ == module.__name__]


def place_of(kind: Kind) -> tuple[str, int]:
    """File and line in which a kind is declared."""
    return kind.tick.__code__.co_filename, kind.tick.__code__.co_firstlineno


def _first(shipped: Mapping[str, ModuleType]) -> Catalog:
    modules, wrong = dict(shipped), {}
    for name in own.files():
        try:
            (module,) = import_anew({name: _text_of(name)})
            _check_own(module)
            _kinds_of([*modules.values(), module])
        except UserError as error:
            wrong[name] = error
        else:
            modules[name] = module
    found = _kinds_of(modules.values())
    numbers = {name: FORMS * place for place, name in enumerate(found)}
    generations = dict.fromkeys(found, 0)
    count = FORMS * len(found)
    return Catalog(found, numbers, count, generations, modules, is_first=True, wrong=wrong)


def _after(
    before: Catalog, modules: Mapping[str, ModuleType], wrong: Mapping[str, UserError]
) -> Catalog:
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
        # A kind that was not read again has no other kernel, and to write one takes its time.
        is_old = old is kind or (
            same_shape and old is not None and kernel_name(old) == _checked_kernel(kind)
        )
        if is_old:
            numbers[name] = before.numbers[name]
        else:
            numbers[name] = count
            count += FORMS
    return Catalog(found, numbers, count, generations, modules, wrong=wrong)


def _checked_kernel(kind: Kind) -> str:
    try:
        return kernel_name(kind)
    except SourceError as error:
        wrong = AssertionError(f"{kind.name}: {error}")
        raise source_error(error.origin.path, error.origin.line, wrong) from error
    except Exception as error:
        raise source_error(*place_of(kind), error) from error
