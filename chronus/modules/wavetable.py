"""The wavetable: sets of single cycles, morphed into each other, without aliases.

Each cycle lies there ten times, with 512 partials, 256, and so on down to one. Two neighbours are
heard together: the one whose partials just fit below half the rate, and the next, which has an
octave less; where the first has its highest partials above four tenths of the rate it fades out,
and is silent when they get to half of it. So what is below a fifth of the rate is always all there,
and nothing aliases.
Between the samples of a cycle, of which the highest partial but the 512th has eight or more, a
cubic is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chronus.dsp.approx import clip, exp2, f4, i4, log2, steady, turning, u4
from chronus.dsp.declaration import Family, Input, Output, freq, helper, module, table
from chronus.modules.oscillators import FASTEST, PLACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

CYCLES: Final = 5
"""Of a set."""
CYCLE_SIZE: Final = 9216
"""Samples of a cycle's ten levels together: twice 2048, twice 1024, six times 512."""
LAST_LEVEL: Final = 9
"""The one that has a single partial."""


@table
def waves() -> NDArray[Any]:
    """All cycles of all sets, each in its ten levels, the richest first.

    A peak of the richest level is 1. All is rounded to 2**-20, far above what mathematical
    libraries differ by.
    """
    import numpy as np  # noqa: PLC0415 - this function stands alone

    n = np.arange(1, 513)
    turn = 2.0 * np.pi * (np.arange(16384) + 0.5) / 16384

    def of_wave(wave: NDArray[Any]) -> NDArray[Any]:
        """The partials of a cycle."""
        half = np.exp(-1j * np.pi * n / 16384)
        return np.asarray(2.0 * half * np.fft.rfft(wave)[1:513] / 16384)

    def of_vowel(*formants_hz: float) -> NDArray[Any]:
        """The partials of a voice of 110 Hz whose throat has three resonances."""
        pairs = zip(formants_hz, (1.0, 0.6, 0.25), strict=True)
        peaks = [gain / (1.0 + ((110.0 * n - hz) / 90.0) ** 2) for hz, gain in pairs]
        return np.asarray(-1j * sum(peaks) / np.sqrt(n))

    def of_pipes(**levels: float) -> NDArray[Any]:
        """The partials that are named, each with its level."""
        found = np.zeros(512)
        for name, level in levels.items():
            found[int(name[1:]) - 1] = level
        return -1j * found

    odd = n % 2
    basic = [
        -1j * (n == 1),
        -1j * odd * np.where(n % 4 == 1, 1.0, -1.0) / n**2,
        -1j / n,
        -1j * odd / n,
        -1j * np.sin(np.pi * n / 8.0) / n * np.exp(1j * np.pi * (0.5 - n / 8.0)),
    ]
    ratios = (1.0, 1.5, 2.3, 3.4, 5.0)
    synced = [of_wave(1.0 - 2.0 * (ratio * turn / (2.0 * np.pi) % 1.0)) for ratio in ratios]
    vowels = [
        of_vowel(325.0, 700.0, 2530.0),
        of_vowel(400.0, 800.0, 2600.0),
        of_vowel(700.0, 1150.0, 2600.0),
        of_vowel(450.0, 1800.0, 2600.0),
        of_vowel(290.0, 2150.0, 2900.0),
    ]
    metal = [
        of_wave(np.sin(turn + bend * np.sin(3.0 * turn))) for bend in (0.0, 0.7, 1.6, 3.0, 5.0)
    ]
    organ = [
        of_pipes(p1=1.0, p2=0.3),
        of_pipes(p1=1.0, p2=0.8, p3=0.5),
        of_pipes(p1=1.0, p2=0.7, p3=0.6, p4=0.6),
        of_pipes(p1=0.8, p2=0.8, p3=0.6, p4=0.7, p6=0.5, p8=0.5),
        of_pipes(p1=0.7, p2=0.7, p3=0.7, p4=0.7, p5=0.5, p6=0.6, p8=0.7, p10=0.4, p12=0.4, p16=0.4),
    ]
    sizes = [2048, 2048, 1024, 1024, *[512] * 6]
    partials = np.array([*basic, *synced, *vowels, *metal, *organ])
    levels = []
    for level, size in enumerate(sizes):
        count = 512 >> level
        lines = np.zeros((len(partials), size // 2 + 1), complex)
        lines[:, 1 : count + 1] = partials[:, :count] * (size / 2)
        levels.append(np.fft.irfft(lines, size))
    peaks = np.abs(levels[0]).max(axis=1, keepdims=True)
    cycles = np.concatenate(levels, axis=1) / peaks
    return np.asarray(np.round(cycles * 1048576.0) / 1048576.0, np.float32).ravel()


@helper
def level_of(step: float) -> float:
    """The level whose highest partial is at half the rate, as if levels had fractions.

    Args:
        step: cycles a sample.
    """
    return clip(log2(1024.0 * step), 0.0, 9.0)


@helper
def level_start(level: int) -> int:
    """Where in a cycle's levels one begins."""
    long = 2048 * level if level < 2 else 2048 + 1024 * level
    return long if level < 4 else 4096 + 512 * level


@helper
def level_bits(level: int) -> int:
    """Of the 32 bits of a place, how many lie behind the index of a sample."""
    return (21 if level < 2 else 22) if level < 4 else 23


@helper
def read(start: int, place: int, bits: int) -> float:
    """A wave between its samples, by a cubic through four of them.

    Args:
        start: index of its first sample.
        place: in the cycle, of 32 bits.
        bits: see `level_bits`.
    """
    last = (1 << (32 - bits)) - 1
    at = place >> bits
    share = f4(place & ((1 << bits) - 1)) / f4(1 << bits)
    y0 = waves[start + ((at - 1) & last)]
    y1 = waves[start + at]
    y2 = waves[start + ((at + 1) & last)]
    y3 = waves[start + ((at + 2) & last)]
    c1 = 0.5 * (y2 - y0)
    c2 = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
    c3 = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
    return ((c3 * share + c2) * share + c1) * share + y1


@module(
    doc="Wavetable oscillator: five sets of waves that morph, band-limited.",
    family=Family.OSCILLATOR,
    inputs=(
        freq(),
        Input(
            "table",
            "The set of waves",
            0.0,
            0.0,
            4.0,
            choices=("basic", "sync", "vowel", "metal", "organ"),
            ramp_s=0.0,
        ),
        Input("position", "Where in the set, from its first wave to its fifth", 0.5, 0.0, 1.0),
    ),
    outputs=(Output("out", "The wave, -1 to 1"),),
    state=(PLACE,),
    source="Massie, Wavetable sampling synthesis, in Applications of Digital Signal Processing to "
    "Audio and Acoustics, 1998: levels an octave apart, faded into each other",
    example="load wavetable table=vowel level=-9db; load lfo rate=0.5; patch lfo.uni > "
    "wavetable.position; set wavetable.freq 110 wavetable.position 0",
)
def wavetable(
    place: int, freq: float, table: float, position: float, dt: float
) -> tuple[int, float]:
    step = min(freq * dt, FASTEST)
    turn = steady(turning(step))
    exact = level_of(step)
    rich = steady(i4(exact) if exact <= f4(i4(exact)) else i4(exact) + 1)
    # How much of the richer level: 0 where its highest partial is at half the rate.
    whole = f4(i4(exact)) if exact <= f4(i4(exact)) else f4(i4(exact) + 1)
    share = steady(clip(4.0 * exp2(whole - exact) - 4.0, 0.0, 1.0) if exact > 0.0 else 1.0)
    poor = min(rich + 1, LAST_LEVEL)
    walk = position * 4.0
    first = min(i4(walk), 3)
    morph = walk - f4(first)
    cycle = (i4(table + 0.5) * CYCLES + first) * CYCLE_SIZE
    spot = u4(place)
    rich_start = cycle + level_start(rich)
    poor_start = cycle + level_start(poor)
    rich_bits = level_bits(rich)
    poor_bits = level_bits(poor)
    a = read(rich_start, spot, rich_bits)
    b = read(rich_start + CYCLE_SIZE, spot, rich_bits)
    c = read(poor_start, spot, poor_bits)
    d = read(poor_start + CYCLE_SIZE, spot, poor_bits)
    bright = a + morph * (b - a)
    dull = c + morph * (d - c)
    return i4(place + turn), dull + share * (bright - dull)
