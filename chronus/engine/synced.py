"""Ports that follow the tempo: what was set in beats is told by the tempo of each frame.

Such a port keeps what it would be at 60 beats a minute, where a beat lasts a second. A rate is that
times the beats of a second, taken in the middle of each frame: as the tempo moves evenly, an
oscillator turns in all by as much as beats pass, through any ramp. A time is that times the seconds
of a beat. Where the tempo jumps, rates do at once, as no phase does; times get there within ten
fades (50 ms), so that a delay line glides, as it does when its time is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import float32, njit

from chronus.dsp.native import ONCE, OPTIONS
from chronus.engine.beats import bpm_after as plain_bpm_after
from chronus.engine.layout import Arena, Beat, Clock, Head, Ring
from chronus.settings import BLOCK

if TYPE_CHECKING:
    import numpy as np

FADE, PLAYING, C = int(Head.FADE), int(Clock.PLAYING), int(Ring.C)
BPM, ORIGIN_FRAME = int(Beat.BPM), int(Beat.ORIGIN_FRAME)
JUMP_BPM, JUMP_FRAME = int(Beat.JUMP_BPM), int(Beat.JUMP_FRAME)
FADES = 10
"""Fades that a time takes to get to where a jump of the tempo leads."""

bpm_after = njit(**ONCE)(plain_bpm_after)


@njit(**OPTIONS)
def at_tempo(value: float, follows: float, bpm: float) -> float:
    """A rate (1) or time (-1) of 60 beats a minute at another tempo; the other way about back."""
    return float32(value * (bpm / 60.0) if follows > 0.0 else value * (60.0 / bpm))


@njit(**OPTIONS)
def jump_left(arena: Arena, lane: int, block: int, offset: float) -> float:
    """How far times are still behind the last jump of the tempo, in beats a minute."""
    beats = arena.beats[lane, block & 1]
    if beats[JUMP_BPM] == 0.0:
        return 0.0
    frames = FADES * arena.head[FADE]
    passed = block * BLOCK + offset - beats[JUMP_FRAME]
    return beats[JUMP_BPM] * (1.0 - passed / frames) if passed < frames else 0.0


@njit(**OPTIONS)
def tempo_of(arena: Arena, lane: int, block: int, offset: int, follows: float) -> float:
    """Beats a minute that a port follows at a frame of a block: a rate (1), or a time (-1)."""
    beats = arena.beats[lane, block & 1]
    passed = 0.0
    if arena.clock[lane, block & 1, PLAYING] != 0:
        passed = block * BLOCK + offset + 0.5 - beats[ORIGIN_FRAME]
    bpm = bpm_after(beats, passed)
    return bpm if follows > 0.0 else bpm + jump_left(arena, lane, block, offset)


@njit(**OPTIONS)
def turned(
    arena: Arena, lane: int, block: int, offset: int, value: float, before: float, after: float
) -> float:
    """What follows the tempo in one way (0: in none), as what follows it in another one.

    At a frame of a block both are the same.
    """
    if before == after:
        return value
    if before != 0.0:
        value = at_tempo(value, before, tempo_of(arena, lane, block, offset, before))
    if after != 0.0:
        value = at_tempo(value, -after, tempo_of(arena, lane, block, offset, after))
    return value


@njit(**ONCE)
def note_jump(arena: Arena, lane: int, block: int, event: np.ndarray, bpm: float) -> None:
    """Note that the tempo is about to jump at this block, from where times follow it now.

    Before the first frame no time has been heard.
    """
    beats = arena.beats[lane, block & 1]
    if event[C] == 0 and block > 0:
        beats[JUMP_BPM] = beats[BPM] + jump_left(arena, lane, block, 0.0) - bpm
        beats[JUMP_FRAME] = block * BLOCK
