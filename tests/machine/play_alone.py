"""Plays in a process of its own, for tests that kill it: prints its children, then plays on."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import numpy as np

from chronus.machine.build import build
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.modules.catalog import read_again
from chronus.settings import BLOCK
from tests.machine.piece import BLOCKS, KINDS, Memory, perform

LATER = 3000
"""Blocks within which a loaded kernel must have come into a worker."""


def for_ever() -> None:
    """Reload, and play until killed, or until Ctrl-C or SIGTERM ends it cleanly."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    machine = LiveMachine(LiveSettings(device="null", standbys=1))
    try:
        machine.start(KINDS)
        machine.release()
        perform(machine.writer, machine.reach, machine.need)
        machine.reload(read_again())
        pids = [process["pid"] for process in machine.facts()["processes"]]
        print(json.dumps(pids), flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
    finally:
        machine.close()


def with_late_kind(path: str) -> None:
    """Play the piece where one kind is not loaded yet, and keep what was played."""
    machine = LiveMachine(LiveSettings(device="null", ahead=200))
    machine.start(KINDS[:-1])
    build(KINDS)
    sink = Memory()
    machine.add_sink(sink, 0)
    before = _worker(machine)

    def reach(frame: int) -> None:
        machine.release()
        machine.need(["hat"])
        machine.reach(frame)

    perform(machine.writer, reach, machine.need, LATER)
    assert _worker(machine) != before, "no other worker took over"
    end = (BLOCKS + LATER) * BLOCK
    machine.play_out(end)
    machine.remove_sink(sink, end)
    machine.close()
    np.save(Path(path), sink.frames)


def _worker(machine: LiveMachine) -> int:
    (pid,) = [p["pid"] for p in machine.facts()["processes"] if p["role"] == "worker"]
    return int(pid)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with_late_kind(sys.argv[1])
    else:
        for_ever()
