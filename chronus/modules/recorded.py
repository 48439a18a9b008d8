"""How the sound of a file is read at any speed, without what would lie above half the rate.

What is read faster than it was recorded moves up, and what comes to lie above half the rate would
come down again as an alias. So a kind that says `levels` has its recording several times over, with
less and less of what is high (`chronus.dsp.recording`), and reads the level that is right for its
speed. Between the frames of the file a polynomial through six of them is read; between those of
other levels, which hold nothing above two thirds of what they could, twelve are weighed by a sinc
under a Kaiser window, and images lie below -66 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chronus.dsp.approx import f4, f8
from chronus.dsp.declaration import RECORDING_HEAD, helper, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HIGHEST: Final = 12
"""The last level: what may be read 64 times as fast."""


@helper
def level_for(speed: float) -> int:
    """The level that may be read so fast: up to 1, 1.41, 2, 2.83, 4 times and so on."""
    level = 0
    fastest = 1.0
    while speed > fastest and level < HIGHEST:
        level += 1
        fastest = fastest * 1.41421356
    return level


@helper
def level_share(speed: float, level: int) -> float:
    """How much is heard of a level, the rest being of the one before: all from a semitone on."""
    if level == 0:
        return 1.0
    slowest = 1.0
    for _ in range(1, level):
        slowest = slowest * 1.41421356
    return min((speed / slowest - 1.0) * 17.0, 1.0)


@helper
def level_frames(sound: Sequence[float], level: int) -> int:
    """How many frames a level has: its head says so, behind the file's two sides."""
    channels = 2 if sound[1] > 1.5 else 1
    return int(sound[RECORDING_HEAD + channels * int(sound[0]) + level])


@helper
def level_start(sound: Sequence[float], level: int) -> int:
    """Where in a recording a level begins."""
    before = int(sound[0])
    for lower in range(1, level):
        before += level_frames(sound, lower)
    channels = 2 if sound[1] > 1.5 else 1
    return RECORDING_HEAD + channels * before + HIGHEST + 1


@helper
def frame_at(index: int, first: int, last: int, loops: bool) -> int:  # noqa: FBT001
    """The frame that is heard at an index near a part's ends: the last one goes on, or it loops."""
    if loops:
        length = last - first
        return index - length if index >= last else (index + length if index < first else index)
    return min(max(index, first), last - 1)


@helper
def between_six(
    sound: Sequence[float],
    side: int,
    place: float,
    first: int,
    last: int,
    loops: bool,  # noqa: FBT001
) -> float:
    """A value between the frames of a part of a level, by Lagrange's polynomial through six.

    Args:
        sound: the recording.
        side: where in it the side begins that is read.
        place: of what is read, in float64, from the part's first frame to its last.
        first: frame of the part, and `last`: the frame behind it.
        last: see `first`.
        loops: whether behind the last frame the first one follows.
    """
    whole = int(place)
    d = f4(place - whole)
    early = (d + 2.0) * (d + 1.0)
    late = (d - 2.0) * (d - 3.0)
    outer = 0.00833333333 * d * (d - 1.0)
    middle = 0.0833333333 * early * late
    y0 = sound[side + frame_at(whole - 2, first, last, loops)]
    y1 = sound[side + frame_at(whole - 1, first, last, loops)]
    y2 = sound[side + frame_at(whole, first, last, loops)]
    y3 = sound[side + frame_at(whole + 1, first, last, loops)]
    y4 = sound[side + frame_at(whole + 2, first, last, loops)]
    y5 = sound[side + frame_at(whole + 3, first, last, loops)]
    newer = outer * (y5 * early * (d - 2.0) - y0 * late * (d + 1.0))
    inner = 5.0 * outer * (y1 * late * (d + 2.0) - y4 * early * (d - 3.0))
    return middle * (y2 * (1.0 - d) + y3 * d) + (newer + inner)


@table
def weights() -> NDArray[Any]:
    """The weights of twelve frames for each 128th of the way between the middle ones, and 1.

    Rounded to 2**-22, far above what mathematical libraries differ by.
    """
    import numpy as np  # noqa: PLC0415 - this function stands alone

    share = np.arange(129)[:, None] / 128
    away = np.arange(-5, 7)[None, :] - share
    bell = np.i0(6.2 * np.sqrt(np.maximum(1.0 - (away / 6.0) ** 2, 0.0))) / np.i0(6.2)
    found = np.sinc(away) * bell
    found = found / found.sum(axis=1, keepdims=True)
    return np.asarray(np.round(found * 4194304.0) / 4194304.0, np.float32).ravel()


@helper
def between_twelve(
    sound: Sequence[float],
    left: int,
    across: int,
    place: float,
    first: int,
    last: int,
    loops: bool,  # noqa: FBT001
) -> tuple[float, float]:
    """Values between the frames of a part of a level; arguments as above, with both sides."""
    whole = int(place)
    fine = f4(place - whole) * 128.0
    step = int(fine)
    rest = fine - f4(step)
    at = 12 * step
    out_left = 0.0
    out_right = 0.0
    inside = whole - 5 >= first and whole + 6 < last
    for tap in range(12):
        low = weights[at + tap]
        weight = low + rest * (weights[at + tap + 12] - low)
        index = whole - 5 + tap
        index = index if inside else frame_at(index, first, last, loops)
        out_left += weight * sound[left + index]
        out_right += weight * sound[across + index]
    return out_left, out_right


@helper
def at_level(
    sound: Sequence[float],
    level: int,
    place: float,
    first: int,
    last: int,
    loops: bool,  # noqa: FBT001
) -> tuple[float, float]:
    """Left and right of a part of a recording, from one of its levels; arguments as above.

    A level that has fewer frames has as many cycles of what is periodic in the whole file.
    """
    frames = int(sound[0])
    channels = 2 if sound[1] > 1.5 else 1
    if level == 0:
        across = RECORDING_HEAD + (channels - 1) * frames
        return (
            between_six(sound, RECORDING_HEAD, place, first, last, loops),
            between_six(sound, across, place, first, last, loops),
        )
    count = level_frames(sound, level)
    scale = f8(count) / f8(frames)
    left = level_start(sound, level)
    across = left + (channels - 1) * count
    # A part of a frame or two at the end of the file is the last frame of the level.
    begin = min(int(first * scale + f8(0.5)), count - 1)
    end = min(max(int(last * scale + f8(0.5)), begin + 1), count)
    return between_twelve(sound, left, across, place * scale, begin, end, loops)


@helper
def read_at(
    sound: Sequence[float],
    speed: float,
    place: float,
    first: int,
    last: int,
    loops: bool,  # noqa: FBT001
) -> tuple[float, float]:
    """Left and right of a part of a recording that is read at a speed; arguments as above.

    From level to level it goes within a semitone, so that nothing is heard of it.
    """
    level = level_for(speed)
    left, right = at_level(sound, level, place, first, last, loops)
    share = level_share(speed, level)
    if share < 1.0:
        low_left, low_right = at_level(sound, level - 1, place, first, last, loops)
        left = low_left + share * (left - low_left)
        right = low_right + share * (right - low_right)
    return left, right
