"""A line below the prompt: position, tempo, level, load, device; no work while it is hidden."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from chronus.engine.layout import Head, tape_part
from chronus.machine.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.machine.live import LiveMachine
    from chronus.session.session import Session

REFRESH_S: Final = 0.25
"""How often it is written anew."""
WINDOW_S: Final = 0.25
"""The level is the peak of so much that was heard last."""
USAGE_S: Final = 2.0
"""How often processes are asked what they use."""
QUIET_DB: Final = -60.0
METER: Final = 10
"""Characters of the level meter."""


class Toolbar:
    """What is shown below the prompt.

    Args:
        machine: whose.
        session: the session, None while it is being started.
        is_shown: at first.
    """

    def __init__(
        self, machine: LiveMachine, session: Callable[[], Session | None], *, is_shown: bool
    ) -> None:
        self.is_shown = is_shown
        self._session = session
        self._machine = machine
        self._usage = Usage()
        self._cpu = 0.0
        self._asked = 0.0

    def text(self, columns: int) -> str:
        """The line, as much of it as fits."""
        session = self._session()
        if session is None:
            return " starting"[:columns]
        frame, bar = session.position
        parts = [
            bar.rpartition(".")[0],
            f"{session.transport.bpm_at(frame):.4g} bpm",
            meter(self.peak_db()),
            f"cpu {100 * self._share():.0f}%",
            f"underruns {int(self._machine.writer.arena.head[Head.UNDERRUNS])}",
            self._machine.device,
        ]
        text = ""
        for part in parts:
            longer = f"{text} | {part}" if text else f" {part}"
            if len(longer) > columns:
                break
            text = longer
        return text

    def peak_db(self) -> float:
        """The peak of what was heard last, in dB of full scale."""
        arena = self._machine.writer.arena
        played = int(arena.head[Head.PLAYED])
        count = min(round(WINDOW_S * self._machine.settings.rate_hz), played)
        if count == 0:
            return -np.inf
        peak = float(np.max(np.abs(tape_part(arena, played - count, count))))
        return 20.0 * float(np.log10(peak)) if peak > 0.0 else -np.inf

    def _share(self) -> float:
        """The share of a core that all processes took lately."""
        now = time.monotonic()
        if now - self._asked >= USAGE_S:
            self._asked = now
            self._cpu = sum(self._usage.shares(self._machine.roles()).values())
        return self._cpu


def meter(peak_db: float) -> str:
    """A level as a bar and a number."""
    if peak_db <= QUIET_DB:
        return f"[{'.' * METER}]  -inf db"
    full = min(max(round(METER * (1.0 - peak_db / QUIET_DB)), 0), METER)
    return f"[{'#' * full}{'.' * (METER - full)}] {peak_db:5.1f} db"
