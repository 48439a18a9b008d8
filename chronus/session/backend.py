"""What a session needs of the engine that it plays, be it live or in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from chronus.engine.writer import Writer
    from chronus.modules.catalog import Catalog


class FrameSink(Protocol):
    """Takes what was played, in order, each frame once."""

    def take(self, start_frame: int, frames: NDArray[np.float32]) -> None:
        """Take frames, shape (count, 2), the first of which is `start_frame` of the session."""

    def close(self) -> None:
        """There will be no more frames."""


class Backend(Protocol):
    """An engine that can be written to, and that moves on by itself or when asked."""

    writer: Writer

    @property
    def is_live(self) -> bool:
        """Whether time goes on by itself."""

    @property
    def kept_frames(self) -> int:
        """How many of the last frames a sink may begin with that has not been there."""

    def need(self, kinds: Collection[str]) -> None:
        """Have the kernels of these kinds ready before anything that uses them is published."""

    def release(self) -> None:
        """Let frame 0 be computed and played: all that belongs to it has been published."""

    def reach(self, frame: int) -> None:
        """Return when events due at `frame` may be published.

        Offline that is when all before it has been computed; live, a little before it.
        """

    def settle(self, mark: int) -> int:
        """Wait until what was published has taken effect; the frame at which it did."""

    def reload(self, new: Catalog) -> list[int]:
        """Have the kernels of a catalog to come ready, in new workers where there are workers.

        They go on between two blocks, and play as the old ones did until a plan calls the new
        kernels.

        Returns:
            The processes of the new workers, none offline.

        Raises:
            UserError: E_FILE, a kind does not compile; nothing has changed then.
        """

    def make_room(self) -> None:
        """Return when `writer.has_room()`."""

    def add_sink(self, sink: FrameSink, start_frame: int) -> None:
        """Give a sink every frame from `start_frame` on, until it is taken away."""

    def remove_sink(self, sink: FrameSink, stop_frame: int) -> None:
        """Give a sink every frame before `stop_frame` and none after it, then close it.

        Returns at once; live, when that frame has been there already, the sink is closed by then.
        """

    def play_out(self, stop_frame: int | None) -> int:
        """Play to a frame, or where None to the end of the ringing (Clock.FINISH).

        Returns the frame at which playing ended; live, that frame has been played by then.
        """

    def facts(self) -> Mapping[str, Any]:
        """What `status` shows of the machine: device, ahead, underruns, cpu, processes."""

    def news(self) -> list[str]:
        """What happened since the last call that no line asked for, a line each."""

    def close(self) -> None:
        """End everything and leave nothing behind; may be called twice."""
