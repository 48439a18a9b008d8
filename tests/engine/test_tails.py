"""What is unloaded with its tail rings out; a panic ends all tails; room is free again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.clicks import clicks
from tests.support.score import Stage

ECHO = (
    "load kick; load delay as d time=100 feedback=0.7; patch kick > d",
    "trigger kick",
    "wait 250ms",
)


def test_a_tail_rings_as_if_only_its_input_had_gone():
    """The echoes go on bit for bit; the name is free at once."""
    stage, cut = Stage(), Stage()
    stage.say(*ECHO, "unload d tail", "unload kick", "load saw as d; unpatch d > out", "wait 2s")
    cut.say(*ECHO, "unpatch kick > d; unpatch kick > out", "wait 2s")
    late = slice(20_000, 40_000)
    assert np.max(np.abs(stage.frames[late])) > 0.01
    assert np.array_equal(stage.frames, cut.frames)
    assert stage.session.patch.nodes["d"].kind == "saw"


def test_a_tail_ends_in_exact_silence_whenever_anybody_looks():
    """Half a second below -90 dB, and it is gone: at the same frame, whatever is said meanwhile."""
    quiet, busy = Stage(), Stage()
    quiet.say(*ECHO, "unload d tail", "unload kick", "wait 8s")
    busy.say(*ECHO, "unload d tail", "unload kick")
    for k in range(80):
        busy.say(f"load saw as s{k}; unpatch s{k} > out", "wait 99ms", f"unload s{k}", "wait 1ms")
    assert np.array_equal(quiet.frames, busy.frames)
    sound = np.flatnonzero(np.abs(quiet.frames).max(axis=1))
    last = sound[-1]
    assert 48_000 < last < 7 * 48_000
    loud = np.flatnonzero(np.abs(quiet.frames).max(axis=1) > 10 ** (-90 / 20))
    assert abs(last - loud[-1] - 24_000) < 256


def test_what_never_ends_is_faded_after_30_seconds():
    """A saw, unloaded with its tail, plays for 30 seconds and fades in 5 ms."""
    stage = Stage()
    stage.say(
        "load sine freq=110; set sine.level -6db", "wait 100ms", "unload sine tail", "wait 31s"
    )
    sound = np.flatnonzero(np.abs(stage.frames).max(axis=1))
    assert abs(sound[-1] - 4800 - 30 * 48_000) < 128
    assert len(clicks(stage.frames)) == 0


def test_a_tail_goes_where_it_went():
    """Through a filter, until that is unloaded: then it fades."""
    stage = Stage()
    stage.say(*ECHO, "load filter; patch d > filter; set filter.cutoff 300", "wait 50ms")
    stage.say("unload d tail", "unload kick", "wait 300ms", "unload filter", "wait 200ms")
    assert np.max(np.abs(stage.frames[20_000:27_000])) > 0.01
    assert not stage.frames[29_500:].any()
    assert len(clicks(stage.frames[13_000:])) == 0


def test_a_held_note_is_let_go():
    """The gate of what is unloaded with its tail closes: an envelope releases."""
    stage = Stage()
    stage.say("load sine freq=110; load adsr as e release=300; patch sine > e; gate e on")
    stage.say("wait 200ms", "unload e tail", "unpatch sine > out", "wait 2s")
    assert np.max(np.abs(stage.frames[9000:9600])) > 0.1
    assert not stage.frames[48_000:].any()


def test_unload_by_itself_fades_at_once():
    """Without `tail` all is silent after 5 ms."""
    stage = Stage()
    stage.say(*ECHO, "unload d kick", "wait 200ms")
    assert np.max(np.abs(stage.frames[:12_000])) > 0.1
    assert not stage.frames[12_000 + 256 + 64 :].any()


def test_a_panic_is_silence_without_a_click():
    """Gates close, echoes end within some ms; what is patched stays, and plays on at `start`."""
    stage = Stage()
    stage.say(
        "load sine freq=110; load adsr as e release=4000; load delay as d time=300 feedback=0.95"
    )
    stage.say("set out.level -12db; patch sine > e > d; sequence e: x_x_x_x_ step 1/16", "wait 2s")
    before = stage.session.patch
    stage.say("panic", "wait 1s")
    begin = 96_000
    assert np.max(np.abs(stage.frames[begin - 2000 : begin])) > 0.1
    assert not stage.frames[begin + 400 :].any()
    assert len(clicks(stage.frames[begin - 300 :])) == 0
    assert stage.session.patch == before
    stage.say("start", "wait 1s")
    assert np.max(np.abs(stage.frames[-24_000:])) > 0.1


def test_a_panic_stops_a_ramp_of_the_tempo():
    """The transport stands where it is, and goes on with the rest of the ramp: as with `stop`."""
    bars = []
    for word in ("panic", "stop"):
        stage = Stage()
        stage.say("load kick; sequence kick: xxxx", "tempo 240 over 2 bars", "wait 1 bar", word)
        stage.say("wait 700ms", "start", "wait 1 bar", "wait 300ms")
        bars.append((stage.session.frame, stage.session.transport, stage.session.position))
    assert bars[0] == bars[1]


def test_a_panic_within_a_panic_makes_no_click():
    """However often and fast it is said; what needs no gate sounds on."""
    stage = Stage()
    stage.say("load sine freq=110; set sine.level -6db", "wait 100ms")
    for k in range(30):
        stage.say("panic", f"wait {1 + 3 * k % 13}ms")
    stage.say("wait 200ms")
    assert len(clicks(stage.frames)) == 0
    assert np.max(np.abs(stage.frames[-4800:])) > 0.4


@pytest.mark.parametrize("how", ["", " tail"])
def test_a_full_engine_has_room_after_an_unload(how):
    """When no more delays fit, one that is unloaded makes room for another, some ms later."""
    stage = Stage()
    memory = stage.session.writer.room.pools["memory"]
    memory.take(memory.size - (1 << 24))
    count = 0
    while True:
        reply = stage.session.run_line(f"load delay as d{count}")
        if not reply.ok:
            break
        count += 1
        stage.say("wait 1ms")
    assert reply.error.code == "E_LIMIT"
    assert 20 < count < 200
    stage.say("wait 50ms")
    for k in range(3):
        stage.say(f"unload d{k}{how}")
        assert stage.fails("load delay as one").code == "E_LIMIT"
        if how:
            stage.say("wait 600ms", "load lfo", "wait 10ms", "load delay as one", "unload lfo")
        else:
            stage.say("wait 20ms", "load delay as one")
        stage.say(f"rename one one{k}")
