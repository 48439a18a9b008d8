"""The program at a terminal: what is typed, and what is shown."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path

from tests.support.program import ROOT, chronus, environment

PATIENCE_S = 120.0
CLOSING = re.compile(rb"(?:^|\x1b\[K)(?:chronus> )?((?:ok|error) [^\r\n]*)", re.MULTILINE)
"""Behind the start of a line, or behind where the bar of a first start was."""


class Terminal:
    """`chronus` at a terminal, and all that it has written.

    Args:
        options: of the call.
        plays: whether it is a call that plays.
        echoes: whether the terminal shows what is typed, which may stand amid what is answered.
        places: variables.
    """

    def __init__(
        self, *options: object, plays: bool = True, echoes: bool = True, **places: str
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chronus-t-"))
        self.places = {"XDG_RUNTIME_DIR": str(self.folder), "TMPDIR": str(self.folder), **places}
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 100))
        if not echoes:
            settings = termios.tcgetattr(theirs)
            settings[3] &= ~termios.ECHO
            termios.tcsetattr(theirs, termios.TCSANOW, settings)
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "chronus", *map(str, options),
                *(("--device", "null", "--ahead", "64") if plays else ()),
            ],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
            env=environment(PROMPT_TOOLKIT_NO_CPR="1", **self.places), start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._seen = b""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._ours, 4096):
                with self._changed:
                    self._seen += data
                    self._changed.notify_all()
        except OSError:
            pass  # the other end is closed

    def type(self, line: str) -> None:
        os.write(self._ours, line.encode() + b"\r")

    def shows(self, words: bytes) -> bool:
        """Whether certain words come within a while."""
        with self._changed:
            return self._changed.wait_for(lambda: words in self._seen, PATIENCE_S)

    @property
    def closing(self) -> list[bytes]:
        """The closing lines so far."""
        with self._changed:
            return CLOSING.findall(self._seen)

    def say(self, line: str) -> bytes:
        """Type a line into a plain prompt; its closing line."""
        before = len(self.closing)
        self.type(line)
        return self.waits_for_closing(before + 1)[before]

    def waits_for_closing(self, count: int) -> list[bytes]:
        """The closing lines, once there are so many."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: len(CLOSING.findall(self._seen)) >= count, PATIENCE_S
            )
            assert came, self._seen[-1000:]
            return CLOSING.findall(self._seen)

    def kill(self) -> None:
        """End it and all that it has started without warning."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def send(self, *lines: str):
        return chronus("send", *lines, **self.places)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._ours)
        shutil.rmtree(self.folder)
