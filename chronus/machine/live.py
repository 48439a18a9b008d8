"""The live machine: the engine in processes of its own, playing to a device."""

from __future__ import annotations

import atexit
import os
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chronus.engine.findings import faults, kernels_in_use
from chronus.engine.layout import NONE, Clock, Head, Lane, initialise, lane_place
from chronus.engine.writer import Writer
from chronus.errors import Code, UserError
from chronus.machine import build
from chronus.machine.audio import AudioTask
from chronus.machine.board import Board
from chronus.machine.children import refresh, warm_up
from chronus.machine.crew import Crew, Roster
from chronus.machine.fuser import Fuser
from chronus.machine.memory import SharedArena
from chronus.machine.quarantine import Quarantine
from chronus.machine.sinks import MARGIN_FRAMES, Feeder
from chronus.machine.usage import Usage
from chronus.modules.catalog import catalog, kinds, wide
from chronus.settings import BLOCK, DEFAULT_RATE_HZ, batches, fuses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chronus.machine.sinks import FrameSink
    from chronus.modules.catalog import Catalog

EARLY_S: Final = 0.5
"""How long before its frame an event may be published: the engine keeps it until then."""
POLL_S: Final = 0.002
LONG_POLL_S: Final = 0.05
FOR_EVER: Final = 1 << 56
"""A block that no session reaches."""
NEWS_S: Final = 1.0
"""Underruns are told this often at most."""
TAKEN_IN_A_ROW: Final = 6
"""A sound server takes so many device blocks at a stroke; the tape must hold them."""

