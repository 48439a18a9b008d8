"""Nothing stops the music: workers are lost in every way, on every number of lanes, unheard."""

from __future__ import annotations

import os
import random
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from chronus.machine import locks
from chronus.machine.crew import Rounds
from chronus.machine.live import LiveMachine, LiveSettings
from tests.machine.song import SONG, loses_workers, offline, play, standbys, take_overs, wait_for

SECONDS = 6.0
SEED = int(os.environ.get("CHRONUS_SEED", random.randrange(1 << 30)))


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    frames = offline(SONG, SECONDS)
    assert np.abs(frames).max() > 0.1
    return frames


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_lanes_play_what_is_rendered(expected, lanes):
    """The same song on 1, 2 and 3 lanes is recorded exactly as it is computed offline."""
    played = play(SONG, SECONDS, LiveSettings(device="null", ahead=200, lanes=lanes))
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["late"] == 0
    assert played.facts["lanes"] == lanes


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_killed_workers_are_not_heard(expected, lanes):
    """Workers of all lanes are killed at random moments: the recording is the same to the bit."""
    print(f"CHRONUS_SEED={SEED}")
    disturb = loses_workers(signal.SIGKILL, 3 * lanes, random.Random(SEED), 3.0 / (3 * lanes))
    settings = LiveSettings(device="null", ahead=200, lanes=lanes)
    played = play(SONG, SECONDS, settings, disturb)
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["handovers"] >= 3
    assert played.facts["quarantined"] == []


def test_stopped_workers_are_not_heard(expected):
    """Workers that are stopped stand still: each is killed, and the recording is the same."""
    print(f"CHRONUS_SEED={SEED}")
    disturb = loses_workers(signal.SIGSTOP, 10, random.Random(SEED), 0.2)
    played = play(SONG, SECONDS, LiveSettings(device="null", block=64, ahead=32), disturb)
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["handovers"] >= 10
    assert played.facts["quarantined"] == []


def test_hands_without_robust_mutexes(expected):
    """Locks on a file do the same, where there is nothing better."""
    disturb = loses_workers(signal.SIGKILL, 3, random.Random(SEED), 0.5)
    settings = LiveSettings(device="null", ahead=200, locks=locks.FILE)
    played = play(SONG, SECONDS, settings, disturb)
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["handovers"] == 3
    assert played.facts["locks"] == locks.FILE


def test_a_lost_standby_is_replaced(expected):
    """A standby that is killed is no loss, and another one is there for the next hand-over."""

    def disturb(machine, _over):
        for _ in range(2):
            found = machine.facts()["processes"]
            (pid,) = [p["pid"] for p in found if p["role"] == "standby"]
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda old=pid: old not in pids(machine) and standbys(machine, 0) == 1)

    played = play(SONG, SECONDS, LiveSettings(device="null", ahead=200), disturb)
    np.testing.assert_array_equal(played.frames, expected)
    assert sum("a standby ended" in line for line in played.news) == 2


def test_a_standby_that_is_stopped_is_replaced():
    """A standby that stands still is found out before it is needed, and told; another waits."""
    machine = LiveMachine(LiveSettings(device="null"))
    try:
        machine.start(["strip", "out"])
        machine.release()
        (stopped,) = pids_of(machine.facts(), "standby")
        os.kill(stopped, signal.SIGSTOP)
        wait_for(lambda: standbys(machine, 0) == 1 and stopped not in pids(machine))
        assert [line for line in machine.news() if "stood still" in line] == [
            f"a standby stood still (process {stopped}); another is started"
        ]
    finally:
        machine.close()


def test_only_those_that_do_nothing_are_idle():
    """Who has had processor time since the last look is not replaced, nor who has just come."""
    used = {1: 0.5, 2: 0.5}
    children = [SimpleNamespace(pid=1), SimpleNamespace(pid=2)]
    rounds = Rounds(lambda pid: used[pid])
    found = []
    for now_s in range(8):
        used[1] += 0.001
        found.append([child.pid for child in rounds.idle(children, float(now_s))])
    assert found[:3] == [[], [], []]
    assert found[3:4] == [[2]]
    assert rounds.idle(children, 7.5) == []


def test_no_standby_at_all(expected):
    """Without a standby the tape runs dry, but playing goes on, and the recording is the same."""
    disturb = loses_workers(signal.SIGKILL, 2, random.Random(SEED), 0.5)
    played = play(SONG, SECONDS, LiveSettings(device="null", ahead=200, standbys=0), disturb)
    np.testing.assert_array_equal(played.frames, expected)


def test_both_workers_of_a_lane_are_lost(expected):
    """Worker and standby are killed at once, twice: others are started and go on."""

    def disturb(machine, over):
        for _ in range(2):
            over.wait(0.5)
            found = machine.facts()["processes"]
            before = take_overs(machine, 0)
            for entry in found:
                if entry["role"] in ("worker", "standby"):
                    os.kill(entry["pid"], signal.SIGKILL)
            wait_for(lambda b=before: take_overs(machine, 0) > b)

    played = play(SONG, SECONDS, LiveSettings(device="null", ahead=200), disturb)
    np.testing.assert_array_equal(played.frames, expected)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has robust mutexes")
def test_linux_has_robust_mutexes():
    """The better way is taken where the system has it."""
    assert locks.kind() == locks.ROBUST


def pids(machine):
    return [entry["pid"] for entry in machine.facts()["processes"]]


@pytest.mark.parametrize("lanes", [1, 2])
def test_reload_changes_no_frame(expected, lanes):
    """`reload` in the middle of the song: other processes play on, and no sample is another."""
    lines = [*SONG[:-1], "reload", SONG[-1], "wait 1beat", "reload"]
    played = play(lines, SECONDS, LiveSettings(device="null", ahead=200, lanes=lanes))
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["handovers"] == 0
    first, second = (r.results[0] for r in played.replies if r.line == "reload")
    assert len(first.data["processes"]) == lanes
    assert not set(first.data["processes"]) & set(second.data["processes"])
    assert f"{first.data['processes'][0]}" in first.text
    assert set(second.data["processes"]) <= set(pids_of(played.facts, "worker"))


def pids_of(facts, role):
    return [entry["pid"] for entry in facts["processes"] if entry["role"] == role]
