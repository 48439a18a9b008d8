"""The stereo reverb: a network of eight delays that feed each other, behind allpass diffusers.

What comes in is cut at both ends, held back by `predelay`, blurred by five allpasses a side, and
goes round in eight lines whose outputs a Hadamard matrix shares out over all of them. Each line
loses at each turn what its length takes of `decay`; a shelf at 4 kHz loses more where `damp` says,
and is made up for at 1 kHz, so that this is where `decay` counts. The lines' lengths move a little,
two slow waves in eight mixtures, so that no mode rings long enough to be heard as a tone.

It is linear up to four times full scale; nothing in it aliases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.dsp.approx import (
    clip,
    counted,
    cycles,
    earlier,
    exp2,
    f4,
    i4,
    seldom,
    sin_cycles,
    sqrt,
    steady,
    tan_numerator,
    turned,
)
from chronus.dsp.declaration import (
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
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from collections.abc import MutableSequence

EVEN: Final = Curve.EXPONENTIAL
OCTAVES_OF_60_DB: Final = 9.96578428
LONG_S: Final = 0.27
"""Length of the rings of lines and predelay, which share their place."""
SHORT_S: Final = 0.03
"""Length of the rings of diffusers."""
MEAN_S: Final = 0.0797
"""Mean length of the eight lines."""
SWAY_S: Final = 0.0005
"""How far the lines' lengths move."""


@helper
def between(line: MutableSequence[float], place: int, samples: float) -> float:
    """What lay `samples` before `place` in a ring, on a straight line between two of them."""
    whole = i4(samples)
    newer = line[place - whole]
    # An index below 0 counts from the end, so that the ring closes by itself.
    return newer + (samples - f4(whole)) * (line[place - whole - 1] - newer)


@helper
def kept(length_s: float, octaves: float) -> float:
    """What a line keeps at a turn that loses so many octaves a second, shared over eight lines."""
    return 0.353553391 * exp2(-min(length_s * octaves, 60.0))


@helper
def made_up(loss: float, pole: float, octaves: float, dt: float) -> float:
    """One over what the shelf, and reading between samples, take of 1 kHz at a turn.

    Never so much that what is below would grow: a turn of the shortest line loses 0.4 `octaves`
    as a natural logarithm, and this gives back less, whatever `damp` is.

    Args:
        loss: of the shelf.
        pole: of its lowpass.
        octaves: what a turn of mean length loses.
        dt: seconds a sample.
    """
    sine = sin_cycles(500.0 * dt)
    v = 2.0 * sine * sine
    away = loss * pole * v / ((1.0 - pole) * (1.0 - pole) + 2.0 * pole * v)
    power = 1.0 - 2.0 * away * (1.0 + pole - loss * pole)
    return (1.0 + min(0.166666667 * v, 0.15 * octaves)) / sqrt(power)


@helper
def shelved(x: float, low: float, loss: float) -> float:
    """A line's output without a part of what is above the shelf's corner."""
    return x - loss * (x - low)


