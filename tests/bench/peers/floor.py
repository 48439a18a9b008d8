"""The floor in C under some of the cases: the arithmetic alone, 16 voices side by side."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.peers.spec import CASES

PROGRAMS = ("gcc",)
WORKS = ("voice", "fm", "ladder")


def build(folder: Path) -> None:
    """Compile it for this machine."""
    source = Path(__file__).with_name("floor.c")
    fast = ["-O3", "-march=native", "-ffast-math"]
    subprocess.run(["gcc", *fast, source, "-o", folder / "floor", "-lm"], check=True)


def command(case: str, seconds: int, sound: Path | None, folder: Path) -> list[str]:
    """What plays a case; a file gets bare float32 frames."""
    words = [folder / "floor", CASES[case].work, CASES[case].voices, seconds]
    return [str(word) for word in (*words, *([] if sound is None else [sound]))]
