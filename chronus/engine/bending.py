"""Cables that bend: what they carry are octaves, by which a signal is multiplied.

By the same power of two as ticks use, in float32, so that every machine and every form of the
engine gives the same bits.
"""

from __future__ import annotations

from typing import Any, Final

from numba import float32, int32, njit

from chronus.dsp.approx import MOST_OCTAVES, exp2
from chronus.dsp.native import OPTIONS, product_and, two_to
from chronus.dsp.recipe import helper_sources


def _compiled(source: str, names: dict[str, Any]) -> Any:
    """The last function of a helper's sources, compiled for the step."""
    exec(source, names)  # noqa: S102 - it is our own
    name = source[4 : source.index("(")]
    names[name] = njit(forceinline=True, **OPTIONS)(names[name])
    return names[name]


_NAMES: Final = {
    "float32": float32,
    "int32": int32,
    "two_to": two_to,
    "product_and": product_and,
}
_power = [_compiled(source, _NAMES) for source in helper_sources(exp2)][-1]


@njit(forceinline=True, **OPTIONS)
def bent(sample: float, octaves: float) -> Any:
    """A sample times two to the power of so many octaves."""
    return sample * _power(min(max(octaves, float32(-MOST_OCTAVES)), float32(MOST_OCTAVES)))
