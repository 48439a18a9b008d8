"""The audio process may be killed at any time: another plays on, frame by frame."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from chronus.machine.live import LiveMachine, LiveSettings
from chronus.settings import BLOCK
from tests.machine.piece import BLOCKS, KINDS, RATE_HZ, Memory, expected, perform

KILLS = 10
PATIENCE_S = 30.0


def player(machine: LiveMachine) -> int:
    """The audio process; waits until there is one."""
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        found = [int(p["pid"]) for p in machine.facts()["processes"] if p["role"] == "audio"]
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError("no audio process came")


def plays(machine: LiveMachine, frame: int) -> bool:
    """Whether playing goes past a frame."""
    limit = time.monotonic() + PATIENCE_S
    while machine.played <= frame and time.monotonic() < limit:
        time.sleep(0.005)
    return machine.played > frame


def test_ten_kills_of_the_audio_process_leave_every_frame_in_its_place() -> None:
    """After each kill playing goes on from the very frame, and the recording is the piece."""
    later = 4 * BLOCKS
    frames = (BLOCKS + later) * BLOCK
    machine = LiveMachine(LiveSettings(device="null", ahead=200))
    sink = Memory()
    killed = set()
    gaps = []
    try:
        machine.start(KINDS)
        machine.add_sink(sink, 0)

        def reach(frame: int) -> None:
            machine.release()
            while len(killed) < KILLS:
                pid = player(machine)
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                began, at = time.monotonic(), machine.played
                assert plays(machine, at), "nobody plays on"
                gaps.append(time.monotonic() - began)
                assert plays(machine, machine.played + RATE_HZ // 5)
            machine.reach(frame)

        perform(machine.writer, reach, machine.need, later)
        machine.play_out(frames)
        machine.remove_sink(sink, frames)
        assert machine.played == frames
        assert sum("the audio process ended" in line for line in machine.news()) == KILLS
        assert machine.facts()["device"] == "null"
    finally:
        machine.close()
    assert len(killed) == KILLS
    assert sorted(gaps)[KILLS // 2] < 1.0, gaps
    np.testing.assert_array_equal(sink.frames, expected(later))
