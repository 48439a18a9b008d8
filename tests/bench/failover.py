"""What it costs to lose workers: a minute of a song while they are killed, and what is heard of it.

Beside it the same minute undisturbed, since a busy machine runs dry by itself, and what an empty
patch costs while nothing happens.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from chronus.engine.layout import Lane, lane_place
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.machine.usage import cpu_seconds
from tests.machine.song import SONG, offline, play, take_overs, wait_for, worker

if TYPE_CHECKING:
    import threading


def column(machine: LiveMachine, lane: int, place: Lane) -> int:
    return int(machine._head[lane_place(place, lane)])


class Killer:
    """Kills workers at random moments, and keeps how long it took until another one stepped."""

    def __init__(self, kills: int, seconds: float, seed: int) -> None:
        self.kills = kills
        self.pause_s = seconds / (kills + 2)
        self.chance = random.Random(seed)
        self.taken_ms: list[float] = []
        self.stepped_ms: list[float] = []

    def __call__(self, machine: LiveMachine, over: threading.Event) -> None:
        for number in range(self.kills):
            if over.wait(self.pause_s * (0.6 + 0.8 * self.chance.random())):
                return
            lane = number % machine.settings.lanes
            before = take_overs(machine, lane)
            killed = time.monotonic_ns()
            os.kill(worker(machine, lane), signal.SIGKILL)
            wait_for(
                lambda b=before, k=killed, n=lane: (
                    take_overs(machine, n) > b and column(machine, n, Lane.STEPPED_NS) > k
                )
            )
            self.taken_ms.append((column(machine, lane, Lane.TAKEN_NS) - killed) / 1e6)
            self.stepped_ms.append((column(machine, lane, Lane.STEPPED_NS) - killed) / 1e6)


def row(what: str, values: list[float]) -> str:
    ordered = sorted(values)
    points = (ordered[0], statistics.median(ordered), ordered[int(0.9 * len(ordered))], ordered[-1])
    return f"{what:32}" + "".join(f"{point:9.2f}" for point in points)


def idle_share(seconds: float) -> dict[str, float]:
    """Share of a core by role while an empty patch plays."""
    machine = LiveMachine(LiveSettings(device="null"))
    try:
        machine.start(["strip", "out"])
        machine.release()
        time.sleep(1.0)
        processes = machine.facts()["processes"]
        before = [cpu_seconds(int(p["pid"])) or 0.0 for p in processes]
        time.sleep(seconds)
        after = [cpu_seconds(int(p["pid"])) or 0.0 for p in processes]
        return {
            str(p["role"]): (b - a) / seconds
            for p, a, b in zip(processes, before, after, strict=True)
        }
    finally:
        machine.close()


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--ahead", type=int, default=8)
    options.add_argument("--lanes", type=int, default=1)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = options.parse_args()
    print(f"seed {given.seed}")
    expected = offline(SONG, given.seconds)
    settings = LiveSettings(device="null", block=64, ahead=given.ahead, lanes=given.lanes)
    killer = Killer(given.kills, given.seconds, given.seed)
    undisturbed = play(SONG, given.seconds, settings)
    disturbed = play(SONG, given.seconds, settings, killer)
    print(f"{'ms from kill to ...':32}      min   median      90%      max")
    print(row("the standby has the hand", killer.taken_ms))
    print(row("its first block is committed", killer.stepped_ms))
    for what, played in (("undisturbed", undisturbed), ("killed", disturbed)):
        same = np.array_equal(played.frames, expected)
        print(
            f"{what:12} hand-overs {played.facts['handovers']:3}  underruns"
            f" {played.facts['underruns']:3}  bit-identical {'yes' if same else 'NO'}"
        )
    shares = idle_share(10.0)
    print(
        f"idle: {100 * sum(shares.values()):.1f} % of a core ("
        + ", ".join(f"{role} {100 * share:.1f}" for role, share in shares.items())
        + ")"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
