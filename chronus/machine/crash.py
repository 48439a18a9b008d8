"""A crash leaves a mark in the arena before the process ends: a native signal handler.

Python's own handlers run between two of its instructions, which after a crash never come.
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any, Final

from llvmlite import binding, ir

from chronus.dsp.objects import target_machine

CRASHES: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)

_where: Final = ctypes.c_int64(0)
"""The address that gets the signal's number; 0: none does."""
_engines: Final[list[Any]] = []
"""Keeps the compiled handler."""


def mark_crashes_at(address: int) -> None:
    """From now on a crash of this process puts its signal at an address; 0: nowhere."""
    _where.value = address


def install() -> None:
    """Have crashes marked; where nowhere is said, the process just ends.

    It ends by SIGKILL: no core is written, for which whoever waits for its lock would have to wait.
    """
    engine = _compiled(ctypes.addressof(_where), os.getpid())
    _engines.append(engine)
    set_handler = ctypes.CDLL(None).signal
    set_handler.argtypes = (ctypes.c_int, ctypes.c_void_p)
    set_handler.restype = ctypes.c_void_p
    for number in CRASHES:
        set_handler(number, engine.get_function_address("mark"))


def _compiled(where: int, pid: int) -> Any:
    """An engine with `mark(signal)`: *where = signal where that is an address, and the end."""
    word, number = ir.IntType(64), ir.IntType(32)
    module = ir.Module("crash")
    module.triple = binding.get_process_triple()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [number]), "mark")
    builder = ir.IRBuilder(function.append_basic_block())
    place = builder.inttoptr(ir.Constant(word, where), ir.PointerType(word))
    address = builder.load(place)
    with builder.if_then(builder.icmp_unsigned("!=", address, ir.Constant(word, 0))):
        mark = builder.inttoptr(address, ir.PointerType(word))
        builder.store(builder.zext(function.args[0], word), mark)
    kill_type = ir.FunctionType(number, [number, number])
    kill_at = ctypes.cast(ctypes.CDLL(None).kill, ctypes.c_void_p).value
    kill = builder.inttoptr(ir.Constant(word, kill_at), ir.PointerType(kill_type))
    builder.call(kill, [ir.Constant(number, pid), ir.Constant(number, int(signal.SIGKILL))])
    builder.ret_void()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(str(module)), target_machine())
    engine.finalize_object()
    return engine
