"""What events do to the transport: tempo and its ramps, meters, start, stop, the end, a panic."""

from __future__ import annotations

import numpy as np
from numba import njit

from chronus.dsp.native import ONCE, OPTIONS
from chronus.engine import beats as plain
from chronus.engine.beats import BAR_TOLERANCE
from chronus.engine.frames import beats_after
from chronus.engine.gates import close_gates
from chronus.engine.layout import Arena, Beat, Clock, Event, Head, Ring
from chronus.engine.silence import begin_panic
from chronus.engine.synced import note_jump
from chronus.engine.voices import release_all
from chronus.settings import BLOCK

RATE = int(Head.RATE)
PLAN, PLAYING, FINISHING = int(Clock.PLAN), int(Clock.PLAYING), int(Clock.FINISHING)
QUIET_BLOCKS, MOST_BLOCKS = int(Clock.QUIET_BLOCKS), int(Clock.MOST_BLOCKS)
BPM, ORIGIN_BEAT, ORIGIN_FRAME = int(Beat.BPM), int(Beat.ORIGIN_BEAT), int(Beat.ORIGIN_FRAME)
TARGET_BPM, RAMP_FRAMES = int(Beat.TARGET_BPM), int(Beat.RAMP_FRAMES)
BAR_BEATS, METER_BEAT, METER_BAR = int(Beat.BAR_BEATS), int(Beat.METER_BEAT), int(Beat.METER_BAR)
NEXT_BEAT, NEXT_BAR_BEATS = int(Beat.NEXT_BEAT), int(Beat.NEXT_BAR_BEATS)
KIND, A, B, C = int(Ring.KIND), int(Ring.A), int(Ring.B), int(Ring.C)
TEMPO, METER, START = int(Event.TEMPO), int(Event.METER), int(Event.START)
STOP, FINISH, PANIC = int(Event.STOP), int(Event.FINISH), int(Event.PANIC)

bpm_after = njit(**ONCE)(plain.bpm_after)
bars_at = njit(**ONCE)(plain.bars_at)
beat_of_bars = njit(**ONCE)(plain.beat_of_bars)
ramp_of_beats = njit(**ONCE)(plain.ramp_of_beats)


@njit(**OPTIONS)
def beat_now(arena: Arena, lane: int, block: int, back: float) -> float:
    """The beat so many frames before a block, whether the transport runs or stands."""
    beats = arena.beats[lane, block & 1]
    passed = block * BLOCK - beats[ORIGIN_FRAME]
    if arena.clock[lane, block & 1, PLAYING] == 0:
        passed = 0.0
    return beats[ORIGIN_BEAT] + beats_after(beats, arena.head[RATE], passed - back)


@njit(**ONCE)
def bar_line(beats: np.ndarray, beat: float) -> float:
    """The beat of the bar line at a beat or behind it.

    Who asks goes half a frame back, so that a line that rounds to a block's first frame is there.
    """
    return beat_of_bars(beats, np.ceil(bars_at(beats, beat) - BAR_TOLERANCE))


@njit(**OPTIONS)
def move_transport(arena: Arena, lane: int, block: int, event: np.ndarray, value: float) -> None:
    """Let an event of the transport take effect: tempo, meter, start, stop, the end, a panic."""
    new = block & 1
    kind = event[KIND]
    clock = arena.clock[lane, new]
    beats = arena.beats[lane, new]
    if kind == METER:
        change_meter(arena, lane, block, value)
    elif kind == TEMPO or kind == START or kind == STOP or kind == FINISH or kind == PANIC:
        count_from_here(arena, lane, block)
        if kind == TEMPO:
            note_jump(arena, lane, block, event, value)
            change_tempo(beats, arena.head[RATE], event, value)
        else:
            clock[PLAYING] = int(kind == START)
    if kind == STOP or kind == FINISH or kind == PANIC:
        if clock[PLAN] >= 0:
            close_gates(arena, lane, block, clock[PLAN])
            release_all(arena, lane, block, clock[PLAN])
        if kind == FINISH:
            clock[FINISHING] = block
            clock[QUIET_BLOCKS] = event[A]
            clock[MOST_BLOCKS] = event[B]
        elif kind == PANIC:
            begin_panic(arena, lane, block)


@njit(**ONCE)
def count_from_here(arena: Arena, lane: int, block: int) -> None:
    """Let the tempo count from this block on, in the middle of a ramp from where that is."""
    beats = arena.beats[lane, block & 1]
    beat = beat_now(arena, lane, block, 0.0)
    if arena.clock[lane, block & 1, PLAYING] != 0:
        passed = block * BLOCK - beats[ORIGIN_FRAME]
        beats[BPM] = bpm_after(beats, passed)
        beats[RAMP_FRAMES] = max(beats[RAMP_FRAMES] - passed, 0.0)
    beats[ORIGIN_BEAT] = beat
    beats[ORIGIN_FRAME] = block * BLOCK


@njit(**ONCE)
def change_tempo(beats: np.ndarray, rate: int, event: np.ndarray, value: float) -> None:
    """Take a tempo from the origin on, or go there within b / c frames, or beats where a is 1."""
    beats[TARGET_BPM] = value
    if event[C] == 0:
        beats[BPM] = value
        beats[RAMP_FRAMES] = 0.0
    elif event[A] == 0:
        beats[RAMP_FRAMES] = event[B] / event[C]
    else:
        beats[RAMP_FRAMES] = ramp_of_beats(beats[BPM], value, rate, event[B] / event[C])


@njit(**ONCE)
def change_meter(arena: Arena, lane: int, block: int, bar_beats: float) -> None:
    """Take another meter from the next bar line on."""
    beats = arena.beats[lane, block & 1]
    beat = beat_now(arena, lane, block, 0.5)
    line = bar_line(beats, beat)
    if beat >= beats[NEXT_BEAT]:
        beats[METER_BAR] = bars_at(beats, beats[NEXT_BEAT])
        beats[METER_BEAT] = beats[NEXT_BEAT]
        beats[BAR_BEATS] = beats[NEXT_BAR_BEATS]
    beats[NEXT_BEAT] = line
    beats[NEXT_BAR_BEATS] = bar_beats
