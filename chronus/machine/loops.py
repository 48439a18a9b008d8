"""Waiting in native code: to wake the interpreter costs several times what the wait itself does.

What they are given are addresses and numbers, for `chronus.machine.waiting` to call them.
Their calls are those of `chronus.machine.locks`, see sem_clockwait(3), pthread_mutex_clocklock(3).
"""

from __future__ import annotations

import errno
import time
from typing import Any, Final

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chronus.dsp.native import OPTIONS, fresh, longs
from chronus.engine.layout import LANE_COLUMNS, NONE, Head, Lane
from chronus.engine.pace import is_due
from chronus.machine.waiting import STANDS_STILL, Seen

ROUNDS: Final = 64
"""Steps in a row after which a worker that always has room looks around."""
SECOND_NS: Final = 1_000_000_000

COMMITTED, QUIT, TURN = int(Head.COMMITTED), int(Head.QUIT), int(Head.TURN)
DONE, NODE, PID = int(Lane.DONE), int(Lane.NODE), int(Lane.PID)
MONOTONIC: Final = time.CLOCK_MONOTONIC
TIMED_OUT: Final = errno.ETIMEDOUT
AT_NS, CPU_NS, SEEN_PID = int(Seen.AT_NS), int(Seen.CPU_NS), int(Seen.PID)
SEEN: Final = len(Seen)
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
    kernels: Any,
    scratch: Any,
    most: Any,
) -> Any:
    """Call `run_blocks` at its native address: compiled into this file it would be there twice."""
    given = (whole, lane, addresses, kernels, scratch, most)

    def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        step = context.call_conv.get_function_type(types.int64, given)
        pointer = builder.inttoptr(arguments[0], ir.PointerType(step))
        _, done = context.call_conv.call_function(
            builder, pointer, types.int64, given, arguments[1:]
        )
        return done

    return types.int64(types.int64, *given), code


@njit(**OPTIONS)
def _clock_ns(clock: int, timespec_at: int) -> int:
    """The time of a clock; 0 where it is the clock of a process that has ended."""
    if _clock_gettime(clock, timespec_at) != 0:
        return 0
    timespec = longs(timespec_at, 2)
    return timespec[0] * SECOND_NS + timespec[1]


@njit(**OPTIONS)
def _set_limit(timespec_at: int, wait_ns: int) -> None:
    """The time of the monotonic clock in so many nanoseconds."""
    limit = _clock_ns(MONOTONIC, timespec_at) + wait_ns
    timespec = longs(timespec_at, 2)
    timespec[0] = limit // SECOND_NS
    timespec[1] = limit % SECOND_NS


@njit(**OPTIONS)
def _is_wanted(head: int, number: int) -> bool:
    return fresh(head + 8 * QUIT) == 0 and number >= fresh(head + 8 * TURN)


@njit(types.int64(*(types.int64,) * 12), **OPTIONS)
def step_while_wanted(
    step: int,
    whole: int,
    lane: int,
    addresses: int,
    kernels: int,
    scratch: int,
    most: int,
    head: int,
    number: int,
    room: int,
    timespec: int,
    wait_ns: int,
) -> int:
    """Step a lane whenever there is room, until it is time to look around.

    Args:
        step: native address of `run_blocks`; the next six arguments are its own.
        whole: the arena.
        lane: which lane.
        addresses: of the table of kernels.
        kernels: entries of that.
        scratch: for the step.
        most: blocks in a row.
        head: address of the arena's head.
        number: the worker's, see Head.TURN.
        room: address of the semaphore that is posted when there is room.
        timespec: address of two int64, scratch.
        wait_ns: time without room after which it returns; a signal ends it too.
    """
    for _ in range(ROUNDS):
        if not _is_wanted(head, number):
            return 0
        if _call_step(step, whole, lane, addresses, kernels, scratch, most) < most:
            _set_limit(timespec, wait_ns)
            if _sem_clockwait(room, MONOTONIC, timespec) != 0:
                return 0
            while _sem_trywait(room) == 0:
                pass
    return 0


@njit(types.int64(*(types.int64,) * 3), **OPTIONS)
def is_still(head: int, lane: int, seen_at: int) -> int:
    """Whether a worker has something to do, and is where it was at the look before.

    Args:
        head: address of the arena's head.
        lane: which lane.
        seen_at: see `stand_by`; where it is now is kept there.
    """
    seen = longs(seen_at, SEEN)
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


@njit(types.int64(*(types.int64,) * 7), **OPTIONS)
def stand_by(
    lock: int, head: int, lane: int, number: int, seen_at: int, look_ns: int, looks: int
) -> int:
    """Wait for a robust mutex, and look at who holds it now and then.

    Args:
        lock: address of the mutex.
        head: address of the arena's head.
        lane: which lane.
        number: the worker's own, see Head.TURN.
        seen_at: address of what Seen says; kept from call to call, PID is NONE at first.
        look_ns: time from one look to the next.
        looks: after so many it returns.

    Returns:
        STANDS_STILL: the worker has something to do, and is where it was at the look before;
        what `pthread_mutex_clocklock` returned, where that is no timeout and not 0;
        TIMED_OUT: nothing of this.
    """
    seen = longs(seen_at, SEEN)
    timespec = seen_at + 8 * SECONDS
    for _ in range(looks):
        _set_limit(timespec, look_ns)
        code = _mutex_clocklock(lock, MONOTONIC, timespec)
        if code != TIMED_OUT:
            return code
        if not _is_wanted(head, number):
            return TIMED_OUT
        if is_still(head, lane, seen_at):
            return STANDS_STILL
        if seen[SEEN_PID] != NONE:
            seen[CPU_NS] = _clock_ns((~seen[SEEN_PID] << 3) | 2, timespec)
            seen[AT_NS] = _clock_ns(MONOTONIC, timespec)
    return TIMED_OUT
