"""A line or block is one transaction: all of it at one block, or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.session.saving import patch_lines
from tests.support.score import DC, Stage

COUNT = 20
RACK = "\n".join(
    [
        DC,
        *(
            f"load adsr as e{n} attack=0 decay=0 sustain=1 release=0; patch dc > e{n} > out; "
            f"set e{n}.level -40db"
            for n in range(COUNT)
        ),
    ]
)
"""Envelopes that each add the same constant while their gates are open."""
ALL_OPEN = "\n".join(f"  gate e{n} on" for n in range(COUNT))


def different(*stages):
    """Which arrays of two engines, scratch and all, are not the same to the bit."""
    one, other = (stage.session.writer.arena for stage in stages)
    names = [name for name in one._fields if name != "whole"]
    return [name for name in names if not same_bits(getattr(one, name), getattr(other, name))]


def same_bits(one, other):
    """Whether arrays are the same; nothing is copied, as most of an arena was never touched."""
    unit = np.uint64 if one.nbytes % 8 == 0 else np.uint8
    return one.shape == other.shape and np.array_equal(
        one.reshape(-1).view(unit), other.reshape(-1).view(unit)
    )


@pytest.mark.parametrize("when", ["", "at next bar ", "at +123ms ", "every 3 bars "])
def test_all_of_a_block_is_heard_from_one_frame_on(when):
    """Twenty lines in braces take effect on one block, which the reply names."""
    stage = Stage()
    stage.say(RACK, "wait 1.2 bars")
    reply = stage.say(f"{when}{{\n{ALL_OPEN}\n}}")
    stage.say("wait 4 bars")
    left = stage.frames[:, 0]
    (changes,) = np.nonzero(np.diff(left))
    assert len(changes) == 1, "one step, and no stairs"
    assert changes[0] + 1 == reply.results[0].data["frame"]
    assert left[-1] == pytest.approx(COUNT * 0.8 * 0.01, rel=1e-4)


def test_the_reply_of_a_block_has_those_of_its_lines():
    """It counts the commands, shows what they show, and has their results for programs."""
    stage = Stage()
    stage.say("load kick", "wait 1 bar")
    reply = stage.say("{ set kick.freq 60\n list\n get kick.freq }")
    (result,) = reply.results
    assert result.text == "3 commands"
    assert reply.frame == result.data["frame"] == 96_000
    assert result.data["results"][0]["text"] == "kick.freq = 60hz"
    assert result.data["results"][2]["value"] == 60.0
    assert any("kick" in line for line in result.lines)
    assert stage.say("{ load kick as kick; list nodes }").results[0].already is False
    assert stage.say("{ load kick as kick }").results[0].already is True


WRONG = [
    ("set e3.foo 1", "E_PORT"),
    ("lod saw", "E_SYNTAX"),
    ("load sow", "E_NAME"),
    ("set e3.level 900db", "E_RANGE"),
    ("record b.wav", "E_STATE"),
    ("open nowhere.chronus", "E_FILE"),
    ("at bar 1 trigger e0", "E_STATE"),
    ("wait 1 bar", "E_STATE"),
    ("cancel 9", "E_NAME"),
]


FORMS = [
    *(("{{\n{}\n}}", *wrong) for wrong in WRONG),
    ("at next bar {{\n{}\n}}", *WRONG[0]),
    ("every bar {{\n{}\n}}", *WRONG[5]),
]


def begun():
    """A stage on which the envelopes play."""
    stage = Stage()
    stage.say(RACK, "sequence e0: x...x...", "wait 1.5 beats")
    return stage


def go_on(stage):
    """Play on, with a new node and a new pattern."""
    stage.say("wait 2 beats", "load noise; sequence e1: x.", "wait 2 bars")


@pytest.fixture(scope="module")
def twins():
    """Two on which nothing else was said: one that stands, and one that has gone on."""
    stands, has_gone_on = begun(), begun()
    go_on(has_gone_on)
    return stands, has_gone_on


@pytest.mark.parametrize(("form", "wrong", "code"), FORMS)
def test_a_wrong_line_undoes_its_block(form, wrong, code, twins, tmp_path, monkeypatch):
    """One bad line among many: the error names it, and the engine is as if nothing was said."""
    monkeypatch.chdir(tmp_path)
    lines = [
        "load saw as fresh; patch fresh > e1.attack by 1",
        "tempo 99; sequence e2: xx; unload e5",
        "set e1.level -6db; gate e1 on; record take.wav; save song.chronus",
        "at next bar trigger e1",
        wrong,
        "stop",
    ]
    here, (stands, has_gone_on) = begun(), twins
    before = (patch_lines(here.session.patch), here.session.transport, here.session.agenda)
    reply = here.session.run_line(form.format("\n".join(lines)), 40)
    assert reply.error is not None
    assert reply.error.code == code
    assert reply.error.span.line == 40 + 1 + lines.index(wrong)
    assert (patch_lines(here.session.patch), here.session.transport, here.session.agenda) == before
    assert list(tmp_path.iterdir()) == []
    assert different(here, stands) == []
    go_on(here)
    assert different(here, has_gone_on) == []
    np.testing.assert_array_equal(here.frames, has_gone_on.frames)


def full(stage):
    """Fill the engine with delays."""
    count = 0
    while stage.session.run_line(f"load delay as d{count}").ok:
        count += 1


@pytest.mark.parametrize("form", ["{{\n{}\n}}", "set sine.level -20db; {}"])
def test_what_the_engine_has_no_room_for_undoes_its_block(form, tmp_path, monkeypatch):
    """The error names the line for which there is no room; files are not written either."""
    monkeypatch.chdir(tmp_path)
    here, twin = Stage(), Stage()
    for stage in (here, twin):
        stage.say("load sine", "wait 1 beat")
        full(stage)
        stage.say("wait 1 beat")
    block = form.format("load saw as a; save here.chronus\nload delay as more\nload saw as b")
    block = block if form.startswith("{") else block.replace("\n", "; ")
    error = here.fails(block)
    assert error.code == "E_LIMIT"
    if form.startswith("{"):
        assert error.span.line == here.session.lines - 2
    assert list(tmp_path.iterdir()) == []
    for stage in (here, twin):
        stage.say("wait 1 beat", "load saw as c", "wait 1 beat")
    assert different(here, twin) == []
    np.testing.assert_array_equal(here.frames, twin.frames)


def test_what_is_too_much_behind_a_wait_undoes_its_line():
    """Where more is to be there than the engine holds at all, nothing before the wait is done."""
    stage = Stage()
    stage.say("load sine")
    many = "; ".join(f"load delay as d{n}" for n in range(600))
    error = stage.fails(f"set sine.level -20db; wait 1 beat; {many}")
    assert error.code == "E_LIMIT"
    assert stage.get("sine.level") == 0.0
    assert stage.session.frame == 0


def test_no_room_when_the_time_comes_is_news():
    """What was fine when it was typed, and is too much when it is due, changes nothing."""
    stage = Stage()
    stage.say("load sine", "at bar 2 {\n set sine.level -20db\n load delay as more\n}")
    full(stage)
    stage.say("wait 1.5 bars")
    (told,) = stage.news
    assert told.startswith("at bar 2 (#1): error E_LIMIT")
    assert "(line 4, column 2)" in told
    assert stage.get("sine.level") == 0.0
