"""What a node costs, as far as that decides which lane it is computed in."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind

COST_US: Final = MappingProxyType(
    {
        "noise": 105.0,
        "sine": 21.0,
        "saw": 24.0,
        "square": 102.0,
        "triangle": 34.0,
        "sync": 100.0,
        "fm": 100.0,
        "pluck": 450.0,
        "supersaw": 250.0,
        "wavetable": 280.0,
        "sampler": 1100.0,
        "kick": 270.0,
        "snare": 440.0,
        "hat": 620.0,
        "filter": 95.0,
        "adsr": 136.0,
        "lfo": 66.0,
        "keys": 70.0,
        "knob": 3.0,
        "strike": 220.0,
        "ar": 425.0,
        "follower": 277.0,
        "hold": 35.0,
        "slew": 217.0,
        "walk": 99.0,
        "quantize": 416.0,
        "compare": 115.0,
        "add": 5.0,
        "mul": 5.0,
        "min": 5.0,
        "max": 5.0,
        "abs": 5.0,
        "clip": 6.0,
        "vca": 3.0,
        "delay": 480.0,
        "comb": 254.0,
        "formant": 300.0,
        "ladder": 1840.0,
        "diode": 1820.0,
        "distortion": 2900.0,
        "compressor": 575.0,
        "limiter": 210.0,
        "reverb": 810.0,
        "chorus": 850.0,
        "flanger": 920.0,
        "phaser": 1720.0,
        "shift": 970.0,
        "grains": 5400.0,
        "convolve": 50_000.0,
        "eq": 430.0,
        "ring": 4.0,
        "crush": 172.0,
        "dcblock": 57.0,
        "noisegate": 269.0,
        "pan": 28.0,
        "width": 48.0,
        "tremolo": 60.0,
        "mix": 15.0,
        "poly": 5.0,
        "strip": 27.0,
        "out": 200.0,
    }
)
"""What a kernel costs in a second of audio, as `make bench ARGS=--kinds` printed it on one
machine: lanes are shared out by it, so only the proportions count."""
WIDE_COST: Final = 4.0
"""Times that 16 voices side by side cost what one does."""
WIDE_TIMES: Final = MappingProxyType(
    {
        "ladder": 1.2,
        "diode": 1.4,
        "follower": 2.2,
        "slew": 2.2,
        "walk": 2.8,
        "phaser": 1.9,
        "shift": 2.0,
        "crush": 1.5,
        "noisegate": 1.3,
    }
)
"""Times that the wide kernel of a kind costs what the mono one does, as measured, where that is
little: the mono kernel waits from sample to sample for itself, and the wide one does not. Left out
is what mostly stands, as envelopes and drums do between their strokes, and what goes on linearly:
its mono kernel goes in leaps, which are not rounded as steps are."""
ROW_US: Final = 90.0
"""What it costs in a second to put one row of each of WIDE nodes side by side, or apart."""
MEMBER_US: Final = 60.0
"""And what a node costs more among several: its rows are found anew, and its states moved."""
NODE_US: Final = 60.0
"""What the engine adds for any node."""
STATE_US: Final = 15.0


def cost_of(kind: Kind) -> float:
    """What a kind costs: measured, or guessed from what it keeps and reads where it was not."""
    guess = STATE_US * (len(kind.state) + len(kind.input_rows) + 4 * len(kind.memories))
    return NODE_US + COST_US.get(kind.name, guess)


def least_alike(kind: Kind) -> float:
    """From how many nodes of a kind on its wide kernel costs less than as many mono kernels do.

    Infinite of a kind of which nothing is known, or that gains nothing: one whose mono kernel
    takes frames side by side does not. The wide kernel costs the same for any number of nodes.
    """
    if kind.name not in WIDE_TIMES or kind.name not in COST_US:
        return math.inf
    cost = COST_US[kind.name]
    rows = len(kind.input_rows) + len(kind.output_rows)
    at_once = WIDE_TIMES[kind.name] * cost + ROW_US * rows
    saved = cost - MEMBER_US
    return 1 + math.ceil(at_once / saved) if saved > 0.0 else math.inf
