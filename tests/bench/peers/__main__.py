"""`make bench-peers`: CPU of this engine and of others on the same work, as ratios.

All of them render offline, in turn, round after round; CPU is user and system time of the finished
process, as the slope between a short and a long render, so that starting drops out. Ratios are
taken within a round, so that a machine that is busy with something else disturbs both alike. What
is not installed is left out, by name.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from tests.bench.peers import csound, floor, ours, scsynth
from tests.bench.peers.spec import CASES, RATE_HZ
from tests.support.readme import PAGE, part

OURS, APART, SCSYNTH, CSOUND, FLOOR = "chronus", "apart", "scsynth", "csound", "C floor"
OTHERS = {SCSYNTH: scsynth, CSOUND: csound, FLOOR: floor}
NAMES = {
    OURS: "this engine",
    APART: "module by module",
    SCSYNTH: "scsynth",
    CSOUND: "Csound",
    FLOOR: "the C floor",
}
RATIOS = ((OURS, SCSYNTH), (OURS, CSOUND), (OURS, FLOOR), (APART, FLOOR))
"""Columns of the table: what is divided by what."""
MARK = "peers"
"""What the part of the README is called that holds the table."""

Play = "Callable[[str, int, Path | None], list[str]]"


def built(folder: Path, wanted: list[str]) -> dict[str, Play]:
    """What plays a case, of each engine that is there; the others are named."""
    found = {OURS: ours.command, APART: ours.command_apart}
    for name, peer in OTHERS.items():
        missing = [program for program in peer.PROGRAMS if shutil.which(program) is None]
        if missing:
            what = " and ".join(missing)
            are = "is" if len(missing) == 1 else "are"
            print(f"left out: {name}, as {what} {are} not installed", file=sys.stderr)
            continue
        if name in wanted:
            peer.build(folder)
            found[name] = partial(peer.command, folder=folder)
    return {name: play for name, play in found.items() if name in (APART, *wanted)}


def plays(name: str, case: str) -> bool:
    """Whether an engine knows a case: the floor has no drums and no effects.

    Module by module this engine is compared with the floor alone.
    """
    return name not in (FLOOR, APART) or CASES[case].work in floor.WORKS


def cpu_s(call: list[str]) -> float:
    """CPU seconds of a process, from its beginning to its end."""
    with subprocess.Popen(
        call, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert status == 0, f"{' '.join(call)} ended with {process.returncode}: {said.decode()}"
    return used.ru_utime + used.ru_stime


def measured(players: dict[str, Play], cases: list[str], rounds: int) -> dict[str, dict]:
    """CPU seconds a second of audio: of each case and engine, in each round."""
    found: dict[str, dict[str, list[float]]] = {case: {} for case in cases}
    for case in cases:
        cpu_s(players[OURS](case, CASES[case].spans_s[1], None))  # its kernels are compiled by then
    for number in range(rounds):
        for case in cases:
            short, long = CASES[case].spans_s
            for name, play in players.items():
                if plays(name, case):
                    spent = [cpu_s(play(case, seconds, None)) for seconds in (short, long)]
                    slope = (spent[1] - spent[0]) / (long - short)
                    found[case].setdefault(name, []).append(slope)
            print(f"round {number + 1} of {rounds}: {case}", file=sys.stderr)
    return found


def spread(values: list[float]) -> str:
    """The median, and the range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def table(found: dict[str, dict]) -> str:
    """The ratios, as a table of the README."""
    heads = [f"{NAMES[one]} / {NAMES[other]}" for one, other in RATIOS]
    rows = [["case", "what is played", *heads], ["---"] * (2 + len(heads))]
    for case, engines in found.items():
        cells = []
        for one, other in RATIOS:
            there = one in engines and other in engines
            pairs = zip(engines[one], engines[other], strict=True) if there else ()
            cells.append(spread([a / b for a, b in pairs]) if there else "")
        rows.append([case, CASES[case].doc, *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def absolute(found: dict[str, dict]) -> str:
    """CPU milliseconds a second of audio, which are of this machine at this hour alone."""
    lines = ["CPU ms a second of audio, median (range)"]
    for case, engines in found.items():
        for name, values in engines.items():
            lines.append(f"{case:5} {name:8} {spread([1000 * value for value in values])}")
    return "\n".join(lines)


def hear(players: dict[str, Play], cases: list[str], folder: Path) -> None:
    """Render ten seconds of each, and say what is to be heard: is it the work it should be?"""
    print("case  engine    peak    rms   mean  silent blocks  pitches found")
    for case in cases:
        for name, play in players.items():
            if not plays(name, case):
                continue
            sound = folder / f"{case}-{name.replace(' ', '-')}.{'raw' if name == FLOOR else 'wav'}"
            cpu_s(play(case, 10, sound))
            is_raw = sound.suffix == ".raw"
            frames = np.fromfile(sound, "f4") if is_raw else soundfile.read(sound, dtype="f4")[0]
            left = (frames if frames.ndim == 1 else frames[:, 0]).astype(np.float64)
            assert np.isfinite(left).all(), f"{case} {name}"
            blocks = np.abs(left[: len(left) // 480 * 480].reshape(-1, 480)).max(1)
            print(
                f"{case:5} {name:8} {np.abs(left).max():5.2f} {left.std():6.3f} {left.mean():+6.3f}"
                f"  {np.mean(blocks < 1e-6):13.1%}  {_pitches(left, CASES[case].voices)}"
            )


def _pitches(left: np.ndarray, voices: int) -> str:
    """How many of the different notes stand out of the spectrum."""
    spectrum = np.abs(np.fft.rfft(left * np.hanning(len(left))))
    wanted = sorted({ours.freq_hz(i) for i in range(voices)})
    at = [round(hz * len(left) / RATE_HZ) for hz in wanted]
    around = [np.median(spectrum[place - 15 : place + 16]) for place in at]
    found = [spectrum[p - 3 : p + 4].max() > 3.2 * a for p, a in zip(at, around, strict=True)]
    return f"{sum(found)} of {len(wanted)}"


def write_readme(rows: str) -> None:
    """Put the table into the README."""
    page = PAGE.read_text()
    PAGE.write_text(page.replace(part(page, MARK), rows))


def main() -> int:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    options.add_argument("--peers", nargs="*", default=list(OTHERS), choices=list(OTHERS))
    options.add_argument("--hear", metavar="DIR", type=Path, help="render each, and look at that")
    options.add_argument("--readme", action="store_true", help="write the table into the README")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        players = built(Path(folder), [OURS, *given.peers])
        if given.hear is not None:
            given.hear.mkdir(parents=True, exist_ok=True)
            hear(players, given.cases, given.hear)
            return 0
        begun = time.monotonic()
        found = measured(players, given.cases, given.rounds)
    rows = table(found)
    print(rows)
    print(absolute(found))
    print(f"{given.rounds} rounds in turn, {time.monotonic() - begun:.0f} s")
    if given.readme:
        write_readme(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
