"""The convolver: a room, a speaker or any other impulse from a file, without delay.

The first 64 frames of the impulse are summed for each sample as it comes; the rest is cut into
parts of 64 frames, each of which is multiplied with what came in so long ago, as spectra of 128
lines (overlap-save). What came in in a block is heard through those parts from the next block on,
so nothing is late. The spectra of the impulse are made two a block, of each before it is needed.

Left and right go through the transforms together, as the two parts of complex numbers. Everything
is linear, and in float32: what is added by rounding lies 120 dB below what is loudest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chronus.dsp.approx import counted, db_gain, steady
from chronus.dsp.declaration import (
    RECORDING_HEAD,
    Family,
    Input,
    Memory,
    Output,
    State,
    audio,
    helper,
    module,
    table,
)

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from numpy.typing import NDArray

LONGEST_S: Final = 2.0
"""Of an impulse."""
SUMS: Final = 512
"""Where in the work space the sums of products lie, behind two buffers of 128 complex numbers."""

HEARD: Final = 128
"""Where in `tail`, behind two sides of 64 samples, stands which blocks that came in were heard."""


@table
def turns() -> NDArray[Any]:
    """Cosine and minus sine of 64 steps of half a turn, rounded to 2**-24."""
    import numpy as np  # noqa: PLC0415 - this function stands alone

    angle = np.pi * np.arange(64) / 64
    both = np.concatenate((np.cos(angle), -np.sin(angle)))
    return np.asarray(np.round(both * 16777216.0) / 16777216.0, np.float32)


@helper
def transform(work: MutableSequence[float], sign: float) -> None:
    """Fourier transform of 128 complex numbers at 0 (real parts, then others) to 256.

    Args:
        work: the work space.
        sign: 1, or -1 for the inverse one times 128.

    Source: Stockham's autosort form, Van Loan, Computational Frameworks for the FFT, 1992, 1.7.
    """
    source = 0
    target = 256
    groups = 64
    width = 1
    for _ in range(7):
        for j in range(groups):
            real = turns[j * width]
            other = sign * turns[64 + j * width]
            for k in range(width):
                a = source + k + j * width
                b = a + groups * width
                c = target + k + 2 * j * width
                less_real = work[a] - work[b]
                less_other = work[a + 128] - work[b + 128]
                work[c] = work[a] + work[b]
                work[c + 128] = work[a + 128] + work[b + 128]
                work[c + width] = real * less_real - other * less_other
                work[c + width + 128] = real * less_other + other * less_real
        groups = groups // 2
        width = 2 * width
        source = 256 - source
        target = 256 - target


@helper
def keep_spectra(work: MutableSequence[float], kept: MutableSequence[float], at: int) -> None:
    """Part what was transformed into the spectra of left and right; line 64 lies beside line 0."""
    kept[at] = work[256]
    kept[at + 64] = work[256 + 64]
    kept[at + 128] = work[384]
    kept[at + 192] = work[384 + 64]
    for k in range(1, 64):
        kept[at + k] = 0.5 * (work[256 + k] + work[384 - k])
        kept[at + 64 + k] = 0.5 * (work[384 + k] - work[512 - k])
        kept[at + 128 + k] = 0.5 * (work[384 + k] + work[512 - k])
        kept[at + 192 + k] = 0.5 * (work[384 - k] - work[256 + k])


@helper
def join_spectra(work: MutableSequence[float]) -> None:
    """Put the sums of left and right together, for the inverse transform."""
    work[0] = work[SUMS]
    work[64] = work[SUMS + 64]
    work[128] = work[SUMS + 128]
    work[128 + 64] = work[SUMS + 192]
    for k in range(1, 64):
        work[k] = work[SUMS + k] - work[SUMS + 192 + k]
        work[128 + k] = work[SUMS + 64 + k] + work[SUMS + 128 + k]
        work[128 - k] = work[SUMS + k] + work[SUMS + 192 + k]
        work[256 - k] = work[SUMS + 128 + k] - work[SUMS + 64 + k]


@helper
def add_products(
    work: MutableSequence[float], a: MutableSequence[float], at: int, b: Sequence[float], bt: int
) -> None:
    """Add the products of two spectra of a side and of the other to the sums."""
    for side in range(2):
        s = SUMS + 128 * side
        x = at + 128 * side
        h = bt + 128 * side
        # Line 0 and line 64 have no other part.
        low = work[s] + a[x] * b[h]
        top = work[s + 64] + a[x + 64] * b[h + 64]
        for k in range(64):
            work[s + k] += a[x + k] * b[h + k] - a[x + 64 + k] * b[h + 64 + k]
            work[s + 64 + k] += a[x + k] * b[h + 64 + k] + a[x + 64 + k] * b[h + k]
        work[s] = low
        work[s + 64] = top


@helper
def prepare_part(
    sound: Sequence[float],
    work: MutableSequence[float],
    spectra: MutableSequence[float],
    part: int,
) -> None:
    """Make the spectra of a part of the impulse."""
    frames = int(sound[0])
    across = RECORDING_HEAD + (frames if sound[1] > 1.5 else 0)
    for k in range(256):
        work[k] = 0.0
    for k in range(min(64, frames - 64 * part)):
        work[k] = sound[RECORDING_HEAD + 64 * part + k]
        work[128 + k] = sound[across + 64 * part + k]
    transform(work, 1.0)
    keep_spectra(work, spectra, 256 * part)


@helper
def block_done(
    is_due: bool,  # noqa: FBT001
    slot: int,
    ready: int,
    place: int,
    sound: Sequence[float],
    spectra: MutableSequence[float],
    inputs: MutableSequence[float],
    past_left: Sequence[float],
    past_right: Sequence[float],
    work: MutableSequence[float],
    tail: MutableSequence[float],
) -> tuple[int, int]:
    """At a block's first sample: what all parts but the first make of what came in before it.

    Args:
        is_due: whether it is that sample.
        slot: of the block before in `inputs`.
        ready: parts of the impulse whose spectra are made.
        place: of the sample in the rings.
        sound: the impulse.
        spectra: of its parts.
        inputs: spectra of blocks that came in.
        past_left: ring of samples.
        past_right: the same.
        work: the work space.
        tail: gets 64 samples of the left side, and 64 of the right; and see HEARD.

    Returns:
        `slot` and `ready` of this block.
    """
    if not is_due:
        return slot, ready
    slots = len(inputs) // 256
    parts = min((int(sound[0]) + 63) // 64, slots)
    for _ in range(2):
        if ready < parts:
            prepare_part(sound, work, spectra, ready)
            ready += 1
    loudest = 0.0
    for k in range(128):
        # An index below 0 counts from the end, so that the ring closes by itself.
        work[k] = past_left[place - 128 + k]
        work[128 + k] = past_right[place - 128 + k]
        loudest = max(loudest, abs(work[k]), abs(work[128 + k]))
    slot = slot + 1 if slot + 1 < slots else 0
    tail[HEARD + slot] = 1.0 if loudest > 0.0 else 0.0
    if loudest > 0.0:
        transform(work, 1.0)
        keep_spectra(work, inputs, 256 * slot)
    for k in range(256):
        work[SUMS + k] = 0.0
    for part in range(1, ready):
        back = slot - part + 1
        back = back + slots if back < 0 else back
        # What was silent adds nothing, and is not computed: a tail costs less and less.
        if tail[HEARD + back] > 0.5:
            add_products(work, inputs, 256 * back, spectra, 256 * part)
    join_spectra(work)
    transform(work, -1.0)
    for k in range(64):
        tail[k] = 0.0078125 * work[256 + 64 + k]
        tail[64 + k] = 0.0078125 * work[384 + 64 + k]
    return slot, ready


@helper
def summed(sound: Sequence[float], side: int, past: Sequence[float], place: int) -> float:
    """What the first 64 frames of the impulse make of the newest samples of a side."""
    total = 0.0
    for k in range(min(64, int(sound[0]))):
        total += sound[side + k] * past[place - k]
    return total


@module(
    doc="Convolver: plays a sound through the impulse of a WAV or FLAC file of up to 2 s.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is heard through the impulse", channels=2),
        Input("gain", "Of what the impulse makes", 0.0, -60.0, 12.0, "db"),
        Input("mix", "0 only the sound, 1 only what the impulse makes", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound through the impulse, left by left", channels=2),),
    state=(
        State("place", dtype="i8"),
        State("count", dtype="i8"),
        State("slot", dtype="i8"),
        State("ready", 1.0, dtype="i8"),
    ),
    # Of each frame of the impulse two lines of two sides, and a little more; see `slots`.
    memories=(
        Memory("spectra", 4.05 * LONGEST_S),
        Memory("inputs", 4.05 * LONGEST_S),
        Memory("past_left", 0.1),
        Memory("past_right", 0.1),
        Memory("work", 0.1),
        Memory("tail", 0.1),
    ),
    recording="sound",
    recording_s=LONGEST_S,
    source="Gardner, Efficient convolution without input-output delay, JAES 43 (3), 1995, with "
    "parts of one length; Stockham, High-speed convolution and correlation, AFIPS 1966",
    example="load pluck; load convolve file patches/samples/break.flac gain=-30 mix=0.6; "
    "patch pluck > convolve; sequence pluck: c4 . . . g3 . . .",
)
def convolve(
    place: int,
    count: int,
    slot: int,
    ready: int,
    in_left: float,
    in_right: float,
    gain: float,
    mix: float,
    spectra: MutableSequence[float],
    inputs: MutableSequence[float],
    past_left: MutableSequence[float],
    past_right: MutableSequence[float],
    work: MutableSequence[float],
    tail: MutableSequence[float],
    sound: Sequence[float],
    dt: float,  # noqa: ARG001 - every tick has it
) -> tuple[int, int, int, int, float, float]:
    level = steady(db_gain(gain))
    slot, ready = block_done(
        count == 0, slot, ready, place, sound, spectra, inputs, past_left, past_right, work, tail
    )
    past_left[place] = in_left
    past_right[place] = in_right
    across = RECORDING_HEAD + (int(sound[0]) if sound[1] > 1.5 else 0)
    left = summed(sound, RECORDING_HEAD, past_left, place) + tail[count]
    right = summed(sound, across, past_right, place) + tail[64 + count]
    place = counted(place, len(past_left))
    count = count + 1 if count < 63 else 0
    return (
        place,
        count,
        slot,
        ready,
        in_left + mix * (level * left - in_left),
        in_right + mix * (level * right - in_right),
    )
