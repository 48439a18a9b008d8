"""Waiting in native code: to wake the interpreter costs several times what the wait itself does.

These loops do what can be decided by numbers in the arena, and return whenever there is more to it.
Their calls are those of `chronus.machine.locks`, see sem_clockwait(3), pthread_mutex_clocklock(3).
"""

from __future__ import annotations

import errno
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chronus.dsp.native import OPTIONS, fresh
from chronus.engine.layout import LANE_COLUMNS, NONE, Head, Lane
from chronus.engine.offline import blank_arena
from chronus.engine.pace import is_due

if TYPE_CHECKING:
    from chronus.engine.offline import Stepper

STANDS_STILL: Final = -1
"""What `stand_by` returns besides the codes of a lock: who holds it stands still."""
ROUNDS: Final = 64
"""Steps in a row after which a worker that always has room looks around."""
SECOND_NS: Final = 1_000_000_000

COMMITTED, QUIT, TURN = int(Head.COMMITTED), int(Head.QUIT), int(Head.TURN)
DONE, NODE, PID = int(Lane.DONE), int(Lane.NODE), int(Lane.PID)
MONOTONIC: Final = time.CLOCK_MONOTONIC
TIMED_OUT: Final = errno.ETIMEDOUT


class Seen(IntEnum):
    """Columns of what `stand_by` saw last of a worker that had something to do."""

    AT_NS = 0
    CPU_NS = 1
    PID = 2  # NONE: it had nothing to do
    BLOCK = 3
    NODE = 4
    SECONDS = 5  # scratch: a timespec
    NANOSECONDS = 6


AT_NS, CPU_NS, SEEN_PID = int(Seen.AT_NS), int(Seen.CPU_NS), int(Seen.PID)
SEEN_BLOCK, SEEN_NODE, SECONDS = int(Seen.BLOCK), int(Seen.NODE), int(Seen.SECONDS)

_sem_clockwait = types.ExternalFunction(
    "sem_clockwait", types.int32(types.intp, types.int32, types.intp)
)
_sem_trywait = types.ExternalFunction("sem_trywait", types.int32(types.intp))
_mutex_clocklock = types.ExternalFunction(
    "pthread_mutex_clocklock", types.int32(types.intp, types.int32, types.intp)
)
_clock_gettime = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.intp))


@intrinsic
def _call_step(
    _typing: Any,
    address: Any,  # noqa: ARG001 - a typing function has the arguments of the call
    whole: Any,
    lane: Any,
    addresses: Any,
    scratch: Any,
    most: Any,
) -> Any:
    """Call `run_blocks` at its native address: compiled into this file it would be there twice."""
    given = (whole, lane, addresses, scratch, most)

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        step = context.call_conv.get_function_type(types.int64, given)
        pointer = builder.inttoptr(arguments[0], ir.PointerType(step))
        _, done = context.call_conv.call_function(
            builder, pointer, types.int64, given, arguments[1:]
        )
        return done

    return types.int64(types.int64, *given), code


@njit(**OPTIONS)
def _clock_ns(clock: int, timespec: np.ndarray) -> int:
    """The time of a clock; 0 where it is the clock of a process that has ended."""
    if _clock_gettime(clock, timespec.ctypes.data) != 0:
        return 0
    return timespec[0] * SECOND_NS + timespec[1]


@njit(**OPTIONS)
def _set_limit(timespec: np.ndarray, wait_ns: int) -> None:
    """The time of the monotonic clock in so many nanoseconds."""
    limit = _clock_ns(MONOTONIC, timespec) + wait_ns
    timespec[0] = limit // SECOND_NS
    timespec[1] = limit % SECOND_NS


@njit(**OPTIONS)
def _is_wanted(head: int, number: int) -> bool:
    return fresh(head + 8 * QUIT) == 0 and number >= fresh(head + 8 * TURN)


