"""The arena in anonymous shared memory: no name in any folder, so no kill can leave it behind."""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile
from multiprocessing.reduction import DupFd
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.engine.layout import LANES, LOCKS_BYTES, Arena, Head, Limits, arena_dtype, arena_on
from chronus.machine.locks import ROBUST, FileLock, Lock, RobustLock, Semaphore, kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LIBRARY: Final = ctypes.PyDLL(None)
LOCK_STRIDE: Final = 128
"""Bytes from one lock to the next: two cache lines, more than any of them needs."""
assert 2 * LANES * LOCK_STRIDE <= LOCKS_BYTES


class Bell:
    """The semaphores of all lanes, posted together.

    Args:
        lanes: the semaphore of each.
    """

    def __init__(self, lanes: list[Semaphore]) -> None:
        self._lanes = lanes

    def post(self) -> None:
        """Let every lane that waits look around; never waits."""
        for lane in self._lanes:
            lane.post()


class SharedArena:
    """An arena in memory that child processes map too; passed to them as a file descriptor.

    Its pages come to be when they are first written to, so its size costs nothing by itself.

    Args:
        size: how much fits; the compiled step knows one size alone, so leave it as it is.
        descriptor: of memory that another process made; None makes it.
        locks: what the hands are made of, one of `locks.ROBUST` and `locks.FILE`; by default the
            best that this system has.
    """

    def __init__(
        self, size: Limits | None = None, descriptor: int | None = None, locks: str | None = None
    ) -> None:
        self._size = size or Limits()
        self.locks: Final = locks or kind()
        count = arena_dtype(self._size).itemsize
        self._descriptor = _anonymous_file(count) if descriptor is None else descriptor
        self._memory = mmap.mmap(self._descriptor, count)
        self.arena: Arena = arena_on(memoryview(self._memory), self._size)

    def __reduce__(self) -> tuple[Callable[..., SharedArena], tuple[Any, ...]]:
        """Pickle for a process that is being started, and only then."""
        return _attached, (DupFd(self._descriptor), self._size, self.locks)

    def create_locks(self) -> None:
        """Make the semaphores and the locks of all lanes; once, before any other process starts."""
        for lane in range(LANES):
            self.lane_room(lane).create()
            self.hand(lane).create()

    @property
    def room(self) -> Bell:
        """Posted by whoever frees room for the next block, or wants the workers to look around."""
        return Bell([self.lane_room(lane) for lane in range(int(self.arena.head[Head.LANES]))])

    def lane_room(self, lane: int) -> Semaphore:
        """What the worker of a lane waits for while the tape has no room."""
        return Semaphore(self._base + LOCK_STRIDE * (2 * lane))

    def hand(self, lane: int) -> Lock:
        """The lock of a lane: only the worker that holds it steps."""
        address = self._base + LOCK_STRIDE * (2 * lane + 1)
        if self.locks == ROBUST:
            return RobustLock(address)
        return FileLock(self._descriptor, lane, address)

    @property
    def _base(self) -> int:
        return int(self.arena.whole.ctypes.data)

    def map_what_is_used(self) -> None:
        """Have the pages that the engine uses mapped into this process too, before it needs them.

        Without that the first block after a take-over would meet a page fault at every turn.
        """
        count = int(arena_dtype(self._size).fields["tape"][1])  # type: ignore[index]
        if not hasattr(_LIBRARY, "mincore"):
            return
        resident = np.zeros(-(-count // mmap.PAGESIZE), np.uint8)
        place = ctypes.c_void_p(self._base)
        if _LIBRARY.mincore(place, ctypes.c_size_t(count), ctypes.c_void_p(resident.ctypes.data)):
            return
        pages = np.flatnonzero(resident & 1)
        np.frombuffer(self._memory, np.uint8)[pages * mmap.PAGESIZE].sum()

    def close(self) -> None:
        """Close the descriptor; the memory goes when the last process lets go of its arrays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _attached(descriptor: Any, size: Limits, locks: str) -> SharedArena:
    return SharedArena(size, descriptor.detach(), locks)


def _anonymous_file(count: int) -> int:
    """A descriptor of zeroed memory of so many bytes, which has no name in any folder."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("chronus", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, count)
    return descriptor
