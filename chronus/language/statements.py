"""What a line means: one frozen object a command, with the place in the line that each part has."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from chronus.errors import Span
from chronus.language.asking import Search
from chronus.language.instruments import UNSAID, Expose, Instrument, Manner
from chronus.language.keeping import KeepStatement
from chronus.language.scenes import SceneStatement
from chronus.language.steps import Sequence
from chronus.language.views import ViewStatement


@dataclass(frozen=True, slots=True)
class Name:
    """A word that names a node, a kind, a port or a topic; lower case."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class PortRef:
    """A node, or one port of it: `filter`, `filter.cutoff`."""

    node: Name
    port: Name | None

    @property
    def span(self) -> Span:
        """From the node's first letter to the end of the port's name."""
        last = self.port or self.node
        return Span(self.node.span.line, self.node.span.column, last.span.end)

    def __str__(self) -> str:
        return self.node.text if self.port is None else f"{self.node.text}.{self.port.text}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value as it was written.

    Attributes:
        value: in `unit`; Hz for a note name; 0 for a word.
        unit: "hz", "s", "db", "%", "st", "oct", "beats", "bars" (prefixed and smaller units are
            converted: khz to hz, ms to s, ct to st), "note" for a note name, "fraction" for a note
            value such as 1/8 (in whole notes), "word" for a word, "" for a bare number.
        text: as it was written, lower case, without the space before the unit.
        span: where.
        exact: the value of a number, duration or fraction without rounding.
    """

    value: float
    unit: str
    text: str
    span: Span
    exact: Fraction = field(default=Fraction(0), compare=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """`PORT=VALUE` behind a `load`."""

    port: Name
    value: Quantity


@dataclass(frozen=True, slots=True)
class Assignment:
    """`A.port VALUE` of a `set`; `operator` is "" for a plain value."""

    target: PortRef
    operator: Literal["", "+", "-", "*"]
    value: Quantity


@dataclass(frozen=True, slots=True)
class SoundFile:
    """`file FILE` behind a `load`; `mark` is that of the content that it is to have."""

    path: str
    span: Span
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    kind: Name
    name: Name | None
    settings: tuple[Setting, ...]
    manner: Manner = UNSAID
    file: SoundFile | None = None
    seed: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Unload:
    names: tuple[Name, ...]
    rings: bool = False


@dataclass(frozen=True, slots=True)
class ChangeFile:
    """`file A FILE`: a node plays another file."""

    node: Name
    file: SoundFile


@dataclass(frozen=True, slots=True)
class Rename:
    node: Name
    name: Name


@dataclass(frozen=True, slots=True)
class Copy:
    """`copy A as B`; without a name it gets a free one."""

    node: Name
    name: Name | None
    with_cables: bool


@dataclass(frozen=True, slots=True)
class Mute:
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Unmute:
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Solo:
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Unsolo:
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """`patch A, B > C > D by AMOUNT`: each stage's ports are patched into all of the next stage."""

    stages: tuple[tuple[PortRef, ...], ...]
    amount: Quantity | None


@dataclass(frozen=True, slots=True)
class Unpatch:
    """`unpatch A` has one stage."""

    stages: tuple[tuple[PortRef, ...], ...]


@dataclass(frozen=True, slots=True)
class Set:
    """`over` is the length of a glide, None where ports go to their values at once."""

    assignments: tuple[Assignment, ...]
    over: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Get:
    target: PortRef


@dataclass(frozen=True, slots=True)
class Note:
    node: Name
    pitches: tuple[Quantity, ...]
    duration: Quantity | None
    velocity: Quantity | None


@dataclass(frozen=True, slots=True)
class Gate:
    node: Name
    on: bool


@dataclass(frozen=True, slots=True)
class Trigger:
    node: Name


@dataclass(frozen=True, slots=True)
class Unsequence:
    target: PortRef


@dataclass(frozen=True, slots=True)
class Tempo:
    """`over` is the length of a ramp, None where the tempo changes at once."""

    bpm: Quantity
    over: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """`meter 7/8`: `count` notes in a bar, each a `unit`th of a whole one."""

    count: int
    unit: int


@dataclass(frozen=True, slots=True)
class Swing:
    """`swing 58%`: of all sequences that name none, 0..1."""

    swing: float


@dataclass(frozen=True, slots=True)
class Start:
    pass


@dataclass(frozen=True, slots=True)
class Stop:
    pass


@dataclass(frozen=True, slots=True)
class Panic:
    pass


@dataclass(frozen=True, slots=True)
class Wait:
    """`wait DURATION`."""

    duration: Quantity


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """`wait until bar 17`, `wait until beat 3`: counted from 1; `wait until frame 96000`."""

    what: Literal["bar", "beat", "frame"]
    number: Quantity


@dataclass(frozen=True, slots=True)
class When:
    """The time of an `at`.

    Attributes:
        kind: "next" for the next line between bars or beats whose number is 1 modulo `count`,
            "line" for the one of a `number` from 1 on, "after" for a `length` from now.
        unit: what is counted; frames from 0 on.
        span: where.
    """

    kind: Literal["next", "line", "after"]
    unit: Literal["bar", "beat", "frame"]
    count: int
    number: Quantity | None
    length: Quantity | None
    span: Span


@dataclass(frozen=True, slots=True)
class Body:
    """What is done together: one command, or a block of them.

    Attributes:
        parts: the commands.
        is_block: whether they stand in braces.
        text: the commands on one line, without comments.
    """

    parts: tuple[Said, ...]
    is_block: bool
    text: str


@dataclass(frozen=True, slots=True)
class At:
    when: When
    body: Body


@dataclass(frozen=True, slots=True)
class Every:
    """`every 8 bars`: at each line whose number is 1 modulo `count`."""

    unit: Literal["bar", "beat"]
    count: int
    body: Body


@dataclass(frozen=True, slots=True)
class Block:
    body: Body


@dataclass(frozen=True, slots=True)
class Cancel:
    """`numbers` is empty for all."""

    numbers: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class List:
    what: str | None


@dataclass(frozen=True, slots=True)
class Describe:
    target: PortRef


@dataclass(frozen=True, slots=True)
class Status:
    pass


@dataclass(frozen=True, slots=True)
class Help:
    topic: Name | None


@dataclass(frozen=True, slots=True)
class Reset:
    """`reset NODE ...`; all of them without names."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Reload:
    """`reload NAME ...`; all modules without names.

    `marks` are those of the sources that they are to have, in the same order; "" for the file's.
    """

    names: tuple[Name, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quit:
    pass


Statement = (
    Load
    | Unload
    | Rename
    | ChangeFile
    | Copy
    | Mute
    | Unmute
    | Solo
    | Unsolo
    | Patch
    | Unpatch
    | Instrument
    | Expose
    | Set
    | Get
    | Note
    | Gate
    | Trigger
    | Sequence
    | Unsequence
    | Tempo
    | Meter
    | Swing
    | Start
    | Stop
    | Panic
    | Wait
    | WaitUntil
    | At
    | Every
    | Block
    | Cancel
    | List
    | Describe
    | Status
    | Help
    | Search
    | Reset
    | Reload
    | Quit
    | KeepStatement
    | SceneStatement
    | ViewStatement
)


@dataclass(frozen=True, slots=True)
class Said:
    """A command, its own text, and where it stands."""

    statement: Statement
    text: str
    span: Span
