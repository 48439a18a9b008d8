"""Plays the song with a kind that goes wrong, in a process whose catalog has it; prints facts."""

from __future__ import annotations

import json
import sys

import numpy as np

from chronus.machine.live import LiveSettings
from tests.machine.song import SONG, play

FIRST, SECOND = SONG[:-4], SONG[-4:]


def main(path: str, kind: str, lanes: int, *more: str) -> None:
    """Play, with lines between that load a node and later do something with it."""
    news: list[str] = []

    def listen(machine, over):
        while not over.wait(0.05):
            news.extend(machine.news())

    lines = [*FIRST, f"load {kind} as bad", *SECOND, *more]
    settings = LiveSettings(device="null", ahead=100, lanes=lanes)
    played = play(lines, 6.0, settings, listen)
    np.save(path, played.frames)
    facts = {key: played.facts[key] for key in ("quarantined", "handovers", "late")}
    print(json.dumps({**facts, "news": news + played.news}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
