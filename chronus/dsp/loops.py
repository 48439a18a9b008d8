"""The stages of a tick as loops over the frames of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chronus.dsp.linear import Linear
    from chronus.dsp.recipe import Shape
    from chronus.dsp.stages import Stages
    from chronus.dsp.steps import Step


@dataclass(frozen=True, slots=True)
class Loop:
    """What one stage does at each frame, in the order of its statements.

    Attributes:
        codes: its statements.
        needs: names of the values that they take from outside.
        kept: names of what they give to other stages.
        walks: the states that walk on there, each with the name of its next value.
        linear: those that go in leaps before all else there, by groups.
        carried: the other states that go with the loop, in the same way.
        seen: those of them whose values other stages need.
        is_serial: whether one frame needs the frame before.
    """

    codes: tuple[str, ...]
    needs: tuple[str, ...]
    kept: tuple[str, ...]
    walks: dict[str, str]
    linear: tuple[Linear, ...]
    carried: dict[str, str]
    seen: tuple[str, ...]
    is_serial: bool


def loops_of(shape: Shape, stages: Stages, values: tuple[str, ...] = ()) -> list[Loop]:
    """The stages of a tick in the order in which they run.

    Args:
        shape: of the kind whose tick it is.
        stages: that.
        values: names of steady values, which are known before the block.
    """
    return [
        _loop(shape, stages, stage, values)
        for stage in sorted({step.stage for step in stages.steps})
    ]


def _loop(shape: Shape, stages: Stages, stage: int, values: tuple[str, ...]) -> Loop:
    is_serial = stage % 2 == 1
    steps = [step for step in stages.steps if step.stage == stage]
    steps = steps if is_serial else _in_order(steps, stages.steps)
    given = [name for step in steps if step.code for name in step.gives]
    states = {name for step in steps if not step.code for name in step.gives}
    leaps = {step.linear.states: step.linear for step in steps if step.linear is not None}
    leaping = {name for names in leaps for name in names}
    elsewhere = {name for step in stages.steps if step.stage != stage for name in step.needs}
    elsewhere |= {*stages.outputs}
    carried = {
        state.name: name
        for state, name in zip(shape.state, stages.next_states, strict=True)
        if state.name in states - leaping
    }
    known = {*shape.inputs} | states | {*values}
    known |= {"dt", shape.recording, *(memory.name for memory in shape.memories)}
    known |= {name for step in stages.steps if step.stage < stage for name in step.gives}
    # Those states that stay what they are.
    known |= {*stages.next_states} - {name for step in stages.steps for name in step.gives}
    needed = {name for step in steps if step.code or step.linear for name in step.needs}
    return Loop(
        codes=tuple(step.code for step in steps if step.code),
        needs=tuple(sorted(needed & known)),
        kept=tuple(name for name in given if name in elsewhere),
        walks={step.walk: step.gives[0] for step in steps if step.walk},
        linear=tuple(leaps.values()),
        carried={} if not is_serial else carried,
        seen=tuple(sorted(states & elsewhere)),
        is_serial=is_serial,
    )


def _in_order(steps: list[Step], all_steps: Sequence[Step]) -> list[Step]:
    """The steps of a parallel stage, those that a step needs before it.

    What needs a walking state as it was before a frame comes behind the walk.
    """
    left, found = list(steps), []
    while left:
        for step in left:
            needed = [all_steps[i] for i in step.before]
            if step.walk:
                needed = [other for other in needed if other.gives != (step.walk,)]
            if not any(other is each for other in needed for each in left):
                break
        found.append(step)
        left.remove(step)
    return found
