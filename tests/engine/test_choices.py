"""Another word of an enumerated port fades over the old one, whatever moves it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.clicks import clicks
from tests.support.score import Stage, render

FILTERED = "load sine as a freq=110; load filter as f cutoff=150; patch a > f; set f.level -9db"
FADE = 240


def after(*lines):
    stage = Stage()
    stage.say(FILTERED, "wait 50ms", *lines, "wait 200ms")
    return stage.frames


@pytest.mark.parametrize("mode", ["high", "band", "notch"])
def test_a_word_takes_over_within_a_fade(mode):
    """When the fade is over, the filter is bit for bit one that had the new word all the time."""
    changed = after(f"set f.mode {mode}")
    always = after()
    stage = Stage()
    stage.say(f"{FILTERED}; set f.mode {mode}", "wait 250ms")
    before, behind = 2400 // 64 * 64, 2400 // 64 * 64 + FADE
    assert np.array_equal(changed[:before], always[:before])
    assert np.array_equal(changed[behind:12_000], stage.frames[behind:12_000])
    middle = slice(before + FADE // 2 - 1, before + FADE // 2)
    mean = 0.5 * (always[middle] + stage.frames[middle])
    assert np.allclose(changed[middle], mean, atol=1e-6)
    assert len(clicks(changed)) == 0


MOVES = [
    [
        "set f.mode high; set f.mode band",
        "wait 1ms",
        "set f.mode low",
        "wait 1ms",
        "set f.mode notch",
    ],
    [line for k in range(40) for line in (f"set f.mode {k % 4}", f"wait {1 + k % 5}ms")],
    ["sequence f.mode: low high band notch step 1/128 now", "wait 300ms"],
    ["load lfo rate=37 shape=square; patch lfo > f.mode by 3", "wait 200ms", "unload lfo"],
    ["load lfo rate=3; patch lfo > f.mode by 2; set f.mode band", "wait 400ms", "unload lfo"],
]


@pytest.mark.parametrize("lines", MOVES)
def test_words_that_change_fast_make_no_click(lines):
    """A set, a sequence or a cable may move a word as often as it likes."""
    frames = after(*lines)
    assert np.max(np.abs(frames)) > 0.05
    assert len(clicks(frames)) == 0


def test_it_ends_with_the_last_word():
    """After many words in a row it is the last one that is played."""
    frames = after("set f.mode high", "wait 1ms", "set f.mode band", "wait 1ms", "set f.mode notch")
    stage = Stage()
    stage.say(f"{FILTERED}; set f.mode notch", "wait 250ms")
    assert np.array_equal(frames[6000:11_000], stage.frames[6000:11_000])


def test_a_node_begins_with_its_word():
    """A word that is there when a node is loaded does not fade in."""
    lines = "load noise as n colour=pink"
    first = render([lines], 0.2).frames
    stage = Stage()
    stage.say("load noise as n", "set n.colour pink", "wait 200ms")
    assert np.array_equal(stage.frames[:9000], first[:9000])
