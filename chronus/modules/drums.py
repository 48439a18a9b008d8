"""Drums: kick and snare, struck by the rise of their gate (the hat is a file of its own).

Each decays along the cube of the time that is left, so that it ends, in exact silence, when its
`decay` says. A new stroke starts afresh, and what the old one left in the air is faded out beside
it over 4 ms: a retrigger never clicks beyond its own attack.
"""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import (
    bipolar,
    cycles,
    f4,
    i4,
    next_random,
    rarely,
    sin_cycles,
    soft_clip,
    steady,
    tan_numerator,
    turning,
)
from chronus.dsp.declaration import (
    SEED,
    Curve,
    Family,
    Input,
    Output,
    State,
    gate,
    helper,
    module,
    velocity,
)

FASTEST: Final = 0.499
"""Cycles a sample: a pitch above half the rate would run backwards."""

LONG_AGO: Final = 1073741824
"""Frames since the last stroke of a drum that is silent: then all of it stands still, and does not
come back when a knob is turned."""
SHORTEST_S: Final = 0.02
"""No stroke is over before: its start is, and what was left of the one before."""


def pitch(default: float, low: float, high: float) -> Input:
    """A drum's pitch port: steps at once, like the pitch of an oscillator."""
    return Input("freq", "Pitch", default, low, high, "hz", Curve.EXPONENTIAL, ramp_s=0.0)


def share(name: str, doc: str, default: float) -> Input:
    """A port for an amount of 0..1."""
    return Input(name, doc, default, 0.0, 1.0)


def length(name: str, doc: str, default: float, low: float, high: float) -> Input:
    """A port for a time in ms."""
    return Input(name, doc, default, low, high, "ms", Curve.EXPONENTIAL)


STROKE: Final = (
    State("age", LONG_AGO, "i4"),
    State("held"),
    State("hit"),
    State("last"),
    State("tail"),
)
"""Frames since the stroke, the gate before, the stroke's velocity, the last sample given, and what
is left of the stroke before."""


@helper
def frames_of(longest: float, dt: float) -> int:
    """Frames of a stroke whose longest part takes so many ms; one more, so that it has ended."""
    return i4(max(0.001 * longest, SHORTEST_S) / dt) + 2


@helper
def age_after(age: int, frames: int) -> int:
    """The age of a stroke one sample later; once it is over it is one of long ago."""
    return i4(age + 1) if age < frames else i4(LONG_AGO)


@helper
def fading(age: float, seconds: float) -> float:
    """An envelope that falls from 1 at age 0 to exactly 0 at `seconds`, as the cube of the rest."""
    rest = max(1.0 - age / seconds, 0.0)
    return rest * rest * rest


@helper
def tail_after(tail: float, dt: float) -> float:
    """What is left of an interrupted stroke one sample later; nothing after some 4 ms."""
    left = tail * (1.0 - 1500.0 * dt)
    return left if abs(left) > 1e-5 else 0.0


@helper
def over_tail(sound: float, tail: float) -> float:
    """A stroke beside what is left of the one before: a crossfade, so never above 1."""
    return sound * (1.0 - abs(tail)) + tail


