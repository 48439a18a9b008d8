"""The hi-hat: a drum as those of `drums`, of squares and noise."""

from __future__ import annotations

from chronus.dsp.approx import (
    bipolar,
    clip,
    cycles,
    f4,
    i4,
    next_random,
    rarely,
    soft_clip,
    steady,
    turned,
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
from chronus.modules.drums import (
    LONG_AGO,
    STROKE,
    age_after,
    fading,
    frames_of,
    highpass_shares,
    highpass_states,
    highpassed,
    length,
    over_tail,
    pitch,
    share,
    tail_after,
)


@helper
def metal_square(place: int, slope: float) -> float:
    """A square whose edges are rounded over two samples; `slope` is the samples of a cycle.

    Source: Välimäki, Huovilainen, Antialiasing oscillators in subtractive synthesis, IEEE SPM 24
    (2), 2007 (polynomial edges of two samples).
    """
    phase = cycles(place)
    half = abs(phase)
    after = max(1.0 - half * slope, 0.0)
    before = max(1.0 - (0.5 - half) * slope, 0.0)
    size = 1.0 - after * after - before * before
    return size if phase > 0.0 else -size


@module(
    doc="Hi-hat: six inharmonic squares and noise, above a steep highpass.",
    family=Family.DRUM,
    inputs=(
        gate(),
        velocity(),
        pitch(430.0, 100.0, 2000.0),
        length("decay", "Time to silence", 90.0, 10.0, 4000.0),
        Input("tone", "Corner of the highpass", 7000.0, 1000.0, 16_000.0, "hz", Curve.EXPONENTIAL),
        share("metal", "0 only noise, 1 only metal", 0.55),
        share("tick", "The stick: a harder start", 0.5),
    ),
    outputs=(Output("out", "The cymbal, -1 to 1"),),
    state=(
        *STROKE,
        State("p1", dtype="i4"),
        State("p2", 730144440.0, "i4"),
        State("p3", 1460288880.0, "i4"),
        State("p4", -2104533975.0, "i4"),
        State("p5", -1374389534.0, "i4"),
        State("p6", -644245094.0, "i4"),
        State("seed", SEED, "u4"),
        State("a1"),
        State("a2"),
        State("b1"),
        State("b2"),
    ),
    source="Roland TR-808 service notes, 1980, cymbal and hi-hat: six oscillators at 205.3, "
    "304.4, 369.6, 522.7, 540 and 800 Hz, here as ratios to `freq`. Their edges are rounded over "
    "two samples against aliasing",
    example="load hat; set hat.decay 60; sequence hat: x.x.x.xx",
)
def hat(
    age: int,
    held: float,
    hit: float,
    last: float,
    tail: float,
    p1: int,
    p2: int,
    p3: int,
    p4: int,
    p5: int,
    p6: int,
    seed: int,
    a1: float,
    a2: float,
    b1: float,
    b2: float,
    gate: float,
    velocity: float,
    freq: float,
    decay: float,
    tone: float,
    metal: float,
    tick: float,
    dt: float,
) -> tuple[
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    float,
    int,
    float,
    float,
    float,
    float,
    float,
]:
    turns = rarely((gate > 0.5) != (held > 0.5))
    struck = turns and gate > 0.5
    held = (1.0 if gate > 0.5 else 0.0) if turns else held
    frames = steady(frames_of(decay, dt))
    age = i4(0) if struck else age_after(age, frames)
    sounds = age < LONG_AGO
    since = f4(age) * dt
    hit = velocity if struck else hit
    trails = rarely(tail != 0.0)
    tail = last if struck else (tail_after(tail, dt) if trails else tail)
    step = min(freq * dt, 0.12)
    slope = 1.0 / step
    low = metal_square(p1, slope) + metal_square(p2, 0.674445269 * slope)
    middle = metal_square(p3, 0.555462981 * slope) + metal_square(p4, 0.392772977 * slope)
    high = metal_square(p5, 0.380184770 * slope) + metal_square(p6, 0.256627403 * slope)
    seed = next_random(seed) if sounds else seed
    raw = metal * 0.75 * (low + middle + high) + (1.0 - metal) * 1.6 * bipolar(seed)
    # Softer strokes are a little darker.
    c2, c3 = highpass_shares(min(tone * (0.85 + 0.15 * hit) * dt, 0.45))
    to_a1, to_a2 = highpass_states(a1, a2, c2, c3, raw)
    once = highpassed(raw, a1, a2, to_a1, to_a2)
    to_b1, to_b2 = highpass_states(b1, b2, c2, c3, once)
    bright = highpassed(once, b1, b2, to_b1, to_b2)
    envelope = fading(since, 0.001 * decay) + tick * fading(since, 0.008)
    sound = clip(soft_clip(bright * envelope), -0.98, 0.98)
    level = hit * (0.25 + 0.75 * hit)
    out = over_tail(level * sound, tail) if struck or trails else level * sound
    p1 = turned(p1, step) if sounds else p1
    p2 = turned(p2, 1.4827 * step) if sounds else p2
    p3 = turned(p3, 1.8003 * step) if sounds else p3
    p4 = turned(p4, 2.546 * step) if sounds else p4
    p5 = turned(p5, 2.6303 * step) if sounds else p5
    p6 = turned(p6, 3.8967 * step) if sounds else p6
    a1 = to_a1 if sounds else a1
    a2 = to_a2 if sounds else a2
    b1 = to_b1 if sounds else b1
    b2 = to_b2 if sounds else b2
    return age, held, hit, out, tail, p1, p2, p3, p4, p5, p6, seed, a1, a2, b1, b2, out
