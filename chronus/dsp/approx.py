"""The mathematics that ticks may use: polynomials and rationals that every machine rounds alike.

A library's sine or power differs from one machine to the next, and between scalar and SIMD code;
these are made of + - * / and selections only, so mono and wide kernels give the same bits, and
SIMD takes all of them. In the generated kernels every float here is float32. (Called from Python
they compute in float64; `round_` relies on float32 and works in kernels only.) Coefficients are
minimax fits made for this file; the errors stated are measured by the tests.
"""

from __future__ import annotations

import math
import struct
from typing import Final, TypeVar

from chronus.dsp.declaration import helper

T = TypeVar("T", int, float)

ROUNDER: Final = 12582912.0
"""1.5 * 2**23: adding it to a float32 leaves no bits behind the point."""


def f4(x: float) -> float:
    """Cast to float32 (in kernels)."""
    return float(x)


def f8(x: float) -> float:
    """Cast to float64 (in kernels)."""
    return float(x)


def i4(x: float) -> int:
    """Cast to a 32-bit integer (in kernels): whole numbers wrap around, floats are cut off."""
    return (int(x) + 2**31) % 2**32 - 2**31


def u4(x: float) -> int:
    """Cast to a whole number of 32 bits without a sign (in kernels)."""
    return int(x) % 2**32


def sqrt(x: float) -> float:
    """Square root of what is not below 0; every machine rounds it alike (IEEE 754)."""
    return math.sqrt(x)


def two_to(whole: int) -> float:
    """Two to the power of a whole number of -126..127, exactly."""
    return math.ldexp(1.0, whole)


def bits_of(x: float) -> int:
    """The bits of a float32 as a whole number: of what is not below 0 they are in its order."""
    (bits,) = struct.unpack("<i", struct.pack("<f", x))
    return int(bits)


def of_bits(bits: int) -> float:
    """The float32 of some bits."""
    (x,) = struct.unpack("<f", struct.pack("<i", bits))
    return float(x)


def product_and(added: float, one: float, other: float) -> float:
    """A sum and a product; in kernels they are rounded once (a fused multiply-add).

    What a tick writes as `a * b + c`, `c + a * b`, or with a minus, becomes this; of two products
    the second one. A difference of two like products may therefore differ from 0 by a last bit.
    """
    return added + one * other


def held_peak(before: T, value: T, begins: bool) -> T:  # noqa: FBT001
    """The highest value since one that began anew.

    As the next value of a state, `peak = held_peak(peak, ...)`, this costs next to nothing, like
    those that follow: a kernel computes many frames at once, see `chronus.dsp.walks`.

    Args:
        before: what this gave at the frame before.
        value: of this frame.
        begins: whether what was before is forgotten.
    """
    return value if begins else max(before, value)


def falling_peak(before: int, value: int, fall: int) -> int:
    """The highest of all values till now, each less by `fall` for every frame since.

    Args:
        before: what this gave at the frame before.
        value: of this frame.
        fall: a whole number that is the same at all frames of a block.
    """
    return max(value, before - fall)


def fading_peak(before: float, value: float, kept: float, added: float) -> float:
    """The highest of all values till now, each of which fades: `max(value, added + kept * before)`.

    As the next value of a state it costs little, as what is linear does: see `chronus.dsp.linear`.

    Args:
        before: what this gave at the frame before.
        value: of this frame.
        kept: how much of what was before is left; 0 where it is less than that.
        added: comes to it.
    """
    return max(value, added + max(kept, 0.0) * before)


def latched(before: T, value: T, takes: bool) -> T:  # noqa: FBT001
    """The last value that was taken: sample and hold."""
    return value if takes else before


def running_sum(before: int, value: int) -> int:
    """The sum of all values till now; of whole numbers, which wrap around."""
    return before + value


def counted(before: int, length: int) -> int:
    """A counter from 0 to below `length`, and from 0 again."""
    return before + 1 if before + 1 < length else 0


def steady(x: T) -> T:
    """Mark a value of inputs that seldom move: computed once for a block in which they do not.

    A tick uses it as the whole right side of a statement; see `chronus.dsp.steady`.
    """
    return x


def seldom(condition: bool) -> bool:  # noqa: FBT001
    """Mark a condition on inputs that seldom holds: code that needs it is left out of the rest.

    Used as `steady` is.
    """
    return condition


