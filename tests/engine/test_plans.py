"""Plans: in which order nodes come, and that what is kept of one plan is right in another."""

from __future__ import annotations

import gc
import heapq
import random
from dataclasses import replace

import numpy as np
import pytest

from chronus.engine import writer
from chronus.engine.layout import Limits
from chronus.engine.plan import plan_of
from chronus.errors import UserError
from chronus.patch.graph import GraphCable
from chronus.patch.model import Node
from chronus.patch.order import computing_order
from tests.engine.edits import AROUND, AT_IT, FILTERED, OTHER, Edits
from tests.support.score import Stage


def same(one, other):
    """Whether two plans are alike to the last number."""
    pairs = list(zip(one.lanes, other.lanes, strict=True))
    tables = ("nodes", "rows", "wires", "scales", "cables", "gates", "groups")
    return (
        all(np.array_equal(getattr(a, name), getattr(b, name)) for a, b in pairs for name in tables)
        and [a.before for a, _ in pairs] == [b.before for _, b in pairs]
        and one.players == other.players
        and one.master == other.master
    )


@pytest.mark.parametrize("lanes", [1, 3])
def test_what_is_kept_of_plans_before_is_as_if_made_anew(lanes, monkeypatch, tmp_path):
    """After each of many random edits the plan is the one that is compiled without a past.

    With three lanes some of them have no node at all.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it.chronus").write_text(OTHER)
    differ, count = [], 0

    def both(wiring, lanes, known, fused):
        nonlocal count
        plan = plan_of(wiring, lanes, known, fused)
        if not same(plan, plan_of(wiring, lanes, None, fused)):
            differ.append(len(wiring.places))
        count += 1
        return plan

    monkeypatch.setattr(writer, "plan_of", both)
    edits = Edits(3)
    edits.played([*FILTERED, "load pad voices 5"], 120, {**AROUND, **AT_IT}, lanes=lanes)
    assert count > 100
    assert differ == []


def test_what_is_gone_is_not_kept():
    """Who loads and unloads for hours keeps no more of plans than there are nodes."""
    stage = Stage()
    stage.say("load sine", "wait 10ms")
    for _ in range(100):
        stage.say("load mix as a; load mix as b; load mix as c", "unload a b c", "wait 20ms")
    kept = stage.session.writer._known.rows._kept
    assert len(kept) < 100


def test_nodes_are_computed_after_what_they_listen_to_and_else_in_their_order():
    """Of random patches without cycles: of those that may come next it is always the oldest."""
    for seed in range(60):
        chance = random.Random(seed)
        keys = [f"n{i}" for i in range(chance.randint(1, 12))]
        shuffled = chance.sample(keys, len(keys))
        ways = {
            tuple(sorted(chance.sample(shuffled, 2), key=shuffled.index))
            for _ in range(chance.randint(0, 20) if len(keys) > 1 else 0)
        }
        cables = [GraphCable(f"{a}>{b}", a, 0, b, 0, 1.0, bends=False) for a, b in ways]
        order, closing = computing_order(keys, cables)
        ready = [keys.index(key) for key in keys if not any(b == key for _, b in ways)]
        heapq.heapify(ready)
        expected = []
        while ready:
            expected.append(keys[heapq.heappop(ready)])
            for index, key in enumerate(keys):
                sources = {a for a, b in ways if b == key}
                if expected[-1] in sources and sources <= set(expected):
                    heapq.heappush(ready, index)
        assert order == expected
        assert closing == frozenset()


def test_no_garbage_is_collected_within_an_edit(monkeypatch):
    """While a plan is compiled garbage waits; behind it, and behind an error, it is collected."""
    collects = []

    def asked(*given):
        collects.append(gc.isenabled())
        return plan_of(*given)

    stage = Stage()
    monkeypatch.setattr(writer, "plan_of", asked)
    assert gc.isenabled()
    stage.say("load sine", "wait 10ms")
    assert collects == [False]
    assert gc.isenabled()
    patch = stage.session.patch
    nodes = {f"n{i}": Node(f"n{i}", "saw", i + 9) for i in range(Limits().nodes)}
    with pytest.raises(UserError):
        stage.session.console.take(replace(patch, nodes=patch.nodes | nodes), is_rewired=True)
    assert gc.isenabled()
    gc.disable()
    try:
        stage.say("load saw", "wait 10ms")
        assert not gc.isenabled()
    finally:
        gc.enable()
