"""Where a node lies in the arena, and how much of it it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.dsp.layout import WIDE, memory_frames, state_layout
from chronus.engine.layout import MOST_CHOICES, NONE
from chronus.patch.tables import Role

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind


@dataclass(frozen=True, slots=True)
class Size:
    """How much of the arena a node takes.

    A kind with enumerated ports takes state, memory and output rows twice, one behind the other,
    and two rows for each such port: see `chronus.engine.choices`. Of voices side by side each takes
    as much; a row of theirs is WIDE rows one behind the other, frame by frame.

    Attributes:
        state: bytes in one bank.
        memory: frames.
        ports: inputs and, of a player, behind them those of its voices.
        rows_in: input rows and, behind them, those that hold a word still.
        rows_out: output rows and, behind them, those that hold the sum of voices.
    """

    state: int
    memory: int
    ports: int
    rows_in: int
    rows_out: int


def size_of(kind: Kind, rate_hz: int, width: int = 1, *, is_player: bool = False) -> Size:
    """How much of the arena a node of a kind takes, or `width` voices of it side by side."""
    choices = [port for port in kind.inputs if port.choices]
    assert len(choices) <= MOST_CHOICES, kind.name
    times = 2 if choices else 1
    sums = len(kind.output_rows) if width > 1 else 0
    return Size(
        state=times * state_layout(kind, width).size,
        memory=times * width * sum(memory_frames(memory, rate_hz) for memory in kind.memories),
        ports=len(kind.inputs) + is_player * len(Role) * width,
        rows_in=width * (len(kind.input_rows) + 2 * len(choices)),
        rows_out=times * width * len(kind.output_rows) + sums,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lies in the arena for its life.

    Attributes:
        kind: its declaration.
        number: index of its kernel in the table of addresses.
        slot: its own number.
        state: byte offset, and so on for `memory` (frames), `ports`, `rows_in` and `rows_out`.
        size: how much of each belongs to it.
        player: number of what plays its voices, NONE where it is single.
        group: number of its voices among all groups of voices.
        voices: how many there are of them.
        is_player: whether it is what notes go to.
        recording: where the sound of its file lies, in frames as `memory`, and how many they are.
    """

    kind: Kind
    number: int
    slot: int
    state: int
    memory: int
    ports: int
    rows_in: int
    rows_out: int
    size: Size
    player: int = NONE
    group: int = NONE
    voices: int = 1
    is_player: bool = False
    recording: int = 0
    recording_frames: int = 0

    @property
    def width(self) -> int:
        """How many voices lie side by side in its rows."""
        return 1 if self.group == NONE else WIDE

    @property
    def heard_rows(self) -> int:
        """The first of the rows that others listen to: those of outputs, or of voices their sum."""
        if self.group == NONE:
            return self.rows_out
        return self.rows_out + self.size.rows_out - len(self.kind.output_rows)
