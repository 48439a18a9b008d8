"""Pages of help: what they show works, and they fit."""

from __future__ import annotations

import json

import pytest

from chronus.commands.helping import ROWS, help_lines, pages
from chronus.commands.topic import topics
from chronus.doors.replies import as_json, as_text
from tests.support.score import Stage

COLUMNS = 80
CUT = " ..."


def cut(said, shown):
    """A line as far as a page shows it."""
    length = len(shown.removesuffix(CUT)) if shown.endswith(CUT) else len(said)
    return said if length >= len(said) else said[:length] + CUT


@pytest.mark.parametrize("name", list(topics()))
def test_what_a_page_shows_as_typed_works(name, tmp_path, monkeypatch):
    """All that is typed on a page runs in order, and gets the replies that stand there."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    examples = list(topics()[name].examples)
    assert examples
    for example in examples:
        reply = stage.session.run_line(example.line)
        if not example.reply:
            assert reply.ok, as_text(reply)
        elif example.reply[0].startswith("{"):
            shown = [json.loads("".join(example.reply))]
            assert shown == [json.loads(as_json(reply))]
        else:
            said = [line.rstrip() for line in as_text(reply).split("\n")]
            assert [cut(*pair) for pair in zip(said, example.reply, strict=True)] == [
                line.rstrip() for line in example.reply
            ]


@pytest.mark.parametrize("name", list(topics()))
def test_a_page_fits_a_terminal(name):
    """`help TOPIC` shows its page, no line of which is wider than a terminal."""
    topic = topics()[name]
    lines = Stage().say(f"help {name}").results[0].lines
    assert lines == topic.lines
    assert max(len(line) for line in (*lines, topic.doc)) <= COLUMNS
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("name", [None, *pages()])
def test_no_line_of_a_page_looks_like_a_reply(name):
    """Of all that help says, only the closing line reads as one: programs count them."""
    lines = help_lines(name)
    assert not any(line.startswith(("ok", "error", "! ", "{")) for line in lines)
    shown = as_text(Stage().say(f"help {name or ''}")).split("\n")
    assert shown[:-1] == list(lines)
    assert shown[-1].startswith("ok ")


def test_the_first_page_fits_a_screen_and_leads_on():
    """With the closing line and a prompt `help` fits 24 rows of 80; each word in it has a page."""
    stage = Stage()
    lines = stage.say("help").results[0].lines
    assert len(lines) <= ROWS
    assert max(map(len, lines)) <= COLUMNS
    words = "\n".join(lines).split()
    for name in pages():
        assert name in words
        stage.say(f"help {name}")
