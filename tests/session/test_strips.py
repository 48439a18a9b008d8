"""Mute and solo: who is heard, without clicks, undone, saved and opened."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.clicks import clicks
from tests.support.score import Stage
from tests.support.sound import amplitude

HZ = {"a": 110.0, "b": 200.0, "c": 330.0}
THREE = [f"load sine as {name} freq={hz}; set {name}.level -18db" for name, hz in HZ.items()]


def heard(stage):
    """Which of the tones is heard in the last 100 ms of another 200 ms."""
    stage.say("wait 200ms")
    last = stage.frames[-4800:, 0]
    return "".join(name for name, hz in HZ.items() if amplitude(last, hz) > 0.01)


STEPS = [
    ("mute a", "bc"),
    ("mute b", "c"),
    ("unmute a b", "abc"),
    ("solo b", "b"),
    ("solo c", "bc"),
    ("mute c", "b"),
    ("unsolo b", ""),
    ("unmute c", "c"),
    ("unsolo c", "abc"),
]


def test_who_is_heard():
    """Mute shuts, solo shuts all others, a muted node stays shut; nothing clicks."""
    stage = Stage()
    stage.say(*THREE, "wait 100ms")
    for line, names in STEPS:
        reply = stage.say(line)
        assert heard(stage) == names, line
        assert ("nothing is heard" in reply.results[0].text) == (names == "")
        assert stage.say(line).results[0].already
    assert len(clicks(stage.frames)) == 0


def test_what_makes_no_sound_cannot_be_muted():
    """The way is named: the node that it moves, or a cable to out."""
    stage = Stage()
    stage.say("load saw; load filter; patch saw > filter; load lfo; patch lfo > filter.cutoff")
    assert stage.fails("mute lfo").suggestions == ("mute filter",)
    stage.say("unpatch lfo > filter.cutoff")
    assert stage.fails("solo lfo").suggestions == ("patch lfo > out",)
    assert stage.fails("mute out").code == "E_STATE"
    assert stage.fails("unmute nobody").code == "E_NAME"
    assert not stage.session.patch.muted


def test_who_is_muted_is_listed():
    """`list` says who is heard, muted and soloed."""
    stage = Stage()
    stage.say(*THREE, "mute a; solo b")
    rows = {row[0]: row[2] for row in stage.say("list").results[0].data["nodes"]}
    assert rows == {"out": "", "a": "heard, muted", "b": "heard, soloed", "c": "heard, not soloed"}


def test_a_mute_outlasts_moves_and_names():
    """A muted node that is patched elsewhere and back, or has a new name, is silent there, too."""
    stage = Stage()
    stage.say(*THREE, "mute a", "wait 50ms", "load vca; patch a > vca; set vca.level -18db")
    assert heard(stage) == "bc"
    stage.say("unpatch a > vca", "wait 50ms", "unload vca")
    assert heard(stage) == "bc"
    stage.say("rename a x")
    assert heard(stage) == "bc"
    stage.say("unmute x")
    assert heard(stage) == "abc"


@pytest.mark.parametrize("line", ["mute a", "solo b c", "mute a b; solo a", "mute a b c"])
def test_who_is_heard_is_undone(line):
    """Undone, redone and recalled, without a click; `diff` has the lines that lead there."""
    stage = Stage()
    stage.say(*THREE, "wait 100ms", "snapshot all", line, "snapshot some")
    some = heard(stage)
    stage.say("undo")
    assert heard(stage) == "abc"
    stage.say("redo")
    assert heard(stage) == some
    stage.say(*stage.say("diff all").results[0].lines)
    assert heard(stage) == "abc"
    stage.say("recall some over 20ms")
    assert heard(stage) == some
    assert len(clicks(stage.frames)) == 0


def test_a_strip_that_comes_back_is_as_muted_as_its_node():
    """A node that is soloed against while it is not heard comes back silent, undone or not."""
    stage = Stage()
    stage.say(*THREE, "wait 100ms", "unpatch a > out; solo b", "patch a > out", "wait 100ms")
    assert heard(stage) == "b"
    stage.say("unsolo b")
    assert heard(stage) == "abc"


def test_new_nodes_come_silent_while_another_is_soloed():
    """What is loaded while something is soloed is not heard, not for a frame."""
    stage = Stage()
    stage.say(*THREE, "solo b; mute b", "wait 50ms", "load saw", "wait 100ms")
    assert not stage.frames[4800:].any()


@pytest.mark.parametrize("line", ["mute a", "solo b", "mute a b; solo a", "mute a b c"])
def test_saved_and_opened(line, tmp_path, monkeypatch):
    """A patch file keeps who is muted and soloed, and sounds the same."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    stage.say(*THREE, line, "save one.chronus")
    names = heard(stage)
    other = Stage()
    other.say("open one.chronus", "save two.chronus")
    assert heard(other) == names
    assert (tmp_path / "one.chronus").read_text() == (tmp_path / "two.chronus").read_text()
    assert np.array_equal(other.frames, stage.frames)
