"""Kernels and other compiled functions: what is not there yet is compiled, by numba, and kept."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from chronus.dsp import objects
from chronus.dsp.codegen import kernel_name, kernel_source
from chronus.settings import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from chronus.dsp.declaration import Kind

PACKAGE: Final = "chronus_kernels"
"""Name of the generated package, which numba imports to read its sources."""
_CODE_AND_SYMBOL: Final = attrgetter("library", "fndesc.llvm_func_name")


def kernels_dir() -> Path:
    """The folder of the generated package; made where it is missing, private to the user."""
    folder = cache_dir() / "kernels" / PACKAGE
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_kernel(kind: Kind, *, wide: bool = False) -> str:
    """Write the source of a kind's kernel where it is missing; the kernel's name.

    Raises:
        OSError: the cache folder cannot be written.
    """
    name = kernel_name(kind, wide=wide)
    source = kernel_source(kind, wide=wide)
    path = kernels_dir() / f"{name}.py"
    if not path.exists() or path.read_text() != source:
        write_atomically(path, source)
    return name


def load_kernel(name: str) -> int:
    """The native address of a kernel in this process, compiled first if need be.

    Args:
        name: of a kernel that was written, in whatever process.

    Raises:
        OSError: the cache folder cannot be written.
        ImportError: it was not written, or is there no longer.
    """
    if not objects.is_there(name):
        keep(name, getattr(_imported(name), name.rpartition("_")[0]))  # without the digest
    return objects.load(name)


def keep(name: str, function: Any) -> None:
    """Keep the code of a function that numba has compiled for one signature.

    Raises:
        OSError: the cache folder cannot be written.
        AssertionError: it calls what is there in numba's own processes alone.
    """
    from llvmlite import binding  # noqa: PLC0415 - only who compiles needs it

    (compiled,) = function.overloads.values()
    library, symbol = _CODE_AND_SYMBOL(compiled)
    _, _, (code, linkable) = library.serialize_using_object_code()
    called = [f.name for f in binding.parse_bitcode(linkable).functions if f.is_declaration]
    unknown = objects.unknown(name for name in called if not name.startswith("llvm."))
    assert not unknown, f"compiled code may not call {', '.join(unknown)}"
    objects.write(name, symbol, code)


class Entry:
    """A compiled function of integers that Python calls.

    Args:
        module: that has it; imported only where it is to be compiled.
        name: in that module.
        arguments: how many.
        fingerprint: tells apart the sources that it may have been compiled from.
    """

    def __init__(
        self, module: str, name: str, arguments: int, fingerprint: Callable[[], str]
    ) -> None:
        self._module = module
        self._name = name
        self._arguments = arguments
        self._fingerprint = fingerprint

    @property
    def _kept(self) -> str:
        return f"{self._name}_{self._fingerprint()}"

    @property
    def is_compiled(self) -> bool:
        """Whether its code is kept; loads nothing."""
        return objects.is_there(self._kept)

    def compile(self) -> None:
        """Compile and keep it where that is not done.

        Raises:
            OSError: the cache folder cannot be written.
        """
        if not self.is_compiled:
            keep(self._kept, getattr(importlib.import_module(self._module), self._name))

    @cached_property
    def address(self) -> int:
        """Where its code lies in this process; compiled first if need be."""
        self.compile()
        return objects.load(self._kept)

    def load(self) -> None:
        """Load it, so that the first call is as quick as others; compiled first if need be."""
        _ = self._call

    @cached_property
    def _call(self) -> Callable[..., int]:
        """It by numba's calling convention: a place for the result, one for an error, arguments."""
        integer = ctypes.c_int64
        places = (ctypes.POINTER(integer), ctypes.POINTER(ctypes.c_void_p))
        form = ctypes.CFUNCTYPE(ctypes.c_int32, *places, *(integer,) * self._arguments)
        function = form(self.address)

        def call(*arguments: int) -> int:
            result, error = integer(0), ctypes.c_void_p()
            status = function(ctypes.byref(result), ctypes.byref(error), *arguments)
            assert status == 0, f"{self._name} raised {status}"
            return result.value

        return call

    def __call__(self, *arguments: int) -> int:
        """Call it; the interpreter lock is released meanwhile."""
        return self._call(*arguments)


def _imported(name: str) -> ModuleType:
    module = f"{PACKAGE}.{name}"
    if module in sys.modules:
        return sys.modules[module]
    folder = kernels_dir()
    root = str(folder.parent)
    if root not in sys.path:
        sys.path.insert(0, root)  # before another cache's folder, which a parent may have left
    _ensure_package(folder)
    importlib.invalidate_caches()
    return importlib.import_module(module)


def _ensure_package(folder: Path) -> None:
    marker = folder / "__init__.py"
    if not marker.exists():
        write_atomically(marker, '"""Kernels generated by Music Chronus; safe to delete."""\n')


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that another process sees all of it or none."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text)
    temporary.replace(path)
