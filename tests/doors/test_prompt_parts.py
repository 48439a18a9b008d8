"""What the prompt is made of: completion, history, colours, the line below."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from chronus.doors import typed
from chronus.doors.colours import coloured
from chronus.doors.completion import begun_word, completions
from chronus.doors.toolbar import METER, meter
from chronus.doors.typed import Typed
from tests.support.score import Stage


@pytest.fixture(scope="module")
def patch():
    stage = Stage()
    stage.say("load saw as bass; load filter; load adsr as env; patch bass > filter")
    return stage.session.patch


@pytest.mark.parametrize(
    ("text", "offered", "note"),
    [
        ("lo", "load", "load KIND"),
        ("load fil", "filter", "State-variable"),
        ("load filter cut", "cutoff=", "20hz to 20000hz"),
        ("set fi", "filter", "filter"),
        ("set filter.", "cutoff", "20hz to 20000hz"),
        ("set filter.mode ", "band", "Which response"),
        ("set filter.cutoff ", "1000hz", "now; 20hz to 20000hz"),
        ("set filter.cutoff 8", "8khz", "20hz to 20000hz"),
        ("set filter.cutoff 0.5", "0.5khz", "20hz to 20000hz"),
        ("set env.attack 20", "20ms", "0ms to 20000ms"),
        ("set filter.cutoff 800hz over 2", "2bars", "how long"),
        ("wait 2", "2bars", "how long"),
        ("patch bass > fil", "filter", "filter"),
        ("patch bass > filter b", "by", ""),
        ("at next bar set filter.", "resonance", "0 to 1"),
        ("at next b", "bar", ""),
        ("list se", "sequences", ""),
        ("help age", "agent", "AI"),
        ("describe pat", "patching", "cables"),
    ],
)
def test_what_may_follow_is_offered(patch, text, offered, note):
    """Completion offers commands, names, ports, words and units, with what is known of them."""
    found = dict(completions(text, patch))
    assert offered in found
    assert note in found[offered]
    assert all(word.startswith(begun_word(text).lower()) for word in found)


def test_nothing_is_offered_where_nothing_may_follow(patch):
    """Behind a whole or a wrong command there is nothing to complete."""
    assert completions("panic ", patch) == []
    assert completions("nonsense here ", patch) == []


def test_colours_leave_the_text_as_it_is():
    """The pieces of a line are the line, whatever it is; words get the colour of their part."""
    for line in (
        "set filter.cutoff 800hz # loud",
        "sequence a: x.X. c2~",
        "laod saw",
        "",
        "{ a",
        "é",
    ):
        assert "".join(piece[1] for piece in coloured(line)) == line
    styles = {
        piece[1]: piece[0] for piece in coloured("set filter.cutoff 800hz over 2 bars # slow")
    }
    assert styles["set"] == "class:command"
    assert styles["filter"] == "class:name"
    assert styles["cutoff"] == "class:port"
    assert styles["800hz"] == "class:value"
    assert styles["over"] == "class:word"
    assert styles[" # slow"] == "class:comment"


def test_the_history_is_private_and_bounded(tmp_path, monkeypatch):
    """It is kept with mode 0600, the last lines come first, and the oldest go."""
    monkeypatch.setattr(typed, "MOST_BYTES", 2000)
    path = tmp_path / "history"
    history = Typed(path)
    for number in range(200):
        history.store_string(f"set filter.cutoff {number}")
        assert path.stat().st_size <= 2000
    assert path.stat().st_mode & 0o777 == 0o600
    history.store_string("at next bar {\nstop\n}")
    kept = list(Typed(path).load_history_strings())
    assert kept[:2] == ["at next bar {\nstop\n}", "set filter.cutoff 199"]
    assert kept[1:] == [f"set filter.cutoff {number}" for number in range(199, 200 - len(kept), -1)]


def _type(path, who):
    history = Typed(path)
    for number in range(50):
        history.store_string(f"{who} {number}")


def test_sessions_at_once_lose_no_lines(tmp_path):
    """What several sessions type at the same time is all there, each one's in its order."""
    path = tmp_path / "history"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_type, args=(path, who)) for who in "abc"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    kept = list(Typed(path).load_history_strings())[::-1]
    for who in "abc":
        assert [line for line in kept if line[0] == who] == [f"{who} {n}" for n in range(50)]


def test_a_history_that_cannot_be_kept_is_no_trouble(tmp_path):
    """Where the folder is not there, nothing is kept and nothing fails."""
    Typed(tmp_path / "nowhere" / "history").store_string("load saw")


@pytest.mark.parametrize(
    ("peak_db", "full"), [(-np.inf, 0), (-60.0, 0), (-30.0, 5), (0.0, METER), (6.0, METER)]
)
def test_the_meter_is_as_full_as_the_sound_is_loud(peak_db, full):
    """It goes from -60 dB to full scale, and keeps its width."""
    text = meter(peak_db)
    assert text.count("#") == full
    assert len(text) == len(meter(-12.0))
