"""What a listener expects to hear: the frames of the tape in order, and fades where it ran dry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from chronus.machine.playing import View

FADE = 240
"""Frames of a fade: 5 ms."""


@dataclass(frozen=True, slots=True)
class Call:
    """A callback.

    Attributes:
        out: what the device got.
        taken: frames that were counted as played.
        view: what the callback could see.
        is_first: of its process.
    """

    out: np.ndarray
    taken: int
    view: View
    is_first: bool


@dataclass
class Listener:
    """Hears every callback.

    Attributes:
        at: the next frame of the tape.
        flows: whether it sounds.
        risen: frames since it began to sound again, up to a fade.
        silent: frames since it ceased to sound.
        last: what sounded then.
    """

    calls: list[Call] = field(default_factory=list)
    at: int = 0
    flows: bool = False
    risen: int = FADE
    silent: int = FADE
    last: np.ndarray = field(default_factory=lambda: np.zeros(2, np.float32))

    def fault(self, tape: np.ndarray) -> str:
        """What is wrong with what was heard, or nothing.

        Args:
            tape: what there was to hear.
        """
        for number, call in enumerate(self.calls):
            if wrong := self._hear(call, tape):
                return f"callback {number} {wrong}"
        return "" if self.at == len(tape) else f"only {self.at} frames were heard"

    def _hear(self, call: Call, tape: np.ndarray) -> str:
        wanted, view = len(call.out), call.view
        if call.is_first and self.at > 0:
            self.flows, self.risen, self.silent = False, 0, FADE
        there = view.done - self.at
        plays = self.flows or there >= max(view.prefill, 1)
        if call.taken != (min(wanted, there) if plays else 0):
            return f"took {call.taken} of {there} frames"
        heard, rest = call.out[: call.taken], call.out[call.taken :]
        part = tape[self.at : self.at + call.taken]
        first = min(FADE - self.risen, call.taken)
        last = call.taken if len(rest) == 0 else max(call.taken - FADE, 0)
        self.at += call.taken
        self.risen += first
        if not np.array_equal(heard[first:last], part[first:last]):
            return "played something else"
        if (np.abs(heard) > np.abs(part)).any():
            return "was louder than the tape"
        if call.taken > 0:
            self.last, self.silent = np.abs(heard[-1]), 0
        self.flows = len(rest) == 0
        return "" if self.flows else self._fall_silent(rest)

    def _fall_silent(self, rest: np.ndarray) -> str:
        self.risen = 0
        dies_away = max(FADE - self.silent, 0)
        self.silent += len(rest)
        if (np.abs(rest) > self.last).any() or rest[dies_away:].any():
            return "did not fall silent"
        return ""
