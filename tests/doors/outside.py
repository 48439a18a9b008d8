"""A live session without a sound card, and clients at its socket."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.program import Ended, chronus, start

if TYPE_CHECKING:
    import subprocess

PATIENCE_S = 60.0


class Live:
    """A `chronus play` in a folder of its own, which has begun to play.

    Args:
        song: its lines; the session lives until they end, or until it is ended.
        options: of the call.
    """

    def __init__(self, song: str, *options: object) -> None:
        # A socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="chronus-t-"))
        self.runtime = self.folder / "r"
        self.runtime.mkdir(mode=0o700)
        (self.folder / "t").mkdir(mode=0o700)
        # Nobody else's session is found, in either place.
        self.places = {"XDG_RUNTIME_DIR": str(self.runtime), "TMPDIR": str(self.folder / "t")}
        self.song = self.folder / "song.chronus"
        self.song.write_text(song)
        self.recorded = self.folder / "played.wav"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("--record", self.recorded, *options)

    def start(self, *options: object, waits: bool = True) -> subprocess.Popen[bytes]:
        """Begin a session; returns when its first reply has come."""
        process = start(
            "play", self.song, "--device", "null", "--ahead", "64", *options,
            **self.places,
        )  # fmt: skip
        self.processes.append(process)
        if waits:
            assert process.stdout is not None
            assert process.stdout.readline()
        return process

    @property
    def path(self) -> Path:
        """The socket of the first session."""
        return self.runtime / "chronus" / "main.sock"

    def call(self, *arguments: object, stdin: str = "") -> Ended:
        """Run a call that finds these sessions."""
        return chronus(*arguments, stdin=stdin, **self.places)

    def send(self, *arguments: object, stdin: str = "") -> Ended:
        """Run `chronus send`."""
        return self.call("send", *arguments, stdin=stdin)

    def connect(self) -> socket.socket:
        """A client of the first session."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_S)
        client.connect(str(self.path))
        return client

    def ask(self, *lines: str) -> list[dict]:
        """The replies to some lines, as objects."""
        with self.connect() as client:
            client.sendall("".join(f"{line}\n" for line in ("#json", *lines)).encode())
            client.shutdown(socket.SHUT_WR)
            with client.makefile("r") as answers:
                said = [json.loads(answer) for answer in answers]
        return [answer for answer in said if "event" not in answer]

    def wait_for_sound(self) -> None:
        """Return when frame 0 has been computed: what comes before that happens there."""
        limit = time.monotonic() + PATIENCE_S
        while self.ask("status")[0]["at"]["frame"] == 0:
            assert time.monotonic() < limit
            time.sleep(0.02)

    def end(self) -> Ended:
        """Wait for the first session's own end."""
        out, err = self.processes[0].communicate(timeout=PATIENCE_S)
        assert b"Traceback" not in err, err.decode()
        return Ended(self.processes[0].returncode, out.decode(), err.decode())

    def close(self) -> None:
        """End what still runs, and leave nothing."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.communicate(timeout=PATIENCE_S)
        shutil.rmtree(self.folder)


def gone(path: Path) -> bool:
    """Whether a path goes within a while."""
    limit = time.monotonic() + PATIENCE_S
    while os.path.lexists(path) and time.monotonic() < limit:
        time.sleep(0.02)
    return not os.path.lexists(path)
