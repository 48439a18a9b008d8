"""Instruments in the mixer, in scenes and songs, and in MIDI files: by their own names."""

from __future__ import annotations

import mido
import numpy as np
import pytest

from tests.support.score import Stage, render

ACID = "load tb303 as acid; sequence acid: c2 . eb2 g1; load kick; sequence kick: x..."


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def loudness(stage, line):
    """How loud the last half second is after a line."""
    stage.say(line, "wait 1s")
    return float(np.abs(stage.frames[-24_000:]).max())


def test_an_instrument_behind_a_bus_is_soloed_and_muted():
    """Alone it is what it is without the others; muted it is silent, whatever plays it."""
    stage = Stage()
    stage.say(ACID, "load mix as bus; patch acid, kick > bus", "wait 100ms", "solo acid")
    alone = Stage()
    alone.say(ACID, "load mix as bus; patch acid, kick > bus", "wait 100ms", "unload kick")
    for each in (stage, alone):
        each.say("wait 1s")
    np.testing.assert_allclose(stage.frames[-24_000:], alone.frames[-24_000:], atol=1e-6)
    assert loudness(stage, "unsolo acid; mute acid; mute kick") < 1e-6
    assert loudness(stage, "unmute acid") > 0.01


def test_scenes_load_and_play_instruments():
    """A scene may load one; saved and opened, all is there and sounds the same."""
    lines = [
        *(ACID, "scene a { mute acid }", "scene b { unmute acid; load tb303 as other }"),
        *("scene c { sequence other: c3 c4 }", "song ready: a 1, b 1, c 1, end"),
    ]
    stage = Stage()
    stage.say(*lines, "save my.chronus")
    played = render([*lines, "song start"])
    opened = render(["open my.chronus", "song start"])
    np.testing.assert_array_equal(opened.frames, played.frames)
    assert "other" in played.session.patch.instruments


def test_an_instrument_is_a_track_of_its_name():
    """It is exported under its name, and imported for it, with its pitches."""
    stage = Stage()
    stage.say(ACID, "export it.mid bars 1", "load tb303 as other; import it.mid track 1 as other")
    names = [track.name for track in mido.MidiFile("it.mid").tracks[1:]]
    assert names == ["acid", "kick"]
    assert stage.say("list sequences").results[0].data["sequences"][-1][0] == "other"
    (row,) = [
        r for r in stage.say("list sequences").results[0].data["sequences"] if r[0] == "other"
    ]
    assert row[1].split()[:4] == ["c2", ".", "d#2", "g1"]
