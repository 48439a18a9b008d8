"""The program in a terminal that a program types into, as an agent does: tmux."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from tests.support.program import ROOT, environment

PATIENCE_S = 180.0
LOOK_S = 0.1
TMUX = shutil.which("tmux")


class Pane:
    """`chronus` in a tmux of its own.

    Args:
        options: of the call.
        columns: and rows of the terminal.
        places: variables.
    """

    def __init__(self, *options: object, columns: int = 100, rows: int = 30, **places: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chronus-t-"))
        self._name = f"chronus-{uuid.uuid4().hex[:8]}"
        own = {
            "XDG_RUNTIME_DIR": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "TMPDIR": str(self.folder),
            **places,
        }
        call = [sys.executable, "-m", "chronus", "--device", "null", "--ahead", "64"]
        call += map(str, options)
        # The pane stays when the program has ended, to show its status.
        command = f"{shlex.join(call)}; echo ended $?; sleep 1000"
        settings = self.folder / "tmux.conf"
        settings.write_text("set -g history-limit 50000\nset -g default-terminal screen-256color\n")
        self._environment = {**environment(**own), "TERM": "xterm"}
        self._tmux("-f", str(settings), "new-session", "-d", "-x", str(columns), "-y", str(rows),
                   "-c", str(ROOT), command)  # fmt: skip

    def _tmux(self, *arguments: str, stdin: str | None = None) -> str:
        ended = subprocess.run(
            [TMUX or "tmux", "-L", self._name, *arguments],
            env=self._environment, input=stdin, capture_output=True, text=True, check=True,
            timeout=PATIENCE_S,
        )  # fmt: skip
        return ended.stdout

    @property
    def text(self) -> str:
        """All that the pane shows and has shown; a wrapped line is one."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    @property
    def screen(self) -> list[str]:
        """The lines that the pane shows now."""
        return self._tmux("capture-pane", "-p").splitlines()

    @property
    def coloured(self) -> str:
        """What the pane shows now, with its colours."""
        return self._tmux("capture-pane", "-p", "-e")

    def lines(self, begins: str) -> list[str]:
        """The lines of the pane that begin so."""
        return [line.rstrip() for line in self.text.splitlines() if line.startswith(begins)]

    def shows(self, pattern: str) -> bool:
        """Whether a line that matches comes within a while."""
        return self.waits_for(lambda: re.search(pattern, self.text, re.MULTILINE))

    @staticmethod
    def waits_for(is_so) -> bool:
        limit = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > limit:
                return False
            time.sleep(LOOK_S)
        return True

    def type(self, *lines: str) -> None:
        """Type lines, as fast as tmux sends them."""
        keys = [part for line in lines for part in (line, "Enter")]
        for begin in range(0, len(keys), 100):
            self._tmux("send-keys", *keys[begin : begin + 100])

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def paste(self, text: str) -> None:
        """Paste a text, in brackets where the program has asked for them."""
        self._tmux("load-buffer", "-", stdin=text)
        self._tmux("paste-buffer", "-p", "-d")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        for _ in range(100):
            if not any(self.folder.rglob("*.sock")):
                break
            time.sleep(LOOK_S)
        shutil.rmtree(self.folder, ignore_errors=True)


def history(pane: Pane) -> Path:
    return pane.folder / "state" / "chronus" / "history"


def umask_of(path: Path) -> int:
    return path.stat().st_mode & 0o777
