"""However the shell ends, no process, shared memory or file of it is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from chronus.machine.build import build
from chronus.settings import cache_dir
from tests.machine.piece import KINDS, expected
from tests.machine.play_alone import LATER

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def start_alone(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.machine.play_alone", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of_session(leader: int) -> list[int]:
    """Every process of a session, whoever its parent is by now."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_a_shell_that_ended(tmp_path: Path, how: signal.Signals) -> None:
    """Killed, interrupted or told to end: all of its processes end, and no file stays."""
    before = shared_memory()
    with start_alone(tmp_path) as shell:
        assert shell.stdout is not None
        pids = json.loads(shell.stdout.readline())
        assert len(pids) == 4, "shell, audio, worker, standby"
        assert set(pids) <= set(processes_of_session(shell.pid))
        if how is signal.SIGINT:
            os.killpg(shell.pid, how)  # as a terminal does: to all of them
        else:
            os.kill(shell.pid, how)
        status = shell.wait(PATIENCE_S)
        limit = time.monotonic() + PATIENCE_S
        while processes_of_session(shell.pid) and time.monotonic() < limit:
            time.sleep(0.02)
        assert processes_of_session(shell.pid) == []
        assert status == (-signal.SIGKILL if how is signal.SIGKILL else 0)
    assert shared_memory() <= before
    assert list(tmp_path.iterdir()) == []


def _but_the_late_kind(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(f"{KINDS[-1]}_")}


def test_a_kind_that_was_not_loaded_joins_the_music(tmp_path: Path) -> None:
    """A new kind's kernel comes while the music plays, by a hand-over that changes no sample."""
    played = tmp_path / "played.npy"
    build(KINDS)
    own = tmp_path / "cache"
    shutil.copytree(cache_dir() / "kernels", own / "kernels", ignore=_but_the_late_kind)
    with start_alone(tmp_path, str(played), CHRONUS_CACHE_DIR=str(own)) as shell:
        assert shell.wait(PATIENCE_S) == 0
    np.testing.assert_array_equal(np.load(played), expected(LATER))
