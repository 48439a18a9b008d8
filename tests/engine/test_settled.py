"""What is written down of blocks in which nothing is said: nothing of it is heard."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine.layout import SCRATCH, Memo
from chronus.engine.settled import MARKS, PLACES
from tests.engine.edits import AROUND, AT_IT, FILTERED, OTHER, Edits
from tests.engine.test_fused import LINES as NOTES
from tests.engine.test_fused import WAH, fuse
from tests.engine.test_standing import DRUMS
from tests.engine.test_standing import LINES as STROKES
from tests.support.score import Stage
from tests.support.voices import PAD

__all__ = ["fuse"]


def memo_of(stage):
    """What the step has written down."""
    return stage.backend._hand().stepper._scratch[SCRATCH:]


def known(stage):
    """How many nodes it knows by heart, in one bank or the other."""
    memo = memo_of(stage)
    return int((memo[MARKS:PLACES] == memo[Memo.EDITION]).sum())


def forgetful(**how):
    """A stage whose step forgets in each block what it has written down."""
    stage = Stage(**how)
    hand = stage.backend._hand

    def watched():
        pump = hand()
        if not hasattr(pump, "advance_as_it_is"):
            pump.advance_as_it_is = pump.advance
            pump.advance = advance
        return pump

    def advance(blocks):
        parts = []
        for _ in range(blocks):
            memo_of(stage)[:] = 0
            parts.append(hand().advance_as_it_is(1))
        return np.concatenate(parts)

    stage.backend._hand = watched
    return stage


def test_what_rests_is_known_by_heart():
    """Of a patch that is left alone each node is known in both banks; a word ends that."""
    stage = Stage()
    stage.say(
        "load saw; load filter; load lfo; patch saw > filter; patch lfo > filter.cutoff by 9hz"
    )
    stage.say("wait 1s")
    assert known(stage) >= 2 * 5  # with the strip and `out`
    stage.say("set filter.cutoff 900hz", "wait 2ms")
    assert known(stage) == 0


@pytest.mark.parametrize(
    "lines",
    [(*DRUMS, *STROKES), (WAH, PAD, *NOTES)],
    ids=["strokes", "notes"],
)
@pytest.mark.parametrize("fuses", [False, True])
def test_it_is_not_heard_whether_anything_is_written_down(fuse, lines, fuses):
    """Through gates, ramps, words, copies, notes and a panic no bit differs."""
    fuse(fuses=fuses)
    stage, other = Stage(), forgetful()
    for each in (stage, other):
        each.say(*lines)
    assert np.max(np.abs(stage.frames)) > 0.1
    assert np.array_equal(stage.frames, other.frames)


@pytest.mark.parametrize("seed", range(3))
def test_edits_are_heard_at_once(seed, tmp_path, monkeypatch):
    """Whatever is said to a patch that is known by heart, no bit differs from one that is not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it.chronus").write_text(OTHER)
    edits = Edits(seed)
    frames = edits.played(FILTERED, 120, {**AROUND, **AT_IT})
    other = forgetful()
    other.say(*edits.score, "wait 100ms")
    assert np.max(np.abs(frames)) > 0.1
    assert np.array_equal(frames, other.frames)


def test_tempo_and_cables_move_what_follows_them():
    """A knob in beats on a tempo ramp, and a cable that fades for seconds, go on as they should."""
    lines = (
        "load saw; load filter; load lfo shape=square; set lfo.rate 1/8; patch saw > filter",
        "patch lfo > filter.cutoff by 500hz",
        "wait 500ms",
        "tempo 190 over 1 bar",
        "wait 300ms",
        "set lfo.rate 1/16 over 1 bar",
        "patch lfo > filter.cutoff by 2khz",
        "wait 2s",
    )
    stage, other = Stage(), forgetful()
    for each in (stage, other):
        each.say(*lines)
    assert np.max(np.abs(stage.frames)) > 0.1
    assert np.array_equal(stage.frames, other.frames)


SAID_ALONE = {
    "reset": (
        "load saw; load adsr as env decay=20ms sustain=0; patch saw > env; gate env on",
        "reset env",
    ),
    "amount": (
        "load saw; load lfo rate=20hz; patch lfo > saw.freq by 1hz",
        "patch lfo > saw.freq by 90hz",
    ),
    "gate": ("load saw; load adsr as env release=200ms; patch saw > env", "gate env on"),
    "note": (PAD, "load pad voices 2; note pad c3 for 100ms"),
}
"""What is patched and left alone, and a word that changes a state or an amount and nothing else."""


@pytest.mark.parametrize("word", SAID_ALONE)
def test_a_word_alone_ends_what_is_known(word):
    """It is heard as by a step that knows nothing by heart, and otherwise than without it."""
    lines, said = SAID_ALONE[word]
    stage, other, silent = Stage(), forgetful(), Stage()
    for each in (stage, other, silent):
        each.say(lines, "wait 500ms")
        if each is not silent:
            each.say(said)
        each.say("wait 100ms")
    assert np.array_equal(stage.frames, other.frames)
    assert not np.array_equal(stage.frames, silent.frames)
