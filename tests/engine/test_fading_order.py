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
from tests.support.score import render


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
