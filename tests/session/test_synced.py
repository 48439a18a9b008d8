"""Ports that are set in beats follow the tempo: jumps and ramps, to the frame."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.doors.replies import as_text
from tests.support.score import DC, Stage
from tests.support.sound import onsets

RATE_HZ = 48_000
STEP = f"{DC}; load adsr as env attack=0 decay=0 sustain=1 release=0; patch dc > env"
"""A step of 0.8 while `env` is struck, and what it is sent to."""
MOVES = (
    *("wait 2 beats", "tempo 60 over 4 beats", "wait 4 beats"),
    *("wait 2 beats", "tempo 150", "wait 4 beats"),
)


def falls(wave):
    """Where a ramp begins anew."""
    return np.flatnonzero(np.diff(wave.astype(float)) < -0.4) + 1


def beats():
    """The beat at each frame of MOVES: the sum of the tempo, in the middle of each frame."""
    ramp = 120.0 - 60.0 * (np.arange(128_000) + 0.5) / 128_000
    parts = (np.full(48_000, 120.0), ramp, np.full(96_000, 60.0), np.full(76_800, 150.0))
    return np.concatenate(([0.0], np.cumsum(np.concatenate(parts)))) / (60.0 * RATE_HZ)


@pytest.fixture(scope="module")
def swept():
    """A ramp that is played through jumps of the tempo and a ramp of it, and its session."""
    stage = Stage()
    stage.say("tempo 120; load lfo rate=1/8 shape=ramp; patch lfo > out by 0.5", *MOVES)
    return stage


def test_an_lfo_turns_with_the_beat_through_ramps_and_jumps(swept):
    """A rate of 1/8 is two cycles a beat, whatever the tempo does: each begins on its half beat."""
    found = falls(swept.frames[:, 0])
    halves = 2.0 * beats()[found]
    assert len(found) == 23
    # A frame lasts at most 5e-5 beats here; a fall is seen one frame behind at most.
    np.testing.assert_allclose(halves, np.arange(1, 24), atol=1.5e-4)


def test_a_reply_says_the_note_value_and_what_it_is_now(swept):
    """Who asks hears what was said, and what that is at the tempo of now."""
    assert as_text(swept.say("get lfo.rate")).startswith("ok lfo.rate = 1/8 (5hz)")
    assert swept.get("lfo.rate") == pytest.approx(5.0)


def echo(*lines):
    """Frames from a stroke to its echo, said in beats, behind lines."""
    stage = Stage()
    stage.say(f"tempo 120; {STEP}; load delay time=1/8 mix=1 feedback=0; patch env > delay")
    stage.say(*lines, "wait 100ms")
    start = len(stage.frames)
    stage.say("gate env on; wait 700ms")
    return onsets(stage.frames[start:, 0], 1e-4)[0]


def test_an_echo_comes_at_the_frame_of_its_note_value():
    """An eighth at 100 BPM is 14400 frames, whether it is said before the tempo, or after it."""
    assert echo("wait 100ms") == 12_000
    assert echo("wait 100ms; tempo 100") == 14_400
    assert (
        echo("tempo 240 over 1 beat; wait 1 beat; tempo 100 over 2 beats; wait 2 beats") == 14_400
    )
    assert echo("set delay.time 100ms over 50ms; wait 100ms; tempo 100") == 4800


def test_it_is_saved_undone_and_copied_as_it_was_written(tmp_path):
    """`1/8` is written as `1/8`, comes back by undo, goes with a copy, and is the same opened."""
    stage = Stage()
    stage.say("tempo 60; load lfo rate=1/8 shape=ramp; patch lfo > out by 0.5")
    stage.say("load delay time=1.5beats; set delay.time *2; copy lfo as twin")
    stage.say("set lfo.rate 3hz; undo", f"save {tmp_path / 'a.chronus'}")
    text = (tmp_path / "a.chronus").read_text()
    assert "load lfo as lfo rate=1/8 " in text
    assert "load lfo as twin rate=1/8 " in text
    assert "load delay as delay time=3/4" in text
    other = Stage()
    other.say(f"open {tmp_path / 'a.chronus'}")
    for played in (stage, other):
        played.say("tempo 120; unpatch twin > out", "wait 2 beats")
    wave = [falls(played.frames[:, 0]) for played in (stage, other)]
    assert wave[0].tolist() == wave[1].tolist()
    np.testing.assert_allclose(wave[0], [12_000, 24_000, 36_000], atol=1)


def test_a_step_that_moves_a_port_gives_it_back_to_the_tempo():
    """Behind a sequence of it, and a glide, a port follows the tempo again."""
    stage = Stage()
    stage.say("tempo 120; load lfo rate=1/8 shape=ramp; patch lfo > out by 0.5")
    stage.say("sequence lfo.rate: 7hz", "wait 1 bar", "unsequence lfo.rate", "wait 1 bar")
    stage.say("tempo 60", "wait 2 beats")
    np.testing.assert_array_equal(np.diff(falls(stage.frames[-96_000:, 0])), 24_000)
    stage.say("set lfo.rate 1/4 over 1 beat", "tempo 120", "wait 4 beats")
    assert np.abs(np.diff(falls(stage.frames[-48_000:, 0])) - 24_000).max() <= 1


def test_voices_of_an_instrument_follow_it_in_every_lane():
    """A rate inside an instrument follows the tempo in each voice, and in two lanes alike."""
    frames = []
    for lanes in (1, 2):
        stage = Stage(lanes=lanes)
        stage.say(
            "instrument pulse voices 3 { load keys; load lfo as wave rate=1/8 shape=ramp;"
            " load vca gain=0; load vca as body gain=0; patch wave > vca;"
            " patch keys.gate > wave.gate; patch keys.gate > vca.gain; patch vca > body;"
            " set body.gain 1;"
            " expose rate = wave.rate default 1/16 }"
        )
        stage.say("tempo 120; load pulse; note pulse c3 for 9 beats; wait 2 beats; tempo 60")
        stage.say("wait 1 beat; set pulse.rate 1/8; wait 2 beats")
        frames.append(stage.frames)
    np.testing.assert_array_equal(*frames)
    found = falls(frames[0][:, 0] / np.abs(frames[0][:, 0]).max())
    # A sixteenth at 120 BPM and at 60, then an eighth; the phase goes on.
    lengths = np.diff(found)
    for first, last, frames in ((0, 6, 6000), (8, 11, 12_000), (-3, -1, 24_000)):
        assert np.abs(lengths[first:last] - frames).max() <= 1


def test_an_echo_glides_where_the_tempo_jumps():
    """Where the tempo jumps a delay line gets there as if its time had been set: nothing clicks."""
    stage = Stage()
    stage.say("tempo 120; load sine freq=200; load delay time=1/8 mix=1 feedback=0")
    stage.say("patch sine > delay", "wait 500ms", "tempo 140", "wait 300ms")
    wave = stage.frames[20_000:, 0].astype(float)
    steepest = np.abs(np.diff(wave)).max()
    # At 120 to 140 BPM the time shrinks by 71 ms in 50 ms: heard up to 2.5 times as high meanwhile.
    assert steepest < 3.0 * 2.0 * np.pi * 200.0 / RATE_HZ


def test_a_patch_opens_whose_times_were_right_at_another_tempo(tmp_path):
    """What is out of range at the tempo of now is an error when typed, and not in a file."""
    stage = Stage()
    stage.say("tempo 240; load delay time=4/1; tempo 60", f"save {tmp_path / 'slow.chronus'}")
    assert stage.fails("set delay.time 4/1").code == "E_RANGE"
    assert stage.get("delay.time") == 4000.0
    stage.say(f"open {tmp_path / 'slow.chronus'}")
    assert stage.get("delay.time") == 4000.0


def test_steps_and_locks_in_beats_follow_the_tempo():
    """A lock and a step of 1/8 are two cycles a beat, whatever the tempo does meanwhile."""
    frames = []
    for line in (
        "sequence lfo.rate: 1/8 1/8 step 4/1",
        "sequence lfo.rate: 1/8 1/8 step 4/1 smooth",
        "sequence lfo: x{rate=1/8} _ _ _ step 4/1 gate 100%",
    ):
        stage = Stage()
        stage.say("tempo 120; load lfo rate=9hz shape=ramp; patch lfo > out by 0.5", line, *MOVES)
        found = falls(stage.frames[:, 0])[:23]
        # On its way from 9 Hz it gains a part of a cycle, in the first 5 ms and never again.
        halves = 2.0 * beats()[found] - np.arange(1, 24)
        assert np.ptp(halves) < 3e-4
        assert abs(halves[0]) < 0.03
        frames.append(stage.frames)
    np.testing.assert_array_equal(frames[0], frames[2])
    stage.say("unsequence lfo; wait 1/1", "wait 4 beats")
    assert stage.get("lfo.rate") == 9.0


def test_a_smooth_step_goes_from_seconds_to_beats_and_back():
    """Between 4 Hz and 1/16 at 120 BPM, 8 Hz, a rate glides by equal ratios, also in a ramp."""
    stage = Stage()
    stage.say("tempo 120; load lfo rate=4hz shape=ramp; patch lfo > out by 0.5")
    stage.say("sequence lfo.rate: 4hz 1/16 step 1/1 smooth", "wait 8 beats")
    # In two seconds from 4 to 8 Hz, and back; the phase is the integral of that.
    way = 8.0 / np.log(2.0)
    up = 96_000 * np.log2(1.0 + np.arange(1, 12) / way)
    down = 192_000 - 96_000 * np.log2(1.0 + (2.0 * way - np.arange(12, 24)) / way)
    np.testing.assert_allclose(falls(stage.frames[:, 0]), [*up, *down], atol=25)
    stage.say("sequence lfo.rate: 1/16 1/16 smooth now; tempo 60", "wait 500ms")
    assert np.abs(np.diff(falls(stage.frames[-19_200:, 0])) - 12_000).max() <= 1


def test_a_file_says_steps_and_locks_as_they_were_written(tmp_path):
    """Beats stay beats; bars are so many beats as at the moment; a pitch is a pitch."""
    stage = Stage()
    stage.say("tempo 240; meter 3/4; load delay; load saw; patch saw > delay")
    stage.say("sequence delay.time: 4/1 2bars 1.5beats 30ms")
    stage.say("load ar; sequence ar: x{attack=1/8 release=1/4}", "sequence saw.freq: 1/64 c2")
    stage.say("tempo 60", f"save {tmp_path / 'a.chronus'}")
    text = (tmp_path / "a.chronus").read_text()
    assert "sequence delay.time: 4/1 3/2 1.5beats 30ms" in text
    assert "sequence ar: x{attack=1/8 release=1/4}" in text
    assert "sequence saw.freq: 64hz c2" in text
    other = Stage()
    other.say(f"open {tmp_path / 'a.chronus'}")
    assert other.session.patch.sequences.keys() == stage.session.patch.sequences.keys()
    assert stage.fails("sequence delay.time: 4/1").code == "E_RANGE"
