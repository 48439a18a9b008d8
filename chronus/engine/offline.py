"""The engine in this process: the step, pumped by a loop instead of a sound card."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from chronus.dsp.compile import load_kernel
from chronus.engine.entries import RUN_BLOCKS
from chronus.engine.layout import (
    MEMO,
    SCRATCH,
    Arena,
    Head,
    Limits,
    Memo,
    arena_dtype,
    arena_on,
    tape_part,
)
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    StepArguments = tuple[int, int, int, int, int]


class Stepper:
    """Kernels, and the step that calls them.

    Args:
        kernels: names of those that are loaded at once, by their numbers; others follow when `load`
            is called.
    """

    def __init__(self, kernels: Mapping[int, str] = MappingProxyType({})) -> None:
        self._addresses = np.zeros(0, np.int64)
        self._scratch = np.zeros(SCRATCH + MEMO, np.int64)
        self.load(kernels)

    def load(self, kernels: Mapping[int, str]) -> None:
        """Load kernels, compiling those that are not in the cache yet."""
        more = max(kernels, default=-1) + 1 - len(self._addresses)
        self._addresses = np.pad(self._addresses, (0, max(more, 0)))
        for number, kernel in kernels.items():
            if self._addresses[number] == 0:
                self._addresses[number] = self._address_of(kernel)
                # What was written down may be computed by this one from now on.
                self._scratch[SCRATCH + Memo.ARENA] = 0

    def _address_of(self, kernel: str) -> int:
        return load_kernel(kernel)

    def has(self, number: int) -> bool:
        """Whether the kernel of a number is loaded."""
        return number < len(self._addresses) and self._addresses[number] != 0

    def run(self, arena: Arena, most: int, lane: int = 0) -> int:
        """Compute up to `most` blocks of a lane while there is room; how many it were."""
        return RUN_BLOCKS(*self.arguments(arena, lane), most)

    def arguments(self, arena: Arena, lane: int) -> StepArguments:
        """What `run_blocks` is given, but for the number of blocks.

        They are addresses: this stepper and the arena must outlive the call.
        """
        addresses = self._addresses
        scratch = self._scratch.ctypes.data
        return arena.whole.ctypes.data, lane, addresses.ctypes.data, len(addresses), scratch


def blank_arena() -> Arena:
    """An arena with nothing in it, on which compiled code is tried."""
    size = Limits()
    return arena_on(np.zeros(arena_dtype(size).itemsize, np.uint8), size)


class Pump:
    """An arena in this process alone, and the hand that moves it on.

    Args:
        arena: initialised.
        stepper: with the kernels of all that is loaded.
    """

    def __init__(self, arena: Arena, stepper: Stepper) -> None:
        self.arena = arena
        self.stepper = stepper

    def advance(self, blocks: int) -> NDArray[np.float32]:
        """Compute so many blocks; the frames they made, shape (frames, 2), until the tape turns."""
        head = self.arena.head
        start = int(head[Head.COMMITTED])
        assert blocks * BLOCK <= self.arena.tape.shape[0], "the tape is shorter than that"
        head[Head.GO] = start + blocks
        head[Head.AHEAD] = blocks
        head[Head.PLAYED] = start * BLOCK
        lanes = int(head[Head.LANES])
        done = self.stepper.run(self.arena, blocks) if lanes == 1 else self._in_turn(blocks, lanes)
        assert done == blocks, (done, blocks)
        return tape_part(self.arena, start * BLOCK, blocks * BLOCK)

    def _in_turn(self, blocks: int, lanes: int) -> int:
        """Compute blocks on several lanes, one after the other, and lane 0 last."""
        done = 0
        while done < blocks:
            for lane in range(1, lanes):
                self.stepper.run(self.arena, 1, lane)
            done += self.stepper.run(self.arena, 1)
        return done
