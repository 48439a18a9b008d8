"""`make chaos`: a song is edited at random while its processes are killed and stopped.

Edits stand in its score, and others are typed into it from outside. What was recorded is compared,
sample by sample, with the offline render of the session's journal. The seed is printed; `--seed`
makes the same edits again; when a process dies, and a typed line comes, is up to the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parents[2]
SONG = ROOT / "patches" / "songs" / "breakbeat.chronus"
CHRONUS = [sys.executable, "-m", "chronus"]
DRUMS = ("hat", "ride")
"""Nodes of the song that are heard by themselves, and have a `decay`."""
PAUSE_S = (0.2, 1.2)
TROUBLES = (
    ("worker", signal.SIGKILL),
    ("worker", signal.SIGKILL),
    ("worker", signal.SIGSTOP),
    ("standby", signal.SIGKILL),
    ("audio", signal.SIGKILL),
)


def edited(lines: list[str], chance: random.Random, seconds: float) -> list[str]:
    """A song that begins again and again, with edits at random while it plays."""

    def edit() -> str:
        drum = chance.choice(DRUMS)
        return chance.choice(
            (
                f"set {drum}.level {chance.uniform(-20, -4):.1f}db",
                f"set {drum}.pan {chance.uniform(-1, 1):.2f}",
                f"set {drum}.decay {chance.uniform(60, 400):.0f}ms",
                f"trigger {drum}",
                f"sequence {drum}: {''.join(chance.choice('xX.o..') for _ in range(16))}",
                "load saw as extra freq=55hz; set extra.level -24db",
                "unload extra",
                f"tempo {chance.randint(165, 180)}",
            )
        )

    score = [re.sub(r"^(song: .*), end$", r"\1, loop", line) for line in lines]
    spent = 0.0
    while spent < seconds:
        pause = chance.uniform(0.02, 0.5)
        spent += pause
        score += [f"wait {pause * 1000:.0f}ms", edit()]
    return score


def status(name: str) -> dict[str, object] | None:
    """What a live session says of itself; None while it does not answer."""
    done = subprocess.run(
        [*CHRONUS, "send", "--session", name, "--json", "status"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    try:
        answer = json.loads(done.stdout.splitlines()[0])
    except (IndexError, json.JSONDecodeError):
        return None
    result = answer.get("result")
    return result if isinstance(result, dict) else None


def trouble(name: str, chance: random.Random, counts: Counter[str]) -> dict[str, object] | None:
    """Do something to a process of a session; what it said of itself before."""
    facts = status(name)
    if facts is None:
        return None
    role, kind = chance.choice(TROUBLES)
    processes = facts["processes"]
    assert isinstance(processes, list)
    victims = [entry for entry in processes if entry["role"] == role]
    if victims:
        victim = chance.choice(victims)
        try:
            os.kill(victim["pid"], kind)
        except ProcessLookupError:
            return facts
        counts[f"{role} {'killed' if kind == signal.SIGKILL else 'stopped'}"] += 1
    return facts


def type_edit(name: str, chance: random.Random) -> bool:
    """Type an edit into a session from outside; whether it was answered with `ok`."""
    line = chance.choice(
        (
            f"set clip.level {chance.uniform(-12, -3):.1f}db over 300ms",
            "load noise as hiss level=-40db",
            "unload hiss",
            "undo",
            "at next beat trigger kick",
            f"set hat.decay {chance.uniform(40, 300):.0f}ms",
        )
    )
    done = subprocess.run(
        [*CHRONUS, "send", "--session", name, line],
        capture_output=True, check=False, cwd=ROOT,
    )  # fmt: skip
    return done.returncode == 0


def difference(live: Path, offline: Path) -> str:
    """How two recordings differ, in words."""
    heard, _ = soundfile.read(str(live), dtype="float32")
    wanted, _ = soundfile.read(str(offline), dtype="float32")
    if heard.shape != wanted.shape:
        return f"{len(heard)} frames for {len(wanted)}"
    unlike = np.flatnonzero((heard != wanted).any(axis=1))
    if len(unlike):
        return f"{len(unlike)} frames differ, the first is {unlike[0]}"
    return "identical"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=2.0)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--ahead", type=int, default=32)
    options.add_argument("--lanes", type=int, default=1)
    given = options.parse_args()
    chance = random.Random(given.seed)
    seconds = given.minutes * 60
    print(f"seed {given.seed}, {given.minutes} minutes, ahead {given.ahead}, lanes {given.lanes}")
    with tempfile.TemporaryDirectory() as folder:
        score = Path(folder) / "chaos.chronus"
        score.write_text("\n".join(edited(SONG.read_text().splitlines(), chance, seconds)) + "\n")
        live, offline = Path(folder) / "live.wav", Path(folder) / "offline.wav"
        journal = Path(folder) / "journal.chronus"
        name = f"chaos-{os.getpid()}"
        length = ["--seconds", str(seconds)]
        command = [
            *CHRONUS, "play", str(score), *length, "--device", "null", "--record", str(live),
            "--journal", str(journal), "--ahead", str(given.ahead), "--lanes", str(given.lanes),
            "--name", name,
        ]  # fmt: skip
        counts: Counter[str] = Counter()
        last: dict[str, object] = {}
        with (Path(folder) / "replies").open("w+") as said:
            process = subprocess.Popen(command, cwd=ROOT, stdout=said)
            while process.poll() is None:
                time.sleep(chance.uniform(*PAUSE_S))
                last = trouble(name, chance, counts) or last
                counts["line typed"] += type_edit(name, chance)
            said.seek(0)
            late = sum(line.startswith("! ") and "late" in line for line in said)
        render = [*CHRONUS, "render", str(journal), "-o", str(offline)]
        subprocess.run(render, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        verdict = difference(live, offline)
    for what, count in sorted(counts.items()):
        print(f"{what:18} {count:5}")
    for what in ("handovers", "underruns"):
        print(f"{what:18} {last.get(what, 0):5}")
    print(f"{'late lines told':18} {late:5}")
    print(f"recording and the journal's render: {verdict}")
    return 0 if verdict == "identical" else 1


if __name__ == "__main__":
    sys.exit(main())
