"""One change is taken back, and what others have changed since stays."""

from __future__ import annotations

import pytest

from chronus.session.parts import changed, parts_of, with_parts
from chronus.session.saving import patch_lines
from tests.support.score import Stage
from tests.support.sounding import sounding


class Company(Stage):
    """A stage on which several speak."""

    def by(self, who, line):
        return self.session.run_line(line, who=who)


@pytest.fixture
def company():
    stage = Company()
    stage.say("load saw; load filter; load kick; patch saw > filter")
    return stage


@pytest.mark.parametrize(
    "line",
    [
        "set filter.cutoff 3000", "load hat", "unload kick", "mute kick", "solo kick",
        "unpatch saw > filter", "sequence kick: x...", "tempo 99", "meter 7/8", "swing 60%",
        "patch kick > filter by 50%", "set kick.level -6db", "unpatch kick > out",
        "rename kick as_it_was", "load lfo; patch lfo > filter.cutoff by 600hz", "unload saw",
    ],
)  # fmt: skip
def test_every_kind_of_change_is_taken_back_alone(company, line):
    """Whatever one has done, `undo --mine` undoes it, and the other's change is still so."""
    before = patch_lines(company.session.patch)
    order = list(company.session.patch.nodes)
    assert company.by("one", line).ok
    assert company.by("two", "set filter.resonance 0.9").ok
    assert company.by("one", "undo --mine").ok
    assert company.session.patch.nodes["filter"].value("resonance") == 0.9
    assert list(company.session.patch.nodes) == order
    assert company.by("two", "undo --mine").ok
    assert patch_lines(company.session.patch) == before
    company.say("wait 1 bar")
    sounding(company)


BUZZ = """instrument buzz { load saw as osc
load filter as tone; patch osc > tone
expose freq = osc.freq; expose cutoff = tone.cutoff }"""


@pytest.mark.parametrize(
    "line",
    [
        "load buzz", "unload bass", "rename bass deep", "set bass.cutoff 300", "mute bass",
        "copy bass as other", "sequence bass: c2 . eb2 .", "set bass/tone.resonance 0.5",
        "patch lfo > bass.cutoff by 500hz", "scene drop { mute kick }", "unscene first",
        "song: first 4", "unpatch bass > filter", "patch bass > filter by 50%",
    ],
)  # fmt: skip
def test_changes_of_instruments_scenes_and_songs_are_taken_back_alone(company, line):
    """What has instruments, scenes and a song in it is undone alone as all else is."""
    company.say(
        BUZZ, "load buzz as bass; patch bass > filter; load lfo", "scene first { mute saw }"
    )
    before = patch_lines(company.session.patch)
    assert company.by("one", line).ok
    assert patch_lines(company.session.patch) != before
    assert company.by("two", "set kick.level -6db").ok
    assert company.by("one", "undo --mine").ok
    assert company.get("kick.level") == pytest.approx(-6.0)
    assert company.by("two", "undo --mine").ok
    assert patch_lines(company.session.patch) == before
    company.say("wait 1 bar")
    sounding(company)


def test_an_instrument_is_locked_as_one_thing(company):
    """Who locks an instrument keeps others from all of it; a node inside goes alone."""
    company.say(BUZZ, "load buzz as bass; load buzz as lead")
    assert company.by("client 1", "lock bass lead/osc").ok
    rows = company.by("client 2", "list locks").results[0].lines
    assert [line.split() for line in rows] == [["bass", "client", "1"], ["lead/osc", "client", "1"]]
    for line, name in [("set bass.cutoff 300", "bass"), ("sequence bass: c2", "bass"),
                       ("note bass c2", "bass"), ("set lead/osc.freq 90", "lead/osc"),
                       ("unload lead", "lead/osc"), ("rename bass b", "bass"),
                       ("mute bass", "bass"), ("lock bass/tone", "bass/tone")]:  # fmt: skip
        error = company.by("client 2", line).error
        assert error is not None, line
        assert error.code == "E_LOCKED", line
        assert error.message.startswith(f"{name} is locked by client 1"), line
    assert company.by("client 2", "set lead.cutoff 300").ok
    assert company.by("client 1", "set bass.cutoff 300").ok


def test_one_after_the_other_and_no_further(company):
    """Each `undo --mine` takes one more of one's own; then there is none left."""
    for who, line in [("one", "set saw.freq 220"), ("two", "load hat"), ("one", "mute kick"),
                      ("two", "set hat.level -9db")]:  # fmt: skip
        assert company.by(who, line).ok
    assert company.by("one", "undo --mine").results[0].text == "undone: mute kick"
    assert company.by("one", "undo --mine").results[0].text == "undone: set saw.freq 220"
    assert company.by("one", "undo --mine").error.code == "E_STATE"
    assert company.get("hat.level") == pytest.approx(-9.0)
    assert company.by("two", "undo --mine").ok
    assert company.by("two", "undo --mine").ok
    assert "hat" not in company.session.patch.nodes


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("set filter.cutoff 3000", "set filter.cutoff 500"),
        ("load hat", "set hat.level -6db"),
        ("load hat", "patch hat > filter"),
        ("unload kick", "load kick"),
        ("patch kick > filter by 50%", "patch kick > filter by 20%"),
        ("sequence kick: x...", "sequence kick: x.x."),
        ("tempo 99", "tempo 101"),
        ("patch kick > filter", "unload kick"),
    ],
)
def test_what_another_has_changed_since_is_not_taken_back(company, mine, theirs):
    """That is E_STATE, names who changed it since, and changes nothing."""
    assert company.by("one", mine).ok
    assert company.by("two", theirs).ok
    before, history = company.session.patch, company.session.history
    error = company.by("one", "undo --mine").error
    assert error.code == "E_STATE"
    assert "two" in error.message or "another" in error.message
    assert company.session.patch is before
    assert company.session.history is history


def test_a_change_taken_back_alone_is_a_change_itself(company):
    """`undo` takes it back again, and `undo only N` counts as `history` does."""
    assert company.by("one", "set saw.freq 220").ok
    assert company.by("two", "set filter.cutoff 500").ok
    company.say("undo only 2")
    assert company.get("saw.freq") == pytest.approx(110.0)
    company.say("undo")
    assert company.get("saw.freq") == pytest.approx(220.0)
    assert company.fails("undo only 99").code == "E_RANGE"
    assert company.by("two", "undo --mine").ok
    assert company.by("two", "redo").ok


def test_parts_put_together_are_the_patch(company):
    """A patch whose every part is taken from another one is that other one."""
    one = company.session.patch
    company.say("load hat; mute hat; sequence hat: xx; unload kick; tempo 99; set saw.freq 99")
    two = company.session.patch
    parts = parts_of(one)
    back = with_parts(two, parts, changed(parts, parts_of(two)))
    assert parts_of(back) == parts
    assert patch_lines(back) == patch_lines(one)
