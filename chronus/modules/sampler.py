"""The sampler: plays the sound of a file, whole or a slice of it, at any pitch, either way.

Between the frames of the file a polynomial through six of them is read, and what is played faster
than it was recorded is read from copies that have less of what is high: nothing comes down again as
an alias (`chronus.modules.recorded`).

Nothing in it clicks: where a sound is cut off, by its end, a new stroke or a jump, what it was at
last sinks away within a millisecond or so under what comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import clip, exp2, f4, f8
from chronus.dsp.declaration import (
    Curve,
    Family,
    Input,
    Output,
    State,
    freq,
    gate,
    helper,
    module,
    velocity,
)
from chronus.modules.recorded import read_at

if TYPE_CHECKING:
    from collections.abc import Sequence

C4_HZ: Final = 261.625565
FASTEST: Final = 64.0
"""Frames of the file that may go by in one."""


@helper
def read_part(
    sound: Sequence[float],
    goes: bool,  # noqa: FBT001
    at: float,
    first: int,
    last: int,
    back: float,
    loops: bool,  # noqa: FBT001
    overlap: float,
    speed: float,
) -> tuple[float, float]:
    """Left and right of a part of a recording; the end of a loop fades into its beginning.

    Args:
        sound: the recording.
        goes: whether it is read at all.
        at: how far into the part, in frames and float64.
        first: frame of the part.
        last: the frame behind it.
        back: 1 backwards, 0 forwards.
        loops: whether its beginning follows its end.
        overlap: frames over which they fade, in float64; 0: they do not.
        speed: frames that go by in one.
    """
    if not goes:
        return 0.0, 0.0
    wraps = loops and overlap == f8(0.0)
    place = f8(last - 1) - at if back > 0.5 else f8(first) + at
    # Backwards, what lies between the first frame and the one behind the last follows the last.
    place = place if place >= f8(first) else (place + f8(last - first) if wraps else f8(first))
    left, right = read_at(sound, speed, place, first, last, wraps)
    fading = at - (f8(last - first) - overlap)
    if overlap > f8(0.0) and fading > f8(0.0):
        share = f4(fading / overlap)
        new = f8(last - 1) - fading if back > 0.5 else f8(first) + fading
        new_left, new_right = read_at(sound, speed, new, first, last, wraps)
        left += share * (new_left - left)
        right += share * (new_right - right)
    return left, right


@helper
def part_edge(frames: int, start: float, end: float, slice: int, slices: int) -> int:
    """The frame at which a slice begins: whole, so that each ends where the next one begins."""
    low = f8(start) * frames
    high = f8(end) * frames
    return int(low + (high - low) * slice / slices + f8(0.5))


@module(
    doc="Sampler: plays a WAV or FLAC file, or one of its slices, at any pitch, either way.",
    family=Family.OSCILLATOR,
    inputs=(
        freq(C4_HZ),
        gate(),
        velocity(),
        Input(
            "root",
            "Pitch at which the file sounds as it is",
            C4_HZ,
            8.0,
            12_600.0,
            "hz",
            Curve.EXPONENTIAL,
            ramp_s=0.0,
        ),
        Input("pitch", "Added to the pitch", 0.0, -48.0, 48.0, "st"),
        Input("start", "Where in the file it begins, as a share of it", 0.0, 0.0, 1.0, ramp_s=0.0),
        Input("end", "Where in the file it ends, as a share of it", 1.0, 0.0, 1.0, ramp_s=0.0),
        Input("slices", "Into how many equal slices that is cut", 1.0, 1.0, 256.0, ramp_s=0.0),
        Input("slice", "Which of them is played, from 0", 0.0, 0.0, 255.0, ramp_s=0.0),
        Input("reverse", "Above 0.5 it plays backwards", 0.0, 0.0, 1.0, ramp_s=0.0),
        Input("loop", "Above 0.5 it loops while the gate is open", 0.0, 0.0, 1.0, ramp_s=0.0),
        Input("fade", "How long the end of a loop fades into its beginning", 5.0, 0.0, 500.0, "ms"),
        Input("gated", "Above 0.5 it ends with the gate, too", 0.0, 0.0, 1.0, ramp_s=0.0),
        Input("release", "How long it fades where the gate ends it", 10.0, 0.0, 5000.0, "ms"),
    ),
    outputs=(Output("out", "The sound of the file", channels=2),),
    state=(
        State("at", dtype="f8"),
        State("first", dtype="i8"),
        State("last", dtype="i8"),
        State("held"),
        State("going"),
        State("level"),
        State("back"),
        State("rest_left"),
        State("rest_right"),
        State("last_left"),
        State("last_right"),
    ),
    recording="sound",
    levels=True,
    source="Laakso, Välimäki, Karjalainen, Laine, Splitting the unit delay, IEEE SPM 13 (1), 1996; "
    "soxr brings the file to the session's rate when it is loaded",
    example="load sampler file patches/samples/break.flac slices=16; "
    "sequence sampler: x x{slice=2} x{slice=4} x{slice=10 reverse=1}",
)
def sampler(
    at: float,
    first: int,
    last: int,
    held: float,
    going: float,
    level: float,
    back: float,
    rest_left: float,
    rest_right: float,
    last_left: float,
    last_right: float,
    freq: float,
    gate: float,
    velocity: float,
    root: float,
    pitch: float,
    start: float,
    end: float,
    slices: float,
    slice: float,
    reverse: float,
    loop: float,
    fade: float,
    gated: float,
    release: float,
    sound: Sequence[float],
    dt: float,
) -> tuple[float, int, int, float, float, float, float, float, float, float, float, float, float]:
    frames = int(sound[0])
    struck = gate > 0.5 and held <= 0.5
    count = int(slices + 0.5)
    chosen = min(int(slice + 0.5), count - 1)
    # A stroke takes over which part is played, and which way: a sound that goes on does not jump.
    first = part_edge(frames, start, max(start, end), chosen, count) if struck else first
    last = part_edge(frames, start, max(start, end), chosen + 1, count) if struck else last
    back = (1.0 if reverse > 0.5 else 0.0) if struck else back
    at = f8(0.0) if struck else at
    level = velocity if struck else level
    loops = loop > 0.5
    length = last - first
    was_going = going > 0.5
    fits = length > 0 and at < length and last <= frames
    ends = (loops or gated > 0.5) and gate <= 0.5
    level = level - min(dt * 1000.0 / max(release, 0.02), 1.0) if ends else level
    goes = (struck or was_going) and fits and level > 0.0
    # What was heard last sinks away where the sound breaks off.
    breaks = struck or (was_going and not goes)
    sinks = 1.0 - min(2000.0 * dt, 0.5)
    rest_left = clip(last_left, -2.0, 2.0) if breaks else sinks * rest_left
    rest_right = clip(last_right, -2.0, 2.0) if breaks else sinks * rest_right
    rest_left = rest_left if abs(rest_left) > 1e-7 else 0.0
    rest_right = rest_right if abs(rest_right) > 1e-7 else 0.0
    overlap = min(f8(fade * 0.001 / dt), f8(0.5) * length) if loops else f8(0.0)
    overlap = overlap if overlap >= f8(1.0) else f8(0.0)
    speed = clip(freq / root * exp2(0.0833333333 * pitch), 0.0, FASTEST)
    left, right = read_part(sound, goes, at, first, last, back, loops, overlap, speed)
    gain = max(level, 0.0)
    out_left = gain * left + rest_left
    out_right = gain * right + rest_right
    at = at + f8(speed) if goes else at
    turn = f8(length) - overlap
    at = at - turn if loops and goes and at >= length and turn > f8(0.0) else at
    open_ = 1.0 if gate > 0.5 else 0.0
    on = 1.0 if goes else 0.0
    return (
        at, first, last, open_, on, level, back,
        rest_left, rest_right, out_left, out_right,
        out_left, out_right,
    )  # fmt: skip
