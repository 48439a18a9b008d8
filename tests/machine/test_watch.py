"""Who is to blame and who stands still is decided by what is seen, and by nothing else."""

from __future__ import annotations

import pytest

from chronus.engine.layout import NONE, Fault, Head, Lane, Reason, lane_place, offline_arena
from chronus.machine.blame import Traces, guilt, take_over, traces_of
from chronus.machine.quarantine import changes
from chronus.machine.watch import Sight, Verdict, Watch, deadline_s, is_due

CLEAN = Traces(block=7, node=3, crash=0, looped=0, lost_node=NONE, lost_block=NONE)


@pytest.mark.parametrize(
    ("traces", "reason"),
    [
        (CLEAN, Reason.NONE),
        (CLEAN._replace(crash=11), Reason.CRASHED),
        (CLEAN._replace(crash=11, node=NONE), Reason.NONE),
        (CLEAN._replace(looped=8), Reason.LOOPED),
        (CLEAN._replace(looped=7), Reason.NONE),  # it did end, just then
        (CLEAN._replace(lost_node=3, lost_block=7), Reason.CRASHED),
        (CLEAN._replace(lost_node=3, lost_block=6), Reason.NONE),
        (CLEAN._replace(lost_node=2, lost_block=7), Reason.NONE),
        (CLEAN._replace(node=NONE, lost_node=NONE, lost_block=7), Reason.NONE),
    ],
)
def test_guilt(traces, reason):
    """A crash, a loop and a second loss in the same place are the node's fault; no more is."""
    assert guilt(traces) is reason


def test_taking_over_twice_comes_to_the_same():
    """A guilty node is bypassed and the traces are gone; the next to take over finds no guilt."""
    arena = offline_arena(48_000, 2)
    head = arena.head
    head[lane_place(Lane.DONE, 1)] = 7
    head[lane_place(Lane.NODE, 1)] = 3
    head[lane_place(Lane.CRASH, 1)] = 11
    take_over(arena, 1)
    assert tuple(arena.faults[3, : Fault.REASON + 1]) == (1, Reason.CRASHED)
    assert guilt(traces_of(head, 1)) is Reason.NONE
    take_over(arena, 1)
    assert arena.faults[:, Fault.BYPASS].sum() == 1


def seen(watch, count, *, cpu=0.0, stopped=False, every=1.0, start=0.0):
    """What so many looks at a worker that does not get on come to, one each `every` look times."""
    step = watch.look_s * every
    return [
        watch.look(Sight(start + n * step, (1, 5, 2), n * step * cpu, stopped))
        for n in range(count)
    ]


def test_a_stopped_worker_is_found_within_the_deadline_and_a_look():
    """It is not killed before the deadline, and soon after it."""
    found = seen(Watch(0.016), 5, stopped=True)
    assert found.index(Verdict.STOPPED) == 2


def test_an_endless_loop_is_told_from_a_stopped_worker():
    """Its processor time goes on."""
    assert Verdict.LOOPED in seen(Watch(0.016), 4, cpu=0.9)
    assert Verdict.LOOPED not in seen(Watch(0.016), 20, cpu=0.1)


def test_a_starved_worker_gets_more_time():
    """A worker that waits for a processor is neither stopped nor busy: it gets three deadlines."""
    found = seen(Watch(0.016), 10)
    assert found.index(Verdict.STOPPED) == 6


def test_time_in_which_the_watch_itself_did_not_run_hardly_counts():
    """After an hour's sleep of the machine nobody is killed at the first look."""
    watch = Watch(0.016)
    assert seen(watch, 2) == [Verdict.WAIT, Verdict.WAIT]
    assert watch.look(Sight(3600.0, (1, 5, 2), 0.0, is_stopped=True)) is Verdict.WAIT


def test_any_progress_is_a_sign_of_life():
    """Another node of the same block, a rest without room, another worker: the time begins anew."""
    watch = Watch(0.016)
    for node in range(100):
        sight = Sight(node * watch.look_s, (1, 5, node), 0.0, is_stopped=True)
        assert watch.look(sight) is Verdict.WAIT
    for _ in range(10):
        assert seen(watch, 2, stopped=True) == [Verdict.WAIT, Verdict.WAIT]
        watch.rest()


def test_deadlines_are_half_of_the_lead_within_bounds():
    """Shorter than what the tape is ahead, wherever that is long enough."""
    assert deadline_s(32, 48_000) == pytest.approx(32 * 64 / 48_000 / 2)
    assert deadline_s(2, 48_000) == pytest.approx(0.010)
    assert deadline_s(4096, 48_000) == pytest.approx(0.250)


def test_who_waits_for_another_lane_is_not_due():
    """Lane 0 waits for lane 1, lane 1 for the commit; never both for each other."""
    head = offline_arena(48_000, 2).head
    assert not is_due(head, 0)
    head[Head.GO], head[Head.AHEAD] = 100, 8
    assert is_due(head, 0)
    assert is_due(head, 1)
    head[lane_place(Lane.WAITS, 0)] = 1
    assert not is_due(head, 0)
    head[lane_place(Lane.DONE, 1)] = 1
    assert is_due(head, 0)
    assert not is_due(head, 1)
    head[Head.COMMITTED] = 8
    assert not is_due(head, 0)


def test_news_of_nodes():
    """A node that is bypassed is told once, one that was silenced each time it is."""
    silenced = {"a#1": (0, Reason.NOT_FINITE, 1)}
    out = {"a#1": (1, Reason.CRASHED, 1)}
    assert ["started afresh" in line for line in changes({}, silenced)] == [True]
    assert changes(silenced, silenced) == []
    assert changes({}, out) == ["a crashed and is bypassed; `reset a` tries it again"]
    assert changes(out, out) == []
    assert changes(out, {}) == []
