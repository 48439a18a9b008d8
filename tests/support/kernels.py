"""Compiles the step and every kernel, mono and wide: no test then waits for a compiler.

It is the one test of that from an empty cache, as it takes a minute: what is missing is built, each
is told once, and nothing is missing then.
"""

from __future__ import annotations

import sys

from chronus.machine.build import build, missing
from chronus.modules.catalog import kinds, wide


def main():
    wanted = [*kinds(), *map(wide, kinds())]
    absent = missing(wanted)
    told = []

    def show(done, count, name):
        told.append((done, count))
        print(f"\rcompiling {done}/{count} {name:<20}", end="", file=sys.stderr, flush=True)

    build(wanted, show)
    print(file=sys.stderr)
    assert told == [(done, len(absent)) for done in range(1, len(absent) + 1)], (told, absent)
    assert missing(wanted) == []


if __name__ == "__main__":
    main()
