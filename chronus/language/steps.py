"""What a pattern means: its steps, what stands behind it, and what it plays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from chronus.errors import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.language.statements import Name, PortRef, Quantity


@dataclass(frozen=True, slots=True)
class Lock:
    """`{port=value}` behind a step: what a port is set to for as long as the step lasts."""

    port: Name
    value: Quantity


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pattern; what stands for several steps, as `x!3` or `x(3,8)`, is several.

    Attributes:
        kind: "hit" starts a note, "hold" goes on with the one before, "rest" is silent; "group"
            plays its parts in its own time, "turn" one of them each cycle.
        pitch: of a hit: Hz, or None for the node's own pitch.
        velocity: of a hit, 0..1.
        slide: its last hit runs into the next one without a new attack, its pitch gliding.
        value: what the port gets, in a sequence of a port.
        span: where.
        chord: further pitches that sound with a hit, in Hz.
        parts: of a group or turn.
        ratchet: how often it plays in its time.
        chance: that it plays, 0..1; None: it always does.
        every: it plays in the first of so many cycles.
        locks: of all its hits.
        word: what a hit looks like, without its marks.
    """

    kind: Literal["hit", "hold", "rest", "group", "turn"]
    pitch: float | None
    velocity: float
    slide: bool
    value: Quantity | None
    span: Span
    chord: tuple[float, ...] = ()
    parts: tuple[Step, ...] = ()
    ratchet: int = 1
    chance: Fraction | None = None
    every: int = 1
    locks: tuple[Lock, ...] = ()
    word: str = ""

    @property
    def is_marked(self) -> bool:
        """Whether anything stands behind it."""
        marks = self.ratchet != 1 or self.chance is not None or self.every != 1
        return marks or self.slide or bool(self.locks)


@dataclass(frozen=True, slots=True)
class SequenceOptions:
    """What stands behind a pattern.

    Attributes:
        step: whole notes.
        swing: 0..1; None: that of the patch.
        rotate: steps.
        gate: share of a step, 0..1.
        transpose_st: semitones.
        scale: `c minor`, `c2 minor`; "" for none.
        seed: of its chance; None: none was said, and nothing of it is left to chance.
        smooth: a port glides from each value to the next.
        now: it does not wait for the bar line.
    """

    step: Fraction = Fraction(1, 16)
    swing: float | None = None
    rotate: int = 0
    gate: float = 0.5
    transpose_st: float = 0.0
    scale: str = ""
    seed: int | None = None
    smooth: bool = False
    now: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """What plays a node or moves a port.

    Attributes:
        target: the node or port.
        steps: of one cycle.
        options: what stands behind the pattern.
        text: the pattern in its normal form: single spaces, lower-case notes, marks in one order.
        span: where.
        own_hz: the pitch that an `x` among notes plays: the node's own when this was said.
    """

    target: PortRef
    steps: tuple[Step, ...]
    options: SequenceOptions
    text: str
    span: Span
    own_hz: float | None = None


def all_within(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps, and the parts of groups and turns, each before its parts."""
    for step in steps:
        yield step
        yield from all_within(step.parts)


def hits(steps: tuple[Step, ...]) -> list[Step]:
    """The hits of steps, in the order in which they are written."""
    return [step for step in all_within(steps) if step.kind == "hit"]


def has_chance(steps: tuple[Step, ...]) -> bool:
    """Whether anything is left to chance."""
    return any(step.chance is not None for step in all_within(steps))


def meaning(sequence: Sequence) -> Sequence:
    """What a sequence means, wherever it was written and whenever it came: equal if they sound so.

    The places of its parts and `now` are taken out.
    """
    target = sequence.target
    port = None if target.port is None else replace(target.port, span=Span())
    return replace(
        sequence,
        target=replace(target, node=replace(target.node, span=Span()), port=port),
        steps=tuple(map(_nowhere, sequence.steps)),
        options=replace(sequence.options, now=False),
        span=Span(),
    )


def _nowhere(step: Step) -> Step:
    """A step without its place."""
    locks = tuple(
        Lock(replace(lock.port, span=Span()), replace(lock.value, span=Span()))
        for lock in step.locks
    )
    value = None if step.value is None else replace(step.value, span=Span())
    parts = tuple(map(_nowhere, step.parts))
    return replace(step, span=Span(), value=value, locks=locks, parts=parts)


def played_by(sequence: Sequence, name: str) -> Sequence:
    """The same sequence for a node of another name, or for a port of that."""
    target = sequence.target
    return replace(sequence, target=replace(target, node=replace(target.node, text=name)))
