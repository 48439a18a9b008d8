"""Songs, scenes and captures of live sessions: the same samples as offline, kept over a crash."""

from __future__ import annotations

import re

import numpy as np
import soundfile

from chronus.doors.journals import ENDING
from tests.doors.outside import Live
from tests.doors.terminal import PATIENCE_S, Terminal
from tests.support.program import chronus

SONG = """\
tempo 240
load kick; load hat; load saw level=-9; load filter; patch saw > filter
sequence kick: x...x...; sequence saw: c2 . g2 c3 step 1/8
scene intro { mute hat; set filter.cutoff 300hz over 1 bar }
scene drop { unmute hat; sequence hat: x.xx; set filter.cutoff 4khz }
"""


def frames_of(path):
    return soundfile.read(path, dtype="float32")[0]


def test_a_song_is_the_same_live_and_rendered(tmp_path):
    """Played, rendered, and rendered from its journal: one song, without any wait in its lines."""
    song, heard, journal = (tmp_path / name for name in ("a.chronus", "live.wav", "j.chronus"))
    song.write_text(SONG + "song: intro 1, drop 2, end\n")
    played = chronus(
        *("play", song, "--device", "null", "--record", heard, "--journal", journal),
        XDG_STATE_HOME=str(tmp_path),
    )
    assert played.status == 0, played
    frames = frames_of(heard)
    assert len(frames) >= 3 * 48_000
    assert np.abs(frames).max() > 0.1
    for source in (song, journal):
        assert chronus("render", source, "-o", tmp_path / "out.wav").status == 0
        np.testing.assert_array_equal(frames_of(tmp_path / "out.wav"), frames)


def test_what_was_just_played_is_captured_live(tmp_path):
    """A line from outside takes the last bars: the samples that the recording has there."""
    taken = tmp_path / "part.wav"
    live = Live(SONG + "song: intro 1, drop 1, loop\nwait 6 bars\n")
    try:
        live.wait_for_sound()
        assert live.ask("wait 1.2 bars")[0]["ok"]
        (said,) = live.ask(f"capture last 1 bar to {taken}")
        assert said["ok"], said
        (shown,) = live.ask("song")
        assert shown["result"]["playing"]
        assert live.end().status == 0
        heard = frames_of(live.recorded)
    finally:
        live.close()
    part, start = frames_of(taken), said["result"]["start"]
    assert len(part) == 48_000
    np.testing.assert_array_equal(part, heard[start : start + len(part)])


def test_a_scene_from_outside_comes_at_the_bar_and_its_journal_renders(tmp_path):
    """Scenes that are stored and played while a song sounds stand in the journal as they came."""
    journal = tmp_path / "j.chronus"
    live = Live(SONG + "wait 4 bars\n", "--journal", journal)
    try:
        live.wait_for_sound()
        replies = live.ask("scene fill { sequence kick: xxxx; mute saw filter }", "scene fill")
        assert all(reply["ok"] for reply in replies), replies
        assert replies[1]["result"]["frame"] % 48_000 == 0
        assert live.end().status == 0
        heard = frames_of(live.recorded)
    finally:
        live.close()
    assert chronus("render", journal, "-o", tmp_path / "out.wav").status == 0
    np.testing.assert_array_equal(frames_of(tmp_path / "out.wav"), heard)


def test_a_killed_session_goes_on_with_its_song(tmp_path, monkeypatch):
    """The part that was to come comes after a crash, and the scenes are there."""
    monkeypatch.setenv("TERM", "dumb")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    terminal = Terminal("--plain", **state)
    try:
        for line in SONG.splitlines():
            assert terminal.say(line).startswith(b"ok"), line
        assert terminal.say("song: intro 4, drop 500").startswith(b"ok")
        assert b"intro" in terminal.say("song")
        terminal.kill()
    finally:
        terminal.close()
    again = Terminal("resume", "--plain", **state)
    try:
        pending = again.say("list pending")
        assert pending.startswith(b"ok 1 pending")
        again.say("wait 6 bars")
        assert b"(part 2 of 2)" in again.say("song")
        again.say("quit")
        assert again.process.wait(PATIENCE_S) == 0
    finally:
        again.close()
    last = max((tmp_path / "state").rglob(f"*{ENDING}"))
    assert re.search(r"unmute hat; sequence hat: x\.xx; set filter\.cutoff 4khz", last.read_text())
