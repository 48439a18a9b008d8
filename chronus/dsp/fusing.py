"""What a fused kernel is made of: see `chronus.dsp.fused`; known without a compiler."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

from chronus.dsp.recipe import GENERATOR_VERSION, Recipe

PREFIX = "fused_wide_"
OUTSIDE = (-1, 0)
"""In place of a node of the group: a cable that carries the same to all voices."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds an input row of a fused node.

    Attributes:
        is_row: it is filled by the engine, from outside the group or voice by voice.
        wires: else the cables that meet in it, each with the number of its node in the group and of
            its output row, or OUTSIDE; without any it is a knob that rests.
        late: of each of these whether it carries the block before, as it closes a cycle.
        bends: of each of these whether what it carries are octaves, by which the rest is bent.
        is_limited: whether what comes together by cables is brought into the port's range.
        word: the number of the word that an enumerated port is set to; None of others.
    """

    is_row: bool = False
    wires: tuple[tuple[int, int], ...] = ()
    late: tuple[bool, ...] = ()
    bends: tuple[bool, ...] = ()
    is_limited: bool = False
    word: float | None = None

    @property
    def brought(self) -> int:
        """How many of the cables carry rows that are there: from outside, or of the last block."""
        return sum(w == OUTSIDE or late for w, late in zip(self.wires, self.late, strict=True))

    @property
    def numbers(self) -> int:
        """How many real numbers the kernel is given for it."""
        if self.is_row:
            return 0
        return 4 + len(self.wires) if self.wires else 1


@dataclass(frozen=True, slots=True)
class FusedNode:
    """A node of a group.

    Attributes:
        recipe: of its kind.
        feeds: of each input row.
        leaves: a bit for each output row whose sum something outside listens to.
        is_usual: whether none of the conditions holds that its tick says to hold seldom.
    """

    recipe: Recipe
    feeds: tuple[Feed, ...]
    leaves: int
    is_usual: bool = True


@dataclass(frozen=True)
class FusedRecipe:
    """All nodes of a group, in the order in which they are computed."""

    nodes: tuple[FusedNode, ...]

    def to_json(self) -> str:
        """It as a text."""
        nodes = [
            {
                "recipe": node.recipe.to_json(),
                "feeds": [asdict(feed) for feed in node.feeds],
                "leaves": node.leaves,
                "is_usual": node.is_usual,
            }
            for node in self.nodes
        ]
        return json.dumps(nodes, indent=1)

    @classmethod
    def from_json(cls, text: str) -> FusedRecipe:
        """It from what `to_json` gave."""
        nodes = []
        for node in json.loads(text):
            feeds = [
                Feed(
                    **{
                        **feed,
                        "wires": tuple((a, b) for a, b in feed["wires"]),
                        "late": tuple(feed["late"]),
                        "bends": tuple(feed["bends"]),
                    }
                )
                for feed in node["feeds"]
            ]
            recipe = Recipe.from_json(node["recipe"])
            nodes.append(FusedNode(recipe, tuple(feeds), node["leaves"], node["is_usual"]))
        return cls(tuple(nodes))

    @property
    def kept(self) -> list[tuple[int, int]]:
        """The output rows that the next block reads: number of the node, and of its row."""
        found = set()
        for feed in (feed for node in self.nodes for feed in node.feeds):
            found |= {w for w, late in zip(feed.wires, feed.late, strict=True) if late}
        return sorted(found - {OUTSIDE})

    @cached_property
    def name(self) -> str:
        """What its kernel is called in all processes."""
        text = f"{GENERATOR_VERSION}\n{self.to_json()}"
        return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:12]