def rarely(condition: bool) -> bool:  # noqa: FBT001
    """Mark a condition on moving inputs, and on states that it alone changes, that rarely holds.

    Used as `steady` is; see `chronus.dsp.rests`.
    """
    return condition


def earlier(x: T) -> T:
    """Mark what is read from a memory and, in a plain block, was written before the block.

    Used as `steady` is; see `chronus.dsp.rests`.
    """
    return x


def lately(x: T) -> T:
    """Mark what is read from a memory to which this tick only stores, whatever is read there.

    It was written at most the memory's time ago: so it may be read when the block is stored.
    Used as `steady` is; see `chronus.dsp.rests`.
    """
    return x


def moving(x: T) -> T:
    """Mark `value if condition else other`, which are alike where a rare condition does not hold.

    So `value` is taken in all blocks but those in which it holds nowhere. Used as `steady` is; see
    `chronus.dsp.rests`.
    """
    return x


@helper
def round_(x: float) -> float:
    """Nearest whole number of a float32, |x| < 4e6, without a detour through integers."""
    return (x + ROUNDER) - ROUNDER


@helper
def clip(x: float, low: float, high: float) -> float:
    """The nearest value to `x` in low..high."""
    return min(max(x, low), high)


@helper
def wrapped(phase: float) -> float:
    """A phase of any number of cycles brought to -0.5..0.5."""
    return phase - round_(phase)


@helper
def turning(step: float) -> int:
    """A step of -0.499..0.499 cycles in 2**-32 cycles, the unit of a turning point's place."""
    return i4(step * 4294967296.0)


@helper
def turned(place: int, step: float) -> int:
    """A turning point after one sample more: its place is a whole number of 2**-32 cycles.

    Whole numbers lose nothing however long a note lasts, and wrap around by themselves. A step is
    rounded down by less than 2**-32 cycles (0.0014 cents at 20 Hz and a rate of 48 kHz).

    Args:
        place: -2**31..2**31, any whole number of cycles from where it started.
        step: cycles a sample, 0..0.499.
    """
    return i4(place + turning(step))


@helper
def cycles(place: int) -> float:
    """The phase of a place in cycles, -0.5..0.5 (rounding may give 0.5 itself)."""
    return f4(i4(place)) * 2.3283064365386963e-10


@helper
def folded(phase: float) -> float:
    """A phase of -0.5..0.5 cycles folded onto the rising half, -0.25..0.25, of a sine."""
    return max(min(phase, 0.5 - phase), -0.5 - phase)


@helper
def sin_cycles(phase: float) -> float:
    """Sine of a phase of -0.5..0.5 cycles, never above 1; error below 5e-7 (-126 dB).

    It is 0 where the sine is; the rest is a polynomial without folds, by pairs: a loop that waits
    for it waits for few operations.
    """
    s = phase * phase
    s2 = s * s
    high = 12.3092193 * s2 + (67.048656 - 38.1574121 * s)
    rest = high * s2 + (25.1327293 - 64.834872 * s)
    return (phase * (0.25 - s)) * rest


@helper
def tan_numerator(x: float) -> float:
    """tan(pi x) times (1/4 - x x), for x of 0..0.45; relative error of the tangent below 2e-6.

    A tangent is this over `0.25 - x * x`, which has its pole where the tangent has it. Filters
    put both parts into one quotient and save a division.
    """
    s = x * x
    even = -0.0631842361 * s - 0.133350395
    even = even * s - 0.557796588
    return x * (even * s + 0.785398568)


@helper
def arc_tangent(x: float) -> float:
    """The angle of a tangent from 0 on, in radians; error below 3e-6."""
    y = min(x, 1.0 / max(x, 1e-9))
    s = y * y
    odd = 0.05264735 - 0.01171913 * s
    odd = (odd * s - 0.11642649) * s + 0.19354038
    odd = (odd * s - 0.33262283) * s + 0.99997722
    return y * odd if x < 1.0 else 1.57079633 - y * odd


MOST_OCTAVES: Final = 100.0
"""By so many octaves, up or down, a signal is bent at most."""


@helper
def exp2(x: float) -> float:
    """Two to the power of x, for x of -126..126; relative error below 2e-7."""
    whole = round_(x)
    f = x - whole
    power = 0.000153533619 * f + 0.00133988743
    power = power * f + 0.00961843736
    power = power * f + 0.0555033247
    power = power * f + 0.240226479
    power = power * f + 0.693147203
    power = power * f + 1.0
    return power * two_to(i4(whole))


