"""`make bench`: what a voice costs, against a reference that is measured in the same run.

CPU seconds are of this process, with start-up (imports, compiling, the first second of audio) left
out; each figure is the median of several runs. Ratios are against a plain scalar loop of the same
voice without an engine around it, timed between the others.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from chronus.commands.registry import handlers
from chronus.dsp.native import FROM_PYTHON
from chronus.engine.layout import Head
from chronus.session.offline import Offline
from chronus.session.session import Session
from chronus.settings import BLOCK
from tests.bench.conversation import print_conversation
from tests.bench.growth import print_growth
from tests.bench.kinds import kernel_us, print_kinds
from tests.support.voices import PAD

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 48_000
ROUNDS = 5
VOICE = ("lfo", "adsr", "saw", "filter", "vca")


@njit(**FROM_PYTHON)
def reference_voice(frames: int, state: np.ndarray) -> float:
    """A saw, a state-variable lowpass and a linear envelope in one scalar loop."""
    phase, s1, s2, level, gate = state[0], state[1], state[2], state[3], state[4]
    total = 0.0
    for _ in range(frames):
        gate = gate + 4.0 / 48_000.0
        gate = gate - 1.0 if gate >= 1.0 else gate
        level = level + (0.004 if gate < 0.5 else -0.0003)
        level = min(max(level, 0.0), 1.0)
        phase = phase + 110.0 / 48_000.0
        phase = phase - 1.0 if phase >= 1.0 else phase
        x = (200.0 + 4000.0 * level) / 48_000.0 * math.pi
        g = x * (15.0 - x * x) / (15.0 - 6.0 * x * x)
        a = 1.0 / (1.0 + g * (g + 0.25))
        v = a * (s1 + g * (2.0 * phase - 1.0 - s2))
        w = s2 + g * v
        s1, s2 = 2.0 * v - s1, 2.0 * w - s2
        total += w * level
    state[0], state[1], state[2], state[3], state[4] = phase, s1, s2, level, gate
    return total


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds that a piece of work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def reference_s() -> float:
    """CPU seconds of the reference for a second of audio."""
    state = np.zeros(5)
    reference_voice(RATE, state)
    return cpu_s(lambda: reference_voice(10 * RATE, state)) / 10


def voice_lines(count: int) -> list[str]:
    """Voices as in many a comparison: gate, envelope, saw, resonant lowpass, amplifier, a sum."""
    lines = ["load mix as sum"]
    for i in range(count):
        hz = 55.0 * 2.0 ** ((5 * i % 37) / 12.0)
        lines += [
            f"load lfo as g{i} rate=4 shape=square phase={(i % 8) / 8}",
            f"load adsr as e{i} attack=5 decay=100 sustain=0.4 release=60 velocity=1",
            f"load saw as s{i} freq={hz:.4f}",
            f"load filter as f{i} cutoff=200 resonance=0.83",
            f"load vca as v{i} gain=0",
            f"patch g{i} > e{i}.gate",
            f"patch e{i}.env > f{i}.cutoff by 4000hz",
            f"patch s{i} > f{i} > v{i} > sum by {0.5 / math.sqrt(count):.6f}",
            f"patch e{i}.env > v{i}.gain",
        ]
    return lines


def engine_s(count: int, seconds: int) -> float:
    """CPU seconds a second of audio for so many voices, in the whole engine."""
    backend = Offline(RATE)
    session = Session(backend, handlers(), is_score=True)
    for line in voice_lines(count):
        reply = session.run_line(line)
        assert reply.ok, reply
    session.move_to(RATE)  # the first second is start-up
    start = int(backend.writer.arena.head[Head.COMMITTED])
    spent = cpu_s(lambda: session.move_to((1 + seconds) * RATE))
    done = int(backend.writer.arena.head[Head.COMMITTED]) - start
    backend.close()
    return spent / (done * BLOCK / RATE)


def pad_s(notes: int, seconds: int = 10) -> float:
    """CPU seconds a second of audio of an instrument of six voices of which so many are held.

    What the engine costs without it is in that, too; with no note held all of them sleep. A free
    LFO would run on, so there is none.
    """
    pad = "\n".join(line for line in PAD.splitlines() if "lfo" not in line)
    backend = Offline(RATE)
    session = Session(backend, handlers(), is_score=True)
    pitches = " ".join(f"{110 * (2 + i)}hz" for i in range(notes))
    for line in [pad, "load pad voices 6", f"note pad {pitches} for 50s"][: 3 if notes else 2]:
        reply = session.run_line(line)
        assert reply.ok, reply
    session.move_to(RATE)
    spent = cpu_s(lambda: session.move_to((1 + seconds) * RATE))
    backend.close()
    return spent / seconds


def empty_s(seconds: int = 10) -> float:
    """CPU seconds a second of audio of an engine with nothing loaded."""
    backend = Offline(RATE)
    session = Session(backend, handlers(), is_score=True)
    session.move_to(RATE)
    spent = cpu_s(lambda: session.move_to((1 + seconds) * RATE))
    backend.close()
    return spent / seconds


def print_voices() -> None:
    """What the voices of an instrument cost while they sleep and while they sound."""
    found = medians({"empty": empty_s, "asleep": lambda: pad_s(0), "sounding": lambda: pad_s(6)})
    asleep, sounding = found["asleep"] - found["empty"], found["sounding"] - found["empty"]
    print("\na pad of 6 voices  us of CPU a second of audio, without what an empty engine costs")
    print(f"sounding           {sounding * 1e6:8.0f}")
    print(f"asleep             {asleep * 1e6:8.0f}  {asleep / sounding:6.1%} of that")


def medians(works: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each, measured in turn: A B C A B C ..."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            found[name].append(work())
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> int:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--voices", type=int, nargs="*", default=[1, 16, 64, 256])
    options.add_argument("--starts", action="store_true", help="also time starts of the program")
    options.add_argument("--growth", action="store_true", help="cost by voices and nodes, alone")
    options.add_argument("--kinds", action="store_true", help="the kernel of every kind, alone")
    options.add_argument("--conversation", action="store_true", help="that part alone")
    given = options.parse_args()
    if given.conversation:
        print_conversation()
        return 0
    if given.growth:
        print_growth(reference_s)
        return 0
    if given.kinds:
        return 0 if print_kinds(reference_s) else 1
    counts = given.voices
    works: dict[str, Callable[[], float]] = {"reference": reference_s}
    for count in counts:
        works[f"A{count}"] = lambda count=count: engine_s(count, max(1, 128 // count))
    found = medians(works)
    unit = found["reference"]
    print(f"reference: one voice as a scalar loop, {unit * 1e6:.0f} us of CPU a second of audio\n")
    print("voices  CPU s / audio s  us / voice  of the reference  us / node and block")
    for count in counts:
        spent = found[f"A{count}"]
        blocks = RATE / BLOCK
        node = spent / (len(VOICE) * count + 2) / blocks * 1e6
        print(
            f"{count:6}  {spent:15.4f}  {spent / count * 1e6:10.0f}  "
            f"{spent / count / unit:16.2f}  {node:19.3f}"
        )
    print_voices()
    print("\nkernel    mono us / voice  wide us / voice  wide / mono")
    sums = [0.0, 0.0]
    kernels = medians(
        {
            f"{name} {wide}": lambda name=name, wide=wide: kernel_us(name, wide=wide)
            for name in VOICE
            for wide in (False, True)
        }
    )
    for name in VOICE:
        mono, wide = kernels[f"{name} False"], kernels[f"{name} True"]
        sums = [sums[0] + mono, sums[1] + wide]
        print(f"{name:8}  {mono:15.1f}  {wide:15.1f}  {wide / mono:11.2f}")
    print(f"{'voice':8}  {sums[0]:15.1f}  {sums[1]:15.1f}  {sums[1] / sums[0]:11.2f}")
    if given.starts:
        from tests.bench.starts import print_starts  # noqa: PLC0415

        print_starts()
    print_growth(reference_s)
    print_conversation()
    return 0


if __name__ == "__main__":
    sys.exit(main())
