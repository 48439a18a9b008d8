"""Worlds with a planted bug, each of a kind that the design rules out."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from unittest import mock

import numpy as np

from chronus.engine.layout import NONE, Fault, Lane, lane_place
from chronus.machine import watch
from chronus.machine.playing import Player
from chronus.settings import BLOCK
from tests.simulation.engine import STATE
from tests.simulation.half import Half
from tests.simulation.plan import Wrong
from tests.simulation.world import World

# ---- the step


class _CommitsTooEarly(Half):
    def _take_back_commit(self):
        pass


class CommitsTooEarly(World):
    """A worker that commits before its stores are there."""

    half = _CommitsTooEarly


class KeepsItsOwnState(World):
    """A standby that goes on from what it has kept for itself, and not from the arena."""

    def take_over(self, lane):
        super().take_over(lane)
        old = 1 - (self.engine.block & 1)
        state = self.engine.arena.state[old, :STATE]
        state[:] = self.__dict__.setdefault("kept", state.copy())


class CutsTwice(World):
    """A hand that asks again which events a block sees when it computes it again."""

    def take_over(self, lane):
        super().take_over(lane)
        self.engine.arena.cuts[:] = NONE


class TrustsScratch(World):
    """A hand that believes what a half-done block has left in the scratch."""

    def take_over(self, lane):
        before = self.engine.arena.filled.copy()
        super().take_over(lane)
        self.engine.arena.filled[:] = before


class TrustsWhoStands(World):
    """A hand that takes who stands from the half-done block, and not from the one before it."""

    def take_over(self, lane):
        super().take_over(lane)
        new = self.engine.block & 1
        self.engine.arena.still[1 - new] = self.engine.arena.still[new]


# ---- the callback


class _Repeats(Player):
    def fill(self, out, tape, view):
        taken = super().fill(out, tape, view)
        if self.holes > 0 and not self.flows and view.played >= BLOCK:
            again = tape[view.played - BLOCK : view.played]
            out[taken:] = np.resize(again, out[taken:].shape)
        return taken


class RepeatsTheLastBlock(World):
    """A callback that fills a hole with what was heard before it."""

    player = _Repeats


class _Skips(Player):
    def fill(self, out, tape, view):
        missed = BLOCK if self.holes > 0 and not self.flows and view.done > view.played else 0
        return super().fill(out, tape, view._replace(played=view.played + missed)) + missed


class SkipsABlock(World):
    """A callback that leaves out what it missed."""

    player = _Skips


# ---- the watch


class KillsWhoOnlyWaits(World):
    """A watch that does not ask whether there is anything to do."""

    def judge(self, lookout):
        with mock.patch.object(watch, "is_due", return_value=True):
            return super().judge(lookout)


class CountsSleep(World):
    """A watch that holds the machine's sleep against the worker."""

    def judge(self, lookout):
        with mock.patch.object(watch, "LATE", inf):
            return super().judge(lookout)


class BlamesTheSuccessor(World):
    """A watch that tells workers apart by what they say only once they have taken over."""

    def __init__(self, plan, seed):
        super().__init__(replace(plan, is_robust=False, standbys=2), seed)

    def judge(self, lookout):
        def progress_of(head, lane):
            hand = int(head[lane_place(Lane.HAND, lane)])
            return hand, *progress(head, lane)[1:]

        progress = watch.progress_of
        with mock.patch.object(watch, "progress_of", progress_of):
            return super().judge(lookout)


class NeverKills(World):
    """A watch that only looks."""

    def judge(self, lookout):
        super().judge(lookout)
        return 0


class SleepsTooLong(World):
    """A worker that looks around so seldom that it seems to be starved."""

    look_around_s = 0.05


# ---- blame and quarantine


class BlamesTheNextNode(World):
    """A hand that bypasses the node behind the guilty one."""

    def take_over(self, lane):
        nodes, place = self.engine.some_nodes(lane), lane_place(Lane.NODE, lane)
        guilty = int(self.head[place])
        if guilty in nodes:
            self.head[place] = nodes[(nodes.index(guilty) + 1) % len(nodes)]
        super().take_over(lane)


class BlamesEveryLoss(World):
    """A hand that takes any death for a crash."""

    def take_over(self, lane):
        self.head[lane_place(Lane.CRASH, lane)] = 9
        super().take_over(lane)


class NeverBlames(World):
    """A hand that computes a guilty node again and again."""

    def take_over(self, lane):
        self.head[lane_place(Lane.NODE, lane)] = NONE
        super().take_over(lane)


class ForgetsQuarantine(World):
    """A hand that tries again what is bypassed."""

    def take_over(self, lane):
        self.engine.arena.faults[:, Fault.BYPASS] = 0
        super().take_over(lane)


class ForgetsWhatFailed(World):
    """A hand that believes a node which, since it was started afresh, gives numbers again."""

    def take_over(self, lane):
        recent = self.engine.arena.faults[:, Fault.RECENT : Fault.RESET]
        recent[recent == self.engine.block] = NONE
        super().take_over(lane)


class ForgetsToStartAfresh(World):
    """A hand that silences what is no number when it computes a block again, and no more."""

    def take_over(self, lane):
        super().take_over(lane)
        self.redone = self.engine.block

    def has_done(self, lane, block):
        if lane == 0 and block == self.__dict__.get("redone"):
            for faulty in self.plan.faulty:
                if faulty.wrong is Wrong.NO_NUMBER and block in faulty.blocks:
                    self.engine.spoil(faulty.node)
        super().has_done(lane, block)


ON_ONE_LANE = (CommitsTooEarly, KeepsItsOwnState, CutsTwice, TrustsScratch, TrustsWhoStands)
"""Lanes that disagree about what is committed would wait for each other for ever."""
MUTANTS = (
    *ON_ONE_LANE,
    RepeatsTheLastBlock,
    SkipsABlock,
    KillsWhoOnlyWaits,
    CountsSleep,
    BlamesTheSuccessor,
    NeverKills,
    SleepsTooLong,
    BlamesTheNextNode,
    BlamesEveryLoss,
    NeverBlames,
    ForgetsQuarantine,
    ForgetsWhatFailed,
    ForgetsToStartAfresh,
)
