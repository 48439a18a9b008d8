"""What a module kind is: one decorated function for one sample, and all that is known of it.

A kind is declared once, by `@module`, above a pure function (its *tick*):

    @module(
        doc="Sawtooth oscillator, band-limited.",
        family=Family.OSCILLATOR,
        inputs=(freq(),),
        outputs=(Output("out", "The wave, -1 to 1"),),
        state=(State("phase"),),
        source="Välimäki, Pekonen, Nam: ... JASA 2012",
        example="load saw; set saw.freq 55",
    )
    def saw(phase, freq, dt):
        ...
        return phase, out

The tick's arguments are its states, its inputs, its memories, its recording and `dt` (seconds a
sample), in the declared order and by the declared names; it returns its states and its outputs, in
order. A port called `in` is the argument `in_`; a port of two channels is two arguments,
`NAME_left` and `NAME_right`. This file needs neither numpy nor numba: it is read by the shell in
its first second.
"""

from __future__ import annotations

import inspect
import linecache
import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

RAMP_S: Final = 0.005
"""Seconds a knob takes to its new value: short enough to feel direct, too long to click."""


class Curve(StrEnum):
    """How a port's range is walked by glides, sliders and random values."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


class Family(StrEnum):
    """What a kind is for; help is ordered by it."""

    OSCILLATOR = "oscillator"
    DRUM = "drum"
    FILTER = "filter"
    MODULATION = "modulation"
    EFFECT = "effect"
    MIXER = "mixer"


@dataclass(frozen=True, slots=True)
class Input:
    """A port that takes a signal: a value that can be set, and the cables that meet in it.

    Attributes:
        name: as users write it after the dot.
        doc: one line.
        default: in `unit`.
        low: lowest value; the engine clips to it.
        high: highest value.
        unit: "hz", "ms", "s", "db", "%", "st", "beats" or "" for a bare number.
        curve: how its range is walked; from or to 0 no equal ratios lead, and the way is straight.
        choices: the words of an enumerated port; the signal is the index of the word.
        channels: 1, or 2 for left and right.
        ramp_s: seconds that a change takes; 0 steps at once (gates, pitches, words).
        normal: another input, whose cables are heard here too where none is patched to this one.
    """

    name: str
    doc: str
    default: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    curve: Curve = Curve.LINEAR
    choices: tuple[str, ...] = ()
    channels: int = 1
    ramp_s: float = RAMP_S
    normal: str = ""

    def __post_init__(self) -> None:
        inside = self.low <= self.default <= self.high
        assert inside, f"{self.name}: {self.default} is not from {self.low} to {self.high}"
        assert self.curve is Curve.LINEAR or self.low >= 0, (
            f"{self.name}: exponential needs low >= 0"
        )


@dataclass(frozen=True, slots=True)
class Output:
    """A port that gives a signal."""

    name: str
    doc: str
    channels: int = 1


SEED: Final = math.nan
"""Initial value of a state that is to be seeded from the node's name (a positive 32-bit number)."""


@dataclass(frozen=True, slots=True)
class State:
    """A number that a node keeps from sample to sample.

    `dtype` is "f4", "f8" (a long phase or time), "i4" (places, which wrap around), "u4" (seeds) or
    "i8" (counters below 2**53). In a wide kernel the long ones cost twice as much.
    """

    name: str
    initial: float = 0.0
    dtype: str = "f4"

    def __post_init__(self) -> None:
        assert self.dtype in {"f4", "f8", "i4", "u4", "i8"}, f"{self.name}: dtype {self.dtype!r}"


@dataclass(frozen=True, slots=True)
class Memory:
    """A ring of float32 samples: at least `seconds` and one block long, all zero at first.

    The tick sees it as an array; what it writes at sample n it must write at the same place when
    sample n is computed again, so the index comes from a state and nowhere else.
    """

    name: str
    seconds: float


