"""The engine in this process as a backend: for `render`, for `check`, and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chronus.dsp import objects
from chronus.dsp.compile import write_kernel
from chronus.dsp.declaration import RAMP_S
from chronus.engine.fusable import name_of, write
from chronus.engine.layout import Arena, Clock, Head, offline_arena, tape_part
from chronus.engine.writer import Writer
from chronus.modules.catalog import catalog, form_of, kinds
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from chronus.engine.fusable import Wanted
    from chronus.engine.offline import Pump, Stepper
    from chronus.modules.catalog import Catalog
    from chronus.session.backend import FrameSink
    from chronus.session.stems import Stems

CHUNK_BLOCKS = 750
"""Blocks that are computed at a time: a second, between two looks at the progress."""
FUSED_AFTER_S = 10.0
"""What can be computed at once for so long gets the kernel for it, if there is none yet."""
TAIL_BLOCKS = 64
"""Blocks computed at a time while the end is looked for; what lies behind it is dropped."""


class Offline:
    """A backend whose time moves only when the session says so.

    Args:
        rate_hz: frames a second.
        progress: told the frame that has been reached, now and then.
        stems: takes what each heard node adds, or None.
        lanes: how many share the patch; its samples are the same for any number.
        fade_s: seconds of every fade, see `Writer`.
        writer: of an arena that is to be used; None makes one.
        rehearses: whether modules are left out: see `chronus.engine.rehearsal`.
    """

    def __init__(
        self,
        rate_hz: int,
        progress: Callable[[int], None] = lambda _: None,
        stems: Stems | None = None,
        lanes: int = 1,
        fade_s: float = RAMP_S,
        *,
        writer: Writer | None = None,
        rehearses: bool = False,
    ) -> None:
        self.writer = writer or Writer(offline_arena(rate_hz, lanes), fade_s)
        self._arena: Arena = self.writer.arena
        self._rehearses = rehearses
        self._pump: Pump | None = None
        self._kinds: set[str] = set()
        self._fused: Mapping[int, Wanted] = {}
        self._fused_since = 0
        self._sinks: list[tuple[FrameSink, int, int | None]] = []
        self._progress = progress
        self._stems = stems

    @property
    def is_live(self) -> bool:
        """Time stands until it is moved."""
        return False

    @property
    def _committed(self) -> int:
        return int(self._arena.head[Head.COMMITTED])

    def need(self, kinds: Collection[str]) -> None:
        """Remember which kernels to load."""
        self._kinds.update(kinds)

    def reload(self, new: Catalog) -> list[int]:
        """Compile what has changed; there are no workers."""
        from chronus.machine.build import build_for  # noqa: PLC0415 - only where it is needed

        old = catalog().numbers
        build_for(new, [name for name, n in new.numbers.items() if n != old.get(name)])
        return []

    def release(self) -> None:
        """Nothing: time is moved by `reach`."""

    def reach(self, frame: int) -> None:
        """Compute all blocks that begin before the one that holds `frame`."""
        self._advance(frame // BLOCK)

    def settle(self, mark: int) -> int:
        """Compute blocks until an event has taken effect."""
        while (frame := self.writer.took(mark)) is None:
            self._advance(self._committed + 1)
        return frame

    def make_room(self) -> None:
        """Compute blocks until the writer has room: events of the past make it."""
        while not self.writer.has_room():
            self._advance(self._committed + 1)

    @property
    def kept_frames(self) -> int:
        """What lies on the tape, less what is computed at a time."""
        return len(self._arena.tape) - CHUNK_BLOCKS * BLOCK

    def add_sink(self, sink: FrameSink, start_frame: int) -> None:
        """Give a sink every frame from `start_frame` on; those that lie behind, now.

        Raises:
            UserError: what kept it from taking them.
        """
        done = self._committed * BLOCK
        for first in range(start_frame, done, CHUNK_BLOCKS * BLOCK):
            count = min(done - first, CHUNK_BLOCKS * BLOCK)
            sink.take(first, tape_part(self._arena, first, count).copy())
        self._sinks.append((sink, start_frame, None))

    def remove_sink(self, sink: FrameSink, stop_frame: int) -> None:
        """Give a sink nothing from `stop_frame` on, and close it there, or now."""
        if stop_frame <= self._committed * BLOCK:
            self._sinks = [entry for entry in self._sinks if entry[0] is not sink]
            sink.close()
            return
        self._sinks = [
            (s, start, stop_frame if s is sink else stop) for s, start, stop in self._sinks
        ]

    def play_out(self, stop_frame: int | None) -> int:
        """Compute to a frame, or to the end of the ringing."""
        if stop_frame is not None:
            self._advance(-(-stop_frame // BLOCK), stop_frame)
            return stop_frame
        at_once = TAIL_BLOCKS if self._stems is None else 1
        while self.writer.clock(Clock.FINISH) < 0:
            self._advance(self._committed + at_once)
        return self.writer.clock(Clock.FINISH)

    def facts(self) -> Mapping[str, Any]:
        """There is no machine."""
        return {
            "device": "none",
            "block": BLOCK,
            "ahead": 0,
            "underruns": 0,
            "handovers": 0,
            "quarantined": [],
            "cpu": {},
            "processes": [],
        }

    def news(self) -> list[str]:
        """Nothing happens here that no line asked for."""
        return []

    def close(self) -> None:
        """Close what is still being recorded."""
        for sink, _, _ in self._sinks:
            sink.close()
        self._sinks = []
        if self._stems is not None:
            self._stems.close()

    def _advance(self, block: int, end_frame: int | None = None) -> None:
        while self._committed < block:
            blocks = min(block - self._committed, CHUNK_BLOCKS if self._stems is None else 1)
            first = self._committed * BLOCK
            frames = self._hand().advance(blocks)
            if end_frame is not None:
                frames = frames[: end_frame - first]
            if (finish := self.writer.clock(Clock.FINISH)) >= 0:
                frames = frames[: max(finish - first, 0)]
            if self._stems is not None:
                self._stems.take_block(self.writer, first, len(frames))
            for sink, start, stop in list(self._sinks):
                low = max(start - first, 0)
                high = len(frames) if stop is None else max(stop - first, 0)
                if low < min(high, len(frames)):
                    sink.take(first + low, frames[low:high])
                if stop is not None and stop <= first + len(frames):
                    self._sinks.remove((sink, start, stop))
                    sink.close()
            self._progress(first + len(frames))

    def _hand(self) -> Pump:
        # The compiled step is imported when the first block is wanted: `check` never needs it.
        from chronus.engine.offline import Pump, Stepper  # noqa: PLC0415
        from chronus.engine.rehearsal import SilentStepper  # noqa: PLC0415

        if self._pump is None:
            self._pump = Pump(self._arena, SilentStepper() if self._rehearses else Stepper())
        stepper = self._pump.stepper
        wanted = sorted({*self._kinds, "strip", "out"})
        known = [name for name in wanted if form_of(name)[0] in kinds()]
        fresh = [name for name in known if not stepper.has(catalog().number(name))]
        for name in fresh:
            kind, is_wide = form_of(name)
            write_kernel(kinds()[kind], wide=is_wide)
        stepper.load(catalog().kernels(fresh))
        if not self._rehearses:
            self._load_fused(stepper)
        return self._pump

    def _load_fused(self, stepper: Stepper) -> None:
        """Load the kernels that compute several nodes; they are compiled where that pays."""
        wanted = self.writer.fused.wanted
        if wanted != self._fused:
            self._fused = wanted
            self._fused_since = self._committed
        long = self._committed - self._fused_since > FUSED_AFTER_S * self.writer.rate_hz / BLOCK
        for number, kernel in wanted.items():
            if not stepper.has(number) and (long or objects.is_there(name_of(kernel))):
                stepper.load({number: write(kernel)})
