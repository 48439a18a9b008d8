"""The arena in anonymous shared memory: no name in any folder, so no kill can leave it behind."""

from __future__ import annotations

import mmap
import os
import tempfile
from multiprocessing.reduction import DupFd
from typing import TYPE_CHECKING

from chronus.engine.layout import LOCKS_BYTES, Arena, Limits, arena_dtype, arena_on
from chronus.machine.locks import RobustLock, Semaphore

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LOCK_STRIDE = 128
"""Bytes from one lock to the next: two cache lines, more than any of them needs."""
MOST_LANES = LOCKS_BYTES // LOCK_STRIDE - 1


class SharedArena:
    """An arena in memory that child processes map too; passed to them as a file descriptor.

    Its pages come to be when they are first written to, so its size costs nothing by itself.

    Args:
        size: how much fits; the compiled step knows one size alone, so leave it as it is.
        descriptor: of memory that another process made; None makes it.
    """

    def __init__(self, size: Limits | None = None, descriptor: int | None = None) -> None:
        self._size = size or Limits()
        count = arena_dtype(self._size).itemsize
        self._descriptor = _anonymous_file(count) if descriptor is None else descriptor
        self._memory = mmap.mmap(self._descriptor, count)
        self.arena: Arena = arena_on(memoryview(self._memory), self._size)

    def __reduce__(self) -> tuple[Callable[..., SharedArena], tuple[Any, ...]]:
        """Pickle for a process that is being started, and only then."""
        return _attached, (DupFd(self._descriptor), self._size)

    def create_locks(self) -> None:
        """Make the semaphore and the locks of all lanes; once, before any other process starts."""
        self.room.create()
        for lane in range(MOST_LANES):
            self.hand(lane).create()

    @property
    def room(self) -> Semaphore:
        """Posted by whoever frees room for the next block, or wants the workers to look around."""
        return Semaphore(self._base)

    def hand(self, lane: int) -> RobustLock:
        """The lock of a lane: only the worker that holds it steps."""
        return RobustLock(self._base + LOCK_STRIDE * (1 + lane))

    @property
    def _base(self) -> int:
        return int(self.arena.whole.ctypes.data)

    def close(self) -> None:
        """Close the descriptor; the memory goes when the last process lets go of its arrays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _attached(descriptor: Any, size: Limits) -> SharedArena:
    return SharedArena(size, descriptor.detach())


def _anonymous_file(count: int) -> int:
    """A descriptor of zeroed memory of so many bytes, which has no name in any folder."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("chronus", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, count)
    return descriptor
