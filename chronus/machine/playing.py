"""What is heard next, given what lies on the tape: no device, no clock, no process is known here.

Frames of the tape are played in order, each once. Where the next ones are not there in time, what
is there fades out; when enough are there again, they fade in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from chronus.engine.layout import Head
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chronus.engine.layout import Floats, Longs

FADE_S: Final = 0.005
MOST_ROOM_BLOCKS: Final = 8
LONG_TAPE_BLOCKS: Final = 16


class View(NamedTuple):
    """What a callback sees of the arena, in frames."""

    played: int  # taken from the tape so far
    done: int  # finished on the tape
    hold: int  # the frame from which nothing is taken; 0: there is none
    prefill: int  # to be there before playing begins
    quits: bool  # whether all is to end


class Move(NamedTuple):
    """What a callback does."""

    take: int  # frames from the tape
    flows: bool  # whether more follow without a pause
    is_hole: bool  # whether frames were missing that should have been there


def view_of(head: Longs) -> View:
    """Read the arena's head: first what was taken, then what is there."""
    played = int(head[Head.PLAYED])
    most = min(int(head[Head.AHEAD]) * BLOCK, int(head[Head.GO]) * BLOCK - played)
    return View(
        played=played,
        done=int(head[Head.COMMITTED]) * BLOCK,
        hold=int(head[Head.HOLD]),
        prefill=most,
        quits=bool(head[Head.QUIT] != 0),
    )


def decide(view: View, wanted: int, *, flows: bool) -> Move:
    """What to take from the tape for a callback.

    Args:
        view: of the arena.
        wanted: frames that the device asks for.
        flows: whether the last callback was followed without a pause.
    """
    there = view.done - view.played
    until_hold = max(view.hold - view.played, 0) if view.hold > 0 else there + wanted
    limit = min(there, until_hold)
    if not flows:
        enough = max(min(view.prefill, until_hold), 1)
        if view.quits or limit < enough:
            return Move(0, flows=False, is_hole=False)
    take = min(limit, wanted)
    missing = take < wanted
    return Move(take, not missing, missing and limit < until_hold and not view.quits)


def is_roomy(view: View, taken: int) -> bool:
    """Whether the tape has so much room that the engine is worth waking.

    On a long tape that is a quarter of it, eight blocks at most: who is woken less often costs
    less. A short tape is kept full, since all that it holds is needed when a worker dies.
    """
    if view.prefill < LONG_TAPE_BLOCKS * BLOCK:
        return True
    lead = view.done - view.played - taken
    return lead <= view.prefill - min(view.prefill // 4, MOST_ROOM_BLOCKS * BLOCK)


@dataclass(slots=True)
class _Fades:
    """How loud it is, and what still sounds of a sudden end."""

    risen: int  # frames of the fade in that have passed; all of them: full level
    fallen: int = 0  # frames of the last fade out that have passed
    tail: int = 0  # frames in which the last value goes to zero


class Player:
    """Copies frames for a device, and fades where they stop or begin again.

    Args:
        rate_hz: of the device.
        resumes: whether frames were played before, by another, so that these must fade in.
    """

    def __init__(self, rate_hz: int, *, resumes: bool = False) -> None:
        self.fade_frames = round(FADE_S * rate_hz)
        self.flows = False
        self.holes = 0
        self._fades = _Fades(risen=0 if resumes else self.fade_frames)
        self._last = np.zeros(2, np.float32)

    @property
    def has_ended(self) -> bool:
        """Whether the last fade out, after a view that quits, is over."""
        faded = self._fades.fallen >= self.fade_frames or not self.flows
        return faded and self._fades.tail == 0

    def fill(self, out: NDArray[np.float32], tape: Floats, view: View) -> int:
        """Fill what the device asks for, shape (frames, 2); the frames that were taken."""
        move = decide(view, len(out), flows=self.flows)
        take = move.take
        part = out[:take]
        if take > 0:
            _copy(part, tape, view.played)
            self._fade_in(part)
            if view.quits:
                self._fade_out(part)
            if move.is_hole or (view.quits and not move.flows):
                self._fall_silent(part)
            self._last[:] = part[-1]
        if not move.flows and (self.flows or take > 0):
            self._interrupt(is_hole=move.is_hole)
        self.flows = move.flows
        self._die_away(out[take:])
        return take

    def _interrupt(self, *, is_hole: bool) -> None:
        self.holes += is_hole
        self._fades.risen = 0
        self._fades.tail = self.fade_frames if self._last.any() else 0

    def _fade_in(self, part: NDArray[np.float32]) -> None:
        fades = self._fades
        if fades.risen < self.fade_frames:
            count = min(len(part), self.fade_frames - fades.risen)
            part[:count] *= _ramp(fades.risen, count, self.fade_frames)
            fades.risen += count

    def _fade_out(self, part: NDArray[np.float32]) -> None:
        fades = self._fades
        count = min(len(part), self.fade_frames - fades.fallen)
        part[:count] *= 1.0 - _ramp(fades.fallen, count, self.fade_frames)
        part[count:] = 0.0
        fades.fallen += count

    def _fall_silent(self, part: NDArray[np.float32]) -> None:
        """Fade out within what is there, since nothing follows it."""
        count = min(len(part), self.fade_frames)
        part[-count:] *= 1.0 - _ramp(0, count, count)

    def _die_away(self, out: NDArray[np.float32]) -> None:
        """Silence, into which the last value that was heard goes down: no click."""
        out[:] = 0.0
        count = min(len(out), self._fades.tail)
        if count > 0:
            at = self.fade_frames - self._fades.tail
            out[:count] = self._last * (1.0 - _ramp(at, count, self.fade_frames))
            self._fades.tail -= count


def _copy(out: NDArray[np.float32], tape: Floats, frame: int) -> None:
    """Copy frames from the ring, around its end where need be."""
    at = frame % len(tape)
    first = min(len(out), len(tape) - at)
    out[:first] = tape[at : at + first]
    out[first:] = tape[: len(out) - first]


def _ramp(at: int, count: int, length: int) -> NDArray[np.float32]:
    """`count` steps of a line from 0 to 1 in `length` steps, from step `at` + 1 on; a column."""
    steps = np.arange(at + 1, at + count + 1, dtype=np.float32) / np.float32(length)
    return steps[:, np.newaxis]
