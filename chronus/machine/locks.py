"""A semaphore and robust locks of the operating system, in memory that processes share.

A robust lock is handed on by the kernel when its holder dies, however it dies, before the dead
process is torn down; see pthread_mutexattr_setrobust(3).
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from enum import Enum, auto
from typing import Any, Final

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
_attr_setrobust = _function(_BRIEF, "pthread_mutexattr_setrobust", _ADDRESS, ctypes.c_int)
_attr_destroy = _function(_BRIEF, "pthread_mutexattr_destroy", _ADDRESS)
_mutex_init = _function(_BRIEF, "pthread_mutex_init", _ADDRESS, _ADDRESS)
_mutex_consistent = _function(_BRIEF, "pthread_mutex_consistent", _ADDRESS)
_mutex_unlock = _function(_BRIEF, "pthread_mutex_unlock", _ADDRESS)
_mutex_clocklock = _function(_WAITING, "pthread_mutex_clocklock", _ADDRESS, ctypes.c_int, _TIME)


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
        self._address = address

    def create(self) -> None:
        """Make it, with a count of 0."""
        if _sem_init(self._address, _SHARED, 0) != 0:
            raise _last_error()

    def post(self) -> None:
        """Let one waiter go on; never waits."""
        if _sem_post(self._address) != 0:
            raise _last_error()

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is a post, and take all there are; False after the timeout."""
        limit = _in(timeout_s)
        if _sem_clockwait(self._address, time.CLOCK_MONOTONIC, ctypes.byref(limit)) != 0:
            if ctypes.get_errno() in (errno.ETIMEDOUT, errno.EINTR):
                return False
            raise _last_error()
        while _sem_trywait(self._address) == 0:
            pass
        return True


class Taken(Enum):
    """How an attempt to take a lock ended."""

    NOT = auto()  # another holds it still
    FREE = auto()  # its last holder had let go of it
    INHERITED = auto()  # its last holder died with it


class RobustLock:
    """A lock at an address that processes share, which a dying holder leaves to the next."""

    def __init__(self, address: int) -> None:
        self._address = address

    def create(self) -> None:
        """Make it, free."""
        attributes = ctypes.create_string_buffer(64)
        _check(_attr_init(attributes))
        _check(_attr_setpshared(attributes, _SHARED))
        _check(_attr_setrobust(attributes, _ROBUST))
        _check(_mutex_init(self._address, ctypes.addressof(attributes)))
        _check(_attr_destroy(attributes))

    def take(self, timeout_s: float) -> Taken:
        """Wait for the lock so long at most; it is sound again where it was inherited."""
        limit = _in(timeout_s)
        code = _mutex_clocklock(self._address, time.CLOCK_MONOTONIC, ctypes.byref(limit))
        if code == errno.ETIMEDOUT:
            return Taken.NOT
        if code == errno.EOWNERDEAD:
            _check(_mutex_consistent(self._address))
            return Taken.INHERITED
        _check(code)
        return Taken.FREE

    def release(self) -> None:
        """Let go of the lock; only its holder may."""
        _check(_mutex_unlock(self._address))