@module(
    doc="Bass drum: a sine whose pitch falls onto its base, with a click and soft drive.",
    family=Family.DRUM,
    inputs=(
        gate(),
        velocity(),
        pitch(50.0, 20.0, 400.0),
        share("punch", "How high the pitch starts: 1 is nine times the base", 0.55),
        length("sweep", "Time for the pitch to reach its base", 60.0, 5.0, 500.0),
        length("decay", "Time to silence", 450.0, 20.0, 4000.0),
        share("click", "The beater: a short burst at the start", 0.5),
        share("drive", "Soft saturation; 0 is a pure sine", 0.3),
    ),
    outputs=(Output("out", "The drum, -1 to 1"),),
    state=(
        *STROKE,
        State("place", dtype="i4"),
        State("seed", SEED, "u4"),
        State("burst"),
        # 1 while the beater sounds.
        State("fresh"),
    ),
    source="Roland TR-909 service notes, 1984, bass drum; Werner, Abel, Smith, A physically-"
    "informed, circuit-bendable, digital model of the TR-808 bass drum, DAFx-14. The drive is a "
    "rational tanh on a low sine: its partials fall 12 dB an octave and more, far below the "
    "fold",
    example="load kick; set kick.punch 0.7; sequence kick: x... x... x... x.x.",
)
def kick(
    age: int,
    held: float,
    hit: float,
    last: float,
    tail: float,
    place: int,
    seed: int,
    burst: float,
    fresh: float,
    gate: float,
    velocity: float,
    freq: float,
    punch: float,
    sweep: float,
    decay: float,
    click: float,
    drive: float,
    dt: float,
) -> tuple[int, float, float, float, float, int, int, float, float, float]:
    turns = rarely((gate > 0.5) != (held > 0.5))
    struck = turns and gate > 0.5
    held = (1.0 if gate > 0.5 else 0.0) if turns else held
    frames = steady(frames_of(decay, dt))
    age = i4(0) if struck else age_after(age, frames)
    sounds = age < LONG_AGO
    since = f4(age) * dt
    place = 0 if struck else place
    hit = velocity if struck else hit
    trails = rarely(tail != 0.0)
    tail = last if struck else (tail_after(tail, dt) if trails else tail)
    strikes = rarely(fresh > 0.0)
    fresh = 1.0 if struck else (0.0 if strikes and since > 0.009 else fresh)
    seed = next_random(seed) if struck or strikes else seed
    fall = fading(since, 0.001 * sweep)
    # Softer strokes start lower: a real drum bends with the force of the blow.
    ratio = 1.0 + 8.0 * punch * (0.5 + 0.5 * hit) * fall
    body = sin_cycles(cycles(place)) * fading(since, 0.001 * decay)
    # The beater: a push, and noise dulled to some 6 kHz that takes the body's place for a moment.
    open_to = min(40_000.0 * dt, 1.0)
    taken = open_to * bipolar(seed)
    burst = burst * (1.0 - open_to) + taken if struck or strikes else burst
    push = 0.5 * click * hit * fading(since, 0.009) if struck or strikes else 0.0
    beater = 0.8 * click * hit * fading(since, 0.007)
    gain = 1.0 + 3.0 * drive
    # The level is made up so that drive changes colour more than loudness.
    soft = soft_clip(gain * (body + push)) * (0.97 - 0.02 * gain)
    # The lowest tenth of drive blends from a pure sine, around which the push makes room.
    pure = 0.95 * (body + push * (1.0 - abs(body)))
    driven = soft if drive >= 0.1 else pure + 10.0 * drive * (soft - pure)
    sound = driven + beater * (burst - driven) if struck or strikes else driven
    level = hit * (0.25 + 0.75 * hit)
    out = over_tail(level * sound, tail) if struck or trails else level * sound
    turn = turning(min(freq * ratio * dt, FASTEST))
    place = i4(place + turn) if sounds else place
    return age, held, hit, out, tail, place, seed, burst, fresh, out


@helper
def highpass_shares(x: float) -> tuple[float, float]:
    """What a Butterworth highpass of two poles at `x` of the rate takes into its two states.

    Source: Zavalishin, The Art of VA Filter Design 2.1.2, section 4.4 (as in the filter's file).
    """
    n = tan_numerator(x)
    d = 0.25 - x * x
    double = 2.0 / (d * d + n * (n + 1.41421356 * d))
    return n * d * double, n * n * double


@helper
def highpass_states(
    first: float, second: float, a2: float, a3: float, in_: float
) -> tuple[float, float]:
    """The states of a highpass one sample later."""
    return (
        (first - (1.41421356 * a2 + a3) * first) + (a2 * in_ - a2 * second),
        (second + a2 * first) + (a3 * in_ - a3 * second),
    )


@helper
def highpassed(in_: float, first: float, second: float, to_first: float, to_second: float) -> float:
    """What a highpass lets through, from its states before and after the sample."""
    return in_ - (0.707106781 * (first + to_first) + 0.5 * (second + to_second))


