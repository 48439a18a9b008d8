"""The steps of a tick, how they need one another, and the stages that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chronus.dsp.linear import Linear


@dataclass(slots=True)
class Step:
    """A statement of a tick, or one of its states (then without code).

    `gives` and `needs` are names of values; `before` are the steps whose values it needs;
    `memories` are those that it touches, in their order with other steps, and `lately` those that
    it reads when others have stored a whole block; `walk` is the state that it walks on; `linear`
    is how the state goes on together with others.
    """

    gives: tuple[str, ...]
    needs: set[str]
    code: str = ""
    serial: bool = False
    memories: frozenset[str] = frozenset()
    lately: frozenset[str] = frozenset()
    walk: str = ""
    linear: Linear | None = None
    before: set[int] = field(default_factory=set)
    stage: int = 0


def let_store(steps: list[Step]) -> None:
    """Let what is only stored in a block, and not read again in it, be stored side by side."""
    for step in steps:
        others = [each for each in steps if each is not step and each.memories & step.memories]
        if len(step.memories) == 1 and not step.gives and not others:
            step.memories, step.serial = frozenset(), False


def connect(steps: list[Step]) -> None:
    """Find the steps that each one needs."""
    givers = {name: index for index, step in enumerate(steps) for name in step.gives}
    touching: dict[str, set[int]] = {}
    for index, step in enumerate(steps):
        for memory in step.memories:
            touching.setdefault(memory, set()).add(index)
    for index, step in enumerate(steps):
        step.before |= {givers[name] for name in step.needs if name in givers}
        # What touches a memory stays together, in its order.
        for memory in step.memories:
            step.before |= touching[memory] - {index}


def circles(steps: Sequence[Step]) -> list[frozenset[int]]:
    """For each step those that need it and that it needs, itself among them."""
    earlier = [_reach(steps, index) for index in range(len(steps))]
    return [
        frozenset(other for other in earlier[index] if index in earlier[other]) | {index}
        for index in range(len(steps))
    ]


def number(steps: list[Step]) -> None:
    """Number the stages: even ones are parallel, odd ones serial."""
    in_circles = circles(steps)
    done: dict[frozenset[int], int] = {}

    def stage_of(circle: frozenset[int]) -> int:
        if circle not in done:
            # A walk and its state need one another, and nothing else.
            walks = len(circle) == 2 and any(steps[i].walk for i in circle)
            is_serial = any(steps[i].serial for i in circle) or (len(circle) > 1 and not walks)
            parity = 1 if is_serial else 0
            outside = {in_circles[j] for i in circle for j in steps[i].before} - {circle}
            lowest = max((stage_of(other) for other in outside), default=0)
            done[circle] = lowest if lowest % 2 == parity else lowest + 1
        return done[circle]

    for index, step in enumerate(steps):
        step.stage = stage_of(in_circles[index])
        if step.walk and step.stage % 2 == 1:
            step.walk = ""


def _reach(steps: Sequence[Step], start: int) -> set[int]:
    """All steps that a step needs, directly or through others."""
    found: set[int] = set()
    open_ = list(steps[start].before)
    while open_:
        index = open_.pop()
        if index not in found:
            found.add(index)
            open_ += steps[index].before
    return found