__all__ = ["LiveMachine", "LiveSettings", "warm_up"]


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How a live machine plays.

    Attributes:
        device: its index, a part of its name, None for the system's own, or `null` for none.
        rate_hz: frames a second.
        block: frames that the device takes at once.
        ahead: blocks of the engine that the tape is ahead of what was played; see `tape_ahead`.
        latency_s: what the device may hold; None for what suits its kind.
        lanes: workers that share the patch.
        standbys: workers of each lane that wait to take over.
        litter: files that are to be gone, too, where this process is killed.
        locks: what keeps them apart, see `chronus.machine.locks`; None for the system's best.
    """

    device: str | None = None
    rate_hz: int = DEFAULT_RATE_HZ
    block: int = 256
    ahead: int = 24
    latency_s: float | None = None
    lanes: int = 1
    standbys: int = 1
    locks: str | None = None
    litter: tuple[Path, ...] = ()

    @property
    def tape_ahead(self) -> int:
        """Blocks ahead, at least as many as a device of this block takes in a row."""
        return max(self.ahead, TAKEN_IN_A_ROW * -(-self.block // BLOCK))


class LiveMachine:
    """A Backend that plays by itself.

    Args:
        settings: how it plays.
        verbose: whether what the sound system prints goes to stderr.
        compiling: shows, for as long as something compiles, how that goes on.
    """

    is_live = True

    def __init__(
        self,
        settings: LiveSettings | None = None,
        *,
        verbose: bool = False,
        compiling: Callable[[], AbstractContextManager[build.Progress | None]] = nullcontext,
    ) -> None:
        self.settings = settings or LiveSettings()
        self._shared = SharedArena(locks=self.settings.locks)
        self._arena = self._shared.arena
        self._head = self._arena.head
        initialise(self._arena, self.settings.rate_hz)
        self._head[Head.LANES] = self.settings.lanes
        self._shared.create_locks()
        self._head[Head.AHEAD] = self.settings.tape_ahead
        self.writer = Writer(self._arena)
        self._quarantine = Quarantine(partial(faults, self.writer))
        self._verbose = verbose
        self._compiling = compiling
        self._news: list[str] = []
        self._feeder = Feeder(self._arena, self._news.append)
        self._crew: Crew | None = None
        self._background: build.BackgroundBuild | None = None
        self._fuser: Fuser | None = None
        self._usage = Usage()
        self._board = Board()
        self._told = (0, 0.0)
        self._late = 0
        self._is_closed = False
        self._more_facts: list[Callable[[], Mapping[str, Any]]] = []

    # ---- starting

    def start(self, needed: Collection[str] = ()) -> None:
        """Start all processes; frame 0 waits for `release`.

        Args:
            needed: kinds, of which those that are not compiled are compiled now; all others that
                are compiled are loaded too.

        Raises:
            UserError: E_DEVICE, the device that was named does not open; E_FILE, the cache cannot
                be written; E_INTERNAL.
        """
        build.build(needed)
        refresh()
        ready = {catalog().number(name): kernel for name, kernel in build.compiled().items()}
        settings = self.settings
        audio = AudioTask(
            self._shared,
            settings.device,
            settings.rate_hz,
            settings.block,
            settings.latency_s,
            "" if self._verbose else os.devnull,
            self._board.sender,
            tuple((path, path.lstat().st_ino) for path in settings.litter),
        )
        roster = Roster(settings.lanes, settings.standbys, ready)
        self._crew = Crew(self._shared, audio, roster, self._news.append)
        atexit.register(self.close)
        try:
            self._crew.start(falls_back=settings.device is None)
        except BaseException:
            self.close()
            raise
        if fuses() or batches():
            self._fuser = Fuser(self.writer.fused, self._crew, self._news.append)
        self._feeder.start()
        self._usage.shares(self.roles())

    def begin_at(self, frame: int) -> None:
        """Before `start`: what the arena has computed counts as played, up to a frame.

        Args:
            frame: the first that is played, the start of the next block.
        """
        assert self._crew is None, "it has started"
        self._head[Head.PLAYED] = frame
        self._head[Head.GO] = 0
        self._head[Head.AHEAD] = self.settings.tape_ahead

    def build_rest(self) -> None:
        """Compile in the background what is not compiled yet; `need` finds it done, or waits."""
        if self._background is None:
            self._background = build.build_in_background(list(kinds()))

    def need(self, kinds: Collection[str]) -> None:
        """Have these kinds' kernels ready, in new workers that go on where the old ones stop.

        Raises:
            UserError: E_FILE, E_INTERNAL; all plays on as before then.
        """
        crew = self._running()
        wanted = sorted(name for name in kinds if catalog().number(name) not in crew.kernels)
        if wanted:
            build.build_for(catalog(), wanted)  # looks at these alone: the music plays on
            crew.add_kernels(catalog().kernels(wanted))

    def reload(self, new: Catalog) -> list[int]:
        """Let new workers go on between two blocks, with the kernels of a catalog to come.

        They keep the old kernels that plans call; the next plan may call the new ones.

        Returns:
            The process of each lane's.

        Raises:
            UserError: E_FILE, E_INTERNAL; all plays on as before then.
        """
        crew, old = self._running(), catalog().numbers
        changed = [name for name, number in new.numbers.items() if number != old.get(name)]
        changed += [
            wide(n) for n in changed if n in old and catalog().number(wide(n)) in crew.kernels
        ]
        with self._compiling() as progress:
            build.build_for(new, changed, progress)
        used = {*kernels_in_use(self.writer), *(new.number(n) for n in build.forms_of(new))}
        kept = {number: kernel for number, kernel in crew.kernels.items() if number in used}
        crew.hand_over({**kept, **new.kernels(changed)})
        workers = [entry for entry in crew.processes() if entry["role"] == "worker"]
        return [int(entry["pid"]) for entry in sorted(workers, key=lambda entry: entry["lane"])]

    def release(self) -> None:
        """Let frame 0 be computed and played."""
        if self._head[Head.GO] == 0:
            self._head[Head.GO] = FOR_EVER
            self._shared.room.post()

    # ---- waiting for the engine

    def _wait(self, is_so: Callable[[], bool], poll_s: float = POLL_S) -> None:
        """Wait until something is so.

        Raises:
            UserError: E_INTERNAL, it will not be: the machine has ended.
        """
        while not is_so():
            self._running_well()
            time.sleep(poll_s)

    def _running_well(self) -> None:
        """See that the machine goes on.

        Raises:
            UserError: E_INTERNAL, it has ended.
        """
        crew = self._running()
        if crew.failure:
            raise UserError(Code.INTERNAL, f"the engine has stopped: {crew.failure}")

    def _running(self) -> Crew:
        if self._crew is None or self._is_closed:
            raise UserError(Code.INTERNAL, "the engine is not running")
        return self._crew

    def _done(self) -> int:
        return int(self._head[Head.COMMITTED]) * BLOCK

    def reach(self, frame: int) -> None:
        """Return half a second before a frame is computed."""
        frame -= round(EARLY_S * self.settings.rate_hz)
        while (missing := frame - self._done()) > 0:
            self._running_well()
            time.sleep(min(max(missing / self.settings.rate_hz, POLL_S), LONG_POLL_S))

    def settle(self, mark: int) -> int:
        """Wait until an event has taken effect; the frame at which it did."""
        self._wait(lambda: self.writer.took(mark) is not None, POLL_S / 4)
        frame = self.writer.took(mark)
        assert frame is not None
        return frame

    def make_room(self) -> None:
        """Return when the writer has room.

        Raises:
            UserError: E_LIMIT, there will be none while the engine stands at frame 0.
        """
        if self._head[Head.GO] == 0 and not self.writer.has_room():
            raise UserError(Code.LIMIT, "too much is to happen before the music begins")
        self._wait(self.writer.has_room)

    # ---- what was played

    @property
    def kept_frames(self) -> int:
        """What lies on the tape, less a second in which it may be written over."""
        return len(self._arena.tape) - MARGIN_FRAMES - self.settings.rate_hz

    def add_sink(self, sink: FrameSink, start_frame: int) -> None:
        """Give a sink every frame that is played, from one on that may lie behind.

        Raises:
            UserError: E_RANGE, it lies so far behind that the tape has it no longer.
        """
        self._feeder.add(sink, start_frame)

    def remove_sink(self, sink: FrameSink, stop_frame: int) -> None:
        """Give a sink every frame before `stop_frame`, then close it.

        Returns at once where that frame is to come; where it is on the tape already, the sink has
        had all of it and is closed. A sink that has had more than that keeps it.

        Raises:
            UserError: what kept the sink from taking all of it.
        """
        self._feeder.stop_at(sink, stop_frame)
        if stop_frame <= self._done():
            self._wait(lambda: self._feeder.is_closed(sink) or self._is_held_before(stop_frame))
            self._feeder.result(sink)

    def _is_held_before(self, frame: int) -> bool:
        """Whether playing stands still before a frame, so that it will not be played."""
        hold = int(self._head[Head.HOLD])
        return 0 < hold < frame and self.played >= hold

    def play_out(self, stop_frame: int | None) -> int:
        """Play exactly to a frame, or to the end of the ringing; the frame where playing ended."""
        if stop_frame is None:
            self._wait(lambda: self.writer.clock(Clock.FINISH) != NONE)
            stop_frame = self.writer.clock(Clock.FINISH)
        self._feeder.end_at(stop_frame)
        self._head[Head.HOLD] = max(stop_frame, 1)
        self._wait(lambda: self.played >= stop_frame)
        self._wait(lambda: self._feeder.are_at(stop_frame))
        return stop_frame

    @property
    def played(self) -> int:
        """Frames that the device has taken so far."""
        return int(self._head[Head.PLAYED])

    # ---- facts

    def add_facts(self, source: Callable[[], Mapping[str, Any]]) -> None:
        """Let `status` show more, of what stands around this machine."""
        self._more_facts.append(source)

    def news(self) -> list[str]:
        """What has happened since the last call that no line asked for, a line each."""
        lines = self._board.news()
        while self._news:
            lines.append(self._news.pop(0))
        lines += self._quarantine.news()
        told, since = self._told
        count = int(self._head[Head.UNDERRUNS])
        now = time.monotonic()
        if count > told and now - since >= NEWS_S:
            times = "once" if count - told == 1 else f"{count - told} times"
            lines.append(f"the sound was interrupted {times}: the tape ran dry ({count} in all)")
            self._told = (count, now)
        lines += self._late_news()
        return lines

    def _late_news(self) -> list[str]:
        """Whether a score said something too late for its own time, since the last call."""
        late = self.writer.clock(Clock.LATE)
        before, self._late = self._late, late
        if late <= before:
            return []
        return ["a line came late: the time at which it was due had passed, so it was done at once"]

    def _underruns(self) -> int:
        return int(self._head[Head.UNDERRUNS] + self._head[Head.DEVICE_UNDERRUNS])

    def _handovers(self) -> int:
        lanes = range(self.settings.lanes)
        return sum(int(self._head[lane_place(Lane.TAKEOVERS, lane)]) for lane in lanes)

    @property
    def device(self) -> str:
        """What it plays on."""
        device = self._board.state()
        name = device.name or (self._crew.device if self._crew is not None else "")
        return name + ("" if device.is_there else " (lost)")

    def roles(self) -> dict[int, str]:
        """What each process is for, by its number."""
        crew = self._crew
        found = {os.getpid(): "shell"}
        if crew is not None:
            entries = [*crew.processes(), *self._player()]
            found.update({int(entry["pid"]): str(entry["role"]) for entry in entries})
        return found

    def _player(self) -> list[dict[str, str | int]]:
        """The process that plays on a sound card, a child of the audio process."""
        pid = self._board.state().pid
        return [{"role": "audio", "lane": 0, "pid": pid}] if pid else []

    def facts(self) -> Mapping[str, Any]:
        """What `status` shows of the machine; `cpu` is since the last call."""
        crew = self._running()
        cpu: dict[str, float] = {}
        roles = self.roles()
        for pid, share in self._usage.shares(roles).items():
            cpu[roles[pid]] = round(cpu.get(roles[pid], 0.0) + share, 3)
        device = self._board.state()
        return {
            "device": self.device,
            "rate": self.settings.rate_hz,
            "block": BLOCK,
            "device_block": self.settings.block,
            "ahead": self.settings.tape_ahead,
            "underruns": self._underruns(),
            "device_underruns": int(self._head[Head.DEVICE_UNDERRUNS]),
            "late": self.writer.clock(Clock.LATE),
            "handovers": self._handovers(),
            "quarantined": self._quarantine.bypassed(),
            "lanes": self.settings.lanes,
            "locks": self._shared.locks,
            **(self._fuser.facts if self._fuser else {}),
            "cpu": cpu,
            "processes": [
                {"role": "shell", "lane": 0, "pid": os.getpid()},
                *crew.processes(),
                *self._player(),
            ],
            **({"latency_ms": round(1000 * device.latency_s, 1)} if device.latency_s else {}),
            **{name: value for source in self._more_facts for name, value in source().items()},
        }

    # ---- the end

    def close(self) -> None:
        """Fade out, end every process, and leave nothing behind."""
        if self._is_closed:
            return
        self._is_closed = True
        atexit.unregister(self.close)
        if self._fuser is not None:
            self._fuser.close()
        if self._background is not None:
            self._background.close()
        if self._crew is not None:
            self._crew.close()
        self._feeder.close()
        self._board.close()
        self._shared.close()
