"""Virtual time, tempo, the transport, and how a score ends."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import GATED, Stage, render
from tests.support.sound import dbfs, ends, onsets


def test_a_line_takes_effect_at_its_block():
    """What follows `wait` happens in the block that holds that moment, as the reply says."""
    played = render([GATED, "wait 123ms", "gate env on"], 0.5)
    frame = 0.123 * 48_000 // 64 * 64
    assert onsets(played.left).tolist() == [frame]
    assert played.replies[-1].frame == frame


@pytest.mark.parametrize(
    ("wait", "frames"),
    [
        ("1 bar", 96_000),
        ("2bars", 192_000),
        ("3/16", 18_000),
        ("1.5 beats", 36_000),
        ("0.5s", 24_000),
        ("20 ms", 960),
        ("until bar 2", 96_000),
        ("until beat 3", 48_000),
        ("0s", 0),
    ],
)
def test_durations(wait, frames):
    """Each way to write a duration is as long as it says, at 120 BPM."""
    stage = Stage()
    assert stage.say(f"wait {wait}").results[0].data["frame"] == frames


def test_a_tempo_change_keeps_the_beat():
    """A tempo change in the middle of a bar moves no onset before it, and none after it drifts."""
    played = render(
        [
            GATED,
            "tempo 120",
            "sequence env: xxxx",
            "wait 2.5 beats",
            "tempo 174",
            "wait 4 beats",
            "tempo 90.5",
        ],
        8.0,
    )
    change = 2.5 * 24_000 // 64 * 64
    first_beats = change / 24_000
    fast = 60 * 48_000 / 174
    second = (change + 4 * fast) // 64 * 64
    # `wait 4 beats` counts from 2.5 beats, not from the block.
    wanted = []
    for k in range(200):
        beat = k / 4
        if beat <= first_beats:
            wanted.append(beat * 24_000)
            continue
        frame = change + (beat - first_beats) * fast
        wanted.append(frame)
    found = onsets(played.left)
    inside = [w for w in wanted if w < second - 500]
    assert np.max(np.abs(found[: len(inside)] - inside)) <= 1.0
    later = np.diff(found[found > second + 9000])
    assert set(later.tolist()) <= {int(60 * 48_000 / 90.5 / 4), int(60 * 48_000 / 90.5 / 4) + 1}


def test_stop_and_start():
    """`stop` closes gates and holds the beat; `start` goes on from there."""
    played = render(
        [GATED, "tempo 120", "sequence env: x__.", "wait 1/8", "stop", "wait 0.5s", "start"], 3.0
    )
    stopped = 12_000 // 64 * 64
    begun = 36_000 // 64 * 64
    found = onsets(played.left)
    assert found[0] == 0
    assert ends(played.left)[0] == stopped
    assert abs(found[1] - (begun + 24_000 - stopped)) <= 1
    assert abs(found[2] - found[1] - 24_000) <= 1


def test_stop_lets_ring_what_rings():
    """After `stop` an echo goes on."""
    played = render(
        [
            "load kick; load delay feedback=0.7 mix=0.5; patch kick > delay",
            "trigger kick",
            "wait 100ms",
            "stop",
            "wait 1s",
        ],
        1.0,
    )
    assert np.max(np.abs(played.left[30_000:])) > 0.01


@pytest.mark.parametrize("seconds", [0.001, 0.5, 1.0, 1.2345])
def test_a_length_in_seconds_is_exact(seconds):
    """A score with a length has exactly that many frames, and plays on to there."""
    played = render("load saw", seconds)
    assert len(played.frames) == round(seconds * 48_000)


def test_a_length_in_bars_is_exact():
    """The same in bars, at the tempo of the score."""
    assert len(render("tempo 175; load saw", bars=2).frames) == round(2 * 4 * 60 * 48_000 / 175)


def test_a_length_cuts_a_longer_score():
    """Lines behind the length are not reached, and change nothing."""
    played = render(["load saw", "wait 10s", "set saw.freq 1khz"], 0.25)
    assert len(played.frames) == 12_000
    assert len(played.replies) == 2


def test_without_a_length_a_score_ends_when_it_is_silent():
    """Sequences stop with the lines; what rings is played until half a second of silence."""
    played = render(["load kick decay=100ms; sequence kick: x...", "wait 1 bar"])
    assert 96_000 <= len(played.frames) < 96_000 + 48_000
    assert np.max(np.abs(played.frames[-20_000:])) < 1e-4


def test_an_endless_tail_ends_after_thirty_seconds():
    """What never falls silent is cut after 30 s."""
    played = render(["load saw", "wait 100ms"])
    assert len(played.frames) == pytest.approx(4800 + 30 * 48_000, abs=64)


def test_a_long_tail_rings_out():
    """A delay with feedback 0.98 rings on behind the lines until it is silent, at most 30 s."""
    played = render(
        [
            "load kick; load delay feedback=0.98 time=100ms; patch kick > delay",
            "trigger kick",
            "wait 200ms",
        ]
    )
    seconds = len(played.frames) / 48_000
    assert 5.0 < seconds <= 30.3
    assert dbfs(played.frames[48_000 * 4 : 48_000 * 5]) > -60


def test_an_empty_score_ends():
    """A score without a sound ends after its half second of silence."""
    assert len(render("tempo 120").frames) <= 48_000


def test_frame_0_waits_for_all_its_lines():
    """All lines before the first `wait` are in force at frame 0."""
    played = render(["load sine", "set sine.level -20db", "set sine.freq 1khz"], 0.1)
    assert np.max(np.abs(played.left)) < 0.11


def test_a_late_bar_is_an_error():
    """`wait until` a bar that has passed is an error, and time stays where it is."""
    stage = Stage()
    stage.say("wait 3 bars")
    assert stage.fails("wait until bar 2").code == "E_STATE"
    assert stage.say("status").results[0].data["bar"] == "4.1.000"
    stage.say("stop")
    assert stage.fails("wait until bar 9").code == "E_STATE"


def test_tiny_waits_keep_their_order():
    """Changes within one block happen in the order of their lines."""
    stage = Stage()
    stage.say(GATED, "gate env on", "wait 0.1ms", "gate env off", "wait 100ms")
    assert not stage.frames[100:].any()
    stage.say("gate env off", "wait 0.1ms", "gate env on", "wait 10ms")
    assert stage.frames[-1, 0] > 0.5
