"""Plays in a process of its own, for tests that kill it: prints its children, then plays on."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import numpy as np
from tests.machine.piece import BLOCKS, KINDS, Memory, perform

from chronus.machine.live import LiveMachine, LiveSettings
from chronus.settings import BLOCK


def for_ever() -> None:
    """Play until killed, or until Ctrl-C or SIGTERM ends it cleanly."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    machine = LiveMachine(LiveSettings(device="null", standbys=1))
    try:
        machine.start(KINDS)
        machine.release()
        perform(machine.writer, machine.reach, machine.need)
        pids = [process["pid"] for process in machine.facts()["processes"]]
        print(json.dumps(pids), flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
    finally:
        machine.close()


def with_late_kind(path: str) -> None:
    """Play the piece where one kind is not compiled yet, and keep what was played."""
    machine = LiveMachine(LiveSettings(device="null", ahead=200))
    machine.start(KINDS[:-1])
    sink = Memory()
    machine.add_sink(sink, 0)
    numbers = set()

    def need(kinds: list[str]) -> None:
        numbers.add(_worker(machine))
        machine.need(kinds)
        numbers.add(_worker(machine))

    perform(machine.writer, lambda frame: (machine.release(), machine.reach(frame))[1], need)
    machine.play_out(BLOCKS * BLOCK)
    machine.remove_sink(sink, BLOCKS * BLOCK)
    machine.close()
    assert len(numbers) == 2, "no other worker took over"
    np.save(Path(path), sink.frames)


def _worker(machine: LiveMachine) -> int:
    (pid,) = [p["pid"] for p in machine.facts()["processes"] if p["role"] == "worker"]
    return int(pid)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with_late_kind(sys.argv[1])
    else:
        for_ever()
