"""A song in four parts, played live in a process of its own or rendered in this one."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chronus.commands.registry import handlers
from chronus.doors.calls import kinds_in
from chronus.engine.layout import Head, Lane, lane_place
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.session.session import Length, Session
from tests.machine.piece import Memory
from tests.support.score import render

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable, Mapping
    from random import Random
    from typing import Any

    import numpy as np

    from chronus.session.session import Reply

SONG = """
tempo 128
load kick; sequence kick: x...x...x...x...
load snare; sequence snare: ....x.......x..x
load hat; sequence hat: x.x.x.xxx.x.x.x.; set hat.level 0.4
load saw as bass; load filter as tone cutoff=500hz resonance=0.5; load adsr as env
patch bass > tone > env; sequence bass: c2 . c2 eb2 . g2 . c2; sequence env: x.xx.x.x
load delay as echo; patch snare > echo; load lfo as sweep rate=0.3
patch sweep > tone.cutoff by 300hz
wait 1bar
set tone.cutoff 2khz echo.pan -1 over 3 beats
wait 1bar
set tone.resonance 0.8; set kick.level 0.7
""".strip().splitlines()

PATIENCE_S = 60.0


@dataclass
class Performance:
    """What became of a song that was played live."""

    frames: np.ndarray
    facts: Mapping[str, Any]
    replies: list[Reply] = field(default_factory=list)
    news: list[str] = field(default_factory=list)


def offline(lines: Iterable[str], seconds: float) -> np.ndarray:
    return render([line for line in lines if not line.startswith("reload")], seconds).frames


def play(
    lines: Iterable[str],
    seconds: float,
    settings: LiveSettings,
    disturb: Callable[[LiveMachine, threading.Event], None] | None = None,
) -> Performance:
    """Play lines as a score.

    Args:
        lines: the score.
        seconds: its length.
        settings: of the machine.
        disturb: runs beside it, until its event says that the song is over.
    """
    lines = list(lines)
    machine = LiveMachine(settings)
    over = threading.Event()
    sink = Memory()
    try:
        machine.start([*kinds_in(lines), "strip", "out"])
        machine.add_sink(sink, 0)
        session = Session(machine, handlers(), is_score=True)
        session.length = Length(seconds)
        thread = threading.Thread(target=disturb or (lambda *_: None), args=(machine, over))
        thread.start()
        replies = [session.run_line(line) for line in lines]
        assert all(reply.ok for reply in replies), [r.error for r in replies if not r.ok]
        end = session.finish()
        over.set()
        thread.join()
        machine.remove_sink(sink, end)
        return Performance(sink.frames, machine.facts(), replies, machine.news())
    finally:
        over.set()
        machine.close()


def worker(machine: LiveMachine, lane: int) -> int:
    """The process that steps a lane, as the arena has it."""
    return int(machine._head[lane_place(Lane.PID, lane)])


def standbys(machine: LiveMachine, lane: int) -> int:
    found = machine.facts()["processes"]
    return sum(p["role"] == "standby" and p["lane"] == lane for p in found)


def wait_for(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.002)


def take_overs(machine: LiveMachine, lane: int) -> int:
    return int(machine._head[lane_place(Lane.TAKEOVERS, lane)])


def loses_workers(
    how: signal.Signals, times: int, chance: Random, pause_s: float
) -> Callable[[LiveMachine, threading.Event], None]:
    """What sends a signal to the worker of each lane in turn, and waits for the next hand.

    Args:
        how: SIGKILL or SIGSTOP.
        times: how often.
        chance: decides about the moments.
        pause_s: between two of them, on average.
    """

    def disturb(machine: LiveMachine, over: threading.Event) -> None:
        wait_for(lambda: bool(machine._head[Head.COMMITTED] > 0))
        for number in range(times):
            if over.wait(pause_s * (0.5 + chance.random())):
                return
            lane = number % machine.settings.lanes
            before = take_overs(machine, lane)
            os.kill(worker(machine, lane), how)
            wait_for(lambda b=before, n=lane: take_overs(machine, n) > b or over.is_set())

    return disturb
