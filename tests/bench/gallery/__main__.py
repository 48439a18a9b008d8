"""`make gallery`: every kind's example and every instrument as a sound and a picture, and judged.

Each is played for four bars, and for as long as it rings after them. Beside the WAV files and
pictures stands `index.html`, which shows all of them. What is too soft to be heard, what is clipped
or leans on the limiter of the master, and what sounds like another one is told by name, and the
command fails.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench.gallery import judging, page
from tests.bench.gallery.scores import scores, sound_of
from tests.support.score import RATE_HZ

NEAREST = 10
"""Pairs that are printed, whether they are too near or not."""


def main() -> int:
    """Play all, draw all, and say what is wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", nargs="?", type=Path, default=Path("gallery"))
    options.add_argument("--only", nargs="*", help="parts of names")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    sounds = []
    for (sort, name), lines in scores().items():
        if given.only and not any(part in f"{sort}-{name}" for part in given.only):
            continue
        sounds.append(sound_of(sort, name, lines))
        page.write(sounds[-1], given.folder)
    (given.folder / "index.html").write_text(page.index(sounds), "utf-8")
    pairs = judging.distances(sounds, RATE_HZ)
    found = judging.verdicts(sounds, pairs, RATE_HZ)
    print(f"{len(sounds)} sounds and pictures in {given.folder}; {given.folder}/index.html has all")
    print(f"\nthe nearest (less than {judging.ALIKE_DB:g} dB apart is alike):")
    for distance, one, other in pairs[:NEAREST]:
        print(f"{distance:6.1f} dB  {one}, {other}")
    print()
    print("\n".join(found) or "none is silent, clipped, or like another")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
