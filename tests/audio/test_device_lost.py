"""A sound server that dies and comes again takes nothing of the music with it."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.audio.null_sink import Server, is_possible
from tests.support.program import chronus, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.live_device,
    pytest.mark.skipif(not is_possible(), reason="no virtual sound card"),
]

SONG = """\
tempo 150
load kick; sequence kick: x...x.x.
load saw as bass freq=55
sequence bass: c2 . eb2 _ g2 . c2~ c3
"""
BARS = 10
PATIENCE_S = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir(mode=0o700)
    made = Server(folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.chronus"
    path.write_text(SONG + "wait 1/4; status\n" * 4 * BARS)
    return path


def play(server: Server, song: Path, record: Path) -> subprocess.Popen[bytes]:
    return start(
        "play", song, "--json", "--device", "pulse", "--ahead", "64", "--record", record,
        "--bars", BARS, **server.environment,
    )  # fmt: skip


def event(player: subprocess.Popen[bytes], words: str) -> str:
    """The next news with certain words."""
    assert player.stdout is not None
    seen = []
    for line in player.stdout:
        said = json.loads(line)
        seen.append(said)
        if words in said.get("event", ""):
            return str(said["event"])
    raise AssertionError(f"no '{words}' in {seen[-20:]}")


def status(player: subprocess.Popen[bytes]) -> dict:
    """What the next `status` of the score says."""
    assert player.stdout is not None
    for line in player.stdout:
        results = json.loads(line).get("result", {}).get("results", [{}])
        if "processes" in results[-1]:
            return results[-1]
    raise AssertionError("no status")


def same_as_render(song: Path, recorded: Path) -> None:
    rendered = recorded.with_name("rendered.wav")
    assert chronus("render", song, "-o", rendered, "--bars", BARS).status == 0
    heard, expected = (soundfile.read(path, dtype="float32")[0] for path in (recorded, rendered))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_array_equal(heard, expected)


def test_a_sound_server_that_dies_is_not_missed(server: Server, song: Path, tmp_path: Path) -> None:
    """Killed in the middle of a song: time goes on, it is opened again, every frame is recorded."""
    recorded = tmp_path / "played.wav"
    player = play(server, song, recorded)
    try:
        before = status(player)
        assert before["device"] == "pulse"
        assert before["latency_ms"] > 0
        server.kill()
        assert event(player, "device lost")
        lost = status(player)
        assert "lost" in lost["device"]
        later = [status(player)["frame"] for _ in range(3)]
        assert later[0] < later[1] < later[2], "time stands still"
        server.start()
        assert event(player, "is back") == "device pulse is back"
        assert status(player)["device"] == "pulse"
        out, err = player.communicate(timeout=PATIENCE_S)
        assert player.returncode == 0, (out, err)
    finally:
        player.kill()
        player.wait()
    same_as_render(song, recorded)


@pytest.mark.parametrize("which", [0, 1])
def test_an_audio_process_that_is_killed_ten_times_is_not_missed(
    server: Server, song: Path, tmp_path: Path, which: int
) -> None:
    """Of both processes, either is killed: another plays at once, and no frame is lost."""
    recorded = tmp_path / "played.wav"
    player = play(server, song, recorded)
    killed = set()
    try:
        while len(killed) < 10:
            pids = [p["pid"] for p in status(player)["processes"] if p["role"] == "audio"]
            if len(pids) == 2 and pids[which] not in killed:
                killed.add(pids[which])
                os.kill(pids[which], signal.SIGKILL)
                time.sleep(0.05)
        out, err = player.communicate(timeout=PATIENCE_S)
        assert player.returncode == 0, (out, err)
    finally:
        player.kill()
        player.wait()
    same_as_render(song, recorded)


def test_a_card_that_runs_dry_again_and_again_is_given_more_latency(
    server: Server, song: Path, tmp_path: Path
) -> None:
    """The server stumbles: it is opened anew with twice the latency, and no frame is lost."""
    recorded = tmp_path / "played.wav"
    player = play(server, song, recorded)
    try:
        before = status(player)["latency_ms"]
        for _ in range(8):
            server.stumble(0.3)
            time.sleep(0.3)
        assert "latency is now" in event(player, "ran dry again and again")
        after = [status(player) for _ in range(3)][-1]
        assert after["latency_ms"] > 1.5 * before
        assert after["device_underruns"] > 0
        out, err = player.communicate(timeout=PATIENCE_S)
        assert player.returncode == 0, (out, err)
    finally:
        player.kill()
        player.wait()
    same_as_render(song, recorded)
