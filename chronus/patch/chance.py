"""Chance that comes again: a number of a seed, a cycle and a place, without any state.

Plain arithmetic, for the patch as it is, for the engine compiled: both use the very same lines.
"""

from __future__ import annotations

from typing import Final

ONE: Final = 1 << 32
"""Above every number that is drawn."""
_MASK: Final = ONE - 1


def drawn(seed: int, cycle: int, number: int) -> int:
    """A number from 0 to below ONE, alike for alike arguments and even over all of them.

    Source: the finalizer of MurmurHash3 by Austin Appleby, over each argument in turn. In 64 bits
    products lose their upper half; the lower one, which is kept, is the same.
    """
    mixed = 0x9E3779B9
    for part in (seed, cycle, number):
        mixed = (mixed ^ (part & _MASK)) & _MASK
        mixed = ((mixed ^ (mixed >> 16)) * 0x85EBCA6B) & _MASK
        mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & _MASK
        mixed ^= mixed >> 16
    return mixed