@njit(**OPTIONS)
def step_while_wanted(
    step: int,
    whole: np.ndarray,
    lane: int,
    addresses: np.ndarray,
    scratch: np.ndarray,
    most: int,
    head: int,
    number: int,
    room: int,
    timespec: np.ndarray,
    wait_ns: int,
) -> None:
    """Step a lane whenever there is room, until it is time to look around.

    Args:
        step: native address of `run_blocks`; the next four arguments are its own.
        whole: the arena.
        lane: which lane.
        addresses: of the kernels.
        scratch: for the step.
        most: blocks in a row.
        head: address of the arena's head.
        number: the worker's, see Head.TURN.
        room: address of the semaphore that is posted when there is room.
        timespec: (2,) int64, scratch.
        wait_ns: time without room after which it returns; a signal ends it too.
    """
    for _ in range(ROUNDS):
        if not _is_wanted(head, number):
            return
        if _call_step(step, whole, lane, addresses, scratch, most) < most:
            _set_limit(timespec, wait_ns)
            if _sem_clockwait(room, MONOTONIC, timespec.ctypes.data) != 0:
                return
            while _sem_trywait(room) == 0:
                pass


@njit(**OPTIONS)
def is_still(head: int, lane: int, seen: np.ndarray) -> bool:
    """Whether a worker has something to do, and is where it was at the look before.

    Args:
        head: address of the arena's head.
        lane: which lane.
        seen: see Seen; where it is now is kept there.
    """
    if not is_due(head, fresh(head + 8 * COMMITTED)):
        seen[SEEN_PID] = NONE
        return False
    own = head + 8 * lane * LANE_COLUMNS
    pid = fresh(own + 8 * PID)
    block = fresh(own + 8 * DONE) if lane > 0 else fresh(head + 8 * COMMITTED)
    node = fresh(own + 8 * NODE)
    if seen[SEEN_PID] == pid and seen[SEEN_BLOCK] == block and seen[SEEN_NODE] == node:
        return True
    seen[SEEN_PID] = pid
    seen[SEEN_BLOCK] = block
    seen[SEEN_NODE] = node
    return False


@njit(**OPTIONS)
def stand_by(
    lock: int, head: int, lane: int, number: int, seen: np.ndarray, look_ns: int, looks: int
) -> int:
    """Wait for a robust mutex, and look at who holds it now and then.

    Args:
        lock: address of the mutex.
        head: address of the arena's head.
        lane: which lane.
        number: the worker's own, see Head.TURN.
        seen: see Seen; kept from call to call, PID is NONE at first.
        look_ns: time from one look to the next.
        looks: after so many it returns.

    Returns:
        STANDS_STILL: the worker has something to do, and is where it was at the look before;
        what `pthread_mutex_clocklock` returned, where that is no timeout and not 0;
        TIMED_OUT: nothing of this.
    """
    timespec = seen[SECONDS:]
    for _ in range(looks):
        _set_limit(timespec, look_ns)
        code = _mutex_clocklock(lock, MONOTONIC, timespec.ctypes.data)
        if code != TIMED_OUT:
            return code
        if not _is_wanted(head, number):
            return TIMED_OUT
        if is_still(head, lane, seen):
            return STANDS_STILL
        if seen[SEEN_PID] != NONE:
            seen[CPU_NS] = _clock_ns((~seen[SEEN_PID] << 3) | 2, timespec)
            seen[AT_NS] = _clock_ns(MONOTONIC, timespec)
    return TIMED_OUT


def load(stepper: Stepper) -> None:
    """Load these loops, compiling them where they are not in the cache yet; nothing is waited for.

    Args:
        stepper: with its step loaded.
    """
    arena = blank_arena()
    head = arena.head.ctypes.data
    numbers = np.zeros(len(Seen), np.int64)
    unwanted = NONE
    step_while_wanted(
        stepper.address, *stepper.arguments(arena, 0), 0, head, unwanted, 0, numbers, 0
    )
    stand_by(0, head, 0, unwanted, numbers, 0, 0)
