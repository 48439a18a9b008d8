"""Undo and redo: the patch and the sounding engine are again what they were, without a click."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus.commands import undoing
from chronus.modules.catalog import catalog, kinds
from chronus.patch.model import Patch, empty_patch, is_same
from chronus.session.changes import COVERED, Changes, changes
from chronus.session.history import DEPTH, Entry, History
from tests.support.edits import edit
from tests.support.score import Stage, render
from tests.support.sound import hardest_jolt
from tests.support.sounding import sounding


def settle(stage):
    """Let the next bar line pass, and all fades; what has faded leaves with the next plan.

    That line may be more than a bar away where bars are shorter from it on.
    """
    stage.say("wait 2 bars", "wait 50ms")
    stage.session.console.take(stage.session.patch, is_rewired=True)
    stage.say("wait 20ms")


def edited(seed, size):
    """A stage after so many random edits, with the patch of before and after each that did one."""
    chance = random.Random(seed)
    stage = Stage()
    patches = [stage.session.patch]
    for _ in range(size):
        stage.session.run_line(edit(chance, stage.session.patch))
        if not is_same(patches[-1], stage.session.patch):
            patches.append(stage.session.patch)
        if chance.random() < 0.1:
            stage.say(f"wait {chance.choice([1, 3, 20, 300])}ms")
    return stage, patches, chance


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 30), size=st.integers(1, 200))
def test_undo_gives_the_sounding_state_back(seed, size):
    """After N random changes are undone, the patch, plan, ports, cables and patterns are as before.

    Redone, they are as after them.
    """
    stage, _, chance = edited(seed, 20)
    stage.say("tempo 300")
    settle(stage)
    before, patch, count = sounding(stage), stage.session.patch, len(stage.session.history.done)
    for _ in range(size):
        stage.session.run_line(edit(chance, stage.session.patch))
    changed = len(stage.session.history.done) - count
    if changed == 0:
        return
    settle(stage)
    after, last = sounding(stage), stage.session.patch
    stage.say(f"undo {changed}")
    assert is_same(stage.session.patch, patch)
    settle(stage)
    assert sounding(stage) == before
    stage.say(f"redo {changed}")
    assert is_same(stage.session.patch, last)
    settle(stage)
    assert sounding(stage) == after


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 1 << 30))
def test_each_undo_gives_the_patch_before(seed):
    """Step by step back to the beginning and forth again: each patch is the one that was there."""
    stage, patches, chance = edited(seed, 40)
    for patch in reversed(patches[:-1]):
        stage.say("undo")
        assert is_same(stage.session.patch, patch)
        if chance.random() < 0.2:
            stage.say("wait 4ms")
    assert stage.fails("undo").code == "E_STATE"
    for patch in patches[1:]:
        stage.say("redo")
        assert is_same(stage.session.patch, patch)
    assert stage.fails("redo").code == "E_STATE"


def test_every_field_of_a_patch_is_covered():
    """What a patch holds is told to the engine when it differs, whatever comes to it later."""
    assert {field.name for field in dataclasses.fields(Patch)} == set(COVERED)


def test_from_a_patch_to_itself_there_is_nothing_to_do():
    """No event comes of what does not differ."""
    stage, _, _ = edited(3, 60)
    what = changes(stage.session.patch, stage.session.patch)
    assert what == Changes(
        (), is_rewired=False, inputs=(), amounts=(), begun=(), bpm=None, meter=None
    )


def test_undo_and_redo_say_what_they_did():
    """The reply has the line that was undone; `history` has where it was and what it was."""
    stage = Stage()
    stage.say("load saw as bass", "wait 1 bar", "set bass.freq 55hz", "tempo 90")
    assert stage.say("undo").results[0].text == "undone: tempo 90"
    result = stage.say("history").results[0]
    assert result.text == "2 to undo, 1 to redo"
    assert [line.split() for line in result.lines] == [
        ["-2", "1.1.000", "load", "saw", "as", "bass"],
        ["-1", "2.1.000", "set", "bass.freq", "55hz"],
        ["+1", "2.1.000", "tempo", "90"],
    ]
    assert result.data["undo"][0]["frame"] == 96_000
    assert stage.say("undo 2").results[0].lines == ("set bass.freq 55hz", "load saw as bass")
    assert stage.say("redo").results[0].text == "redone: load saw as bass"


def test_a_change_forgets_what_could_be_redone():
    """After something new there is no way forth."""
    stage = Stage()
    stage.say("load saw freq=440", "set saw.freq 55", "undo", "set saw.freq 220")
    assert stage.fails("redo").code == "E_STATE"
    stage.say("undo")
    assert stage.get("saw.freq") == 440.0


def test_what_is_no_change_is_not_in_the_history():
    """Errors, notes, gates, the transport, and what is so already leave it alone."""
    stage = Stage()
    stage.say("load kick as k; load adsr", "set k.freq 60hz", "undo")
    kept = stage.session.history
    stage.fails("set k.nothing 3")
    stage.fails("load saw; set saw.freq 99khz")
    stage.say("note k c2", "trigger k", "gate adsr on", "stop", "start", "load kick as k", "list")
    assert stage.session.history is kept
    stage.say("redo")
    assert stage.get("k.freq") == 60.0


def test_a_line_is_one_change():
    """All that a line does, at one instant or several, goes back at once."""
    stage = Stage()
    stage.say("load saw; load filter; patch saw > filter", "set saw.freq 55; wait 1/4")
    stage.say("set saw.freq 220; wait 1/4; set filter.cutoff 300")
    assert len(stage.session.history.done) == 3
    stage.say("undo")
    assert (stage.get("saw.freq"), stage.get("filter.cutoff")) == (55.0, 1000.0)


def test_a_line_may_undo_what_it_did():
    """`undo` takes back what stands before it in its line, too."""
    stage = Stage()
    stage.say("load saw freq=440", "set saw.freq 55; undo; get saw.freq")
    assert stage.get("saw.freq") == 440.0
    stage.say("redo; set saw.level -6db")
    assert stage.get("saw.freq") == 55.0
    stage.say("undo")
    assert stage.get("saw.freq") == 55.0


def test_lines_of_a_file_that_is_run_are_changes_of_their_own(tmp_path):
    """`run` is as if its lines were typed; what `open` does is one change."""
    file = tmp_path / "a.chronus"
    file.write_text("load saw freq=440\nset saw.freq 55\n")
    stage = Stage()
    stage.say("load kick", f"run {file}", "undo")
    assert stage.get("saw.freq") == 440.0
    stage.say(f"open {file}", "undo")
    assert set(stage.session.patch.nodes) == {"out", "kick", "saw"}
    other = Stage()
    (tmp_path / "b.chronus").write_text("load saw freq=440\nset saw.freq 55\nwait 1/4\nundo\n")
    other.say(f"run {tmp_path / 'b.chronus'}")
    assert other.get("saw.freq") == 440.0


def test_the_history_has_a_depth():
    """The oldest changes are forgotten, the others stay."""
    patch = empty_patch()
    history = History()
    for number in range(DEPTH + 5):
        history = history.changed(Entry(patch, patch, str(number), line=number))
    assert len(history.done) == DEPTH
    assert history.done[0].text == "5"
    assert history.back(DEPTH).forth(DEPTH) == history


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("undo 2", "E_RANGE", 6),
        ("redo", "E_STATE", None),
        ("undo 0", "E_VALUE", 6),
        ("undo -1", "E_VALUE", 6),
        ("undo 1.5", "E_VALUE", 6),
        ("undo bass", "E_SYNTAX", 6),
    ],
)
def test_wrong_steps(line, code, column):
    """More steps than there are, and numbers that are none, change nothing."""
    stage = Stage()
    stage.say("load saw")
    error = stage.fails(line)
    assert (error.code, error.span and error.span.column) == (code, column)
    assert "saw" in stage.session.patch.nodes


def test_undone_is_as_if_never_done():
    """A score that tries things and undoes them is, when all has faded, the score without them."""
    plain = [
        "load saw as s freq=110; load filter; patch s > filter; sequence filter.cutoff: 500 900",
        "wait 2 bars",
    ]
    tried = [
        plain[0],
        "wait 300ms",
        "sequence filter.cutoff: 3khz 100; load delay; patch filter > delay",
        "wait 20ms",
        "undo",
        "unpatch s > filter; set s.level -3db; tempo 90",
        "undo",
        "load kick; sequence kick: xxxx",
        "wait 100ms",
        "undo",
        "wait until bar 3",
    ]
    one, other = (render(lines, bars=3).frames for lines in (plain, tried))
    quiet = 40_000
    assert np.max(np.abs(one[quiet:])) > 0.1
    assert np.array_equal(one[quiet:], other[quiet:])


def test_a_storm_of_undo_and_redo_makes_no_click():
    """Undo and redo every few ms on a sustained sine bend the wave no more than fades do."""
    level = 0.5012
    chance = random.Random(1)
    stage = Stage()
    stage.say("load sine freq=110; set sine.level -6db", "wait 50ms")
    stage.say("set sine.pan -0.5", "wait 20ms", "set sine.level -16db", "wait 20ms")
    stage.say("unpatch sine > out", "wait 20ms", "patch sine > out; tempo 90", "wait 20ms")
    stage.say("load vca; patch sine > vca; set vca.level -6db; unpatch sine > out", "wait 20ms")
    stage.say("set vca.gain 0.4", "wait 20ms", "load saw as other; unpatch other > out")
    for _ in range(150):
        history = stage.session.history
        back = chance.randrange(len(history.done))
        forth = len(history.undone)
        if back and (chance.random() < 0.5 or not forth):
            stage.say(f"undo {back}")
        elif forth:
            stage.say(f"redo {chance.randrange(forth) + 1}")
        stage.say(f"wait {chance.choice([1, 2, 4, 7, 20])}ms")
    assert hardest_jolt(stage.frames, 128) < 3.2 * level / 240


def test_what_comes_later_is_a_change_when_it_comes():
    """`at` and `every` change the patch at their time, and undo takes each of it back alone."""
    stage = Stage()
    stage.say("load saw", "at bar 2 set saw.freq 55", "set saw.level -6db", "wait 2 bars")
    texts = [entry.text for entry in stage.session.history.done]
    assert texts == ["load saw", "set saw.level -6db", "set saw.freq 55"]
    assert stage.session.history.done[-1].bar == "2.1.000"
    stage.say("undo")
    assert (stage.get("saw.freq"), stage.get("saw.level")) == (110.0, -6.0)
    stage.say("at +1 beats undo", "wait 1 bar")
    assert stage.get("saw.level") == 0.0
    stage.say("every 1 bar set saw.freq *0.5", "wait until bar 7", "cancel all", "undo 2")
    assert stage.get("saw.freq") == 27.5


def test_a_transaction_is_one_change():
    """All of a block goes back at once, and is shown by what it did."""
    stage = Stage()
    stage.say("load saw", "{ set saw.freq 55; load filter; patch saw > filter }")
    assert stage.session.history.done[-1].text == "set saw.freq 55; load filter; patch saw > filter"
    stage.say("undo")
    assert "filter" not in stage.session.patch.nodes


def test_what_a_reload_took_away_cannot_be_brought_back(monkeypatch):
    """Undo to a patch with a kind that is there no longer is an error, and changes nothing."""
    stage = Stage()
    stage.say("load kick", "load saw", "unload kick")
    left = {name: kind for name, kind in kinds().items() if name != "kick"}
    gone = dataclasses.replace(catalog(), kinds=left)
    monkeypatch.setattr(undoing, "catalog", lambda: gone)
    before = stage.session.patch
    error = stage.fails("undo")
    assert (error.code, "kick" in error.message) == ("E_STATE", True)
    assert stage.session.patch is before
    monkeypatch.undo()
    stage.say("undo")
    assert "kick" in stage.session.patch.nodes
