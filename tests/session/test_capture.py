"""What has just been played is captured: the very samples, over changes of tempo and meter."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.support.score import Stage

SONG = "load kick; load saw; sequence kick: x..x; sequence saw: c2 g2 c3 . step 1/8"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def captured(name="it.wav"):
    return soundfile.read(name, dtype="float32")[0]


@pytest.mark.parametrize(
    ("lines", "length", "frames"),
    [
        (["wait 3 bars"], "2 bars", 192_000),
        (["wait 3.3 bars"], "2 bars", 192_000),
        (["wait 3 bars"], "3 bars", 288_000),
        (["wait 3 bars"], "5 beats", 120_000),
        (["wait 3 bars"], "1/8", 12_000),
        (["wait 1s"], "250ms", 12_000),
        (["wait 1 bar", "tempo 60", "wait 1 bar"], "2 bars", 96_000 + 192_000),
        (["wait 1 bar", "tempo 60", "wait 1 bar", "tempo 240", "wait 2 bars"], "3 bars", 288_000),
        (["wait 1 bar", "meter 3/4", "wait 2 bars"], "2 bars", 144_000),
        (["wait 1 bar", "meter 3/4", "wait 1 bar", "meter 4/4", "wait 1 bar"], "3 bars", 264_000),
        (["tempo 60 over 2 bars", "wait 3 bars"], "3 bars", 256_000 + 192_000),
        (["wait 1 bar", "stop", "wait 1s", "start", "wait 1 bar"], "1.5 bars", 192_000),
    ],
)
def test_the_last_bars_are_captured(lines, length, frames):
    """It ends where time is, and is so long; its frames are those that were heard."""
    stage = Stage()
    stage.say(SONG, *lines, f"capture last {length} to it.wav")
    stop = stage.session.frame
    stage.say("wait 10ms")
    taken = captured()
    assert abs(len(taken) - frames) <= 1
    np.testing.assert_array_equal(taken, stage.frames[stop - len(taken) : stop])
    assert np.abs(taken).max() > 0.1


def test_capturing_changes_nothing():
    """What plays on sounds as without it, and it is no change of the patch."""
    stages = []
    for line in ("capture last 1 bar to it.flac", "list"):
        stage = Stage()
        stage.say(SONG, "wait 1.5 bars", line, "wait 1 bar")
        stages.append(stage)
    np.testing.assert_array_equal(stages[0].frames, stages[1].frames)
    assert stages[0].session.patch == stages[1].session.patch
    assert len(captured("it.flac")) == 96_000


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("capture last 4 bars to it.wav", "E_RANGE", "3.1.000"),
        ("capture last 0s to it.wav", "E_RANGE", "nothing"),
        ("capture last 3 to it.wav", "E_VALUE", "3 bars"),
        ("capture last 1 bar to it.mp3", "E_FILE", ".wav or .flac"),
        ("capture last 1 bar to nowhere/it.wav", "E_FILE", "nowhere"),
        ("capture last 1 bar", "E_SYNTAX", "`to`"),
    ],
)
def test_mistakes(line, code, words, tmp_path):
    """What has not been played, or cannot be written, is an error, and no file is left."""
    stage = Stage()
    stage.say(SONG, "wait 2 bars")
    error = stage.fails(line)
    assert error.code == code
    assert words in f"{error.message} {error.suggestions}"
    assert not list(tmp_path.iterdir())


def test_more_than_is_kept_is_refused_with_the_number(tmp_path):
    """The error names the seconds that are kept, and as many bars as there are."""
    stage = Stage()
    stage.say("tempo 240", "wait 130s")
    error = stage.fails("capture last 125 bars to it.wav")
    assert error.code == "E_RANGE"
    assert "the last 119 s" in error.message
    assert error.suggestions == ("119 bars",)
    assert not list(tmp_path.iterdir())
    stage.say("capture last 119 bars to it.wav")
    assert len(captured()) == 119 * 48_000
