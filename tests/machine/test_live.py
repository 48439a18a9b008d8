"""The live machine plays the same samples as offline, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from chronus.errors import Code, UserError
from chronus.machine.crew import is_hopeless
from chronus.machine.live import LiveMachine, LiveSettings
from chronus.settings import BLOCK
from tests.machine.piece import BLOCKS, KINDS, Memory, expected, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

FRAMES = BLOCKS * BLOCK


@pytest.fixture(scope="module")
def offline() -> NDArray[np.float32]:
    return expected()


@pytest.fixture
def start() -> Iterator[Callable[..., LiveMachine]]:
    machines: list[LiveMachine] = []

    def started(**settings: object) -> LiveMachine:
        chosen = {"device": "null", "ahead": 200, **settings}
        machines.append(LiveMachine(LiveSettings(**chosen)))  # type: ignore[arg-type]
        machines[-1].start(KINDS)
        return machines[-1]

    yield started
    for machine in machines:
        machine.close()


def recorded(machine: LiveMachine, disturb: Callable[[int], None] = lambda _frame: None) -> Memory:
    """Play the piece to its end; what a sink was given."""
    sink = Memory()
    machine.add_sink(sink, 0)

    def reach(frame: int) -> None:
        machine.release()
        machine.reach(frame)
        disturb(frame)

    perform(machine.writer, reach, machine.need)
    assert machine.play_out(FRAMES) == FRAMES
    machine.remove_sink(sink, FRAMES)
    assert sink.is_closed
    return sink


def workers(machine: LiveMachine, role: str = "worker") -> list[int]:
    return [int(p["pid"]) for p in machine.facts()["processes"] if p["role"] == role]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_live_and_offline_give_the_same_samples(
    start: Callable[..., LiveMachine], offline: NDArray[np.float32]
) -> None:
    """A piece with events at given blocks is recorded live exactly as it is computed offline."""
    machine = start()
    sink = recorded(machine)
    np.testing.assert_array_equal(sink.frames, offline)
    assert machine.played == FRAMES
    assert machine.facts()["late"] == 0


@pytest.mark.parametrize("standbys", [0, 1])
def test_killed_worker_changes_nothing(
    start: Callable[..., LiveMachine], offline: NDArray[np.float32], standbys: int
) -> None:
    """A worker is killed three times and the recording is the same to the sample."""
    machine = start(standbys=standbys)
    killed = []

    def disturb(_frame: int) -> None:
        for pid in workers(machine):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    sink = recorded(machine, disturb)
    np.testing.assert_array_equal(sink.frames, offline)
    assert len(set(killed)) >= 2
    assert any("a worker ended" in line for line in machine.news())


def test_killed_audio_process_changes_nothing_on_the_tape(
    start: Callable[..., LiveMachine], offline: NDArray[np.float32]
) -> None:
    """When the audio process is killed another plays on, and the recording is the same."""
    machine = start()

    def disturb(_frame: int) -> None:
        for pid in workers(machine, "audio"):
            os.kill(pid, signal.SIGKILL)

    sink = recorded(machine, disturb)
    np.testing.assert_array_equal(sink.frames, offline)
    assert any("the audio process ended" in line for line in machine.news())


def test_a_late_sink_gets_what_was_played_before(
    start: Callable[..., LiveMachine], offline: NDArray[np.float32]
) -> None:
    """A sink that is added at the end gets frames that lie behind, as long as the tape has them."""
    machine = start()
    recorded(machine)
    sink = Memory(12_345)
    machine.add_sink(sink, 12_345)
    machine.remove_sink(sink, 23_456)
    np.testing.assert_array_equal(sink.frames, offline[12_345:23_456])


def test_workers_that_do_not_start_leave_the_old_ones_playing(
    start: Callable[..., LiveMachine], offline: NDArray[np.float32]
) -> None:
    """New workers whose kernels are not there are an error, and the recording is the same."""
    machine = start()
    before = workers(machine)
    crew = machine._crew
    assert crew is not None
    with pytest.raises(UserError) as caught:
        crew.hand_over({**crew.kernels, 99: "nothing_mono_000000000000"})
    assert "nothing_mono" in caught.value.message
    sink = recorded(machine)
    np.testing.assert_array_equal(sink.frames, offline)
    assert workers(machine) == before
    assert len(workers(machine, "standby")) == 1


def test_close_ends_every_process(start: Callable[..., LiveMachine]) -> None:
    """After `close`, which may be called twice, no process is left."""
    machine = start(standbys=1)
    machine.release()
    pids = [int(p["pid"]) for p in machine.facts()["processes"] if p["role"] != "shell"]
    assert len(pids) == 3
    assert all(is_alive(pid) for pid in pids)
    machine.close()
    machine.close()
    assert not any(is_alive(pid) for pid in pids)


def test_a_device_that_was_named_must_open() -> None:
    """A device that does not exist is an error where it was named, and nothing is left running."""
    machine = LiveMachine(LiveSettings(device="no such device"))
    with pytest.raises(UserError) as caught:
        machine.start(KINDS)
    assert caught.value.code is Code.DEVICE


def test_only_deaths_that_nothing_comes_of_end_the_music() -> None:
    """A worker that is killed again and again is replaced, one that never gets further is not."""
    assert not is_hopeless([10, 20, 20, 20, 20])
    assert not is_hopeless([10, 11, 12, 13, 14, 15, 16])
    assert is_hopeless([10, 20, 20, 20, 20, 20])


def test_a_closed_machine_says_so(start: Callable[..., LiveMachine]) -> None:
    """Who waits for a machine that has ended is told, and does not wait for ever."""
    machine = start()
    machine.close()
    with pytest.raises(UserError):
        machine.reach(1_000_000)


def test_a_sink_that_fails_is_told_once(start: Callable[..., LiveMachine]) -> None:
    """A full disk ends the recording alone: it is news, and an error of `remove_sink`."""

    class Full:
        def take(self, start_frame: int, frames: NDArray[np.float32]) -> None:
            raise UserError(Code.FILE, f"no space for {len(frames)} frames from {start_frame}")

        def close(self) -> None:
            raise UserError(Code.FILE, "no space left to close")

    machine = start()
    sink = Full()
    machine.add_sink(sink, 0)
    machine.release()
    machine.reach(2 * 48_000)
    with pytest.raises(UserError) as caught:
        machine.remove_sink(sink, 48_000)
    assert caught.value.code is Code.FILE
    assert sum("recording stopped" in line for line in machine.news()) == 1


def test_close_gives_sinks_the_rest_and_closes_them(start: Callable[..., LiveMachine]) -> None:
    """A recording that nobody stopped has every frame that was played, and is closed."""
    machine = start()
    sink = Memory()
    machine.add_sink(sink, 0)
    machine.release()
    machine.reach(48_000)
    machine.close()
    assert sink.is_closed
    assert sink.next_frame == machine.played > 0


def test_a_sink_may_be_told_to_stop_ahead_of_time(start: Callable[..., LiveMachine]) -> None:
    """A stop at a frame that is to come returns at once; the sink gets exactly to there."""
    machine = start()
    sink = Memory()
    machine.add_sink(sink, 0)
    machine.release()
    machine.remove_sink(sink, 60_001)
    assert not sink.is_closed
    machine.play_out(70_000)
    assert sink.is_closed
    assert sink.next_frame == 60_001
