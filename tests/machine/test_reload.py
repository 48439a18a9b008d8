"""Modules are edited while they play: `reload` lets what changed sound anew, and nothing else.

What needs no workers to show is in `tests/session/test_reload.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.machine.edited import (
    FIRST,
    OWN_SECONDS,
    RAMP_ALONE,
    SECOND,
    SECOND_STATE,
    SECONDS,
    TILT,
    edit,
    play,
    play_own,
    ramp,
    song,
)
from tests.machine.song import SONG, offline
from tests.support.score import render


@pytest.fixture(scope="module")
def alone():
    """The song without the ramp."""
    return offline(SONG, SECONDS)


@pytest.fixture(scope="module")
def unedited(tmp_path_factory):
    return play(tmp_path_factory.mktemp("unedited"), song(), 0).frames


def heard_ramp(played, alone):
    """What the ramp adds to the song, one side."""
    return (played.frames.astype(np.float64) - alone)[:, 0]


@pytest.mark.parametrize("lanes", [0, 1])
def test_a_changed_kind_goes_on_with_its_state(tmp_path, lanes):
    """A gain is edited while it plays: it is heard from that very block on, and in phase."""
    before = play(tmp_path, RAMP_ALONE, 0).frames
    played = play(tmp_path, [*RAMP_ALONE, edit(0.125), "reload"], lanes)
    assert played.errors == []
    (reply,) = played.reloads
    assert "ramp read again" in reply["text"]
    assert reply["data"][0]["changed"] == ["ramp"]
    assert len(reply["data"][0]["processes"]) == lanes
    np.testing.assert_array_equal(played.frames[:FIRST], before[:FIRST])
    assert np.abs(before[FIRST:]).max() > 0.1
    np.testing.assert_array_equal(played.frames[FIRST:], before[FIRST:] / 2)


@pytest.mark.parametrize("lanes", [1, 3])
def test_nothing_changes_beside_what_was_edited(tmp_path, alone, lanes):
    """A kind that is turned down is edited twice: the song around it is the same to the bit."""
    at = SONG.index("wait 1bar")
    steps = [*SONG[:at], "load ramp depth=0", *SONG[at : at + 3], edit(0.125), "reload", SONG[-1]]
    steps += ["wait 1/4", edit(0.5, more=TILT), "reload", "wait 1/4", "reload"]
    played = play(tmp_path, steps, lanes)
    assert played.errors == []
    assert [r["data"][0]["changed"] for r in played.reloads] == [["ramp"], ["ramp"], []]
    np.testing.assert_array_equal(played.frames, alone)


def test_live_and_offline_give_the_same_samples_across_edits(tmp_path):
    """Edits of all kinds, two of them at one bar: recorded live as they are rendered."""
    steps = [
        *song(),
        "wait 1/2",
        edit(0.125, more=TILT),
        "reload",
        "set ramp.tilt 0.2",
        "sequence ramp.depth: 0.2 0.8 1",
        "wait 1/4",
        edit(0.2, state=SECOND_STATE, extra="second + 1.0, "),
        "reload",
        edit(0.2, more=TILT, state=SECOND_STATE, extra="second + 1.0, "),
        "reload",
    ]
    rendered = play(tmp_path, steps, 0)
    played = play(tmp_path, steps, 2)
    assert len(rendered.errors) == len(played.errors) == 1
    assert "ramp.tilt is set" in played.errors[0]
    assert played.facts["late"] == 0
    np.testing.assert_array_equal(played.frames, rendered.frames)


def test_a_wrong_source_changes_nothing_live(tmp_path, unedited):
    """The same with workers: the old ones play on, and once it is mended `reload` works."""
    wrong = f"edit: {ramp().replace('turned >= 1.0', 'turned.x')}"
    steps = [*song(), "wait 1/2", wrong, "reload", edit(), "reload"]
    played = play(tmp_path, steps, 1)
    assert len(played.errors) == 1
    np.testing.assert_array_equal(played.frames, unedited)


def test_a_new_kind_can_be_loaded(tmp_path, alone):
    """A kind that was written while the song plays is there after `reload`, and is heard."""
    new = ramp() + ramp(0.1).replace("def ramp", "def slope")
    at = SONG.index("wait 1bar")
    steps = [*SONG[: at + 3], "load slope", f"edit: {new}", "reload", "load slope freq=30hz"]
    played = play(tmp_path, [*steps, *SONG[at + 3 :]], 1)
    assert ["slope" in error for error in played.errors] == [True]
    assert played.reloads[0]["data"][0]["new"] == ["slope"]
    np.testing.assert_array_equal(played.frames[:SECOND], alone[:SECOND])
    assert np.abs(heard_ramp(played, alone)[SECOND:]).max() > 0.05


def test_workers_that_take_over_have_the_new_code(tmp_path):
    """Worker and stand-ins are killed after a reload: the samples are those that are rendered."""
    steps = [*song(), "wait 1/4", edit(0.125), "reload", "wait 1/16"]
    steps += ["hold 5", "kill", "kill"]
    rendered = play(tmp_path, steps, 0)
    played = play(tmp_path, steps, 2)
    assert played.facts["handovers"] == 4
    np.testing.assert_array_equal(played.frames, rendered.frames)


def test_a_module_that_went_wrong_is_mended(tmp_path):
    """What gave no number is bypassed; its mended source is read, and it is heard."""
    wrong = ramp().replace("* depth * phase", "* depth * phase / (depth - depth)")
    played = play(tmp_path, [*RAMP_ALONE, edit(), "reload"], 1, first=wrong)
    assert not played.frames[:FIRST].any()
    assert np.abs(played.frames[-4800:]).max() > 0.2
    assert played.facts["quarantined"] == []


# ---- modules of the user's own

OWN_FIRST, OWN_SECOND = (bars * 6 * 48_000 for bars in (1, 2))
OWN_STEPS = [
    *("tempo 40", "load sine freq=110hz; set sine.level -20db", "load ramp", "wait 1bar"),
    *(edit(), "load ramp freq=30hz", "wait 1bar"),
    *(edit(0.125), "reload ramp"),
    *(f"edit: {ramp().replace('turned >= 1.0', 'turned.x')}", "reload ramp"),
]


@pytest.fixture(scope="module")
def own_rendered(tmp_path_factory):
    return play_own(tmp_path_factory.mktemp("offline"), OWN_STEPS, 0)


@pytest.fixture(scope="module")
def own_played(own_rendered, tmp_path_factory):
    assert own_rendered is not None, "its kernels are compiled, so that no line of this comes late"
    return play_own(tmp_path_factory.mktemp("live"), OWN_STEPS, 1)


def test_a_file_that_appears_is_loaded_and_its_edits_are_heard(own_played, own_rendered):
    """Live is as offline: no ramp before its file is there, then one, then half as loud."""
    np.testing.assert_array_equal(own_played.frames, own_rendered.frames)
    assert (own_played.facts["late"], own_played.facts["underruns"]) == (0, 0)
    heard = (own_played.frames.astype(np.float64) - render(OWN_STEPS[:2], OWN_SECONDS).frames)[:, 0]
    loud = np.ptp(heard[OWN_FIRST + 480 : OWN_SECOND])
    after = np.ptp(heard[OWN_SECOND + 480 : OWN_SECOND + 20_000])
    assert not heard[:OWN_FIRST].any()
    assert loud == pytest.approx(0.25, rel=0.02)
    assert after == pytest.approx(loud / 2, rel=0.02)


def test_what_is_wrong_is_told_with_file_and_line(own_played):
    """A name that is nowhere, and a source that does not compile: what plays goes on."""
    nowhere, wrong = own_played.errors
    assert "there is no module kind or instrument 'ramp'" in nowhere
    assert "--modules DIR" in nowhere
    assert "modules/ramp.py line 18: ramp: turned.x is not offered, in `" in wrong
    assert [reply["data"][0]["changed"] for reply in own_played.reloads] == [["ramp"]]
