"""The step without sound: transport, sequences and ports move on, modules are not computed.

So a session that has ended is brought to where it was in a small part of the time that it took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, types

from chronus.dsp.native import KERNEL_ARGUMENTS, OPTIONS
from chronus.engine.offline import Stepper

if TYPE_CHECKING:
    from collections.abc import Mapping


@njit(types.void(*KERNEL_ARGUMENTS), **OPTIONS)
def _do_nothing(_rows: int, _state_from: int, _state_to: int, _memory: int, _rate: int) -> None:
    """In the place of every kernel: rows, state and memory stay as they are."""


class SilentStepper(Stepper):
    """A step whose modules keep the state of their first block, and give silence."""

    def load(self, kernels: Mapping[int, str]) -> None:
        """Have some kernels, whichever they are."""
        (compiled,) = _do_nothing.overloads.values()
        address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
        more = max(kernels, default=-1) + 1 - len(self._addresses)
        self._addresses = np.pad(self._addresses, (0, max(more, 0)))
        self._addresses[list(kernels)] = address
