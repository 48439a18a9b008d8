"""Modules are edited while they play: `reload` lets what changed sound anew, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from chronus.settings import BLOCK
from tests.machine.song import SONG, offline
from tests.support.score import render

ROOT = Path(__file__).parents[2]
LIMIT_S = 240.0
SECONDS = 6.0
BAR = 4 * 60 / 128 * 48_000
FIRST, SECOND, LAST = (round(bars * BAR) // BLOCK * BLOCK for bars in (1, 2, 3))

HEAD = """
from chronus.dsp.declaration import Family, Input, Memory, Output, State, audio, helper, module
"""
RAMP = """
@module(
    doc="{doc}",
    family=Family.OSCILLATOR,
    inputs=(
        Input("freq", "Pitch", 110.0, 0.01, 20_000.0, "hz", ramp_s=0.0),
        Input("depth", "How loud", 1.0, 0.0, {most}){more},
    ),
    outputs=(Output("{out}", "The ramp"),),
    state=(State("phase"),{state}),
    source="Any textbook",
    example="load ramp",
)
def ramp(phase, {names}dt):
    turned = phase + freq * dt
    phase = turned - 1.0 if turned >= 1.0 else turned
    return phase, {extra}{gain} * depth * phase
"""


def ramp(gain=0.25, *, doc="A ramp.", out="out", most=1.0, more="", state="", extra=""):
    names = ("second, " if state else "") + "freq, depth, " + ("tilt, " if more else "")
    text = RAMP.format(
        doc=doc, gain=gain, out=out, most=most, more=more, state=state, extra=extra, names=names
    )
    return HEAD + text


TILT = ',\n        Input("tilt", "Nothing yet", 0.5, 0.0, 1.0)'
SECOND_STATE = ' State("second")'


@dataclass
class Played:
    frames: np.ndarray
    replies: list
    facts: dict

    @property
    def errors(self):
        return [r["text"] for r in self.replies if r["text"].startswith("error")]

    @property
    def reloads(self):
        return [r for r in self.replies if r["text"].startswith("ok reload")]


def play(folder, steps, lanes=1, first=None):
    """Play steps; `lanes` of 0 plays offline."""
    source = folder / "edited_kinds.py"
    source.write_text(ramp() if first is None else first)
    kinds = {"PYTHONPATH": f"{ROOT}:{folder}", "CHRONUS_TEST_KINDS": "edited_kinds"}
    return _played(source, steps, lanes, SECONDS, kinds)


def play_own(folder, steps, lanes):
    """The same with a folder of the user's own modules, which is empty at first."""
    source = folder / "modules" / "ramp.py"
    source.parent.mkdir()
    kinds = {"PYTHONPATH": str(ROOT), "CHRONUS_MODULES": str(source.parent)}
    return _played(source, steps, lanes, OWN_SECONDS, kinds)


