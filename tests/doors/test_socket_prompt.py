"""A prompt is played from outside as well: one order of lines, and `quit` ends it."""

from __future__ import annotations

import pytest

from tests.doors.terminal import PATIENCE_S, Terminal


@pytest.mark.parametrize("options", [("--plain",), ()])
def test_a_prompt_is_played_from_outside(options, monkeypatch):
    """What one has loaded the other sets; a wait at the prompt holds nobody up; `quit` ends it."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(*options)
    try:
        assert terminal.shows(b"chronus>")
        terminal.type("load kick as mine")
        assert terminal.shows(b"ok mine")
        assert terminal.send("set mine.freq 70; load hat as theirs").status == 0
        terminal.type("get theirs.level")
        assert terminal.shows(b"ok theirs.level")
        terminal.type("wait 1000s")
        assert terminal.send("get mine.freq").closing[0].startswith("ok mine.freq = 70hz")
        ended = terminal.send("quit")
        assert (ended.status, ended.err) == (0, "")
        assert terminal.process.wait(PATIENCE_S) == 0
        assert list(terminal.folder.iterdir()) == []
    finally:
        terminal.close()


def test_quit_from_outside_ends_a_prompt_that_waits_for_a_line(monkeypatch):
    """Nobody has to press a key."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    try:
        assert terminal.shows(b"chronus>")
        assert terminal.send("load kick", "quit").status == 0
        assert terminal.process.wait(PATIENCE_S) == 0
    finally:
        terminal.close()
