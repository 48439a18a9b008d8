"""A copy goes on from where its original is; a new name moves nothing."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.engine.layout import Fault, Head, Lane, Reason, lane_place
from chronus.patch.graph import key_of
from tests.support.clicks import clicks
from tests.support.score import Stage

ORIGINALS = [
    "load sine as a freq=110; set a.level -12db",
    "load saw as a freq=55; set a.level -12db",
    "load noise as a; set a.level -20db",
    "load sine freq=90; load filter as a cutoff=300; patch sine > a; set a.level -18db",
    "load saw freq=70; load delay as a time=40 feedback=0.8; patch saw > a; set a.level -24db",
    "load lfo as rise rate=5; load saw as a; patch rise > a.freq by 3st; set a.level -12db",
]


def played(original, *lines, lanes=1):
    stage = Stage(lanes=lanes)
    stage.say(original, "wait 203ms", *lines, "wait 200ms")
    return stage.frames


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("original", ORIGINALS)
def test_a_copy_is_in_the_same_state(original, lanes):
    """When it has faded in, node and copy are together exactly twice the node."""
    alone = played(original, lanes=lanes)
    both = played(original, "copy a as b", lanes=lanes)
    begin = 203 * 48 // 64 * 64
    assert np.array_equal(both[:begin], alone[:begin])
    after = slice(begin + 240 + 64, None)
    assert np.max(np.abs(alone[after])) > 0.01
    assert np.allclose(both[after], 2.0 * alone[after], atol=2e-7)


@pytest.mark.parametrize("wait", ["wait 100ms", "wait 1ms", ""])
@pytest.mark.parametrize("lanes", [1, 3])
def test_a_copy_glides_on(wait, lanes):
    """Pitch, level and pan of a copy go where those of the node go, begun before it or with it."""
    glide = "set a.freq 700hz a.level -30db a.pan 0.6 over 300ms"
    lines = [glide, *[wait] * bool(wait)]
    alone = played(ORIGINALS[0], *lines, lanes=lanes)
    both = played(ORIGINALS[0], *lines, "copy a as b", lanes=lanes)
    begin = (len(both) - 200 * 48) // 64 * 64
    assert np.array_equal(both[:begin], alone[:begin])
    after = slice(begin + 240 + 64, None)
    assert np.max(np.abs(alone[after])) > 0.01
    assert np.allclose(both[after], 2.0 * alone[after], atol=3e-5)
    assert len(clicks(both)) == 0


def test_a_copy_that_is_set_does_not_glide():
    """What is said of a copy counts, and what it says of where it is on its way is so."""
    stage = Stage()
    stage.say(ORIGINALS[0], "set a.freq 700hz over 300ms", "wait 100ms")
    stage.say("copy a as b", "copy a as c", "set c.freq 200hz", "wait 50ms")
    assert stage.get("b.freq") == stage.get("a.freq") < 700.0
    assert stage.get("c.freq") == 200.0


def test_a_copy_fades_in():
    """It comes within 5 ms, without a click."""
    both = played(ORIGINALS[0], "copy a as b")
    assert len(clicks(both)) == 0


def test_a_copy_of_an_echo_echoes():
    """Copied while it rings, a delay without a source rings twice as loud."""
    lines = ["load kick; load delay as a time=70 feedback=0.9", "patch kick > a; trigger kick"]
    stage, other = Stage(), Stage()
    stage.say(*lines, "wait 300ms", "unload kick", "wait 300ms")
    other.say(*lines, "wait 300ms", "unload kick", "wait 7ms", "copy a as b", "wait 293ms")
    after = slice(15_000, None)
    assert np.max(np.abs(stage.frames[after])) > 0.01
    assert np.allclose(other.frames[after], 2.0 * stage.frames[after], atol=1e-6)


def test_what_a_copy_has():
    """Values, level, pan, mute and the cables into it; others `with cables`; no sequence."""
    stage = Stage()
    stage.say(
        "load lfo; load saw as a freq=70; load filter; patch a > filter",
        "patch lfo > a.freq by 1st; sequence a: c2 c3",
        "copy a as b",
        "copy a as c with cables",
    )
    patch = stage.session.patch
    ends = [cable.ends for cable in patch.cables]
    assert stage.get("b.freq") == stage.get("c.freq") == 70.0
    assert ("lfo", "out", "b", "freq") in ends
    assert ("b", "out", "filter", "in") not in ends
    assert ("c", "out", "filter", "in") in ends
    assert list(patch.sequences) == ["a"]
    bends = {cable.target: (cable.amount, cable.bends) for cable in patch.cables}
    assert bends["a"] == bends["b"] == bends["c"]
    stage.say("load kick; set kick.level -7db kick.pan 0.5; mute kick", "copy kick")
    assert stage.get("kick2.level") == -7.0
    assert stage.get("kick2.pan") == 0.5
    assert stage.session.patch.muted == {"kick", "kick2"}


def test_a_copy_that_cannot_be():
    """Names that are taken, nodes that are not there, and the way out are refused."""
    stage = Stage()
    stage.say("load saw as a; load kick as b")
    assert stage.fails("copy a as b").code == "E_NAME"
    assert stage.fails("copy x as y").code == "E_NAME"
    assert stage.fails("copy out as y").code == "E_STATE"
    assert stage.fails("copy a as on").code == "E_NAME"
    assert list(stage.session.patch.nodes) == ["out", "a", "b"]


def test_a_part_that_no_line_could_load_is_not_copied_alone():
    """`load keys` is an instrument: a patch with the keys of another one could not be opened."""
    stage = Stage()
    stage.say("load bass", "copy bass/filter as f")
    refused = stage.fails("copy bass/keys as k")
    assert refused.code == "E_STATE"
    assert "copy bass" in refused.suggestions
    assert {"f", "k"} & {*stage.session.patch.nodes} == {"f"}


def test_a_new_name_moves_no_sample():
    """Phase, noise, glides, sequences, strips, cables and words go on as they were."""
    lines = (
        "load sine as a freq=60; load noise as n; load filter as f; patch n > f",
        "load kick as k; sequence k: x.x. step 1/32; sequence f.cutoff: 300 900 step 1/32",
        "load lfo; patch lfo > a.level by 3db; sequence a.pan: -1 1 step 1/64",
        "set out.level -9db",
        "wait 300ms",
    )
    names = "rename a low; rename n wind; rename f dark; rename k drum; rename lfo wave"
    still, moved = Stage(), Stage()
    still.say(*lines, "set f.mode high; set a.level -20db", "wait 1ms", "wait 400ms")
    moved.say(*lines, "set f.mode high; set a.level -20db", "wait 1ms", names, "wait 400ms")
    assert np.max(np.abs(still.frames)) > 0.1
    assert np.array_equal(still.frames, moved.frames)
    moved.say("set low.freq 70; unsequence dark.cutoff; unsequence drum; set wave.rate 3")
    assert moved.fails("set a.freq 70").code == "E_NAME"
    assert [c.ends for c in moved.session.patch.cables] == [
        ("wind", "out", "dark", "in"),
        ("wave", "out", "low", "level"),
    ]


def test_a_new_name_is_undone():
    """The name of before is back, no sample is another one, and patterns play on."""
    lines = ("load kick as k; sequence k: x.x. step 1/32; load saw", "wait 300ms")
    still, moved = Stage(), Stage()
    still.say(*lines, "wait 1ms", "wait 1ms", "wait 400ms")
    moved.say(*lines, "rename k drum; rename saw k", "wait 1ms", "undo", "wait 1ms", "wait 400ms")
    assert list(moved.session.patch.nodes) == ["out", "k", "saw"]
    assert np.array_equal(still.frames, moved.frames)
    moved.say("redo", "unsequence drum")


def test_a_sequence_stops_under_the_new_name():
    """What was begun as one name ends as the other."""
    stage = Stage()
    stage.say("load kick; sequence kick: xxxx step 1/32 now", "wait 300ms", "rename kick k")
    stage.say("unsequence k", "wait 3s")
    assert np.max(np.abs(stage.frames[4000:14_000])) > 0.1
    assert np.max(np.abs(stage.frames[-24_000:])) < 1e-3


def test_names_that_cannot_be_given():
    """Names that are taken, nodes that are not there, and the way out are refused."""
    stage = Stage()
    stage.say("load saw as a; load kick as b")
    assert stage.fails("rename a b").code == "E_NAME"
    assert stage.fails("rename x y").code == "E_NAME"
    assert stage.fails("rename out y").code == "E_STATE"
    assert stage.fails("rename a out").code == "E_NAME"
    assert stage.fails("rename a off").code == "E_NAME"
    assert stage.say("rename a a").results[0].already


def faulty(order, lost):
    """A ringing delay goes wrong in the very block in which it is copied; what is heard.

    Args:
        order: in which the lanes compute that block, but for lane 0.
        lost: the lanes whose workers die at its end, so that they compute it again.
    """
    stage = Stage(lanes=3)
    stage.say("load kick; load delay as a time=30 feedback=0.9 mix=1; patch kick > a; trigger kick")
    stage.say("wait 300ms", "unload kick", "wait 100ms", "copy a as b")
    pump, writer = stage.backend._hand(), stage.backend.writer
    arena, all_lanes = writer.arena, pump._in_turn
    place = writer.place(key_of(stage.session.patch.nodes["a"]))
    port = place.ports + place.kind.find_input("mix")

    def block_of_the_copy(blocks, lanes):
        pump._in_turn = all_lanes
        before = arena.ports[:, port].copy()
        arena.ports[:, port] = np.nan
        for lane in (*order, *lost):
            arena.head[lane_place(Lane.DONE, lane)] = arena.head[Head.COMMITTED]
            assert pump.stepper.run(arena, 1, lane) == 1
        assert pump.stepper.run(arena, 1) == 1
        arena.ports[:, port] = before
        return 1 + all_lanes(blocks - 1, lanes)

    pump._in_turn = block_of_the_copy
    stage.say("wait 200ms")
    assert arena.faults[place.slot, Fault.REASON] == Reason.NOT_FINITE
    return stage.frames


def test_a_copy_of_what_goes_wrong_meanwhile():
    """It rings on, whichever lane is faster, and whichever worker dies in that block."""
    heard = faulty((1, 2), ())
    assert np.max(np.abs(heard[-4000:])) > 0.01
    for order, lost in (((2, 1), ()), ((1, 2), (2,)), ((1, 2), (1,)), ((2, 1), (1, 2))):
        assert np.array_equal(faulty(order, lost), heard), (order, lost)
