"""Talking at a terminal: lines are read and handed to who carries them out, until it is over."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final, Protocol

from chronus.doors import replies
from chronus.doors.screen import is_terminal
from chronus.doors.statuses import write_out
from chronus.doors.waking import Terminated
from chronus.language.blocks import Gathering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chronus.doors.score import Manner
    from chronus.doors.toolbar import Toolbar

TEXT: Final = "chronus> "
MORE: Final = "... "
"""Where a block goes on."""
TWICE_S: Final = 2.0
"""So soon after the first one another Ctrl-C ends the session."""


class Cleared(KeyboardInterrupt):
    """Ctrl-C where something was typed: that is gone, and nothing ends."""


class Partner(Protocol):
    """Who carries out what is typed."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is carried out."""

    def complete(self, text: str) -> Iterable[tuple[str, str]]:
        """Words that may stand at the end of a line, and a few words on each."""

    def answer(self, text: str) -> bool:
        """Carry out a line or block, and say what came of it; whether it goes on."""


class Speaker:
    """Where replies and news go: to stdout, or past the line that is being typed."""

    def __init__(self) -> None:
        self.write = write_out

    def say(self, text: str) -> None:
        """Write a text without its last line break."""
        self.write(text)


def talk(
    partner: Partner,
    manner: Manner,
    speaker: Speaker,
    *,
    plain: bool,
    toolbar: Toolbar | None = None,
) -> None:
    """Read, do, answer, until it is over.

    Args:
        partner: carries out what is typed.
        manner: how is told that one Ctrl-C is not the end.
        speaker: writes for it; what it says stands past the line that is being typed.
        plain: no colour, no cursor movement.
        toolbar: the line below the prompt; None for none.
    """
    if plain or not is_terminal():
        converse(input, partner, manner)
        return
    from chronus.doors.editor import Editor  # noqa: PLC0415 - not needed by any other door

    editor = Editor(partner.complete, toolbar)
    speaker.write = editor.write
    with editor.surroundings():
        converse(editor.read, partner, manner)
    speaker.write = write_out


def converse(read: Callable[[str], str], partner: Partner, manner: Manner) -> None:
    """Read, do, answer, until it is over. Ctrl-C clears the line; soon again, it ends.

    Who clears one line after the other ends nothing.

    Args:
        read: shows a prompt, and gives what is typed; what is pasted may be several lines.
        partner: carries it out.
        manner: how is told that one Ctrl-C is not the end.
    """
    interrupted_s = -math.inf
    gathering = Gathering()
    while not partner.is_over:
        try:
            typed = read(MORE if gathering.is_open else TEXT)
        except EOFError:
            if gathering.is_open:
                partner.answer(gathering.take())
            return
        except KeyboardInterrupt as stopped:
            now = time.monotonic()
            is_soon = now - interrupted_s < TWICE_S and not isinstance(stopped, Cleared)
            if is_soon or partner.is_over:
                return
            if isinstance(stopped, Terminated):
                raise
            interrupted_s = now
            gathering.take()
            manner.write(replies.news("Ctrl-C again ends, or quit", as_object=manner.json))
            continue
        for line in typed.split("\n"):
            text = gathering.add(line)
            if text is not None and not partner.answer(text):
                return
