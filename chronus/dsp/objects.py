"""Compiled code on disk: object files, which are loaded in a millisecond and without the compiler.

An object file holds one function of integers and all that it calls. Its folder is named for what
compiled it and for the processor that it is for.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chronus.settings import cache_dir

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIX: Final = ".object"
NEVER_CALLED: Final = "NRT_MemInfo_call_dtor"
"""What numba's runtime frees memory by: code refers to it, and never calls it, since it owns none.

Code that allocates refers to more, and is refused.
"""
_PROCESSOR: Final = ("model name", "flags", "CPU part", "Features")


@cache
def _tag() -> str:
    """A digest of the compiler's versions, and of the processor that it compiles for."""
    parts = [version("numba"), version("llvmlite"), platform.machine(), platform.processor()]
    parts += [os.environ.get(f"NUMBA_CPU_{name}", "") for name in ("NAME", "FEATURES")]
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []  # another system, where a machine's processor stays what it is
    parts += sorted({line for line in lines if line.startswith(_PROCESSOR)})
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _folder() -> Path:
    return cache_dir() / "kernels" / f"code-{_tag()}"


def _path(name: str) -> Path:
    return _folder() / f"{name}{SUFFIX}"


def there() -> frozenset[str]:
    """The names of all that is compiled."""
    try:
        paths = list(_folder().iterdir())
    except OSError:
        return frozenset()
    return frozenset(path.stem for path in paths if path.suffix == SUFFIX)


def is_there(name: str) -> bool:
    """Whether something is compiled."""
    return _path(name).exists()


def write(name: str, symbol: str, code: bytes) -> None:
    """Keep compiled code.

    Args:
        name: to load it by.
        symbol: of the function in it.
        code: an object file.

    Raises:
        OSError: the cache folder cannot be written.
    """
    path = _path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_bytes(symbol.encode() + b"\n" + code)
    temporary.replace(path)


def unknown(symbols: Iterable[str]) -> list[str]:
    """Those of some functions that code may not call: they are nowhere in a bare process."""
    libraries = _libraries()
    return [
        symbol
        for symbol in symbols
        if symbol != NEVER_CALLED and not any(hasattr(found, symbol) for found in libraries)
    ]


@cache
def _libraries() -> tuple[ctypes.CDLL, ...]:
    """What loaded code may call: C, and mathematics, which glibc has in a library of its own."""
    try:
        return ctypes.CDLL(None), ctypes.CDLL("libm.so.6", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return (ctypes.CDLL(None),)


@cache
def load(name: str) -> int:
    """The address of a function in this process, from what is kept.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    from llvmlite import binding  # noqa: PLC0415 - what only looks need not load it

    symbol, _, code = _path(name).read_bytes().partition(b"\n")
    engine = _engine()
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address = engine.get_function_address(symbol.decode())
    if address == 0:
        raise OSError(f"{_path(name)} is damaged: delete it")
    return int(address)


def target_machine(**settings: Any) -> Any:
    """What llvmlite compiles and links for: this machine, with settings of its own."""
    from llvmlite import binding  # noqa: PLC0415 - as above

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(**settings)


@cache
def _engine() -> Any:
    """All loaded code of this process."""
    from llvmlite import binding  # noqa: PLC0415 - as above

    _libraries()
    end = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
    if not binding.address_of_symbol(NEVER_CALLED):
        binding.add_symbol(NEVER_CALLED, end)
    return binding.create_mcjit_compiler(binding.parse_assembly(""), target_machine())
