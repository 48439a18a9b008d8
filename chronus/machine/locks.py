"""A semaphore of the operating system, and locks that a dying process leaves to the next.

A robust mutex lies in memory that processes share, and is handed on by the kernel when its holder
dies, however it dies, before the dead process is torn down; see pthread_mutexattr_setrobust(3).
Where there is none, a lock on a byte of the arena's file does the same, some milliseconds later:
POSIX has the kernel release it when its holder ends, see fcntl(2).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import time
from enum import Enum, auto
from typing import Any, Final, Protocol

_ADDRESS: Final = ctypes.c_void_p
_SHARED: Final = 1
_ROBUST: Final = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def _function(library: Any, name: str, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.argtypes = arguments
    function.restype = ctypes.c_int
    return function


_TIME: Final = ctypes.POINTER(_Timespec)
_WAITING = ctypes.CDLL(None, use_errno=True)
"""Calls that may take long: the interpreter lock is released."""
_BRIEF = ctypes.PyDLL(None, use_errno=True)
"""Calls that never wait: it is kept, since to get it back could."""

_sem_init = _function(_BRIEF, "sem_init", _ADDRESS, ctypes.c_int, ctypes.c_uint)
_sem_post = _function(_BRIEF, "sem_post", _ADDRESS)
_sem_trywait = _function(_BRIEF, "sem_trywait", _ADDRESS)
_sem_clockwait = _function(_WAITING, "sem_clockwait", _ADDRESS, ctypes.c_int, _TIME)
_attr_init = _function(_BRIEF, "pthread_mutexattr_init", _ADDRESS)
_attr_setpshared = _function(_BRIEF, "pthread_mutexattr_setpshared", _ADDRESS, ctypes.c_int)
_attr_destroy = _function(_BRIEF, "pthread_mutexattr_destroy", _ADDRESS)
_mutex_init = _function(_BRIEF, "pthread_mutex_init", _ADDRESS, _ADDRESS)
_mutex_unlock = _function(_BRIEF, "pthread_mutex_unlock", _ADDRESS)


ROBUST: Final = "robust mutex"
FILE: Final = "file lock"
_IS_ROBUST: Final = all(
    hasattr(_BRIEF, f"pthread_mutex{name}")
    for name in ("attr_setrobust", "_clocklock", "_consistent")
)
if _IS_ROBUST:
    _attr_setrobust = _function(_BRIEF, "pthread_mutexattr_setrobust", _ADDRESS, ctypes.c_int)
    _mutex_consistent = _function(_BRIEF, "pthread_mutex_consistent", _ADDRESS)
    _mutex_clocklock = _function(_WAITING, "pthread_mutex_clocklock", _ADDRESS, ctypes.c_int, _TIME)


def kind() -> str:
    """The locks of this system: `ROBUST` where it has them, else `FILE`."""
    return ROBUST if _IS_ROBUST else FILE


def _in(seconds: float) -> _Timespec:
    """The time of the monotonic clock in so many seconds."""
    at = time.monotonic_ns() + int(seconds * 1e9)
    return _Timespec(at // 1_000_000_000, at % 1_000_000_000)


def _check(code: int) -> None:
    """Raise what a pthread function returned."""
    if code != 0:
        raise OSError(code, os.strerror(code))


def _last_error() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))


class Semaphore:
    """A counting semaphore at an address that processes share."""

    def __init__(self, address: int) -> None:
        self.address: Final = address

    def create(self) -> None:
        """Make it, with a count of 0."""
        if _sem_init(self.address, _SHARED, 0) != 0:
            raise _last_error()

    def post(self) -> None:
        """Let one waiter go on; never waits."""
        if _sem_post(self.address) != 0:
            raise _last_error()

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is a post, and take all there are; False after the timeout."""
        limit = _in(timeout_s)
        if _sem_clockwait(self.address, time.CLOCK_MONOTONIC, ctypes.byref(limit)) != 0:
            if ctypes.get_errno() in (errno.ETIMEDOUT, errno.EINTR):
                return False
            raise _last_error()
        while _sem_trywait(self.address) == 0:
            pass
        return True


class Taken(Enum):
    """How an attempt to take a lock ended."""

    NOT = auto()  # another holds it still
    FREE = auto()  # its last holder had let go of it
    INHERITED = auto()  # its last holder died with it


class Lock(Protocol):
    """What a lane's hand is made of."""

    def create(self) -> None:
        """Make it, free; once, before another process uses it."""

    def take(self, timeout_s: float) -> Taken:
        """Wait for the lock so long at most."""

    def release(self) -> None:
        """Let go of the lock; only its holder may."""


class RobustLock:
    """A lock at an address that processes share, which a dying holder leaves to the next."""

    def __init__(self, address: int) -> None:
        self.address: Final = address

    def create(self) -> None:
        """Make it, free."""
        attributes = ctypes.create_string_buffer(64)
        _check(_attr_init(attributes))
        _check(_attr_setpshared(attributes, _SHARED))
        _check(_attr_setrobust(attributes, _ROBUST))
        _check(_mutex_init(self.address, ctypes.addressof(attributes)))
        _check(_attr_destroy(attributes))

    def take(self, timeout_s: float) -> Taken:
        """Wait for the lock so long at most; it is sound again where it was inherited."""
        limit = _in(timeout_s)
        return self.taken(_mutex_clocklock(self.address, time.CLOCK_MONOTONIC, ctypes.byref(limit)))

    def taken(self, code: int) -> Taken:
        """What a call that waited for the lock came to, by what it returned."""
        if code == errno.ETIMEDOUT:
            return Taken.NOT
        if code == errno.EOWNERDEAD:
            _check(_mutex_consistent(self.address))
            return Taken.INHERITED
        _check(code)
        return Taken.FREE

    def release(self) -> None:
        """Let go of the lock; only its holder may."""
        _check(_mutex_unlock(self.address))


LOOK_S: Final = 0.002
"""A file lock cannot be waited for with a limit: it is tried this often."""


class FileLock:
    """A lock on one byte of a file that processes share, and a word that says who holds it.

    Args:
        descriptor: of the file; a process that closes any descriptor of it lets go of its locks.
        byte: which one.
        address: of a word in shared memory, 0 while the lock is free.
    """

    def __init__(self, descriptor: int, byte: int, address: int) -> None:
        self._descriptor = descriptor
        self._byte = byte
        self._holder = ctypes.c_long.from_address(address)

    def create(self) -> None:
        """Make it, free."""
        self._holder.value = 0

    def take(self, timeout_s: float) -> Taken:
        """Try for the lock so long at most."""
        limit = time.monotonic() + timeout_s
        while not self._is_taken():
            if time.monotonic() >= limit:
                return Taken.NOT
            time.sleep(LOOK_S)
        taken = Taken.FREE if self._holder.value == 0 else Taken.INHERITED
        self._holder.value = os.getpid()
        return taken

    def _is_taken(self) -> bool:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._byte)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self) -> None:
        """Let go of the lock; only its holder may."""
        self._holder.value = 0
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, self._byte)
