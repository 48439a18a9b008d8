"""Room in the engine: what is given back, and what happens when there is none."""

from __future__ import annotations

import numpy as np

from chronus.engine.layout import Limits
from tests.support.score import Stage


def fill_with_delays(stage):
    """Load delays until there is no room, take them away again; how many there were."""
    count = 0
    while stage.session.run_line(f"load delay as d{count}").ok:
        count += 1
    assert stage.session.run_line("load delay as more").error.code == "E_LIMIT"
    stage.say("unload " + " ".join(f"d{k}" for k in range(count)), "wait 50ms")
    return count


def test_nodes_can_come_and_go_for_ever():
    """Three thousand rounds of load, patch, play and unload find room, and sound to the last."""
    stage = Stage()
    for _ in range(3000):
        stage.say("load saw as a; load filter as f; load adsr as e; patch a > f > e")
        stage.say("sequence e: x now; wait 8ms; unload a f e; wait 8ms")
    heard = np.abs(stage.frames[-int(0.1 * 48_000) :])
    assert 0.01 < heard.max() < 1.0


def test_memory_is_given_back():
    """After hundreds of delays have come and gone, as many fit at once as before the first."""
    stage = Stage()
    stage.say("load sine", "wait 10ms")
    before = fill_with_delays(stage)
    for _ in range(300):
        stage.say("load delay; patch sine > delay", "wait 5ms", "unload delay", "wait 10ms")
    # What has faded is given back with the next two changes.
    stage.say("set sine.level -6db", "wait 10ms", "load lfo", "wait 10ms")
    assert before > 50
    assert fill_with_delays(stage) == before


def test_a_full_engine_refuses_and_stays_as_it_is():
    """Where there is no room for a node of a line, none of the line is done, and all plays on."""
    stage = Stage()
    stage.say("load sine; set sine.level -6db")
    count = 0
    while stage.session.run_line(f"load delay as d{count}").ok:
        count += 1
    nodes = stage.say("status").results[-1].data["nodes"]
    error = stage.fails("load saw as extra; set sine.level -20db; load delay as more")
    assert error.code == "E_LIMIT"
    assert any(c.isdigit() for c in error.message), "the limit is named"
    assert stage.say("status").results[-1].data["nodes"] == nodes
    assert stage.get("sine.level") == -6.0
    assert stage.fails("get extra").code == "E_NAME"
    stage.say("wait 100ms", "load saw as extra", "wait 100ms")
    assert 0.45 < np.max(np.abs(stage.frames[:4000])) < 0.55


def test_too_many_sequences_are_refused_and_leave_no_trace():
    """One sequence more than there is room for is an error, and is not in the list afterwards."""
    stage = Stage()
    most = Limits().sequences
    for k in range(most):
        stage.say(f"load adsr as e{k}; sequence e{k}: x...")
    stage.say("load adsr as more")
    error = stage.fails("set more.attack 7; sequence more: x...")
    assert error.code == "E_LIMIT"
    assert stage.say("list sequences").results[-1].text == f"{most} sequences"
    assert stage.get("more.attack") == 5.0
    stage.say("wait 10ms", "unload e0", "wait 1 bar", "sequence more: x...")


def test_too_many_patterns_in_one_instant_are_refused_and_leave_no_trace():
    """The same for patterns that follow each other while time stands still."""
    stage = Stage()
    stage.say("load adsr")
    # Each is another one, and all are short: it is their number that there is no room for.
    grids = [f"x{k:012b}".translate({48: ".", 49: "x"}) for k in range(2 * Limits().tables)]
    fits = 0
    while stage.session.run_line(f"sequence adsr: {grids[fits]}").ok:
        fits += 1
        assert fits < len(grids)
    text = stage.say("list sequences").results[-1].lines[0]
    assert text.split()[1] == grids[fits - 1]