@helper
def log2(x: float) -> float:
    """Logarithm to base two of x from 2**-24 (-144 dB, taken for what is less) to 2**8.

    Error below 1e-6. Halved by five chosen powers, so that no bits of a float are touched.
    """
    y = 16777216.0 * clip(x, 5.9604645e-08, 255.99)
    whole = -24.0
    whole = whole + (16.0 if y >= 65536.0 else 0.0)
    y = y * (1.52587890625e-05 if y >= 65536.0 else 1.0)
    whole = whole + (8.0 if y >= 256.0 else 0.0)
    y = y * (0.00390625 if y >= 256.0 else 1.0)
    whole = whole + (4.0 if y >= 16.0 else 0.0)
    y = y * (0.0625 if y >= 16.0 else 1.0)
    whole = whole + (2.0 if y >= 4.0 else 0.0)
    y = y * (0.25 if y >= 4.0 else 1.0)
    whole = whole + (1.0 if y >= 2.0 else 0.0)
    y = y * (0.5 if y >= 2.0 else 1.0)
    whole = whole + (1.0 if y >= 1.41421356 else 0.0)
    f = y * (0.5 if y >= 1.41421356 else 1.0) - 1.0
    part = 0.170634503 * f - 0.272698015
    part = part * f + 0.297262618
    part = part * f - 0.358961842
    part = part * f + 0.480465031
    part = part * f - 0.721375872
    part = part * f + 1.44269973
    return whole + part * f


@helper
def db_gain(level_db: float) -> float:
    """Gain of a level of -60..12 dB; exactly 1 at 0 dB, silence at -60 dB; error below 3e-5 dB.

    The power of the sixteenth part, squared four times, stays inside one polynomial.
    """
    x = level_db * 0.0103810253
    root = 0.000129750062 * x + 0.00131904033
    root = root * x + 0.00961497255
    root = root * x + 0.0555040931
    root = root * x + 0.240226565
    root = root * x + 0.693147183
    root = root * x + 1.0
    square = root * root
    fourth = square * square
    eighth = fourth * fourth
    return eighth * eighth if level_db > -59.99 else 0.0


@helper
def soft_clip(x: float) -> float:
    """A rational hyperbolic tangent: odd, smooth, slope 1 at 0, reaches exactly 1 at 3.

    x (27 + x x) / (27 + 9 x x) has its value 1 and slope 0 at 3, where it is held (1 may be
    overstepped by the last bit); its error
    against tanh is at most 0.024.
    """
    y = clip(x, -3.0, 3.0)
    s = y * y
    return y * (27.0 + s) / (27.0 + 9.0 * s)


@helper
def tanh(x: float) -> float:
    """Hyperbolic tangent: odd, held from 5 on; error below 1e-4 (-80 dB)."""
    y = clip(x, -5.0, 5.0)
    s = y * y
    # Written so that a loop which waits for it waits for few operations.
    over = y + (y * s) * (0.10249192 + 0.0006718407 * s)
    under = 1.0 + s * (0.435559309 + 0.0128364527 * s)
    return over / under


@helper
def loop_limit(x: float) -> float:
    """The identity for |x| up to 1, then bent smoothly and held at 2: for feedback paths.

    Source: the quadratic knee x - (|x| - 1)^2 / 4, whose slope is 1 at 1 and 0 at 3.
    """
    over = clip(abs(x) - 1.0, 0.0, 2.0)
    bent = min(abs(x), 3.0) - 0.25 * over * over
    return bent if x > 0.0 else -bent


@helper
def next_random(seed: int) -> int:
    """The next of a row of 32-bit numbers that are never 0.

    Source: Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (14), 2003, page 4.
    """
    a = u4(seed ^ u4(seed << 13))
    b = u4(a ^ (a >> 17))
    return u4(b ^ u4(b << 5))


@helper
def scattered(number: int) -> int:
    """A 32-bit number for each 32-bit number, as if drawn by chance.

    Source: Wellons, Prospecting for hash functions, nullprogram.com, 2018; constants of the hash of
    two rounds with the least bias that his search has found.
    """
    a = u4((number ^ (number >> 16)) * 0x21F0AAAD)
    b = u4((a ^ (a >> 15)) * 0x735A2D97)
    return u4(b ^ (b >> 15))


@helper
def bipolar(seed: int) -> float:
    """A 32-bit number as a value of -1..1."""
    return f4(seed) * 4.656612873077393e-10 - 1.0
