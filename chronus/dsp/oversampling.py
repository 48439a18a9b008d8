"""Twice the rate inside a tick: half-band filters that make two samples of one, and one of two.

A curve that bends a sound gives it partials above half the rate, and they come back as aliases. At
twice the rate there is room for more of them, and the half-band filter takes away what has no
place below. Both filters are the same pair of chains of three allpasses, each allpass with one
state: flat within 0.001 dB up to 20 kHz at a rate of 48 kHz, and 75 dB down from 28 kHz on. Their
phase bends towards the top; at low frequencies both together delay by 3 samples.

Source: Regalia, Mitra, Vaidyanathan, The digital all-pass filter: a versatile signal processing
building block, Proc. IEEE 76 (1), 1988; coefficients by the elliptic design of Valenzuela,
Constantinides, Digital signal processing schemes for efficient interpolation and decimation,
IEE Proc. G 130 (6), 1983, for a transition from 20 to 28 kHz.
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
