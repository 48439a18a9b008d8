"""A prompt is played from outside as well: one order of lines, and `quit` ends it."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path

import pytest

from tests.support.program import ROOT, chronus, environment

PATIENCE_S = 30.0


class Terminal:
    """`chronus` at a terminal, and all that it has written."""

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chronus-t-"))
        self.places = {"XDG_RUNTIME_DIR": str(self.folder), "TMPDIR": str(self.folder)}
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 100))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chronus", "--device", "null", "--ahead", "64", *options],
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

    def send(self, *lines: str):
        return chronus("send", *lines, **self.places)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._ours)
        shutil.rmtree(self.folder)


@pytest.mark.parametrize("options", [("--plain",), ()])
def test_a_prompt_is_played_from_outside(options, monkeypatch):
    """What one has loaded the other sets; a wait at the prompt holds nobody up; `quit` ends it."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(*options)
    try:
        assert terminal.shows(b"chronus>")
        terminal.type("load kick as mine")
        assert terminal.shows(b"ok mine")
        assert terminal.send("set mine.freq 70; load hat as theirs").status == 0
        terminal.type("get theirs.level")
        assert terminal.shows(b"ok theirs.level")
        terminal.type("wait 1000s")
        assert terminal.send("get mine.freq").lines[0].startswith("ok mine.freq = 70hz")
        ended = terminal.send("quit")
        assert (ended.status, ended.err) == (0, "")
        assert terminal.process.wait(PATIENCE_S) == 0
        assert list(terminal.folder.iterdir()) == []
    finally:
        terminal.close()


def test_quit_from_outside_ends_a_prompt_that_waits_for_a_line(monkeypatch):
    """Nobody has to press a key."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    try:
        assert terminal.shows(b"chronus>")
        assert terminal.send("load kick", "quit").status == 0
        assert terminal.process.wait(PATIENCE_S) == 0
    finally:
        terminal.close()