RECORDING_HEAD: Final = 2
"""Numbers before the sound in a recording: its frames, and 1 or 2 channels. The left side follows,
then the right one; of a kind with `levels` these too. Where a node has no file, both are 0. A tick
never writes to it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A module kind, as the whole program knows it; made by `@module`."""

    name: str
    doc: str
    family: Family
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    state: tuple[State, ...]
    memories: tuple[Memory, ...]
    recording: str
    recording_s: float
    levels: bool
    source: str
    example: str
    hidden: bool
    measures: bool
    runs: bool
    shuts: str
    tick: Callable[..., Any] = field(repr=False)

    @property
    def shape(self) -> tuple[object, ...]:
        """What places and values of a node are made by: a node cannot live on in another shape."""
        inputs = tuple(replace(port, doc="") for port in self.inputs)
        outputs = tuple(replace(port, doc="") for port in self.outputs)
        return (inputs, outputs, self.state, self.memories, self.recording, self.levels)

    @property
    def words(self) -> Kind:
        """The declaration alone: two that are equal say the same."""
        return replace(self, tick=_nothing)

    @property
    def may_pause(self) -> bool:
        """Whether it may stand still while nothing hears it, and go on from there.

        So may oscillators and filters, of which nobody can tell but by the phase, and what keeps
        nothing; not what is played, what keeps time for others, and what has a tail.
        """
        if self.memories or self.recording or self.measures:
            return False
        is_free = self.find_input("gate") is None and not self.runs
        return is_free and (not self.state or self.family in {Family.OSCILLATOR, Family.FILTER})

    @property
    def makes_sound(self) -> bool:
        """Whether it is heard by itself when nothing is patched behind it."""
        return self.family is not Family.MODULATION

    @property
    def shapes_sound(self) -> bool:
        """Whether it gives sound where it is fed with one, and not what it says of it."""
        return not self.measures

    @property
    def waits_for_gate(self) -> bool:
        """Whether it gives nothing until its gate has been open."""
        return self.find_input("gate") is not None and not self.runs

    def is_audible_at(self, output: str) -> bool:
        """Whether an output carries what is heard, and not the curve of a modulator."""
        return self.makes_sound or (self.shapes_sound and output == self.outputs[0].name)

    @property
    def input_rows(self) -> tuple[tuple[int, str], ...]:
        """Each input row in order: the index of its port and the tick's name for it."""
        return tuple(
            (index, name)
            for index, port in enumerate(self.inputs)
            for name in row_names(port.name, port.channels)
        )

    @property
    def output_rows(self) -> tuple[tuple[int, str], ...]:
        """Each output row in order: the index of its port and a name for it."""
        return tuple(
            (index, name)
            for index, port in enumerate(self.outputs)
            for name in row_names(port.name, port.channels)
        )

    def find_input(self, name: str) -> int | None:
        """Index of the input called `name`, or None."""
        return next((i for i, port in enumerate(self.inputs) if port.name == name), None)

    def find_output(self, name: str) -> int | None:
        """Index of the output called `name`, or None."""
        return next((i for i, port in enumerate(self.outputs) if port.name == name), None)

    @property
    def main_input(self) -> int | None:
        """Index of the input that a bare `> NAME` means: `in`, or None."""
        return self.find_input("in")


def _nothing() -> None:
    """Stands for any tick."""


LINES: Final = "__lines__"
"""Global of a module that ticks or helpers are in: the text that it was read from."""


def keep_source(function: Callable[..., Any]) -> None:
    """Keep the text of a function's file: it may be edited while what was read of it is in use."""
    if LINES not in function.__globals__:
        function.__globals__[LINES] = linecache.getlines(function.__code__.co_filename)


def source_of(function: Callable[..., Any]) -> str:
    """The text of a function of which `keep_source` was told."""
    lines = function.__globals__[LINES][function.__code__.co_firstlineno - 1 :]
    return "".join(inspect.getblock(lines))


def row_names(port: str, channels: int) -> tuple[str, ...]:
    """The tick's argument names for a port: `in_` for `in`, `NAME_left, NAME_right` for a pair."""
    if channels == 2:
        return (f"{port}_left", f"{port}_right")
    return (f"{port}_" if port == "in" else port,)


