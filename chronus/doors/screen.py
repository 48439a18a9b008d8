"""A terminal: what is shown there again and again, and what is typed while nobody reads."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY_S: Final = 0.005
"""How long is looked for a key each time; what is shown takes its own time."""
UP: Final = "\x1b[{}F"
CLEAR: Final = "\x1b[0J"


class TerminalScreen:
    """The terminal that this program was started at.

    Args:
        who: sits there.
    """

    def __init__(self, who: str) -> None:
        self.who = who

    def watch(self, lines: Callable[[], tuple[str, ...]]) -> None:
        """Show lines, asked for each time, until a key is pressed."""
        keys, shown = sys.stdin.fileno(), 0
        before = termios.tcgetattr(keys)
        # Not what `print` goes through at a prompt: that would part the lines from their cursor.
        out = sys.__stdout__
        assert out is not None
        try:
            tty.setcbreak(keys)
            while True:
                found = lines()
                back = UP.format(shown) if shown else ""
                out.write(back + CLEAR + "\n".join([*found, "(any key ends)"]) + "\n")
                out.flush()
                shown = len(found) + 1
                if select.select([keys], [], [], KEY_S)[0]:
                    os.read(keys, 64)
                    return
        finally:
            termios.tcsetattr(keys, termios.TCSADRAIN, before)


def is_terminal() -> bool:
    """Whether somebody sits at a terminal that can move its cursor."""
    is_dumb = os.environ.get("TERM", "dumb") in {"", "dumb"}
    return sys.stdin.isatty() and sys.stdout.isatty() and not is_dumb


@contextmanager
def unechoed() -> Iterator[None]:
    """Let the terminal keep what is typed before a prompt as it is, and not show it."""
    terminal = sys.stdin.fileno()
    try:
        before = termios.tcgetattr(terminal)
    except termios.error:
        yield
        return
    quiet = termios.tcgetattr(terminal)
    quiet[0] &= ~termios.ICRNL
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