@helper
def shared_out(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """A Hadamard matrix of eight, times the root of eight."""
    ab, ba, cd, dc = a + b, a - b, c + d, c - d
    ef, fe, gh, hg = e + f, e - f, g + h, g - h
    p, q, r, s = ab + cd, ba + dc, ab - cd, ba - dc
    t, u, v, w = ef + gh, fe + hg, ef - gh, fe - hg
    return p + t, q + u, r + v, s + w, p - t, q - u, r - v, s - w


def cut(name: str, doc: str, default: float, low: float, high: float) -> Input:
    """A port for the corner of a cut."""
    return Input(name, doc, default, low, high, "hz", EVEN)


@module(
    doc="Stereo reverb, from a small room to a hall that hardly ends.",
    family=Family.EFFECT,
    inputs=(
        audio("in", "What is to sound in the room", channels=2),
        Input("size", "Of the room; moving it bends the pitch", 1.0, 0.15, 1.6, curve=EVEN),
        Input("decay", "Time in which 1 kHz falls by 60 dB", 2.0, 0.1, 60.0, "s", EVEN),
        Input("damp", "How much sooner what is high dies away: 1 is seven times", 0.4, 0.0, 1.0),
        Input("predelay", "Before the room answers", 10.0, 0.0, 250.0, "ms", ramp_s=0.05),
        cut("lowcut", "What is below does not get into the room", 80.0, 10.0, 2000.0),
        cut("highcut", "What is above does not get into the room", 10_000.0, 500.0, 20_000.0),
        Input("width", "0 a mono room, 1 as wide as can be", 1.0, 0.0, 1.0),
        Input("mix", "0 only the sound, 1 only the room", 0.3, 0.0, 1.0),
    ),
    outputs=(Output("out", "The sound and its room", channels=2),),
    state=(
        State("place", dtype="i4"),
        State("spot", dtype="i4"),
        State("slow", dtype="i4"),
        State("slower", dtype="i4"),
        State("low_left"),
        State("low_right"),
        State("high_left"),
        State("high_right"),
        *(State(f"dark{i}") for i in range(1, 9)),
    ),
    memories=(
        Memory("before_left", LONG_S),
        Memory("before_right", LONG_S),
        *(Memory(f"line{i}", LONG_S) for i in range(1, 9)),
        *(Memory(f"blur{i}", SHORT_S) for i in range(1, 11)),
    ),
    source="Jot, Chaigne, Digital delay networks for designing artificial reverberators, AES 90th "
    "convention, 1991; diffusers: Dattorro, Effect Design Part 1, JAES 45 (9), 1997",
    example="load pluck decay=1; load reverb decay=3 mix=0.4 level=6db; patch pluck > reverb; "
    "sequence pluck: c3 . g3 . eb4 . . .",
)
def reverb(  # noqa: PLR0915 - eight lines, written out
    place: int,
    spot: int,
    slow: int,
    slower: int,
    low_left: float,
    low_right: float,
    high_left: float,
    high_right: float,
    dark1: float,
    dark2: float,
    dark3: float,
    dark4: float,
    dark5: float,
    dark6: float,
    dark7: float,
    dark8: float,
    in_left: float,
    in_right: float,
    size: float,
    decay: float,
    damp: float,
    predelay: float,
    lowcut: float,
    highcut: float,
    width: float,
    mix: float,
    before_left: MutableSequence[float],
    before_right: MutableSequence[float],
    line1: MutableSequence[float],
    line2: MutableSequence[float],
    line3: MutableSequence[float],
    line4: MutableSequence[float],
    line5: MutableSequence[float],
    line6: MutableSequence[float],
    line7: MutableSequence[float],
    line8: MutableSequence[float],
    blur1: MutableSequence[float],
    blur2: MutableSequence[float],
    blur3: MutableSequence[float],
    blur4: MutableSequence[float],
    blur5: MutableSequence[float],
    blur6: MutableSequence[float],
    blur7: MutableSequence[float],
    blur8: MutableSequence[float],
    blur9: MutableSequence[float],
    blur10: MutableSequence[float],
    dt: float,
) -> tuple[
    int, int, int, int,
    float, float, float, float, float, float, float, float, float, float, float, float,
    float, float,
]:  # fmt: skip
    # The cuts: a lowpass of one pole each, taken away or taken.
    x = min(lowcut * dt, 0.45)
    n = tan_numerator(x)
    to_low = steady(n / (n + (0.25 - x * x)))
    x = min(highcut * dt, 0.45)
    n = tan_numerator(x)
    to_high = steady(n / (n + (0.25 - x * x)))
    # A state is in the second product: that is the one that is rounded with the sum, so that a
    # frame waits for the one before by one instruction.
    stay_low = steady(1.0 - 2.0 * to_low)
    stay_high = steady(1.0 - 2.0 * to_high)
    twice_low = steady(2.0 * to_low)
    twice_high = steady(2.0 * to_high)
    rest_left = in_left - low_left - to_low * (in_left - low_left)
    rest_right = in_right - low_right - to_low * (in_right - low_right)
    next_low_left = twice_low * in_left + stay_low * low_left
    next_low_right = twice_low * in_right + stay_low * low_right
    before_left[place] = high_left + to_high * (rest_left - high_left)
    before_right[place] = high_right + to_high * (rest_right - high_right)
    next_high_left = twice_high * rest_left + stay_high * high_left
    next_high_right = twice_high * rest_right + stay_high * high_right
    wait = 0.001 * predelay / dt
    # What is read in a block was written before, but for the shortest room and predelay, and for
    # rates below 20 kHz.
    is_near = seldom(  # noqa: F841 - what is marked `earlier` needs it
        min(wait, (0.0477 * size - SWAY_S) / dt, 0.0036 / dt) < BLOCK + 2.0
    )
    # Lengths of diffusers are those of the source and one more, the right ones a ninth longer.
    unit = 1.0 / dt
    late_left = earlier(between(before_left, place, wait))
    late_right = earlier(between(before_right, place, wait))
    # Allpasses of Schroeder, one behind the other on each side.
    old1 = earlier(blur1[spot - i4(0.00477 * unit)])
    old2 = earlier(blur2[spot - i4(0.00360 * unit)])
    old3 = earlier(blur3[spot - i4(0.01273 * unit)])
    old4 = earlier(blur4[spot - i4(0.00931 * unit)])
    old5 = earlier(blur5[spot - i4(0.02239 * unit)])
    old6 = earlier(blur6[spot - i4(0.00530 * unit)])
    old7 = earlier(blur7[spot - i4(0.00400 * unit)])
    old8 = earlier(blur8[spot - i4(0.01415 * unit)])
    old9 = earlier(blur9[spot - i4(0.01034 * unit)])
    old10 = earlier(blur10[spot - i4(0.02521 * unit)])
    new1 = late_left - 0.75 * old1
    blur1[spot] = new1
    left = old1 + 0.75 * new1
    new2 = left - 0.75 * old2
    blur2[spot] = new2
    left = old2 + 0.75 * new2
    new3 = left - 0.625 * old3
    blur3[spot] = new3
    left = old3 + 0.625 * new3
    new4 = left - 0.625 * old4
    blur4[spot] = new4
    left = old4 + 0.625 * new4
    new5 = left - 0.6 * old5
    blur5[spot] = new5
    left = old5 + 0.6 * new5
    new6 = late_right - 0.75 * old6
    blur6[spot] = new6
    right = old6 + 0.75 * new6
    new7 = right - 0.75 * old7
    blur7[spot] = new7
    right = old7 + 0.75 * new7
    new8 = right - 0.625 * old8
    blur8[spot] = new8
    right = old8 + 0.625 * new8
    new9 = right - 0.625 * old9
    blur9[spot] = new9
    right = old9 + 0.625 * new9
    new10 = right - 0.6 * old10
    blur10[spot] = new10
    right = old10 + 0.6 * new10
    # What a turn loses; the shelf's loss is that of a line of mean length, made up for at 1 kHz.
    octaves = size * OCTAVES_OF_60_DB / decay
    loss = steady(1.0 - exp2(-min(6.0 * damp * MEAN_S * octaves, 60.0)))
    opening = steady(25_132.7412 * dt / (1.0 + 12_566.3706 * dt))
    stay = steady(1.0 - opening)
    makeup = made_up(loss, 1.0 - opening, MEAN_S * octaves, dt)
    keep1 = steady(makeup * kept(0.0477, octaves))
    keep2 = steady(makeup * kept(0.0731, octaves))
    keep3 = steady(makeup * kept(0.0647, octaves))
    keep4 = steady(makeup * kept(0.0731, octaves))
    keep5 = steady(makeup * kept(0.0823, octaves))
    keep6 = steady(makeup * kept(0.0919, octaves))
    keep7 = steady(makeup * kept(0.1031, octaves))
    keep8 = steady(makeup * kept(0.1187, octaves))
    # A longer decay is louder, but not by all that it gathers.
    turn = exp2(-2.0 * min(MEAN_S * octaves, 30.0))
    gain = steady(sqrt(sqrt(1.0 - turn)))
    room = size * unit
    a = SWAY_S * unit * sin_cycles(cycles(slow))
    b = SWAY_S * unit * sin_cycles(cycles(slower))
    slow = turned(slow, 0.71 * dt)
    slower = turned(slower, 0.43 * dt)
    c = 0.707106781 * (a + b)
    d = 0.707106781 * (a - b)
    x1 = earlier(between(line1, place, 0.0477 * room + a))
    x2 = earlier(between(line2, place, 0.0731 * room + b))
    x3 = earlier(between(line3, place, 0.0647 * room + c))
    x4 = earlier(between(line4, place, 0.0731 * room + d))
    x5 = earlier(between(line5, place, 0.0823 * room - b))
    x6 = earlier(between(line6, place, 0.0919 * room - a))
    x7 = earlier(between(line7, place, 0.1031 * room - d))
    x8 = earlier(between(line8, place, 0.1187 * room - c))
    dark1 = opening * x1 + stay * dark1
    dark2 = opening * x2 + stay * dark2
    dark3 = opening * x3 + stay * dark3
    dark4 = opening * x4 + stay * dark4
    dark5 = opening * x5 + stay * dark5
    dark6 = opening * x6 + stay * dark6
    dark7 = opening * x7 + stay * dark7
    dark8 = opening * x8 + stay * dark8
    to1, to2, to3, to4, to5, to6, to7, to8 = shared_out(
        keep1 * shelved(x1, dark1, loss),
        keep2 * shelved(x2, dark2, loss),
        keep3 * shelved(x3, dark3, loss),
        keep4 * shelved(x4, dark4, loss),
        keep5 * shelved(x5, dark5, loss),
        keep6 * shelved(x6, dark6, loss),
        keep7 * shelved(x7, dark7, loss),
        keep8 * shelved(x8, dark8, loss),
    )
    line1[place] = clip(to1 + gain * left, -4.0, 4.0)
    line2[place] = clip(to2 + gain * right, -4.0, 4.0)
    line3[place] = clip(to3 - gain * left, -4.0, 4.0)
    line4[place] = clip(to4 - gain * right, -4.0, 4.0)
    line5[place] = clip(to5 + gain * left, -4.0, 4.0)
    line6[place] = clip(to6 + gain * right, -4.0, 4.0)
    line7[place] = clip(to7 - gain * left, -4.0, 4.0)
    line8[place] = clip(to8 - gain * right, -4.0, 4.0)
    wet_left = 0.5 * gain * left + 0.35 * (x1 - x3 + x5 + x7)
    wet_right = 0.5 * gain * right + 0.35 * (x2 - x4 + x6 + x8)
    middle = 0.5 * (wet_left + wet_right)
    apart = 0.5 * width * (wet_left - wet_right)
    place = counted(place, len(line1))
    spot = spot + 1 if spot + 1 < len(blur1) else 0
    return (
        place, spot, slow, slower,
        next_low_left, next_low_right, next_high_left, next_high_right,
        dark1, dark2, dark3, dark4, dark5, dark6, dark7, dark8,
        in_left + mix * (middle + apart - in_left), in_right + mix * (middle - apart - in_right),
    )  # fmt: skip
