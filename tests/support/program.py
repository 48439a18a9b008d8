"""The program as users call it: a process with arguments, stdin, stdout and an exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 120


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def objects(self):
        """The answers of `--json`, one a line."""
        return [json.loads(line) for line in self.lines]

    @property
    def closing(self):
        """The closing lines of text replies."""
        return [line for line in self.lines if line.split(" ")[0] in ("ok", "error")]


def environment(**extra):
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **extra}


def start(*arguments, folder=None, **extra):
    """A running call, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "chronus", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(**extra),
    )


def chronus(*arguments, stdin="", folder=None, **extra) -> Ended:
    """Run a call to its end; there is never a traceback in what it says."""
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    process = start(*arguments, folder=folder, **extra)
    try:
        out, err = process.communicate(given, timeout=LIMIT_S)
    finally:
        process.kill()
    ended = Ended(process.returncode, out.decode(), err.decode())
    assert "Traceback" not in ended.err + ended.out, ended.err
    return ended