@module(
    doc="Snare drum: two tuned modes of the skin, and the rattle of the wires.",
    family=Family.DRUM,
    inputs=(
        gate(),
        velocity(),
        pitch(185.0, 60.0, 800.0),
        share("snappy", "Level of the wires against the skin", 0.6),
        length("decay", "Time to silence of the wires", 280.0, 20.0, 2000.0),
        length("body", "Time to silence of the skin", 150.0, 10.0, 2000.0),
        Input(
            "tone", "Lowest part of the wires' noise", 900.0, 200.0, 8000.0, "hz", Curve.EXPONENTIAL
        ),
        share("crack", "The stick: a harder start", 0.5),
    ),
    outputs=(Output("out", "The drum, -1 to 1"),),
    state=(
        *STROKE,
        State("place", dtype="i4"),
        State("upper", dtype="i4"),
        State("seed", SEED, "u4"),
        State("first"),
        State("second"),
        State("dull"),
    ),
    source="Roland TR-909 service notes, 1984, snare drum: two modes in the ratio 1.8 with a "
    "short fall of pitch, noise through a highpass with an envelope of its own. The saturation "
    "is a rational tanh that is met near full scale only; what it folds is covered by the noise",
    example="load snare; set snare.snappy 0.7; sequence snare: .... x...",
)
def snare(
    age: int,
    held: float,
    hit: float,
    last: float,
    tail: float,
    place: int,
    upper: int,
    seed: int,
    first: float,
    second: float,
    dull: float,
    gate: float,
    velocity: float,
    freq: float,
    snappy: float,
    decay: float,
    body: float,
    tone: float,
    crack: float,
    dt: float,
) -> tuple[int, float, float, float, float, int, int, int, float, float, float, float]:
    turns = rarely((gate > 0.5) != (held > 0.5))
    struck = turns and gate > 0.5
    held = (1.0 if gate > 0.5 else 0.0) if turns else held
    frames = steady(frames_of(max(decay, body), dt))
    age = i4(0) if struck else age_after(age, frames)
    sounds = age < LONG_AGO
    since = f4(age) * dt
    place = 0 if struck else place
    upper = 0 if struck else upper
    hit = velocity if struck else hit
    trails = rarely(tail != 0.0)
    tail = last if struck else (tail_after(tail, dt) if trails else tail)
    bend = 1.0 + (0.3 + 0.5 * crack) * fading(since, 0.025)
    skin = 0.62 * sin_cycles(cycles(place)) * fading(since, 0.001 * body)
    skin = skin + 0.42 * sin_cycles(cycles(upper)) * fading(since, 0.0007 * body)
    seed = next_random(seed) if sounds else seed
    white = bipolar(seed)
    a2, a3 = highpass_shares(min(tone * dt, 0.45))
    to_first, to_second = highpass_states(first, second, a2, a3, white)
    high = highpassed(white, first, second, to_first, to_second)
    # Softer strokes are duller: the lowpass, at most some 9 kHz, opens with the stroke.
    open_to = min((9_000.0 + 24_000.0 * hit) * dt, 1.0)
    fresh = open_to * high
    dull = dull * (1.0 - open_to) + fresh if sounds else dull
    wires = 1.5 * snappy * fading(since, 0.001 * decay) * (0.35 + 0.65 * hit)
    stick = crack * hit * fading(since, 0.014)
    sound = 0.96 * soft_clip(1.25 * (skin * (1.0 + 0.5 * stick) + (wires + 1.2 * stick) * dull))
    level = hit * (0.25 + 0.75 * hit)
    out = over_tail(level * sound, tail) if struck or trails else level * sound
    turn = turning(min(freq * bend * dt, FASTEST))
    faster = turning(min(1.8 * freq * bend * dt, FASTEST))
    place = i4(place + turn) if sounds else place
    upper = i4(upper + faster) if sounds else upper
    first = to_first if sounds else first
    second = to_second if sounds else second
    return age, held, hit, out, tail, place, upper, seed, first, second, dull, out
