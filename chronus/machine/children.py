"""Starting processes through one forkserver, and knowing for certain which of them live."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import select
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker, util
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from chronus.machine import build
from chronus.machine.preload import FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

CONTEXT: Final = multiprocessing.get_context("forkserver")
"""The one way in which the program starts processes."""
# Whether they run, and how to end them, multiprocessing tells nobody but its own tests.
_server: Any = forkserver._forkserver  # noqa: SLF001
_tracker: Any = resource_tracker._resource_tracker  # noqa: SLF001
_starting = threading.Lock()
_started: list[float] = []
"""When forkservers were started, by the monotonic clock."""
_children: set[Child] = set()
"""All that were started and not closed."""


def warm_up() -> None:
    """Start the forkserver, which then loads numba and all compiled kernels; returns at once.

    Call it as early as the program can: what it loads, every worker is born with.
    """
    with _starting:
        if not _is_running():
            _start_forkserver()


def refresh() -> None:
    """Have a forkserver that has loaded what was compiled since it started; none is lost by it."""
    stale = _is_running() and build.compiled_at() > _started[-1]
    if stale and not any(child.is_alive for child in _children):
        cool_down()
    warm_up()


def _is_running() -> bool:
    return _server._forkserver_pid is not None  # noqa: SLF001


def _start_forkserver() -> None:
    """Start it with an environment that it finds this package by, wherever this process did.

    It also learns of the folder of its socket, to remove it when this process is killed.
    """
    _started.append(time.monotonic())
    CONTEXT.set_forkserver_preload(["chronus.machine.preload"])
    ours = {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        FOLDER_VARIABLE: util.get_temp_dir(),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@atexit.register
def cool_down() -> None:
    """End the forkserver and multiprocessing's tracker, and wait until they have ended."""
    for child in list(_children):  # while one lives, the forkserver does
        child.kill()
    with _starting:
        if _is_running():
            # By a signal it need not take down a compiler, nor clean up as for a killed shell.
            with contextlib.suppress(ProcessLookupError):
                os.kill(_server._forkserver_pid, signal.SIGTERM)  # noqa: SLF001
            _server._stop()  # noqa: SLF001
        _tracker._stop()  # noqa: SLF001


@contextlib.contextmanager
def _no_main_module() -> Iterator[None]:
    """Let a process start without importing the program that starts it, of which it needs nothing.

    multiprocessing would have each child import that again, and has no setting for it.
    """
    with _starting:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


@dataclass(frozen=True, slots=True)
class Report:
    """What a child says once when it is ready, or has failed."""

    is_ready: bool
    text: str


class Child:
    """A process of the machine.

    Args:
        role: what `status` calls it.
        lane: which share of the patch, 0 where that means nothing.
        number: counts workers from 1.
        main: called in the process with the task and a connection for one report.
        task: picklable.
    """

    def __init__(
        self,
        role: str,
        lane: int,
        number: int,
        main: Callable[[Any, Connection], None],
        task: object,
    ) -> None:
        self.role = role
        self.lane = lane
        self.number = number
        self.is_retired = False
        warm_up()
        self._receiver, sender = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(
            target=main, args=(task, sender), name=f"chronus-{role}-{lane}", daemon=True
        )
        with _no_main_module():
            self._process.start()
        _children.add(self)
        sender.close()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self._pidfd = _pidfd(self.pid)

    def report(self, timeout_s: float) -> Report:
        """Wait for the child's report."""
        try:
            if self._receiver.poll(timeout_s):
                is_ready, text = self._receiver.recv()
                return Report(is_ready, text)
        except (EOFError, OSError):
            return Report(is_ready=False, text=f"the {self.role} process ended as it started")
        return Report(
            is_ready=False, text=f"the {self.role} process did not start in {timeout_s} s"
        )

    def said(self) -> Report | None:
        """Its report; None where it has made none so far, or has ended without one."""
        try:
            return Report(*self._receiver.recv()) if self._receiver.poll(0) else None
        except (EOFError, OSError):
            return None

    def last_words(self) -> str:
        """Why it failed, as far as it said; empty where it did not."""
        words = ""
        try:
            while self._receiver.poll(0):
                words = str(self._receiver.recv()[1])
        except (EOFError, OSError):
            pass
        return words

    @property
    def is_alive(self) -> bool:
        """Whether it lives: known from the system itself, not through the forkserver."""
        if self._pidfd is None:
            return self._process.is_alive()
        return not select.select([self._pidfd], [], [], 0)[0]

    def wait(self, timeout_s: float) -> bool:
        """Wait so long at most for its end; whether it has ended."""
        if self._pidfd is None:
            self._process.join(timeout_s)
            return not self._process.is_alive()
        return bool(select.select([self._pidfd], [], [], timeout_s)[0])

    def kill(self) -> None:
        """End it at once."""
        try:
            if self._pidfd is None:
                os.kill(self.pid, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return  # it has ended by itself

    @property
    def sentinel(self) -> int:
        """A descriptor that becomes readable when the child has ended."""
        return self._process.sentinel if self._pidfd is None else self._pidfd

    def close(self) -> None:
        """Forget a child that has ended."""
        _children.discard(self)
        self._process.join(1.0)
        self._receiver.close()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


def _pidfd(pid: int) -> int | None:
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None  # it has ended already, or the kernel is too old
