"""Snapshots: kept by name, recalled at once or over a while, and told apart by command lines."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus.doors.completion import completions
from chronus.patch.model import Patch, is_same
from chronus.session.differing import COVERED
from tests.support.edits import edit
from tests.support.score import GATED, Stage
from tests.support.sound import amplitude, hardest_jolt


def meaning(patch):
    """What a patch is, but for numbers and the order in which nodes were loaded."""
    return {
        "nodes": {name: (node.kind, dict(node.values)) for name, node in patch.nodes.items()},
        "cables": {(*c.ends, c.amount, c.bends, c.text) for c in patch.cables},
        "strips": (patch.silenced, patch.muted, patch.soloed),
        "sequences": dict(patch.sequences),
        "instruments": dict(patch.instruments),
        "time": (patch.bpm, patch.meter, patch.swing),
    }


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 30), size=st.integers(0, 60))
def test_the_lines_of_a_diff_lead_to_the_snapshot(seed, size):
    """Each line that `diff` shows is right where it stands, and after all of them it is the same.

    Then there is no difference any more.
    """
    chance = random.Random(seed)
    stage = Stage()
    for _ in range(30):
        stage.session.run_line(edit(chance, stage.session.patch))
    stage.say("snapshot then")
    for _ in range(size):
        stage.session.run_line(edit(chance, stage.session.patch))
    for line in stage.say("diff then").results[0].lines:
        stage.say(line)
    assert meaning(stage.session.patch) == meaning(stage.session.snapshots["then"])
    assert stage.say("diff then").results[0].text == "no lines lead to then"


def test_every_field_of_a_patch_is_told_apart():
    """What a patch holds is in the lines of a diff, whatever comes to it later."""
    assert {field.name for field in dataclasses.fields(Patch)} == COVERED


def test_a_diff_is_what_changed():
    """One thing that differs is one line."""
    stage = Stage()
    stage.say("load saw; load filter; patch saw > filter; sequence filter.cutoff: 300 900")
    stage.say("snapshot a", "set filter.resonance 0.5", "snapshot b", "recall a")
    assert stage.say("diff b").results[0].lines == ("set filter.resonance 0.5",)
    stage.say("patch saw > filter by 50%", "snapshot b", "recall a")
    assert stage.say("diff b").results[0].lines == ("patch saw.out > filter.in by 50%",)
    stage.say("unload filter", "snapshot b", "recall a")
    assert stage.say("diff b").results[0].lines == ("unload filter",)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 30))
def test_recall_makes_it_the_patch(seed):
    """A snapshot that is recalled is the patch again, and `undo` takes that back."""
    chance = random.Random(seed)
    stage = Stage()
    for _ in range(20):
        stage.session.run_line(edit(chance, stage.session.patch))
    stage.say("snapshot then")
    then = stage.session.patch
    for _ in range(20):
        stage.session.run_line(edit(chance, stage.session.patch))
    now = stage.session.patch
    over = chance.choice(["", " over 50ms", " over 1/8"])
    if is_same(then, now):
        return
    stage.say(f"recall then{over}", "wait 30ms")
    assert is_same(stage.session.patch, then)
    stage.say("undo", "wait 30ms")
    assert is_same(stage.session.patch, now)


def test_recall_over_a_while_moves_every_number():
    """A level that differs is on a straight way for exactly so long; a cable's amount, too."""
    stage = Stage()
    stage.say(f"{GATED}; load vca as v gain=0.2; patch dc > v by 0.5; unpatch v > out")
    stage.say("unpatch env > out; load mix; patch v > mix; set mix.level 0db; snapshot a")
    stage.say("set v.gain 1", "snapshot b", "recall a", "wait 100ms", "recall b over 200ms")
    stage.say("wait 300ms", "patch dc > v by 0.1", "wait 50ms", "recall b over 100ms", "wait 0.2s")
    left = stage.frames[:, 0] / stage.frames[-1, 0]
    way = left[4800 + 64 : 4800 + 9600]
    assert np.allclose(way, np.linspace(way[0], way[-1], len(way)), atol=2e-3)
    assert left[4700] == pytest.approx(0.2, abs=1e-3)
    assert left[4800 + 9600 + 64] == pytest.approx(1.0, abs=1e-3)
    begin = (4800 + 14_400 + 2400) // 64 * 64
    assert left[begin - 10] == pytest.approx(0.2, abs=1e-3)
    assert left[begin + 2400] == pytest.approx(0.6, abs=0.01)
    assert left[begin + 4900] == pytest.approx(1.0, abs=1e-3)


def test_recall_makes_no_click():
    """From one sound to another and back, at once and over a while: no more than fades."""
    level = 0.5012
    stage = Stage()
    stage.say("load sine freq=110; set sine.level -6db; snapshot plain", "wait 50ms")
    stage.say("load vca; patch sine > vca; set vca.level -6db; snapshot moved", "wait 50ms")
    stage.say("recall plain; set sine.pan 0.3 sine.level -16db; snapshot low", "wait 50ms")
    for name in ("plain", "moved", "low over 30ms", "plain over 7ms", "low", "moved over 1/16"):
        stage.say(f"recall {name}", "wait 35ms")
    # What comes back fades in where it goes in and where it comes out: steeper than one fade.
    assert hardest_jolt(stage.frames, 128) < 3.2 * level / 240
    assert amplitude(stage.frames[-4800:, 0], 110) > 0.01


def test_snapshots_by_name():
    """They are listed, replaced and forgotten; one that is the same is there already."""
    stage = Stage()
    stage.say("load saw", "snapshot intro", "load kick", "snapshot Drop", "load hat")
    lines = stage.say("list snapshots").results[0].lines
    assert [line.split()[:2] for line in lines] == [["intro", "1"], ["drop", "2"]]
    assert "in place of" in stage.say("snapshot drop").results[0].text
    assert stage.say("snapshot drop").results[0].already
    assert stage.say("recall drop").results[0].already
    stage.say("forget intro")
    assert stage.say("list snapshots").results[0].text == "1 snapshot"
    assert not stage.say("history").results[0].data["redo"]


@pytest.mark.parametrize(
    ("line", "code", "column", "suggestion"),
    [
        ("recall drp", "E_NAME", 8, "drop"),
        ("diff drp", "E_NAME", 6, "drop"),
        ("forget drp", "E_NAME", 8, "drop"),
        ("recall drop over 3", "E_VALUE", 18, "3 bars"),
        ("recall drop over 9999999s", "E_RANGE", 18, None),
        ("recall drop 2 bars", "E_SYNTAX", 13, None),
        ("recall", "E_SYNTAX", 7, None),
        ("snapshot a b", "E_SYNTAX", 12, None),
    ],
)
def test_wrong_lines(line, code, column, suggestion):
    """The error has its place and the nearest name, and nothing changes."""
    stage = Stage()
    stage.say("load saw", "snapshot drop", "load kick")
    before = stage.session.patch
    error = stage.fails(line)
    assert (error.code, error.span.column) == (code, column)
    assert suggestion is None or error.suggestions[0] == suggestion
    assert stage.session.patch is before
    assert list(stage.session.snapshots) == ["drop"]


def test_names_are_completed():
    """What may stand behind `recall` is the name of a snapshot."""
    stage = Stage()
    stage.say("snapshot drop", "snapshot intro")
    words = completions("recall d", stage.session.patch, stage.session.snapshots)
    assert [word for word, _ in words] == ["drop"]
