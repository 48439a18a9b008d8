"""Kernels and other compiled functions: what is not there yet is compiled, and kept."""

from __future__ import annotations

import ctypes
import importlib
import os
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from chronus.dsp import objects
from chronus.dsp.fusing import PREFIX, FusedRecipe
from chronus.dsp.recipe import Recipe, kernel_name, recipe_of
from chronus.settings import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chronus.dsp.declaration import Kind

_PASSES: Final = (
    "sroa",
    "instruction_combine",
    "simplify_cfg",
    "new_gvn",
    "loop_rotate",
    "instruction_combine",
    "simplify_cfg",
    "loop_unroll",
    "instruction_combine",
    "simplify_cfg",
    "aggressive_dce",
)
"""What LLVM does to a kernel, which has vectors already: its usual passes gain nothing more."""
_CODE_AND_SYMBOL: Final = attrgetter("library", "fndesc.llvm_func_name")


def kernels_dir() -> Path:
    """The folder of what kernels are made of; made where it is missing, private to the user."""
    folder = cache_dir() / "kernels" / "recipes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_kernel(kind: Kind, *, wide: bool = False) -> str:
    """Write what a kind's kernel is made of where that is missing; the kernel's name.

    Raises:
        OSError: the cache folder cannot be written.
    """
    name = kernel_name(kind, wide=wide)
    path = kernels_dir() / f"{name}.json"
    if not path.exists():
        write_atomically(path, recipe_of(kind).to_json())
    return name


def write_fused(recipe: FusedRecipe) -> str:
    """Write what the kernel of a group is made of where that is missing; the kernel's name.

    Raises:
        OSError: the cache folder cannot be written.
    """
    path = kernels_dir() / f"{recipe.name}.json"
    if not path.exists():
        write_atomically(path, recipe.to_json())
    return recipe.name


def load_kernel(name: str) -> int:
    """The native address of a kernel in this process, compiled first if need be.

    Args:
        name: of a kernel that was written, in whatever process.

    Raises:
        OSError: the cache folder cannot be written, or it was not written.
        CodeError: its tick says what no kernel can do.
    """
    if not objects.is_there(name):
        text = (kernels_dir() / f"{name}.json").read_text()
        objects.write(name, name, native(_assembly(name, text)))
    return objects.load(name)


def _assembly(name: str, recipe: str) -> str:
    """The code of a kernel, from what it is made of."""
    from chronus.dsp.fused import fused_module  # noqa: PLC0415 - only who compiles needs it
    from chronus.dsp.kernels import kernel_module  # noqa: PLC0415 - as above

    if name.startswith(PREFIX):
        return fused_module(FusedRecipe.from_json(recipe), name)
    wide = name.rsplit("_", 2)[1] == "wide"
    return kernel_module(Recipe.from_json(recipe), name, wide=wide)


def native(assembly: str) -> bytes:
    """An object file for this machine, made of LLVM assembly.

    Raises:
        RuntimeError: it is not sound.
    """
    from llvmlite import binding  # noqa: PLC0415 - only who compiles needs it

    machine = objects.target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3
    )
    module = binding.parse_assembly(assembly)
    module.verify()
    passes = binding.create_new_module_pass_manager()
    for name in _PASSES:
        getattr(passes, f"add_{name}_pass")()
    options = binding.create_pipeline_tuning_options(speed_level=3)
    passes.run(module, binding.create_pass_builder(machine, options))
    return bytes(machine.emit_object(module))


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


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that another process sees all of it or none."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(text)
    temporary.replace(path)
