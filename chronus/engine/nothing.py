"""The kernel that does nothing."""

from __future__ import annotations

from numba import njit, types

from chronus.dsp.native import KERNEL_ARGUMENTS, OPTIONS


@njit(types.void(*KERNEL_ARGUMENTS), **OPTIONS)
def do_nothing(_rows: int, _state_from: int, _state_to: int, _memory: int, _rate: int) -> None:
    """In the place of every kernel: rows, state and memory stay as they are."""
