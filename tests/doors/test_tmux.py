"""The prompt in a real terminal: typed fast, typed slowly, pasted, interrupted."""

from __future__ import annotations

import shutil
import time

import pytest

from chronus.machine.build import build
from chronus.modules.catalog import kinds
from chronus.settings import cache_dir
from tests.doors.tmux import TMUX, Pane, history, umask_of

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed")


@pytest.fixture(params=["off", "on"])
def pane(request):
    """A prompt without and with the line below it."""
    pane = Pane(CHRONUS_TOOLBAR=request.param)
    try:
        assert pane.shows("^chronus>")
        pane.type("load filter")
        assert pane.shows("^ok filter")
        yield pane
    finally:
        pane.close()


def values(pane):
    """The values that replies name, in order."""
    return [line.split(" = ")[1].split("hz")[0] for line in pane.lines("ok filter.cutoff = ")]


def test_lines_at_any_speed_are_done_once_in_order(pane):
    """200 lines typed fast, some slowly, 100 pasted: each has its own reply, in order, at once."""
    fast = [str(1000 + i) for i in range(200)]
    pane.type(*(f"set filter.cutoff {value}" for value in fast))
    assert pane.waits_for(lambda: len(values(pane)) >= len(fast)), pane.text
    slow = [str(2000 + i) for i in range(4)]
    for value in slow:
        for key in f"set filter.cutoff {value}":
            pane.press("-l", key)
            time.sleep(0.02)
        time.sleep(0.3)  # a suggestion comes, and must not be taken
        pane.press("Enter")
    assert pane.waits_for(lambda: len(values(pane)) >= len(fast + slow))
    pasted = [str(3000 + i) for i in range(100)]
    pane.paste("".join(f"set filter.cutoff {value}\n" for value in pasted))
    assert pane.waits_for(lambda: len(values(pane)) >= len(fast + slow + pasted))
    pane.type("get filter.cutoff")
    assert pane.waits_for(lambda: len(values(pane)) > len(fast + slow + pasted))
    assert values(pane) == [*fast, *slow, *pasted, pasted[-1]]
    assert not pane.lines("error")
    assert not pane.lines("! ")


def test_what_is_typed_before_the_first_prompt_stands_at_it(tmp_path):
    """While kernels are compiled nothing is shown but the bar; then each line is done, in order."""
    build(kinds())
    own = tmp_path / "cache"
    late = shutil.ignore_patterns("grains_*", "convolve_*", "distortion_*", "reverb_*")
    shutil.copytree(cache_dir() / "kernels", own / "kernels", ignore=late)
    pane = Pane(CHRONUS_CACHE_DIR=str(own))
    try:
        assert pane.shows("compiling")
        typed = [f"set sine.freq {100 + n}" for n in range(5)]
        pane.type("load sine", *typed)
        assert pane.shows("^ok sine.freq = 104hz")
        shown = [line for line in pane.text.splitlines() if "sine" in line]
        assert shown[0] == "chronus> load sine"
        assert [line for line in shown if "set " in line] == [f"chronus> {line}" for line in typed]
    finally:
        pane.close()


def test_a_block_spans_lines_and_keys_end_what_they_should(pane):
    """Braces hold lines together; Ctrl-C clears a line, twice it ends; all of it is told."""
    pane.type("at next bar {", "set filter.cutoff 300", "set filter.mode band", "}")
    assert pane.shows(r"^ok #1.*at")
    pane.type("get filter.mode")
    assert pane.shows("^ok filter.mode = ")
    for _ in range(2):  # who clears one line after the other ends nothing
        pane.press("-l", "laod nonsense")
        pane.press("C-c")
    assert pane.waits_for(lambda: len(pane.lines("! Ctrl-C again ends")) == 2)
    pane.type("set filter.resonance 0.5")
    assert pane.shows("^ok filter.resonance = 0.5")
    assert not pane.lines("error")
    pane.type("wait 1000s")
    time.sleep(1.0)
    pane.press("C-c")
    assert pane.shows("^error E_STATE: the wait was ended by Ctrl-C")
    time.sleep(2.5)
    pane.press("C-c")
    assert pane.waits_for(lambda: len(pane.lines("! Ctrl-C")) == 3)
    pane.press("C-c")
    assert pane.shows("^ended 0")


def test_what_was_typed_is_kept_for_its_user_alone(pane):
    """The history is in the state folder, mode 0600; the arrow brings the last line back."""
    pane.type("set filter.cutoff 1234")
    assert pane.shows("^ok filter.cutoff = 1234hz")
    assert umask_of(history(pane)) == 0o600
    pane.press("Up")
    pane.press("Enter")
    assert pane.waits_for(lambda: values(pane) == ["1234", "1234"])
    pane.press("C-d")
    assert pane.shows("^ended 0")


def test_news_stand_above_the_line_that_is_being_typed(pane):
    """What somebody else's line causes is told on a line of its own, and what is typed stays."""
    pane.type("at +300ms unload filter", "at +1s set filter.cutoff 300")
    pane.press("-l", "load ki")
    assert pane.shows("^! .*error E_NAME")
    pane.press("-l", "ck")
    pane.press("Enter")
    assert pane.shows("^ok kick")
    assert not any("load ki" in line for line in pane.lines("! "))


def test_the_line_below_fits_and_goes():
    """On a narrow terminal it is cut between its parts; F2 hides it; NO_COLOR has no colours."""
    pane = Pane(columns=40, NO_COLOR="1")
    try:
        assert pane.shows("^chronus>")
        pane.type("load saw")
        assert pane.shows(r"^ [0-9]+\.[1-4] \| 120 bpm \| \[#+\.*\] +-[0-9.]+ db")
        assert pane.waits_for(lambda: "underruns" not in pane.text)
        pane.press("-l", "set saw.freq 200")
        assert pane.waits_for(lambda: any("saw.freq 200" in line for line in pane.screen))
        assert "\x1b[3" not in pane.coloured.replace("\x1b[39m", "")
        pane.press("F2")
        assert pane.waits_for(lambda: not any("bpm" in line for line in pane.screen))
        pane.press("Enter")
        assert pane.shows("^ok saw.freq = 200hz")
        pane.press("F2")
        assert pane.waits_for(lambda: any("bpm" in line for line in pane.screen))
    finally:
        pane.close()
