"""What went wrong is tried again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import Stage, render

ECHO = ["load snare; load delay as echo", "patch snare > echo", "trigger snare"]


def test_reset_empties_a_node():
    """`reset` of a delay takes its echoes away, from that moment on."""
    ringing = render([*ECHO, "wait 300ms"], 1.0).frames
    emptied = render([*ECHO, "wait 300ms", "reset echo"], 1.0).frames
    at = 14_400  # the stroke has ended, and its echoes have not begun
    np.testing.assert_array_equal(emptied[:at], ringing[:at])
    assert np.abs(ringing[at:]).max() > 0.03
    assert not emptied[at:].any()


@pytest.mark.parametrize("line", ["reset", "reset ekko"])
def test_reset_needs_nodes_that_are_there(line):
    """Without a node, or with one that is not there, nothing happens and the mistake is named."""
    stage = Stage()
    stage.say("load delay as echo")
    error = stage.fails(line)
    assert error.code == ("E_SYNTAX" if line == "reset" else "E_NAME")
    assert error.span is not None


def test_reload_is_nothing_to_an_engine_without_workers():
    """Offline there is nobody to hand over to, and a score with `reload` renders all the same."""
    assert Stage().say("reload").results[0].data["processes"] == []
