"""Grains: many short pieces of a file, or of what came in of late, each with a pitch of its own.

Up to eight pieces sound at once, each under a bell (a Hann window); one that comes while eight
sound is left out. Without a file, the pieces are taken from the last four seconds of what comes in,
which `freeze` holds still. Chance is seeded from the node's name and repeats.

Between samples a cubic is read. What is played faster than it was recorded loses what would come
down again as an alias: of a file by levels, as in the sampler, and of what comes in by a sinc that
is as wide as the piece is fast, up to two octaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import (
    bipolar,
    exp2,
    f4,
    f8,
    next_random,
    sin_cycles,
    sqrt,
)
from chronus.dsp.declaration import (
    RECORDING_HEAD,
    SEED,
    Curve,
    Family,
    Input,
    Memory,
    Output,
    State,
    audio,
    helper,
    module,
)
from chronus.modules.recorded import at_level, level_for
from chronus.modules.rings import cubic, of_ring, of_ring_faster, reach_of

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence


NEAREST: Final = 2.0
"""Samples that a piece stays behind the newest one that it could read."""
MARGIN: Final = 104
"""Samples of the ring that no piece begins at: a block, and what the widest sinc reads."""
PIECES: Final = range(1, 9)


@helper
def of_file(sound: Sequence[float], spot: float, speed: float) -> tuple[float, float]:
    """Left and right between the frames of a recording; before and behind it, its first and last.

    Args:
        sound: the recording.
        spot: the frame, in float64.
        speed: at which it is read.
    """
    frames = int(sound[0])
    level = level_for(speed)
    if level > 0:
        return at_level(sound, level, min(max(spot, f8(0.0)), f8(frames - 1)), 0, frames, False)
    across = RECORDING_HEAD + (frames if sound[1] > 1.5 else 0)
    whole = int(spot)
    share = f4(spot - whole)
    a = min(max(whole - 1, 0), frames - 1)
    b = min(max(whole, 0), frames - 1)
    c = min(max(whole + 1, 0), frames - 1)
    d = min(max(whole + 2, 0), frames - 1)
    left, right = RECORDING_HEAD, across
    return (
        cubic(sound[left + a], sound[left + b], sound[left + c], sound[left + d], share),
        cubic(sound[right + a], sound[right + b], sound[right + c], sound[right + d], share),
    )


@helper
def sounded(
    phase: float,
    spot: float,
    speed: float,
    pan: float,
    sound: Sequence[float],
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    place: int,
) -> tuple[float, float]:
    """Left and right of a piece; nothing of one that is over.

    Args:
        phase: how much of it is over, 1: all.
        spot: a frame of the file or, where there is none, samples behind the newest one.
        speed: at which it is read, below 0 backwards.
        pan: -1..1.
        sound: the recording.
        line_left: ring of what came in.
        line_right: the same.
        place: of the newest sample in the rings.
    """
    if phase >= 1.0:
        return 0.0, 0.0
    bell = sin_cycles(0.5 * phase)
    gain = bell * bell
    if sound[0] > 0.5:
        left, right = of_file(sound, spot, abs(speed))
    elif abs(speed) > 1.0:
        left, right = of_ring_faster(line_left, line_right, place, spot, abs(speed))
    else:
        left = of_ring(line_left, place, spot)
        right = of_ring(line_right, place, spot)
    return gain * min(1.0 - pan, 1.0) * left, gain * min(1.0 + pan, 1.0) * right


@helper
def first_spot(
    sound: Sequence[float],
    size: int,
    where: float,
    around: float,
    span: float,
    turned: float,
    fast: float,
) -> float:
    """Where a new piece begins, so that it ends within what there is to read, in float64.

    Args:
        sound: the recording.
        size: of the rings.
        where: 0..1, in the file from its beginning, in the rings from now back.
        around: samples added to that.
        span: samples that it will go through.
        turned: 1 if it goes backwards.
        fast: how fast it is read.
    """
    if sound[0] > 0.5:
        most = max(f8(sound[0]) - f8(1.0) - f8(span), f8(0.0))
        spot = min(max(f8(where) * f8(sound[0]) + f8(around), f8(0.0)), most)
        return spot + f8(span) if turned > 0.5 else spot
    most = f8(size - MARGIN)
    spot = f8(where) * most + f8(abs(around))
    closest = f8(NEAREST) + reach_of(fast)
    nearest = closest if turned > 0.5 else closest + f8(span)
    return min(max(spot, nearest), most)


@helper
def begun(
    starts: bool,  # noqa: FBT001
    pace: float,
    spot: float,
    speed: float,
    pan: float,
    new_pace: float,
    new_spot: float,
    new_speed: float,
    new_pan: float,
) -> tuple[float, float, float, float]:
    """What is kept of a piece: as it is, or of the one that starts in its place."""
    if starts:
        return new_pace, new_spot, new_speed, new_pan
    return pace, spot, speed, pan


@helper
def gone_on(spot: float, speed: float, sound: Sequence[float], size: int, moved: float) -> float:
    """Where a piece is read a sample later; `moved` is how far the newest sample of a ring is."""
    if sound[0] > 0.5:
        return spot + f8(speed)
    closest = f8(NEAREST) + reach_of(abs(speed))
    return min(max(spot + f8(moved - speed), closest), f8(size - MARGIN))


def piece(number: int) -> tuple[State, ...]:
    """The states of a piece; it is over at first."""
    return (
        State(f"phase{number}", 1.0),
        State(f"pace{number}"),
        State(f"spot{number}", dtype="f8"),
        State(f"speed{number}"),
        State(f"pan{number}"),
    )


@module(
    doc="Grains (granular): a cloud of short pieces of a WAV or FLAC file, or of what comes in.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What pieces are taken from where there is no file", channels=2),
        Input("position", "Where they begin: in the file, or back in the last 4 s", 0.0, 0.0, 1.0),
        Input("spray", "How far from there by chance", 20.0, 0.0, 1000.0, "ms"),
        Input("size", "How long a piece is", 80.0, 2.0, 1000.0, "ms", Curve.EXPONENTIAL),
        Input("rate", "Pieces a second", 30.0, 0.1, 500.0, "hz", Curve.EXPONENTIAL),
        Input("pitch", "Added to the pitch", 0.0, -36.0, 36.0, "st"),
        Input("scatter", "How far a piece's pitch is off by chance", 0.0, 0.0, 24.0, "st"),
        Input("reverse", "Share of the pieces that go backwards", 0.0, 0.0, 1.0),
        Input("width", "How far pieces are panned by chance", 0.5, 0.0, 1.0),
        Input("freeze", "Above 0.5 what came in is held", 0.0, 0.0, 1.0, ramp_s=0.0),
        Input("mix", "0 only what comes in, 1 only the pieces", 1.0, 0.0, 1.0),
    ),
    outputs=(Output("out", "The cloud", channels=2),),
    state=(
        State("place", dtype="i8"),
        State("seed", SEED, "u4"),
        State("due", 1.0),
        *(state for number in PIECES for state in piece(number)),
    ),
    # A little over 4 s: a block that is computed again must not have overwritten what it reads.
    memories=(Memory("line_left", 4.02), Memory("line_right", 4.02)),
    recording="sound",
    levels=True,
    source="Roads, Microsound, MIT Press 2001, chapter 3; Truax, Real-time granular synthesis with "
    "a digital signal processor, CMJ 12 (2), 1988",
    example="load grains file patches/samples/break.flac pitch=-5 size=150 scatter=0.2; "
    "load lfo rate=0.2; patch lfo.uni > grains.position",
)
def grains(  # noqa: PLR0915 - eight pieces, written out
    place: int,
    seed: int,
    due: float,
    phase1: float,
    pace1: float,
    spot1: float,
    speed1: float,
    pan1: float,
    phase2: float,
    pace2: float,
    spot2: float,
    speed2: float,
    pan2: float,
    phase3: float,
    pace3: float,
    spot3: float,
    speed3: float,
    pan3: float,
    phase4: float,
    pace4: float,
    spot4: float,
    speed4: float,
    pan4: float,
    phase5: float,
    pace5: float,
    spot5: float,
    speed5: float,
    pan5: float,
    phase6: float,
    pace6: float,
    spot6: float,
    speed6: float,
    pan6: float,
    phase7: float,
    pace7: float,
    spot7: float,
    speed7: float,
    pan7: float,
    phase8: float,
    pace8: float,
    spot8: float,
    speed8: float,
    pan8: float,
    in_left: float,
    in_right: float,
    position: float,
    spray: float,
    size: float,
    rate: float,
    pitch: float,
    scatter: float,
    reverse: float,
    width: float,
    freeze: float,
    mix: float,
    line_left: MutableSequence[float],
    line_right: MutableSequence[float],
    sound: Sequence[float],
    dt: float,
) -> tuple[float, ...]:
    is_open = freeze <= 0.5
    moved = 1.0 if is_open else 0.0
    line_left[place] = in_left if is_open else line_left[place]
    line_right[place] = in_right if is_open else line_right[place]
    due = min(due + rate * dt, 2.0)
    born = due >= 1.0
    due = due - 1.0 if born else due
    drawn1 = next_random(seed)
    drawn2 = next_random(drawn1)
    drawn3 = next_random(drawn2)
    drawn4 = next_random(drawn3)
    seed = drawn4 if born else seed
    frames = size * 0.001 / dt
    turned = 1.0 if 0.5 + 0.5 * bipolar(drawn4) < reverse else 0.0
    fast = exp2(0.0833333333 * (pitch + scatter * bipolar(drawn2)))
    around = spray * 0.001 / dt * bipolar(drawn1)
    begins = first_spot(sound, len(line_left), position, around, fast * frames, turned, fast)
    new_speed = -fast if turned > 0.5 else fast
    new_pan = width * bipolar(drawn3)
    new_pace = 1.0 / frames
    starts1 = born and phase1 >= 1.0
    left_over1 = born and not starts1
    pace1, spot1, speed1, pan1 = begun(
        starts1, pace1, spot1, speed1, pan1, new_pace, begins, new_speed, new_pan
    )
    phase1 = 0.0 if starts1 else phase1
    left1, right1 = sounded(phase1, spot1, speed1, pan1, sound, line_left, line_right, place)
    phase1 = min(phase1 + pace1, 1.0)
    spot1 = gone_on(spot1, speed1, sound, len(line_left), moved)
    starts2 = left_over1 and phase2 >= 1.0
    left_over2 = left_over1 and not starts2
    pace2, spot2, speed2, pan2 = begun(
        starts2, pace2, spot2, speed2, pan2, new_pace, begins, new_speed, new_pan
    )
    phase2 = 0.0 if starts2 else phase2
    left2, right2 = sounded(phase2, spot2, speed2, pan2, sound, line_left, line_right, place)
    phase2 = min(phase2 + pace2, 1.0)
    spot2 = gone_on(spot2, speed2, sound, len(line_left), moved)
    starts3 = left_over2 and phase3 >= 1.0
    left_over3 = left_over2 and not starts3
    pace3, spot3, speed3, pan3 = begun(
        starts3, pace3, spot3, speed3, pan3, new_pace, begins, new_speed, new_pan
    )
    phase3 = 0.0 if starts3 else phase3
    left3, right3 = sounded(phase3, spot3, speed3, pan3, sound, line_left, line_right, place)
    phase3 = min(phase3 + pace3, 1.0)
    spot3 = gone_on(spot3, speed3, sound, len(line_left), moved)
    starts4 = left_over3 and phase4 >= 1.0
    left_over4 = left_over3 and not starts4
    pace4, spot4, speed4, pan4 = begun(
        starts4, pace4, spot4, speed4, pan4, new_pace, begins, new_speed, new_pan
    )
    phase4 = 0.0 if starts4 else phase4
    left4, right4 = sounded(phase4, spot4, speed4, pan4, sound, line_left, line_right, place)
    phase4 = min(phase4 + pace4, 1.0)
    spot4 = gone_on(spot4, speed4, sound, len(line_left), moved)
    starts5 = left_over4 and phase5 >= 1.0
    left_over5 = left_over4 and not starts5
    pace5, spot5, speed5, pan5 = begun(
        starts5, pace5, spot5, speed5, pan5, new_pace, begins, new_speed, new_pan
    )
    phase5 = 0.0 if starts5 else phase5
    left5, right5 = sounded(phase5, spot5, speed5, pan5, sound, line_left, line_right, place)
    phase5 = min(phase5 + pace5, 1.0)
    spot5 = gone_on(spot5, speed5, sound, len(line_left), moved)
    starts6 = left_over5 and phase6 >= 1.0
    left_over6 = left_over5 and not starts6
    pace6, spot6, speed6, pan6 = begun(
        starts6, pace6, spot6, speed6, pan6, new_pace, begins, new_speed, new_pan
    )
    phase6 = 0.0 if starts6 else phase6
    left6, right6 = sounded(phase6, spot6, speed6, pan6, sound, line_left, line_right, place)
    phase6 = min(phase6 + pace6, 1.0)
    spot6 = gone_on(spot6, speed6, sound, len(line_left), moved)
    starts7 = left_over6 and phase7 >= 1.0
    left_over7 = left_over6 and not starts7
    pace7, spot7, speed7, pan7 = begun(
        starts7, pace7, spot7, speed7, pan7, new_pace, begins, new_speed, new_pan
    )
    phase7 = 0.0 if starts7 else phase7
    left7, right7 = sounded(phase7, spot7, speed7, pan7, sound, line_left, line_right, place)
    phase7 = min(phase7 + pace7, 1.0)
    spot7 = gone_on(spot7, speed7, sound, len(line_left), moved)
    starts8 = left_over7 and phase8 >= 1.0
    pace8, spot8, speed8, pan8 = begun(
        starts8, pace8, spot8, speed8, pan8, new_pace, begins, new_speed, new_pan
    )
    phase8 = 0.0 if starts8 else phase8
    left8, right8 = sounded(phase8, spot8, speed8, pan8, sound, line_left, line_right, place)
    phase8 = min(phase8 + pace8, 1.0)
    spot8 = gone_on(spot8, speed8, sound, len(line_left), moved)
    # As loud however many pieces overlap, as far as they differ.
    gain = 1.0 / sqrt(max(min(frames * rate * dt, 8.0), 1.0))
    left = gain * (((left1 + left2) + (left3 + left4)) + ((left5 + left6) + (left7 + left8)))
    right = gain * (
        ((right1 + right2) + (right3 + right4)) + ((right5 + right6) + (right7 + right8))
    )
    after = place + 1 if place + 1 < len(line_left) else 0
    after = after if is_open else place
    out_left = in_left + mix * (left - in_left)
    out_right = in_right + mix * (right - in_right)
    return (
        after,
        seed,
        due,
        phase1, pace1, spot1, speed1, pan1,
        phase2, pace2, spot2, speed2, pan2,
        phase3, pace3, spot3, speed3, pan3,
        phase4, pace4, spot4, speed4, pan4,
        phase5, pace5, spot5, speed5, pan5,
        phase6, pace6, spot6, speed6, pan6,
        phase7, pace7, spot7, speed7, pan7,
        phase8, pace8, spot8, speed8, pan8,
        out_left, out_right,
    )  # fmt: skip
