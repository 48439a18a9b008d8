"""The mixer as it is heard: levels, pans, sends, buses, and who is heard through what."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.clicks import clicks
from tests.support.score import DC, Stage
from tests.support.sound import amplitude

HZ = {"a": 110.0, "b": 200.0, "c": 330.0}
TONES = [f"load sine as {name} freq={hz}; set {name}.level -18db" for name, hz in HZ.items()]
AS_HEARD = 10 ** (-18 / 20)


def settled(stage, *lines):
    """The last frame, both sides, 100 ms after lines."""
    stage.say(*lines, "wait 100ms")
    return stage.frames[-1].astype(np.float64)


def tones(stage):
    """The amplitude of each tone, left, in the last 100 ms of another 200 ms."""
    stage.say("wait 200ms")
    last = stage.frames[-4800:, 0]
    return {name: amplitude(last, hz) for name, hz in HZ.items()}


def heard(stage):
    """Which of the tones is heard."""
    return "".join(name for name, loud in tones(stage).items() if loud > 1e-4)


@pytest.mark.parametrize("level", [-59.9, -40, -12.5, -6, -0.5, 3, 6])
@pytest.mark.parametrize("node", ["dc", "bus", "out"])
def test_a_level_is_so_many_decibel(level, node):
    """At a channel, a bus and the master: within a thousandth of a decibel."""
    stage = Stage()
    plain = settled(stage, DC, "load mix as bus; patch dc > bus by -20db")
    assert settled(stage, "patch dc > out by -20db")[0] == pytest.approx(2 * plain[0])
    louder = settled(stage, f"set {node}.level {level}db")
    # What is changed is one half, or all of it.
    part = louder - (0 if node == "out" else plain)
    whole = 2 * plain if node == "out" else plain
    assert 20 * np.log10(part / whole) == pytest.approx(level, abs=1e-3)


@pytest.mark.parametrize("pan", [-1, -0.7, -0.25, 0, 0.5, 0.9, 1])
def test_a_pan_has_the_same_power_everywhere(pan):
    """Squares add up to the same; a side alone is 3 dB above each side of the middle."""
    stage = Stage()
    middle = settled(stage, DC, "patch dc > out by -12db")
    left, right = settled(stage, f"set dc.pan {pan}")
    assert left**2 + right**2 == pytest.approx(2 * middle[0] ** 2, rel=1e-5)
    assert np.arctan2(right, left) == pytest.approx((1 + pan) * np.pi / 4, abs=1e-5)
    if abs(pan) == 1:
        assert 20 * np.log10(max(left, right) / middle[0]) == pytest.approx(3.0103, abs=1e-3)


@pytest.mark.parametrize(
    ("amount", "gain"),
    [("-12db", 10 ** (-12 / 20)), ("25%", 0.25), ("0.7", 0.7), ("-0.5", -0.5), ("6db", 10**0.3)],
)
def test_a_send_carries_its_amount(amount, gain):
    """What comes out of a bus is what was sent, times the amount; the channel is as it was."""
    stage = Stage()
    dry = settled(stage, DC, "patch dc > out by 0.25; load mix as bus")
    both = settled(stage, f"patch dc > bus by {amount}; set bus.level -12db")
    np.testing.assert_allclose(both - dry, gain * 10 ** (-12 / 20), rtol=1e-5)


def test_a_bus_is_the_sum_of_what_comes_in():
    """Channels of a bus add up to the sample, and its level goes for all."""
    stage = Stage()
    stage.say(*TONES, "load mix as bus; patch a, b, c > bus by -18db", "wait 100ms")
    assert tones(stage) == pytest.approx(dict.fromkeys(HZ, AS_HEARD), rel=1e-3)
    stage.say("set bus.level -6db")
    assert tones(stage) == pytest.approx(dict.fromkeys(HZ, AS_HEARD * 10 ** (-6 / 20)), rel=1e-3)


BUS = [*TONES, "load mix as bus; patch a, b > bus by -18db"]
"""Two behind a bus, one beside it."""
EFFECT = "load vca as fx; patch a, b, c > fx by -24db; patch a, b, c > out"
"""Three channels that are heard, and send to an effect."""
DEEP = "load vca as fx; patch bus > fx; load delay as echo mix=0; patch fx > echo"
"""A bus that goes through two effects."""


@pytest.mark.parametrize(
    ("patch", "lines", "names"),
    [
        (BUS, "solo a", "a"),
        (BUS, "solo b", "b"),
        (BUS, "solo a b", "ab"),
        (BUS, "solo bus", "ab"),
        (BUS, "solo c", "c"),
        (BUS, "solo a c", "ac"),
        (BUS, "solo a; mute bus", ""),
        (BUS, "mute a", "bc"),
        (BUS, "mute bus", "c"),
        (BUS, "mute a b c", ""),
        (BUS, "solo a; mute a", ""),
        (BUS, "solo a; unsolo a", "abc"),
        (BUS, "mute a; unmute a", "abc"),
        ([*BUS, DEEP], "solo a", "a"),
        ([*BUS, DEEP], "solo echo", "ab"),
        ([*BUS, DEEP], "solo fx; mute b", "a"),
        ([*TONES, EFFECT], "solo a", "a"),
        ([*TONES, EFFECT], "solo fx", "abc"),
        ([*TONES, EFFECT], "mute a", "bc"),
        ([*TONES, EFFECT], "mute a b; solo c", "c"),
    ],
)
def test_who_is_heard_through_buses_and_effects(patch, lines, names):
    """A soloed node is heard through all behind it, alone; a muted one nowhere; without clicks."""
    stage = Stage()
    stage.say(*patch, "wait 100ms")
    assert heard(stage) == "abc"
    stage.say(lines)
    assert heard(stage) == names
    before = heard(stage)
    stage.say("undo")
    heard(stage)
    stage.say("redo")
    assert heard(stage) == before
    assert len(clicks(stage.frames)) == 0


def test_what_is_soloed_is_as_loud_as_it_was():
    """Through its bus and by its sends a soloed channel is what it was among the others."""
    for patch in (BUS, [*TONES, EFFECT]):
        stage = Stage()
        stage.say(*patch, "wait 100ms")
        before = tones(stage)["a"]
        stage.say("solo a")
        assert tones(stage)["a"] == pytest.approx(before, rel=1e-4)


def test_what_moves_a_knob_goes_on():
    """A muted or soloed-away node still ducks what it was patched to duck."""
    stage = Stage()
    stage.say(*TONES, DC, "unpatch dc > out", "load vca as duck gain=1; patch a > duck")
    stage.say("load vca as key; patch dc > key; unpatch key > out; patch key > duck.gain by -0.5")
    stage.say("wait 100ms")
    ducked = tones(stage)["a"]
    for line in ("mute key", "solo duck"):
        stage.say(line)
        assert tones(stage)["a"] == pytest.approx(ducked, rel=1e-4)


def test_mutes_behind_a_bus_are_saved(tmp_path, monkeypatch):
    """A patch file keeps them, and sounds the same."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    stage.say(*BUS, "mute a", "save my.chronus")
    other = Stage()
    other.say("open my.chronus")
    assert heard(stage) == heard(other) == "bc"
    np.testing.assert_array_equal(stage.frames, other.frames)


def test_what_measures_a_sound_is_not_heard():
    """A tone that is clipped is heard; what a follower says of it is not."""
    stage = Stage()
    stage.say(*TONES[:1], "load clip; patch a > clip")
    assert heard(stage) == "a"
    stage.say("unpatch a > clip; load follower; patch a > follower")
    stage.say("wait 200ms")
    assert not stage.frames[-4800:].any()
