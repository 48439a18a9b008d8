"""Plays a kind's kernel alone: input rows in, output rows out, no engine between.

Denormals are flushed to zero, as in every process of the engine that steps.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from chronus.dsp.compile import load_kernel, write_kernel
from chronus.dsp.declaration import RECORDING_HEAD
from chronus.dsp.layout import KEPT_WORDS, WIDE, memory_frames, state_layout
from chronus.dsp.native import FLUSH_BITS, call_kernel, read_float_control, write_float_control
from chronus.dsp.recipe import recipe_of
from chronus.dsp.recording import banded, laid_out
from chronus.dsp.stages import leaping_of
from chronus.modules.catalog import kinds
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind

RATE_HZ: Final = 48_000
SEED: Final = 2_463_534_242

Signal = float | np.ndarray


@njit
def _run(  # type: ignore[no-untyped-def]
    kernel, blocks, width, inputs, outputs, rests, table, state, memory, rate
):
    """Run a kernel over `blocks` blocks of the rows of `inputs` and `outputs`."""
    before = read_float_control()
    write_float_control(before | FLUSH_BITS)
    items = BLOCK * width
    for block in range(blocks):
        for row in range(inputs.shape[0]):
            table[row] = inputs[row, block * items :].ctypes.data + rests[row]
        for row in range(outputs.shape[0]):
            table[inputs.shape[0] + row] = outputs[row, block * items :].ctypes.data
        call_kernel(kernel, table.ctypes.data, state.ctypes.data, state.ctypes.data, memory, rate)
    write_float_control(before)


class Player:
    """One node (or WIDE nodes side by side) of a kind, with its state and its memory.

    `left_behind` is what lies in the output rows before the kernel writes them; if it `knows`, the
    kernel is told which rows rest, and given room for what follows from them.
    """

    def __init__(
        self, kind: str | Kind, *, wide: bool = False, rate_hz: int = RATE_HZ, seed: int = SEED
    ) -> None:
        self.kind: Kind = kinds()[kind] if isinstance(kind, str) else kind
        self.width = WIDE if wide else 1
        self.left_behind = 1e9
        self.knows = False
        self.rate_hz = rate_hz
        self._kernel = _kernel(self.kind, wide)
        layout = state_layout(self.kind, self.width)
        self.state = np.zeros(max(layout.size, 8), np.uint8)
        for state, offset in zip(self.kind.state, layout.offsets, strict=True):
            first = seed if math.isnan(state.initial) else state.initial
            item = np.dtype(state.dtype)
            self.state[offset : offset + self.width * item.itemsize].view(item)[:] = first
        frames = sum(memory_frames(memory, rate_hz) for memory in self.kind.memories)
        self.memory = np.zeros(max(frames * self.width, 1), np.float32)
        self.recording = np.zeros(RECORDING_HEAD, np.float32)
        if self.kind.recording:
            self.load(np.random.default_rng(1).uniform(-1.0, 1.0, (2, 5000)))

    def load(self, sound: np.ndarray) -> None:
        """Let the sound of the node's file be this one, (channels, frames)."""
        samples = np.asarray(sound, np.float32)
        self.recording = laid_out(samples, banded(samples) if self.kind.levels else ())

    def play(self, frames: int, **signals: Signal) -> dict[str, np.ndarray]:
        """Play on for `frames` (a whole number of blocks), and give the outputs by their names.

        Args:
            frames: how many; a multiple of BLOCK.
            signals: a number, an array of `frames`, or of `frames` x WIDE, for each input row by
                the name that the tick gives it; what is left out has its default.
        """
        assert frames % BLOCK == 0, frames
        shape = (frames, self.width)
        inputs = np.empty((len(self.kind.input_rows), *shape), np.float32)
        rests = np.zeros(len(inputs), np.int64)
        names = [name for _, name in self.kind.input_rows]
        assert set(signals) <= set(names), f"{set(signals)} of {names}"
        for row, (port, name) in enumerate(self.kind.input_rows):
            signal = np.asarray(signals.get(name, self.kind.inputs[port].default), np.float32)
            inputs[row] = signal[:, None] if signal.ndim == 1 else signal
            rests[row] = self.knows and signal.ndim == 0
        outputs = np.full((len(self.kind.output_rows), *shape), self.left_behind, np.float32)
        table = np.zeros(len(inputs) + len(outputs) + 2, np.int64)
        table[-2] = self.recording.ctypes.data
        kept = np.zeros(KEPT_WORDS, np.int64)
        table[-1] = kept.ctypes.data if self.knows else 0
        _run(
            self._kernel,
            frames // BLOCK,
            self.width,
            inputs.reshape(len(inputs), -1),
            outputs.reshape(len(outputs), -1),
            rests,
            table,
            self.state,
            self.memory.ctypes.data,
            self.rate_hz,
        )
        rows = outputs if self.width > 1 else outputs[..., 0]
        return {name: rows[row] for row, (_, name) in enumerate(self.kind.output_rows)}


@cache
def _kernel(kind: Kind, wide: bool) -> int:  # noqa: FBT001
    return load_kernel(write_kernel(kind, wide=wide))


def play(name: str | Kind, frames: int, **signals: Signal) -> dict[str, np.ndarray]:
    """The outputs of a new mono node over `frames`, rounded up to whole blocks."""
    return Player(name).play(-(-frames // BLOCK) * BLOCK, **signals)


def strokes(frames: int, *at: int, length: int = 480) -> np.ndarray:
    """A gate that opens for `length` frames at each of the frames `at`."""
    gate = np.zeros(frames, np.float32)
    for frame in at:
        gate[frame : frame + length] = 1.0
    return gate


def level_db(x: float) -> float:
    """An amplitude in decibel."""
    return 20.0 * math.log10(max(abs(float(x)), 1e-12))


def alike(kind: Kind, alone: np.ndarray, together: np.ndarray, what: str) -> None:
    """What a node gives alone and among others: the same bits, or within the rounding of leaps.

    A limiter counts in steps of 2**-15 what it takes from its input.
    """
    if not leaping_of(recipe_of(kind)).groups:
        pair = (alone.view(np.int32), together.view(np.int32))
        np.testing.assert_array_equal(*pair, err_msg=what)
        return
    step = 2.0**-12 if kind.name == "limiter" else 0.0
    limit = max(5e-5 * float(np.abs(together).max()), step)
    np.testing.assert_allclose(alone, together, rtol=0, atol=limit, err_msg=what)
