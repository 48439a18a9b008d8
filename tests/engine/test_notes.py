"""Notes played by hand and in steps: pitch, length, velocity, slides."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import GATED, render
from tests.support.sound import cents, ends, momentary_hz, onsets, pitch


@pytest.mark.parametrize("kind", ["sine", "saw", "square", "triangle"])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a4_is_440_hz(kind, rate):
    """A note is within half a cent of its pitch, through the whole path and at every rate."""
    played = render(f"load {kind}; set {kind}.level -6db; note {kind} a4", 1.0, rate)
    assert abs(cents(pitch(played.left, rate), 440.0)) < 0.5


@pytest.mark.parametrize(
    ("name", "hz"),
    [
        ("c4", 261.6256),
        ("c2", 65.4064),
        ("f#5", 739.9888),
        ("eb3", 155.5635),
        ("123.4hz", 123.4),
        ("1khz", 1000.0),
    ],
)
def test_note_names(name, hz):
    """Note names and frequencies are heard as what they say."""
    played = render(f"load sine; set sine.level -6db; note sine {name}", 1.0)
    assert abs(cents(pitch(played.left), hz)) < 0.5


def test_a_relative_pitch():
    """`+7st` is a fifth up, from what was set before."""
    played = render("load sine; set sine.level -6db sine.freq 200hz; set sine.freq +7st", 1.0)
    assert abs(cents(pitch(played.left), 200.0 * 2 ** (7 / 12))) < 0.5


@pytest.mark.parametrize(
    ("length", "frames"),
    [("100ms", 4800), ("1/8", 12_000), ("1 bar", 96_000), ("2.5 beats", 60_000), ("0.5s", 24_000)],
)
def test_a_note_lasts_as_long_as_it_says(length, frames):
    """What `note … for` answers is the length of its gate in frames, and 120 BPM its measure."""
    played = render(["load kick", f"note kick 60hz for {length}"], 0.1)
    assert played.replies[-1].results[0].data["frames"] == frames


def test_a_note_has_its_velocity():
    """A drum is softer at half the velocity, and `at 50%` is `at 0.5`."""
    full, half, percent = (
        render(["load hat", f"note hat 500hz at {velocity}"], 0.3).left
        for velocity in ("1.0", "0.5", "50%")
    )
    assert 0.3 < np.max(np.abs(half)) / np.max(np.abs(full)) < 0.8
    assert np.array_equal(half, percent)


def test_gate_and_trigger():
    """`gate` opens until it is closed; `trigger` opens for 10 ms."""
    played = render(
        [
            GATED,
            "wait 64ms",
            "gate env on",
            "wait 128ms",
            "gate env off",
            "wait 128ms",
            "trigger env",
        ],
        1.0,
    )
    assert onsets(played.left).tolist() == [3072, 9216 + 6144]
    assert ends(played.left).tolist() == [9216, 9216 + 6144 + 480]


def test_a_gate_that_is_open_strikes_again():
    """`trigger` on an open gate closes it for one frame, so that the envelope begins anew."""
    played = render([GATED, "gate env on", "wait 64ms", "trigger env"], 0.2)
    assert onsets(played.left).tolist() == [0, 3073]
    assert ends(played.left).tolist() == [3072, 3072 + 480]


def test_set_gate_is_like_any_port():
    """`set A.gate on` opens as `gate A on` does."""
    by_set = render([GATED, "wait 64ms", "set env.gate on", "wait 64ms", "set env.gate off"], 0.5)
    by_gate = render([GATED, "wait 64ms", "gate env on", "wait 64ms", "gate env off"], 0.5)
    assert np.array_equal(by_set.frames, by_gate.frames)


def test_steps_have_their_pitches():
    """Each step of a pattern of notes sounds at its own pitch; a transposition moves them all."""
    fifth = 2 ** (7 / 12)
    for transpose, factor in (("", 1.0), (" transpose -12st", 0.5), (" transpose +7st", fifth)):
        played = render(
            ["load sine; set sine.level -6db", f"sequence sine: a3 c4 . e4 step 1/4{transpose}"],
            bars=1,
        )
        for step, hz in ((0, 220.0), (1, 261.6256), (2, 261.6256), (3, 329.6276)):
            part = played.left[step * 24_000 + 100 : (step + 1) * 24_000 - 100]
            assert abs(cents(pitch(part), hz * factor)) < 0.5


def test_a_slide_glides_and_does_not_strike():
    """`c2~ c3`: one gate over both steps, and the pitch takes 60 ms to the second."""
    score = [
        "load sine; load adsr as env attack=0 decay=0 sustain=1 release=0; patch sine > env",
        "set env.level -6db",
        "tempo 120",
    ]
    played = render([*score, "sequence sine: a3~ a4 step 1/4", "gate env on"], bars=1)
    hz = momentary_hz(played.left)
    assert hz[12_000] == pytest.approx(220.0, rel=1e-3)
    # Half way through the glide it is between the two, after 60 ms it has arrived.
    assert 300.0 < hz[24_000 + 1440] < 360.0
    assert hz[24_000 + 2880 + 200] == pytest.approx(440.0, rel=1e-3)
    assert hz[40_000] == pytest.approx(440.0, rel=1e-3)


def test_without_a_slide_the_pitch_steps():
    """A step that does not slide has its pitch at its first frame."""
    played = render(["load sine; set sine.level -6db", "sequence sine: a3 a5 step 1/4"], bars=1)
    x = played.left
    crossings = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    after = crossings[crossings > 24_000]
    assert after[1] - after[0] in (54, 55)
    assert after[0] - 24_000 < 220


def test_a_slide_joins_gates():
    """Two steps joined by a slide strike once, without it twice."""
    # A kick strikes where its gate rises.
    slid = render(["load kick decay=20ms", "sequence kick: c2~ c2 . . step 1/4"], bars=1)
    struck = render(["load kick decay=20ms", "sequence kick: c2 c2 . . step 1/4"], bars=1)
    assert np.max(np.abs(slid.left[24_000:40_000])) == 0.0
    assert np.max(np.abs(struck.left[24_000:40_000])) > 0.1
