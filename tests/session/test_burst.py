"""Lines that come together: each is answered as if it had come alone."""

from __future__ import annotations

import pytest

from chronus.errors import UserError
from chronus.session.burst import Line, run_burst
from chronus.session.passing import letting_others
from chronus.session.saving import patch_lines
from tests.support.score import Stage

LINES = (
    "set filter.cutoff 300",
    "set filter.cutoff *2",
    "",
    "set filter.cutof 3",
    "get filter.cutoff",
    "note kick c2 for 1/8",
    "trigger kick; set kick.level -6db",
    "load hat; set hat.level -9db",
    "set hat.level +3db",
    "set filter.cutoff 5khz; set filter.mode nonsense",
    "laod saw",
    "# a comment",
    "undo 2",
    "set filter.cutoff 700",
    "history",
)


@pytest.fixture
def stage():
    stage = Stage()
    stage.say("load saw; load filter; load kick; patch saw > filter", "wait 1 bar")
    return stage


def said(reply):
    return (
        reply.number,
        reply.line,
        reply.ok,
        [result.text for result in reply.results],
        None if reply.error is None else str(reply.error),
    )


@pytest.mark.parametrize("at_once", [True, False])
def test_lines_together_are_answered_as_one_by_one(stage, at_once):
    """Each line gets, in order, the reply that it would get alone, and leaves the same patch."""
    alone = Stage()
    alone.say("load saw; load filter; load kick; patch saw > filter", "wait 1 bar")
    lines = [Line(text, number) for number, text in enumerate(LINES, 1)]
    together = [
        reply
        for replies in run_burst(stage.session, lines, at_once=at_once, who="me")
        for reply in replies
    ]
    apart = [
        alone.session.run_line(line.text, line.number, at_once=at_once, who="me") for line in lines
    ]
    assert [said(reply) for reply in together] == [said(reply) for reply in apart]
    assert patch_lines(stage.session.patch) == patch_lines(alone.session.patch)
    assert [e.text for e in stage.session.history.done] == [
        e.text for e in alone.session.history.done
    ]
    assert stage.session.lines == alone.session.lines
    assert not stage.session.timing.at_once


def test_gestures_together_take_effect_where_their_replies_say(stage):
    """A reply names the frame at which the engine has done its line; so does the history."""
    begins = stage.session.frame
    lines = [Line(f"set filter.cutoff {300 + i}", i) for i in range(20)]
    (replies,) = run_burst(stage.session, lines, at_once=True)
    assert all(reply.ok for reply in replies)
    frames = [reply.frame for reply in replies]
    assert frames == sorted(frames)
    assert frames[0] >= begins
    assert [e.frame for e in stage.session.history.done[-20:]] == frames
    assert stage.get("filter.cutoff") == 319.0


def test_nothing_follows_the_end(stage):
    """What comes behind `quit` gets no reply."""
    lines = [Line("quit", 1), Line("set filter.cutoff 300", 2)]
    replies = [r for group in run_burst(stage.session, lines, at_once=True) for r in group]
    assert [reply.line for reply in replies] == ["quit"]


def test_a_line_that_waits_leaves_no_mark_on_others(stage):
    """While a line from outside waits for the engine, those of a score have their own time."""
    session = stage.session
    with session.turns.turn():
        session.timing.step_outside(())
        assert not session.is_score
        with letting_others(session):
            assert session.is_score
        assert not session.is_score


def test_a_line_without_a_node_is_an_error(stage):
    """What fails in a burst fails alone."""
    lines = [Line("set nobody.cutoff 3", 1), Line("set filter.cutoff 900", 2)]
    (replies,) = run_burst(stage.session, lines, at_once=True)
    assert isinstance(replies[0].error, UserError)
    assert replies[1].ok
