"""Compiles the step and every kernel, mono and wide: no test then waits for a compiler."""

from __future__ import annotations

import sys

from chronus.machine.build import build
from chronus.modules.catalog import kinds, wide


def main():
    def show(done, count, name):
        print(f"\rcompiling {done}/{count} {name:<20}", end="", file=sys.stderr, flush=True)

    build([*kinds(), *map(wide, kinds())], show)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
