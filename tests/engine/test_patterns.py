"""What is heard of a pattern is what it says, in exact fractions, within a sample."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chronus.patch.query import query
from tests.engine.test_grids import off_by
from tests.support.patterns import OPTIONS, frame_of, patterns, sequence
from tests.support.score import GATED, render
from tests.support.sound import ends, momentary_hz, onsets, pitch

DC = "load lfo as dc rate=0.01 shape=square"
TWO = (
    DC,
    "load adsr as a attack=0 decay=0 sustain=1 release=0",
    "load adsr as b attack=0 decay=0 sustain=1 release=0",
    "patch dc > a > out; patch dc > b > out; set a.pan -1 b.pan 1",
)
"""Two gates that are heard, left and right."""
CLOSEST = 4
"""Frames between the begins of two notes that are told apart."""


def spans(found, gate, frame):
    """The exact frames at which the gate opens and closes; a slide joins notes."""
    opened, closed = [], []
    slid = False
    for event in found:
        if not slid:
            opened.append(frame(event.begin))
        slid = event.slides
        if not slid:
            closes = frame(event.last + Fraction(gate) * (event.end - event.last))
            closed.append(min(closes, frame(event.end) - 1) if event.is_followed else closes)
    return opened, closed


def test_ten_thousand_onsets_are_exact():
    """Random patterns, two at a time, at steady and moving tempi: each begin and each end of a gate
    is within a frame of exact arithmetic."""
    counted = []

    @settings(
        max_examples=90,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.tuples(patterns(fewest=4), OPTIONS), min_size=2, max_size=2),
        st.integers(100, 300),
        st.sampled_from([None, None, 90, 333]),
    )
    def check(said, bpm, target):
        seconds, ramp = 8, 240_000 if target else 0

        def frame(beat):
            return frame_of(beat, bpm, target_bpm=target, ramp_frames=ramp)

        wanted = []
        for name, (pattern, options) in zip("ab", said, strict=True):
            found = sequence(f"sequence {name}: {pattern}{options}")
            events = query(found, Fraction(0), Fraction(seconds * 333, 60))
            events = [event for event in events if frame(event.begin) < seconds * 48_000 - 2]
            begins = [frame(event.begin) for event in events]
            assume(all(b - a >= CLOSEST for a, b in pairwise(begins)))
            wanted.append(spans(events, found.options.gate, frame))
        lines = [f"tempo {bpm}", *([f"tempo {target} over 5s"] if target else [])]
        lines += [f"sequence {n}: {p}{o}" for n, (p, o) in zip("ab", said, strict=True)]
        frames = render([*TWO, *lines], seconds).frames
        for side, (opened, closed) in enumerate(wanted):
            heard = onsets(frames[:, side], 1e-4)
            assert off_by(heard, opened) <= 1.0 if opened else not len(heard)
            shut = ends(frames[:, side], 1e-4)
            if len(shut):
                assert off_by(shut, closed[: len(shut)]) <= 1.0
            assert all(late >= seconds * 48_000 - 2 for late in closed[len(shut) :])
            counted.append(len(opened))

    check()
    assert sum(counted) >= 10_000


def test_seven_against_sixteen():
    """Patterns of 7 and 16 steps each keep their own cycle, and come together after 112."""
    frames = render(
        [*TWO, "tempo 150", "sequence a: X..x.x.; sequence b: x...x..xx...x.xo"], 24
    ).frames
    for side, line in enumerate(("X..x.x.", "x...x..xx...x.xo")):
        events = query(sequence(f"sequence a: {line}"), Fraction(0), Fraction(60))
        assert (
            off_by(onsets(frames[:, side], 1e-4), [frame_of(e.begin, 150) for e in events]) <= 1.0
        )


def test_a_lock_lasts_as_long_as_its_step():
    """`{pan=-1}` is there from the step's begin, through its holds, to the next step's begin."""
    played = render([GATED, "set env.pan 1", "sequence env: x{pan=-1} _ . x gate 100%"], bars=1)
    left, right = played.frames[:, 0], played.frames[:, 1]
    assert np.all(np.abs(left[1_000:11_900]) > 0.5)
    assert np.all(np.abs(right[1_000:11_900]) < 1e-3)
    assert np.all(np.abs(right[18_400:23_900]) > 0.5)
    assert np.all(np.abs(left[18_400:23_900]) < 1e-3)


def test_locks_come_and_go_to_what_the_port_is_set_to():
    """A lock goes back to what is set meanwhile; the next lock begins where the last one ends."""
    lines = [
        "load square freq=1000",
        "load adsr as env attack=0 decay=0 sustain=1 release=0; patch square > env",
        "sequence env: x{level=-20db} x{level=-40db} x . step 1/4 gate 100%",
        "wait 1/8",
        "set env.level -6db",
    ]
    left = np.abs(render(lines, bars=1).left)
    gain = [
        20 * np.log10(np.max(left[k * 24_000 + 13_000 : k * 24_000 + 23_000])) for k in range(3)
    ]
    # The first was overtaken by the `set` within its step.
    assert np.diff(gain) == pytest.approx([-34.0, 34.0], abs=0.1)


def test_a_lock_of_the_velocity_is_that_of_the_note():
    """`x{velocity=0.3}` plays at 0.3, and the next step as it is."""
    left = render([GATED, "set env.level -6db", "sequence env: x{velocity=0.3} x"], bars=1).left
    gain = 10 ** (-6 / 20)
    assert left[[1000, 7000]] == pytest.approx([0.3 * gain, 0.8 * gain], rel=1e-4)


def test_a_port_glides_from_value_to_value():
    """With `smooth` a port of gain goes in a straight line, over rests, and around the end."""
    score = [
        f"{DC}; load vca gain=0.5; patch dc > vca",
        "sequence vca.gain: 0.2 0.6 . 0.4 step 1/4 smooth",
    ]
    left = render(score, bars=2).left
    points = [0, 24_000, 72_000, 96_000, 120_000, 168_000, 192_000]
    values = [0.2, 0.6, 0.4, 0.2, 0.6, 0.4, 0.2]
    wanted = np.interp(np.arange(192_000), points, values)
    # It comes from its default within the ramp of the port.
    assert np.max(np.abs(left[300:] - wanted[300:192_000])) < 1e-4


def test_a_frequency_glides_by_equal_ratios():
    """With `smooth` a port with an exponential curve passes the geometric mean half way."""
    score = ["load sine; set sine.level -6db", "sequence sine.freq: 200 800 step 1/2 smooth"]
    hz = momentary_hz(render(score, bars=1).left)
    assert hz[24_000] == pytest.approx(400.0, rel=1e-2)
    assert hz[12_000] == pytest.approx(200.0 * 2**0.5, rel=1e-2)
    assert hz[72_000] == pytest.approx(400.0, rel=1e-2)


def test_a_value_under_chance_leaves_the_port():
    """Values take turns and chance as steps do."""
    score = [f"{DC}; load vca gain=0.5; patch dc > vca", "sequence vca.gain: <0.1 0.3> . [0.2]%2 ."]
    left = render(score, bars=1).left
    assert left[3000::12_000] == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.1, 0.2, 0.3, 0.3], abs=1e-4)


def test_a_node_with_one_voice_plays_the_first_note_of_a_chord():
    """Of `a3+c4+e4` and `a3:m` a node without voices plays a3."""
    for chord in ("a3+c4+e4", "a3:m"):
        left = render(["load sine; set sine.level -6db", f"sequence sine: {chord}"], bars=1).left
        assert pitch(left) == pytest.approx(220.0, rel=1e-4)


def test_a_scale_gives_degrees_and_moves_what_is_outside():
    """In c minor `3` is eb3, and e3 is heard as eb3, the lower of two notes that are as near."""
    for step in ("3", "e3"):
        line = f"sequence sine: {step} scale c minor"
        left = render(["load sine; set sine.level -6db", line], bars=1).left
        assert pitch(left) == pytest.approx(155.5635, rel=1e-4)


def test_a_slide_ends_where_nothing_follows():
    """`x~ <x .>`: where the next step does not play, the gate closes as without a slide."""
    left = render([GATED, "sequence env: x~ <x .> . . gate 50%"], bars=1).left
    assert off_by(onsets(left), [0, 24_000, 48_000, 72_000]) <= 1.0
    assert off_by(ends(left), [9_000, 27_000, 57_000, 75_000]) <= 1.0


def test_a_note_sounds_on_across_the_bar_line():
    """A note that is held into the next bar is not cut when another pattern takes over there."""
    lines = [GATED, "sequence env: .!15 [x _] _!4 gate 100%", "wait 1/2", "sequence env: . . . x"]
    left = render(lines, bars=2).left
    assert off_by(onsets(left)[:2], [15 * 6000, 96_000 + 3 * 6000]) <= 1.0
    assert off_by(ends(left)[:1], [96_000 + 3 * 6000 - 1]) <= 1.0


def test_chance_is_the_same_in_every_run_and_not_in_every_cycle():
    """The same score gives the same samples; cycles differ, and so do seeds."""
    score = [GATED, "sequence env: x?x?x?x? x?x?x?x?"]
    first, second = render(score, bars=4).left, render(score, bars=4).left
    assert np.array_equal(first, second)
    cycles = first[: 8 * 48_000].reshape(8, 48_000)
    assert len({cycle.tobytes() for cycle in cycles}) > 6
    assert not np.array_equal(first, render([GATED, score[1] + " seed 7"], bars=4).left)
