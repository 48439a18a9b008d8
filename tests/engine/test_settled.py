"""What is written down of blocks in which nothing is said: nothing of it is heard."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine.findings import faults
from chronus.engine.layout import SCRATCH, Head, Memo, recover
from chronus.engine.settled import FIXED, MARKS, PLACES, RECORDS
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


def fixed(stage):
    """How many nodes it need not compute, in one bank or the other."""
    memo = memo_of(stage)
    return int((memo[FIXED:RECORDS] == memo[Memo.EDITION]).sum())


def forget(stage):
    """Let a step know nothing by heart."""
    memo_of(stage)[:] = 0


def forgetful(before=forget, after=lambda _: None, **how):
    """A stage whose step forgets in each block what it has written down.

    Args:
        before: called with the stage before each block, in place of that.
        after: and after it; what it returns are the block's frames, where that is not None.
        how: arguments of the stage.
    """
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
            before(stage)
            part = hand().advance_as_it_is(1)
            again = after(stage)
            parts.append(part if again is None else again)
        return np.concatenate(parts)

    stage.backend._hand = watched
    return stage


SWELL = """instrument swell { load keys; load saw freq=0.01hz; load mix; load vca; load poly
patch keys.freq > saw.freq; patch saw > mix by 1e-9; patch mix > mix by 8
patch mix > vca by 1e-30; patch saw > vca > poly > out }"""
"""A sum that hears itself eight times as loud: within some sixty blocks it is no number."""
WRONG = (
    SWELL,
    "load swell voices 3; load swell as other voices 20; load pad voices 17; set pad.level -12db",
    "load saw freq=110; set saw.level -20db",
    "load mix as ever; patch saw > ever by 1e-9; patch ever > ever by 8; patch ever > out by 1e-30",
    "note swell c2 g2 for 1s; note other c3 e3 for 1s; note pad c3 for 40ms; note pad g3 for 1s",
    "wait 400ms",
    "reset ever; note swell c2",
    "wait 150ms",
)
"""Nodes that go wrong while nothing is said, alone and as voices; and voices that fall asleep."""


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


def test_a_step_of_a_sequence_is_news_to_its_own_node_alone():
    """It and all others are known on, and so is what rests and does not hear it."""
    stage = Stage()
    stage.say(
        "tempo 120; load saw; load filter; load lfo; patch saw > filter",
        "patch lfo > filter.cutoff by 9hz; load kick; sequence kick: ....x...",
        "sequence lfo.rate: 2 3 4 5",
        "wait 1252ms",
    )
    assert known(stage) == 2 * 7
    stage.say("wait 60ms")
    assert known(stage) == 2 * 7
    stage.say("load knob value=0.5; patch knob > lfo.phase by 0.1; wait 300ms")
    assert fixed(stage) == 2
    stage.say("wait 20ms")
    assert known(stage) == 2 * 8
    stage.say("sequence knob.value: 0.1 0.2 0.3 0.4; wait 358ms")
    assert fixed(stage) == 2
    stage.say("wait 12ms")
    assert known(stage) == fixed(stage) == 0, "a step moved what is fixed"


AMONG_VOICES = (
    PAD,
    "tempo 170; load pad voices 18; set pad.level -12db; note pad c3 e3 g3 for 3s; load kick",
    "sequence kick: x..x ..x. ; sequence pad.cutoff: 900 _ 2000 300; load saw; load filter",
    "patch saw > filter; set filter.level -20db; sequence filter.cutoff: 500 200 . 900",
    "load knob value=0.5; patch knob > filter.resonance by 0.5; wait 1s",
    "sequence pad: c4 . e4 . . . . . gate 50%; wait 900ms",
    "sequence knob.value: 0 1 _ _ 0.5; wait 900ms; unload knob; wait 300ms",
)
"""Voices that are held, wake and end, while other nodes step, and so does a knob of theirs."""


SEQUENCES = (
    "tempo 170; load kick; load noise; load strike; load filter as band mode=band; load delay",
    "patch noise > band > strike; patch kick > delay; load saw freq=55; load lfo; load filter",
    "patch saw > filter; patch lfo > filter.cutoff by 300hz; load vca gain=0; load mix",
    "patch filter > vca > mix; patch strike > mix by 0.5; sequence kick: x..x ..x. ",
    "sequence strike: ..x. .x.x; sequence filter.cutoff: 300 900 _ 2000",
    "sequence vca.gain: 1 0 0 1; sequence lfo.shape: sine . square .",
    "sequence band.cutoff: 900 . 4000 .; wait 2s",
    "load knob value=0.3; patch knob > lfo.rate by 8; wait 1s; mute kick; wait 1s; unmute kick",
    "set delay.time 100ms; wait 1s; unload knob; wait 700ms",
)
"""Steps of single nodes, all the time, some of which rest meanwhile."""


ALIKE = (
    "instrument plain { load keys; load saw; load vca gain=0.3; load poly",
    "patch keys.freq > saw.freq by 0.5; patch saw > vca > poly > out }",
    "instrument moved { load keys; load saw; load vca gain=0.4; load poly",
    "patch keys.freq > saw.freq; patch saw > vca.gain by 0.3; patch saw > vca > poly > out }",
    "load plain as one voices 2; load moved as two voices 3; load plain as three voices 2",
    "note one c2 for 1s; note two e3 for 1s; note three g3 for 1s; wait 300ms",
)
"""Nodes of a kind in several groups, whose rows are the same memory; some hold, some move."""


@pytest.mark.parametrize(
    "lines",
    [(*DRUMS, *STROKES), (WAH, PAD, *NOTES), SEQUENCES, ALIKE, AMONG_VOICES],
    ids=["strokes", "notes", "sequences", "alike", "among voices"],
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


def test_what_gives_the_same_again_is_left_out(fuse):
    """While notes are held their keys need not be computed, nor what follows from these alone."""
    fuse(fuses=False)
    stage = Stage()
    stage.say(PAD, "load pad voices 20; load knob value=0.5; patch knob > pad.cutoff by 100hz")
    stage.say(f"note pad {'c3 ' * 18}", "wait 100ms")
    assert fixed(stage) >= 2 * 3  # of two groups of voices, and the knob
    assert known(stage) >= 2 * 10
    stage.say("note pad e3", "wait 2ms")
    assert fixed(stage) == 0


def test_what_goes_wrong_while_nothing_is_said(fuse):
    """It is silenced and bypassed in the same blocks as by a step that knows nothing by heart."""
    fuse(fuses=False)
    stage, other = Stage(), forgetful()
    for each in (stage, other):
        each.say(PAD, *WRONG)
    found = faults(stage.backend.writer)
    wrong = {name.partition("#")[0] for name, (is_bypassed, _, _) in found.items() if is_bypassed}
    assert wrong >= {"swell/mix", "other/mix"}, found
    assert found == faults(other.backend.writer)
    assert np.max(np.abs(stage.frames)) > 0.05
    assert np.array_equal(stage.frames, other.frames)


def test_hands_that_know_different_things_take_turns(fuse):
    """Now one hand plays, now another; and of some blocks a part is lost, and played again."""
    fuse(fuses=False)
    lines = (PAD, *DRUMS, "load pad voices 18; set pad.level -12db; note pad c3 e3 for 300ms")
    stage = Stage()
    stage.say(*lines, *STROKES[:6])
    blocks = iter(range(1 << 20))
    hands = [np.zeros_like(memo_of(stage)), np.zeros_like(memo_of(stage))]
    at = {"hand": 0, "block": 0}

    def before(stage):
        at["block"] = next(blocks)
        hand = at["block"] // 29 % 2
        if hand != at["hand"]:
            hands[at["hand"]][:] = memo_of(stage)
            memo_of(stage)[:] = hands[hand]
            at["hand"] = hand

    def after(stage):
        if at["block"] % 13 != 0:
            return None
        arena = stage.backend.writer.arena
        arena.head[Head.COMMITTED] -= 1
        recover(arena)
        arena.rows_in[:512] = np.nan
        return stage.backend._hand().advance_as_it_is(1)

    other = forgetful(before, after)
    other.say(*lines, *STROKES[:6])
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
