"""What fades out and closes cycles: which of it reads the last block does not depend on chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chronus.commands.registry import handlers
from chronus.engine.fading import Ranks
from chronus.engine.layout import Wire
from chronus.engine.plan import plan_of
from chronus.patch.graph import key_of
from chronus.session.offline import Offline
from chronus.session.session import Session
from tests.support.score import Stage, render
from tests.support.sound import hardest_jolt


def late_cables(wiring, lanes):
    """Places of the cables that read the last block."""
    wires = [wire for lane in plan_of(wiring, lanes).lanes for wire in lane.wires]
    return {int(wire[Wire.CABLE]) for wire in wires if wire[Wire.LATE]}


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_faded_cable_that_is_still_there_makes_no_other_one_late(lanes):
    """A cable that closes a cycle and has faded may be gone or not: others are in time as before.

    What the envelope gives moves the filter, which went into the envelope until lately; now a
    second modulator fades that was loaded after the filter.
    """
    session = Session(Offline(48_000, lanes=lanes), handlers(), is_score=False)
    for line in ("load filter; load adsr as env; load lfo", "patch filter > env"):
        session.run_line(line)
    session.run_line("patch lfo > filter.cutoff by 300hz; patch env.env > filter.cutoff by 900hz")
    wiring = session.writer._wiring(())
    slots = wiring.cable_slots
    names = {node.name: key_of(node) for node in session.patch.nodes.values()}
    ends = {(c.source, c.target): c.key for c in wiring.cables}
    faded = ends[names["filter"], names["env"]]
    fading = ends[names["lfo"], names["filter"]]
    afresh = replace(wiring, ranks=Ranks())
    there = replace(afresh, leaving=[faded, fading])
    gone = replace(afresh, leaving=[fading], cables=[c for c in wiring.cables if c.key != faded])
    assert late_cables(gone, lanes) == set()
    assert late_cables(there, lanes) == {slots[faded]}


@pytest.mark.parametrize("unloaded", ["filter", "tremolo", "filter tremolo"])
def test_a_loop_that_is_unloaded_fades_from_where_it_is(unloaded):
    """The cable that reads the last block is the one that did: else a block is heard once more."""
    frames = render(
        [
            "load sine freq=100hz; load filter cutoff=5khz; load tremolo depth=0",
            "patch sine > filter > tremolo > out; patch tremolo > filter by 0.5",
            "wait 500ms",
            f"unload {unloaded}",
            "wait 50ms",
            "quit",
        ]
    ).frames[:, 0]
    steps = np.abs(np.diff(frames))
    assert steps[12_000:23_000].max() > 0.01
    assert steps[23_000:].max() < 1.2 * steps[12_000:23_000].max()


BEGIN = (
    "set out.level -14db; load sine freq=100hz; load filter as f cutoff=5khz; load vca as v",
    "load tremolo as d depth=0",
)
TWO = "patch sine > f > d > out; patch d > f by 0.4"
THREE = "patch sine > f > d > v > out; patch v > f by 0.4"
SHARED = "patch sine > f > d > v > out; patch d > f by 0.25; patch v > f by 0.25"
LOOPS = [
    (TWO, ["unpatch f > d", "undo", "unpatch d > f", "undo"]),
    (TWO, ["unpatch f > d; patch f > out", "unpatch d > f", "undo 2", "redo"]),
    (TWO, ["snapshot it; unpatch f > d; patch f > out", "recall it", "copy f as e with cables"]),
    (THREE, ["unpatch f > d", "undo", "unpatch d > v", "undo", "unpatch v > f"]),
    (THREE, ["unload d", "undo", "rename d e; unload v tail", "undo"]),
    (SHARED, ["unpatch f > d", "undo", "unpatch d > f; patch v > d by 0.2", "unpatch v > f"]),
    ("patch sine > f > d > out; patch sine > d by 0.5", ["unpatch f > d; patch d > f > out"]),
    ("patch sine > d > f > out; patch sine > f by 0.3", ["patch f > d by 0.4", "undo", "redo"]),
    ("patch sine > f > out; patch f > f by 0.4", ["unpatch f > f", "undo", "unpatch f > out"]),
]


@pytest.mark.parametrize(("before", "edits"), LOOPS)
def test_a_loop_that_is_opened_or_closed_does_not_jump(before, edits):
    """An edit of a loop of smooth waves bends them no more than a fade of all of it does.

    If a cable that sounds came to carry the last block, or no longer did, that would be a step.
    """
    stage = Stage()
    stage.say(*BEGIN, before, "wait 60ms")
    for edit in edits:
        stage.say(edit, "wait 30ms")
    steady = stage.frames[1440:2880]
    peak = np.abs(stage.frames[1440:]).max()
    assert peak > 0.1
    assert hardest_jolt(steady) < 0.001 * peak
    assert hardest_jolt(stage.frames, 1440) < 1.5 * peak / 240


def test_a_cable_is_late_as_long_as_it_is_patched_in_and_again_when_it_comes_back():
    """After a loop was taken apart and that is undone, all sounds as if it never was."""
    stage, other = Stage(), Stage()
    for one in (stage, other):
        one.say(*BEGIN, TWO, "wait 60ms")
    stage.say("unpatch f > d", "wait 10ms", "unpatch d > f", "wait 10ms")
    stage.say("undo", "wait 10ms", "undo")
    other.say("wait 30ms")
    for one in (stage, other):
        one.say("wait 400ms")
    there = len(other.frames) - 4800
    assert np.abs(other.frames[there:]).max() > 0.1
    assert np.abs(stage.frames[there:] - other.frames[there:]).max() < 1e-4


def test_a_cable_that_is_late_says_why():
    """`describe` and `show graph` tell what is a block late in the engine, and what made it so."""
    stage = Stage()
    stage.say("load vca as a; load vca as b; load vca as c", "patch a > b > a; patch b > c")

    def told():
        results = [stage.say(line).results[0] for line in ("describe a", "show graph")]
        lines = [line for result in results for line in result.lines]
        said = (line.partition("one block late: ")[2].strip("()") for line in lines)
        return [why for why in said if why]

    assert told() == ["it closes a cycle"] * 2
    stage.say("wait 20ms", "unpatch a > b")
    assert told() == ["it closed a cycle when it was patched in"] * 2
