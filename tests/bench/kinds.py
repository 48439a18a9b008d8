"""`make bench ARGS=--kinds`: what the kernel of each kind costs, alone, and in its own silence.

Costs are nanoseconds of CPU for a sample of one voice, and the same as a share of the reference
voice of `make bench`, timed between the others. Each kind has a budget in that unit. What was loud
and has died away must cost no more than what is loud: numbers that are nearly 0 are slow on many
processors, unless they are flushed to 0.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from chronus.dsp.compile import load_kernel, write_kernel
from chronus.dsp.layout import WIDE, memory_frames, state_layout
from chronus.dsp.native import (
    FLUSH_BITS,
    FROM_PYTHON,
    call_kernel,
    read_float_control,
    write_float_control,
)
from chronus.dsp.recording import banded, laid_out
from chronus.modules.catalog import kinds
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

RATE: Final = 48_000
ROUNDS: Final = 5
SETTLING_S: Final = 1.0
"""What a kind makes of a file by and by (the spectra of an impulse) is there after so long."""
LOUD_S: Final = 2.0

USUAL_BUDGET: Final = 0.5
BUDGETS: Final = {
    "noise": 1.0,
    "pluck": 2.5,
    "sampler": 6.0,
    "supersaw": 1.0,
    "tone": 0.8,
    "wavetable": 1.5,
    "kick": 2.5,
    "snare": 3.1,
    "hat": 3.8,
    "comb": 1.4,
    "diode": 8.7,
    "formant": 1.2,
    "ladder": 9.5,
    "adsr": 1.3,
    "ar": 1.1,
    "follower": 1.2,
    "lfo": 2.0,
    "compare": 0.7,
    "quantize": 2.4,
    "slew": 0.9,
    "strike": 2.5,
    "walk": 0.6,
    "chorus": 4.4,
    "compressor": 3.0,
    "convolve": 850.0,  # an impulse of a second
    "delay": 3.0,
    "distortion": 11.4,
    "eq": 1.7,
    "flanger": 6.0,
    "grains": 36.0,
    "limiter": 2.7,
    "noisegate": 1.5,
    "phaser": 8.0,
    "reverb": 3.2,
    "shift": 5.5,
    "crush": 0.8,
    "out": 1.5,
}
"""The most that a sample of one voice may cost, in reference voices: what was measured and half as
much again, for machines that are good at other things."""

DYING_S: Final = 5.0
DYING: Final = 12
"""So many times so many seconds of silence follow what was loud."""
MOST_IN_SILENCE: Final = 1.3
"""Times that the dearest of them may cost what the loud seconds did."""
JITTER_NS: Final = 0.2
"""Of a kernel that takes hardly more, ratios say nothing."""


@njit(**FROM_PYTHON)
def call_often(
    address: int, rows: int, source: int, target: int, memory: int, rate: int, times: int
) -> None:
    """A kernel, block after block, with denormals flushed to 0 as in the engine."""
    before = read_float_control()
    write_float_control(before | FLUSH_BITS)
    for _ in range(times):
        call_kernel(address, rows, source, target, memory, rate)
    write_float_control(before)


class Bench:
    """The kernel of a kind with all that it needs, fed with a sine and a gate."""

    def __init__(self, name: str, *, wide: bool) -> None:
        self._kind = kinds()[name]
        self._width = WIDE if wide else 1
        count = len(self._kind.input_rows) + len(self._kind.output_rows)
        self._rows = np.zeros((count, BLOCK, self._width), np.float32)
        # Behind the rows lies a file's sound, for the kinds that play one.
        tone = np.sin(np.arange(RATE) / 5.0, dtype=np.float32)[None]
        self._sound = laid_out(tone, banded(tone) if self._kind.levels else ())
        places = [row.ctypes.data for row in (*self._rows, self._sound)]
        self._table = np.array([*places, 0], np.int64)
        self._state = np.zeros(max(state_layout(self._kind, self._width).size, 8), np.uint8)
        frames = sum(memory_frames(memory, RATE) for memory in self._kind.memories)
        self._memory = np.zeros(frames * self._width + 1, np.float32)
        self._kernel = load_kernel(write_kernel(self._kind, wide=wide))
        self.feed(loud=True)
        self.ns(0.02)

    def feed(self, *, loud: bool) -> None:
        """Let sounds and gates come in, or silence; all other inputs have their defaults."""
        for row, (port, _) in enumerate(self._kind.input_rows):
            declared = self._kind.inputs[port]
            self._rows[row] = declared.default
            if declared.name == "gate":
                self._rows[row, : BLOCK // 2] = 1.0 if loud else 0.0
            elif not np.isfinite(declared.high):
                sine = np.sin(np.arange(BLOCK) / 5.0)[:, None] / 2
                self._rows[row] = sine if loud else 0.0

    def ns(self, seconds: float) -> float:
        """Nanoseconds of CPU for a sample of one voice, over some seconds of audio."""
        times = round(seconds * RATE / BLOCK)
        place = self._state.ctypes.data
        begun = time.process_time()
        call_often(
            self._kernel,
            self._table.ctypes.data,
            place,
            place,
            self._memory.ctypes.data,
            RATE,
            times,
        )
        return (time.process_time() - begun) / (times * BLOCK * self._width) * 1e9


def kernel_us(name: str, *, wide: bool) -> float:
    """Microseconds of CPU for one voice of a kind for a second of audio, its kernel alone."""
    return Bench(name, wide=wide).ns(4.0) * RATE / 1000.0


def silence_ratio(name: str) -> float:
    """What the dearest time of a kind's dying away costs, over what it costs while it is loud.

    Each time is compared with a loud one right before it, as machines change their pace; of three
    such comparisons the least counts, since what else a machine does only adds.
    """
    runs = []
    for _ in range(3):
        loud, dying = Bench(name, wide=False), Bench(name, wide=False)
        for bench in (loud, dying):
            bench.ns(SETTLING_S + LOUD_S)
        dying.feed(loud=False)
        pairs = [(loud.ns(DYING_S), dying.ns(DYING_S)) for _ in range(DYING)]
        runs.append([(silent - JITTER_NS) / busy for busy, silent in pairs])
    return max(min(ratios) for ratios in zip(*runs, strict=True))


def print_kinds(reference_s: Callable[[], float]) -> bool:
    """Print the table; whether every kind keeps to its budget.

    Args:
        reference_s: CPU seconds of the reference voice for a second of audio.
    """
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in kinds()}
    references = []
    for _ in range(ROUNDS):
        references.append(reference_s() / RATE * 1e9)
        for name, (mono, wide) in found.items():
            mono.append(Bench(name, wide=False).ns(1.0))
            wide.append(Bench(name, wide=True).ns(0.25))
    unit = statistics.median(references)
    print(f"reference: one voice as a scalar loop, {unit:.1f} ns of CPU a sample\n")
    print("kind        mono ns  of the reference  budget  wide ns / voice  silence / loud")
    over = []
    for name, (mono, wide) in found.items():
        cost, beside = statistics.median(mono), statistics.median(wide)
        budget = BUDGETS.get(name, USUAL_BUDGET)
        silence = silence_ratio(name)
        print(
            f"{name:11} {cost:7.2f}  {cost / unit:16.2f}  {budget:6.2f}  {beside:15.2f}  "
            f"{silence:14.2f}"
        )
        if cost / unit > budget:
            over.append(f"{name} costs {cost / unit:.2f} reference voices, over {budget:.2f}")
        if silence > MOST_IN_SILENCE:
            over.append(f"{name} costs {silence:.2f} times as much while it dies away")
    print("\n" + ("\n".join(over) if over else "every kind keeps to its budget"))
    return not over
