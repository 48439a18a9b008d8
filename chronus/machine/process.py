"""What every process of the machine does with itself: signals, garbage, priority, its parent."""

from __future__ import annotations

import fcntl
import gc
import multiprocessing
import os
import select
import signal
from typing import Final

WORKER_PRIORITY: Final = 10
STANDBY_PRIORITY: Final = 11
"""Above the worker's: one that loops for ever must not keep the standby from its processor."""
AUDIO_PRIORITY: Final = 20


def leave_signals_to_the_shell() -> None:
    """Ignore what a terminal sends to all of its processes: the shell decides what ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def quieten_garbage() -> None:
    """Collect once, then never again: a collection would stop the music."""
    gc.collect()
    gc.freeze()
    gc.disable()


def raise_priority(priority: int, thread: int = 0) -> bool:
    """Ask for real-time scheduling or, where that is not allowed, for a better nice value.

    Args:
        priority: of SCHED_FIFO.
        thread: its number in the system; 0 is the caller.

    Returns:
        Whether either was granted.
    """
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(thread, policy, os.sched_param(priority))
    except (OSError, AttributeError):
        try:
            os.setpriority(os.PRIO_PROCESS, thread, -11)
        except OSError:
            return False
    return True


def parent_sentinel() -> int:
    """A descriptor that becomes readable when the process that started this one has died."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "this is not a child process"
    return parent.sentinel


def is_orphan() -> bool:
    """Whether the process that started this one has died."""
    return bool(select.select([parent_sentinel()], [], [], 0)[0])


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, even amid an endless loop.

    The parent holds the other end of a pipe; its closing raises a signal (F_SETSIG, fcntl(2)). Who
    also asks `is_orphan` now and then loses nothing on systems without that.
    """
    sentinel = parent_sentinel()
    if hasattr(fcntl, "F_SETSIG"):
        set_signal: int = fcntl.F_SETSIG
    elif os.uname().sysname == "Linux":
        set_signal = 10  # F_SETSIG, which Python 3.11 does not name
    else:
        return
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sentinel, set_signal, signal.SIGKILL)
    flags = fcntl.fcntl(sentinel, fcntl.F_GETFL)
    fcntl.fcntl(sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    if is_orphan():
        os.kill(os.getpid(), signal.SIGKILL)
