"""Thousands of worlds in which workers die within a block, and the bugs that they would catch."""

from __future__ import annotations

import os
import random

import numpy as np
import pytest

from chronus.engine.layout import NONE
from tests.simulation.world import Plan, World, undisturbed

SEEDS = int(os.environ.get("CHRONUS_SEEDS", "2000"))
FIRST_SEED = int(os.environ.get("CHRONUS_FIRST_SEED", "0"))
PARTS = 10
MUTANT_SEEDS = 60


def heard_in(seed, world=World, lanes=None):
    plan = Plan.drawn(seed)
    return world(lanes or plan.lanes, random.Random(seed)).run(plan, with_deaths=True)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_world_with_deaths_sounds_like_one_without(part):
    """Whoever dies, wherever in a block, in whatever lane: each sample is that of a quiet world.

    A seed that fails is shown; CHRONUS_FIRST_SEED=that CHRONUS_SEEDS=1 sees it again.
    """
    sounding = 0
    for seed in range(FIRST_SEED + part, FIRST_SEED + SEEDS, PARTS):
        wanted = undisturbed(Plan.drawn(seed))
        sounding += np.abs(wanted).max() > 0.01
        assert np.array_equal(heard_in(seed), wanted), f"seed {seed}"
    assert sounding > 0.9 * SEEDS / PARTS or SEEDS < PARTS, "the worlds are too quiet to tell"


class CommitsTooEarly(World):
    """A worker that commits before its stores are there."""

    def take_back_commit(self, lane, block):
        pass

    def step(self, lane):
        self.stepper.run(self.arena, 1, lane)


class KeepsItsOwnState(World):
    """A standby that goes on from what it has kept for itself, and not from the arena."""

    def take_over(self, lane):
        super().take_over(lane)
        old = 1 - (self.block & 1)
        kept = self.__dict__.setdefault("kept", self.arena.state[old, :16_384].copy())
        self.arena.state[old, :16_384] = kept


class CutsTwice(World):
    """A hand that asks again which events a block sees when it computes it again."""

    def take_over(self, lane):
        super().take_over(lane)
        self.arena.cuts[:] = NONE


class TrustsScratch(World):
    """A hand that believes what a half-done block has left in the scratch."""

    def take_over(self, lane):
        before = self.arena.filled.copy()
        super().take_over(lane)
        self.arena.filled[:] = before


@pytest.mark.parametrize("mutant", [CommitsTooEarly, KeepsItsOwnState, CutsTwice, TrustsScratch])
def test_the_worlds_catch_a_planted_bug(mutant):
    """A bug of the kind that the design rules out is heard within a few dozen worlds.

    On one lane: lanes that disagree about what is committed would wait for each other for ever.
    """
    caught = [
        seed
        for seed in range(MUTANT_SEEDS)
        if not np.array_equal(heard_in(seed, mutant, 1), undisturbed(Plan.drawn(seed)))
    ]
    assert len(caught) >= 3, f"{mutant.__name__} was caught by {caught} only"
