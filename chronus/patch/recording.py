"""The sound of a file, as a node plays it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Recording:
    """A sound file that was read.

    Attributes:
        path: of the file, absolute.
        mark: of its content: another content has another one.
        rate_hz: of the file.
        seconds: how long it is.
        samples: float32, (channels, frames) at the session's rate.
        levels: the same for what is read faster, see `chronus.dsp.recording`; of kinds without: ().
    """

    path: str
    mark: str
    rate_hz: int
    seconds: float
    samples: NDArray[np.float32] = field(repr=False, compare=False)
    levels: tuple[NDArray[np.float32], ...] = field(default=(), repr=False, compare=False)

    @property
    def channels(self) -> int:
        """1, or 2 for left and right."""
        return int(self.samples.shape[0])

    def __str__(self) -> str:
        """What people want to know of it."""
        sides = "stereo" if self.channels == 2 else "mono"
        return f"{self.path}, {self.seconds:.3f} s, {self.rate_hz} hz, {sides}"
