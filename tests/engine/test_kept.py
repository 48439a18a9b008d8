"""What is kept from line to line of graphs and plans changes nothing about them."""

from __future__ import annotations

import random
from dataclasses import fields

import numpy as np
import pytest

from chronus.commands.registry import handlers
from chronus.engine.plan import plan_of
from chronus.patch import graph as graphs
from chronus.patch.graph import graph_of
from chronus.session.offline import Offline
from chronus.session.session import Session
from tests.support.edits import edit

LINES = 60


def graph_alone(patch):
    """The graph of a patch, as if no other had ever been made."""
    kept = [made for made in vars(graphs).values() if isinstance(made, graphs.Made)]
    before = [(made, made._last, made._now) for made in kept]
    for made in kept:
        made.turn(object())
    try:
        return graph_of.__wrapped__(patch)
    finally:
        for made, last, now in before:
            made._last, made._now = last, now


def is_same_plan(one, other):
    same = one.players == other.players and one.master == other.master
    for lane, other_lane in zip(one.lanes, other.lanes, strict=True):
        same &= all(
            np.array_equal(getattr(lane, field.name), getattr(other_lane, field.name))
            for field in fields(lane)
        )
    return same


@pytest.mark.parametrize("lanes", [1, 3])
def test_what_is_kept_changes_nothing(lanes):
    """After any lines the graph and the plan are those of the patch alone; what stays is shared."""
    chance = random.Random(f"kept {lanes}")
    session = Session(Offline(48_000, lanes=lanes), handlers(), is_score=False)
    shared = 0
    for _ in range(LINES):
        before = graph_of(session.patch)
        session.run_line(edit(chance, session.patch))
        after = graph_of(session.patch)
        alone = graph_alone(session.patch)
        assert [*after.nodes.items()] == [*alone.nodes.items()]
        assert [*after.cables.items()] == [*alone.cables.items()]
        shared += sum(before.nodes.get(key) is node for key, node in after.nodes.items())
        wiring = session.writer._wiring(())
        known = session.writer._known
        assert is_same_plan(plan_of(wiring, lanes, known), plan_of(wiring, lanes))
    assert len(session.patch.nodes) > 5
    assert shared > LINES, "graphs share nothing with those before them"


def test_a_renamed_node_leaves_all_others_as_they_are():
    """Under another name is one node and its cables; the rest of the patch is the very same."""
    session = Session(Offline(48_000), handlers(), is_score=False)
    for line in ("load saw", "load filter", "load lfo", "patch saw > filter"):
        session.run_line(line)
    before = session.patch
    session.run_line("rename lfo sway")
    after = session.patch
    assert after.nodes["sway"] == before.nodes["lfo"].called("sway")
    assert after.nodes["saw"] is before.nodes["saw"]
    assert after.cables[0] is before.cables[0]
