"""The step without sound: transport, sequences and ports move on, modules are not computed.

So a session that has ended is brought to where it was in a small part of the time that it took.
"""

from __future__ import annotations

from numba import njit, types

from chronus.dsp.compile import native_address
from chronus.dsp.native import KERNEL_ARGUMENTS, OPTIONS
from chronus.engine.offline import Stepper


@njit(types.void(*KERNEL_ARGUMENTS), **OPTIONS)
def _do_nothing(_rows: int, _state_from: int, _state_to: int, _memory: int, _rate: int) -> None:
    """In the place of every kernel: rows, state and memory stay as they are."""


class SilentStepper(Stepper):
    """A step whose modules keep the state of their first block, and give silence."""

    def _address_of(self, _kernel: str) -> int:
        return native_address(_do_nothing)