def _played(source, steps, lanes, seconds, kinds):
    frames = source.with_name("frames.npy")
    arguments = (frames, source, lanes, seconds)
    done = subprocess.run(
        [sys.executable, "-m", "tests.machine.play_edited", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | kinds,
        input=json.dumps(steps),
        stdout=subprocess.PIPE,
        timeout=LIMIT_S,
        check=True,
        text=True,
    )
    said = json.loads(done.stdout)
    return Played(np.load(frames), said["replies"], said["facts"])


def song(*middle):
    """The song with a ramp beside it, and steps at its second bar."""
    at = SONG.index("wait 1bar")
    return [*SONG[:at], "load ramp freq=30hz", *SONG[at : at + 3], *middle, *SONG[at + 3 :]]


def edit(*arguments, **changes):
    return f"edit: {ramp(*arguments, **changes)}"


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


RAMP_ALONE = ["tempo 128", "load ramp freq=30hz", "wait 1bar"]


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


def test_another_shape_starts_afresh_with_cables_values_and_sequences(tmp_path):
    """A kind gets a port and a state: its node begins anew, and is set, patched, played as before.

    The pattern goes on where it is: the third step of four follows the second.
    """
    lines = ["tempo 60", "load ramp freq=1000hz; load lfo as slow rate=0.01 shape=square"]
    lines += ["patch slow > ramp.freq by 500hz", "sequence ramp.depth: 0.25 0.5 0.75 1 step 1/4"]
    edited = edit(more=TILT, state=SECOND_STATE, extra="second + 1.0, ")
    before = play(tmp_path, [*lines, "wait 1500ms"], 0).frames
    played = play(tmp_path, [*lines, "wait 1500ms", edited, "reload", "get ramp"], 0)
    assert played.errors == []
    assert "freq" in str(played.replies[-1]["data"])
    for second in (0, 1, 2, 3, 4, 5):
        part = slice(second * 48_000 + 30_000, second * 48_000 + 46_000)
        loud = [np.abs(frames[part, 0]).max() for frames in (before, played.frames)]
        assert loud[0] == pytest.approx(loud[1], rel=0.02), second
        cycles = [np.sum(np.diff(f[part, 0]) < -0.02) for f in (before, played.frames)]
        assert cycles[0] == pytest.approx(cycles[1], abs=1) == pytest.approx(500, abs=1)
    steps = np.abs(np.diff(played.frames[71_900:72_400, 0]))
    assert steps.max() < 1.1 * np.abs(np.diff(before[:72_000, 0])).max()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "def ramp(:\n", "line 3: invalid syntax"),
        (HEAD + "\nx = nothing\n", "line 4: NameError: name 'nothing' is not defined"),
        (ramp().replace("def ramp(phase, freq", "def ramp(freq, phase"), "should be"),
        (ramp().replace("depth * phase\n", "depth * louder(phase)\n"), "louder is not a @helper"),
        (
            ramp().replace("turned >= 1.0", "turned.x"),
            "line 4: ramp: turned.x is not offered",
        ),
        (ramp().replace("110.0,", "-1.0,"), "freq: -1.0 is not from 0.01 to 20000.0"),
        (ramp() + ramp().replace("def ramp", "def kick"), "there is another kind 'kick'"),
        (HEAD, "ramp is a ramp, and that kind is there no longer"),
    ],
)
def test_wrong_sources_change_nothing(tmp_path, unedited, text, reason):
    """A source that is wrong is an error that says where; the old code plays on, mended plays."""
    played = play(tmp_path, song(f"edit: {text}", "reload", "reload", edit(), "reload"), 0)
    error, again = played.errors
    assert error == again
    assert reason in error
    assert text == HEAD or "edited_kinds.py line" in error
    assert len(played.reloads) == 1
    np.testing.assert_array_equal(played.frames, unedited)


def test_a_wrong_source_changes_nothing_live(tmp_path, unedited):
    """The same with workers: the old ones play on, and once it is mended `reload` works."""
    wrong = f"edit: {ramp().replace('turned >= 1.0', 'turned.x')}"
    steps = [*song(), "wait 1/2", wrong, "reload", edit(), "reload"]
    played = play(tmp_path, steps, 1)
    assert len(played.errors) == 1
    np.testing.assert_array_equal(played.frames, unedited)


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("set ramp.tilt 0.1", "ramp.tilt is set"),
        ("load lfo as slow; patch slow > ramp.tilt", "ramp.tilt is patched from slow.out"),
        ("sequence ramp.tilt: 0.1 0.2", "ramp.tilt is played by the sequence ramp.tilt"),
    ],
)
def test_a_port_in_use_cannot_go(tmp_path, line, use):
    """A port that is set, patched or sequenced is gone: an error names it and what uses it."""
    tilted = ramp(more=TILT)
    steps = song(line, edit(), "reload", f"edit: {tilted}", "reload")
    played = play(tmp_path, steps, 0, tilted)
    (error,) = played.errors
    assert error.startswith("error E_PORT")
    assert use in error
    without = play(tmp_path, song(line), 0, tilted)
    np.testing.assert_array_equal(played.frames, without.frames)


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

OWN_SECONDS = 14.0
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
    assert "modules/ramp.py line 4: ramp: turned.x is not offered, in `" in wrong
    assert [reply["data"][0]["changed"] for reply in own_played.reloads] == [["ramp"]]