def module(
    *,
    doc: str,
    family: Family,
    inputs: tuple[Input, ...] = (),
    outputs: tuple[Output, ...] = (),
    state: tuple[State, ...] = (),
    memories: tuple[Memory, ...] = (),
    recording: str = "",
    recording_s: float = 120.0,
    levels: bool = False,
    source: str,
    example: str,
    hidden: bool = False,
    measures: bool = False,
    runs: bool = False,
    shuts: str = "",
) -> Callable[[Callable[..., Any]], Kind]:
    """Declare a module kind above its tick; the function's name is the kind's name.

    Args:
        doc: one line, what it is.
        family: where help lists it.
        inputs: ports that take signals; `in` is the main one.
        outputs: ports that give signals; the first is the main one.
        state: numbers kept from sample to sample.
        memories: delay memory.
        recording: what the tick calls the sound of the node's file, see RECORDING_HEAD.
        recording_s: how long that may be.
        levels: whether it is read at many speeds, see `chronus.dsp.recording`.
        source: the paper or page that it follows.
        example: command lines, parted by `;`, that run as a test and make it heard.
        hidden: used by the program itself and not offered to users.
        measures: what it gives is no sound even where it is fed with one, as of a follower.
        runs: it has a gate, but needs none to begin.
        shuts: an input that its output is but a multiple of, so that nothing depends on what comes
            in there while all of its outputs are silent.
    """

    def declare(tick: Callable[..., Any]) -> Kind:
        kind = Kind(
            name=tick.__name__.rstrip("_"),
            doc=doc,
            family=family,
            inputs=inputs,
            outputs=outputs,
            state=state,
            memories=memories,
            recording=recording,
            recording_s=recording_s,
            levels=levels,
            source=source,
            example=example,
            hidden=hidden,
            measures=measures,
            runs=runs,
            shuts=shuts,
            tick=tick,
        )
        keep_source(tick)
        assert outputs, f"{kind.name}: it has no output"
        ports = [port.name for port in inputs]
        assert {port.normal for port in inputs} <= {"", *ports}, f"{kind.name}: normal"
        assert shuts in {"", *ports}, f"{kind.name}: shuts"
        wanted = [
            *(slot.name for slot in state),
            *(name for _, name in kind.input_rows),
            *(memory.name for memory in memories),
            *filter(None, [recording]),
            "dt",
        ]
        given = list(inspect.signature(tick).parameters)
        assert given == wanted, f"{kind.name}: arguments {given} should be {wanted}"
        return kind

    return declare


HELPERS: Final[WeakSet[Callable[..., Any]]] = WeakSet()
"""Functions that ticks may call: the compiler writes them into the generated kernels."""


def helper(function: F) -> F:
    """Make a pure function callable from ticks and from other helpers."""
    HELPERS.add(function)
    keep_source(function)
    return function


class Table:
    """Numbers that never change, for ticks and helpers of the file to read by whole indices.

    The compiler writes the function that makes them into the kernels that read them: it stands
    alone, has no arguments, imports what it needs, and gives a float32 array of one dimension and
    less than a million bytes. What it gives must be the same on every machine, to the last bit.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self._values: Any = None
        keep_source(make)

    @property
    def name(self) -> str:
        """What ticks call it."""
        return self.make.__name__

    @property
    def numbers(self) -> Any:
        """Them, made when they are wanted first."""
        if self._values is None:
            self._values = self.make()
        return self._values

    def __getitem__(self, index: int) -> float:
        """A number, when it is read from Python."""
        return float(self.numbers[index])


def table(make: Callable[[], Any]) -> Table:
    """Make a table of the function that computes it; the function's name is the table's name."""
    return Table(make)


def freq(default: float = 110.0) -> Input:
    """The standard pitch port; at 0 what is patched into it says alone how high it sounds."""
    doc = "Pitch; at 0 what is patched in sets it alone"
    return Input("freq", doc, default, 0.0, 20_000.0, "hz", Curve.EXPONENTIAL, ramp_s=0.0)


def gate() -> Input:
    """The standard gate port: open above 0.5."""
    return Input("gate", "Opens above 0.5; its rise starts the sound", 0.0, 0.0, 1.0, ramp_s=0.0)


def velocity() -> Input:
    """The standard velocity port."""
    return Input("velocity", "How hard it is played", 0.8, 0.0, 1.0, ramp_s=0.0)


def audio(name: str, doc: str, channels: int = 1) -> Input:
    """An input for a signal: no range, nothing where nothing is patched."""
    return Input(name, doc, channels=channels)
