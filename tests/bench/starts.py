"""How soon the program is there: to the first prompt, to the first sound, and with no cache at all.

The reference is the time that Python takes to start and import numpy, measured between the others.
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

ROUNDS = 5
PATIENCE_S = 120.0
CURSOR_QUESTION = b"\x1b[6n"


def reference_s() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy"], check=True)
    return time.perf_counter() - begun


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *options: str, **environment: str) -> None:
        self.begun = time.perf_counter()
        self.pid, self.fd = pty.fork()
        self.seen = b""
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", **environment})
            os.execv(sys.executable, [sys.executable, "-m", "chronus", *options])

    def wait_for(self, text: bytes) -> float:
        """Seconds from the start until a text is shown."""
        while text not in self.seen:
            assert time.perf_counter() - self.begun < PATIENCE_S, self.seen[-2000:]
            if select.select([self.fd], [], [], 1.0)[0]:
                part = os.read(self.fd, 1 << 16)
                self.seen += part
                if CURSOR_QUESTION in part:
                    os.write(self.fd, b"\x1b[1;1R")
        return time.perf_counter() - self.begun

    def type(self, line: str) -> None:
        os.write(self.fd, line.encode() + b"\r")

    def end(self) -> None:
        self.type("quit")
        while True:
            try:
                if not os.read(self.fd, 1 << 16):
                    break
            except OSError:
                break
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def prompt_and_effect_s() -> tuple[float, float]:
    """Seconds to the first prompt, and to the reply that says that a typed `load saw` sounds."""
    terminal = Terminal("--device", "null")
    prompt_s = terminal.wait_for(b"chronus>")
    terminal.type("load saw")
    effect_s = terminal.wait_for(b"ok saw")
    terminal.end()
    return prompt_s, effect_s


def sound_s(folder: Path) -> float:
    """Seconds from the call of `play` to the first frame that a sink hears.

    The recording holds what was played, so its length when the program ends, taken from the time of
    the end, says when its first frame was.
    """
    folder.mkdir()
    score = folder / "score.chronus"
    score.write_text("load saw\nwait 500ms\n")
    heard = folder / "heard.wav"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "chronus",
            "play",
            str(score),
            "--device",
            "null",
            "--seconds",
            "4",
            "--record",
            str(heard),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # The file grows by what was played: its first frames are there when the first sound was.
    while not (heard.exists() and heard.stat().st_size > 1024):
        assert process.poll() is None, "it ended without a sound"
        time.sleep(0.002)
    first = time.perf_counter() - begun
    process.wait()
    assert soundfile.info(str(heard)).frames == 4 * 48_000
    return first


def cold_s(folder: Path) -> tuple[float, bool]:
    """Seconds to the prompt of the first start ever, and whether a bar showed its progress."""
    terminal = Terminal(
        "--device",
        "null",
        CHRONUS_CACHE_DIR=str(folder / "empty"),
        NUMBA_CACHE_DIR=str(folder / "numba"),
    )
    prompt_s = terminal.wait_for(b"chronus>")
    terminal.end()
    return prompt_s, b"compiling [" in terminal.seen


def print_starts() -> None:
    """Print the table of starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        references, prompts, effects, sounds = [], [], [], []
        for round_ in range(ROUNDS):
            references.append(reference_s())
            prompt_s, effect_s = prompt_and_effect_s()
            prompts.append(prompt_s)
            effects.append(effect_s)
            sounds.append(sound_s(folder / str(round_)))
        cold, has_bar = cold_s(folder)
    unit = statistics.median(references)
    print(f"\nreference: Python starts and imports numpy in {unit:.2f} s\n")
    print("from the call to ...                   seconds  of the reference")
    rows = {
        "the first prompt": statistics.median(prompts),
        "a typed line done (typed at once)": statistics.median(effects),
        "the first sound of `play`": statistics.median(sounds),
        "the first prompt, nothing compiled": cold,
    }
    for what, seconds in rows.items():
        print(f"{what:38} {seconds:7.2f}  {seconds / unit:16.1f}")
    print(f"a bar showed the compiling: {'yes' if has_bar else 'no'}")
