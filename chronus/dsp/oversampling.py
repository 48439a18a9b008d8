"""More samples than one inside a tick: half-band filters that double the rate, and halve it again.

A curve that bends a sound gives it partials above half the rate, and they come back as aliases. At
a higher rate there is room for more of them, and a half-band filter takes away what has no place
below. Each filter is a pair of chains of allpasses, each allpass with one state; the way up and
the way down use the same pair. All figures are for a rate of 48 kHz and go with it.

Between 48 and 96 kHz six allpasses: flat within 0.001 dB up to 20 kHz, 75 dB down from 28 kHz on.
Between 96 and 192 kHz three: flat up to 24 kHz, 58 dB down from 72 kHz on. A half-band filter lets
half of 24 kHz through; `smooth_top` takes away what is folded there.

Source: Regalia, Mitra, Vaidyanathan, The digital all-pass filter: a versatile signal processing
building block, Proc. IEEE 76 (1), 1988; elliptic coefficients after Valenzuela, Constantinides,
Digital signal processing schemes for efficient interpolation and decimation, IEE Proc. G 130 (6),
1983.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.declaration import State, helper

EVEN_1: Final = 0.066720528
EVEN_2: Final = 0.442093834
EVEN_3: Final = 0.795183705
ODD_1: Final = 0.235765031
ODD_2: Final = 0.634531778
ODD_3: Final = 0.932636460
FAST_1: Final = 0.111491079
FAST_2: Final = 0.390847887
FAST_3: Final = 0.765204506


def half_band(name: str) -> tuple[State, ...]:
    """The six states of one filter, `NAME_e1` to `NAME_o3`, in the order in which ticks take them.

    Args:
        name: which filter of the tick.
    """
    return tuple(State(f"{name}_{chain}{i}") for chain in "eo" for i in (1, 2, 3))


@helper
def even_chain(
    x: float, first: float, second: float, third: float
) -> tuple[float, float, float, float]:
    """One of the two chains: what comes out, and its three next states."""
    a = first + EVEN_1 * x
    b = second + EVEN_2 * a
    c = third + EVEN_3 * b
    return c, x - EVEN_1 * a, a - EVEN_2 * b, b - EVEN_3 * c


@helper
def odd_chain(
    x: float, first: float, second: float, third: float
) -> tuple[float, float, float, float]:
    """The other chain: what comes out, and its three next states."""
    a = first + ODD_1 * x
    b = second + ODD_2 * a
    c = third + ODD_3 * b
    return c, x - ODD_1 * a, a - ODD_2 * b, b - ODD_3 * c


@helper
def smooth_top(x: float, kept: float) -> tuple[float, float]:
    """A sample without what is near half the rate, and the next state.

    A zero at half the rate and a pole beside it: -0.1 dB at 15 kHz, -0.7 dB at 20 kHz, -25 dB at
    23.9 kHz.
    """
    y = kept + 0.9 * x
    return y, 0.9 * x - 0.8 * y


@helper
def twice_as_many(
    x: float, e1: float, e2: float, e3: float, o1: float, o2: float, o3: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """One sample at the rate as two at twice of it, and the six next states."""
    first, e1, e2, e3 = even_chain(x, e1, e2, e3)
    second, o1, o2, o3 = odd_chain(x, o1, o2, o3)
    return first, second, e1, e2, e3, o1, o2, o3


@helper
def half_as_many(
    first: float,
    second: float,
    e1: float,
    e2: float,
    e3: float,
    o1: float,
    o2: float,
    o3: float,
    top: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Two samples at twice the rate as one, and the six next states and that of `smooth_top`."""
    late, o1, o2, o3 = odd_chain(first, o1, o2, o3)
    early, e1, e2, e3 = even_chain(second, e1, e2, e3)
    y, top = smooth_top(0.5 * (early + late), top)
    return y, e1, e2, e3, o1, o2, o3, top


@helper
def four_of_two(
    a: float, b: float, q1: float, q2: float, q3: float
) -> tuple[float, float, float, float, float, float, float]:
    """Two samples at twice the rate as four at four times, and the three next states."""
    first = q1 + FAST_1 * a
    even_a = q2 + FAST_3 * first
    q2 = first - FAST_3 * even_a
    q1 = a - FAST_1 * first
    odd_a = q3 + FAST_2 * a
    q3 = a - FAST_2 * odd_a
    second = q1 + FAST_1 * b
    even_b = q2 + FAST_3 * second
    q2 = second - FAST_3 * even_b
    q1 = b - FAST_1 * second
    odd_b = q3 + FAST_2 * b
    q3 = b - FAST_2 * odd_b
    return even_a, odd_a, even_b, odd_b, q1, q2, q3


@helper
def two_of_four(
    a: float, b: float, c: float, d: float, q1: float, q2: float, q3: float
) -> tuple[float, float, float, float, float]:
    """Four samples at four times the rate as two at twice, and the three next states."""
    odd_a = q3 + FAST_2 * a
    q3 = a - FAST_2 * odd_a
    first = q1 + FAST_1 * b
    even_b = q2 + FAST_3 * first
    q2 = first - FAST_3 * even_b
    q1 = b - FAST_1 * first
    odd_c = q3 + FAST_2 * c
    q3 = c - FAST_2 * odd_c
    second = q1 + FAST_1 * d
    even_d = q2 + FAST_3 * second
    q2 = second - FAST_3 * even_d
    q1 = d - FAST_1 * second
    return 0.5 * (odd_a + even_b), 0.5 * (odd_c + even_d), q1, q2, q3
