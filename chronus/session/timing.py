"""When what is said takes effect: a score's virtual time, and the order of what is published.

A line of a score happens where virtual time stands. Any other happens as soon as possible, but not
before what has been published ahead of time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.engine.layout import NONE, Clock, Head
from chronus.language.statements import Gate, Note, Set, Trigger
from chronus.session.tempo import Transport
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from chronus.engine.writer import Writer
    from chronus.language.statements import Said

GESTURES = (Set, Note, Gate, Trigger)
"""What touches ports alone, so that it need not come after what a score has published."""
CLOSE_BLOCKS = 8
"""What is to follow something that is nearer than this follows so much later."""


RAMP_BLOCKS = 24
"""While the tempo moves, what is said happens so much later."""
NEAR_BLOCKS = 16
"""So much of that is to be left when it is known what is to be done then."""
MOST_RAMP_BLOCKS = 768
"""A second: what takes longer to be understood happens late, which is told."""


class Timing:
    """Where time is, and which block comes next.

    Args:
        writer: of the engine.
        runs_score: whether time is virtual.

    Attributes:
        runs_score: whether lines that are not `at_once` happen in virtual time.
        virtual: the frame at which virtual time stands.
        at_once: whether the line that has its turn happens in real time anyway.
        is_gesture: whether it touches ports alone, so that it may come before published changes of
            other kinds.
        foreseen: the transport after all that has been published.
        stamp: the block at which what is said is to take effect, None where it is said now.
    """

    def __init__(self, writer: Writer, *, runs_score: bool) -> None:
        self.runs_score = runs_score
        self.virtual = 0.0
        self.at_once = False
        self.is_gesture = False
        self.stamp: int | None = None
        self._writer = writer
        self.foreseen = Transport(writer.rate_hz)
        self._engine_said: tuple[object, Transport] = (None, self.foreseen)
        self._last_due = self._last_plan_due = NONE

    @property
    def is_score(self) -> bool:
        """Whether time is virtual, for the line that has its turn."""
        return self.runs_score and not self.at_once

    @property
    def done_blocks(self) -> int:
        """Blocks that the engine has finished."""
        return int(self._writer.arena.head[Head.COMMITTED])

    @property
    def frame(self) -> int:
        """Virtual time in a score, else the last finished block's end."""
        return int(self.virtual) if self.is_score else self.done_blocks * BLOCK

    @property
    def due_block(self) -> int:
        """The block at which what is said now takes effect, NONE for as soon as possible."""
        if self.is_score:
            return int(self.virtual + 0.5) // BLOCK
        before = self._last_plan_due if self.is_gesture else self._last_due
        done = self.done_blocks
        if self.stamp is not None:
            return max(self.stamp, before)
        return max(before, done + CLOSE_BLOCKS) if before > done else NONE

    def block_in_ramp(self, blocks: int = RAMP_BLOCKS) -> int | None:
        """A block some way ahead, for what is said in real time while the tempo moves; else None.

        How long a beat lasts depends on when it begins then, so that is settled before.
        """
        if self.is_score or not self.real_transport.is_ramping(self.frame):
            return None
        return max(self.done_blocks + blocks, self._last_due)

    def is_near(self, block: int) -> bool:
        """Whether a block may be over before what is to happen there is published."""
        return self.done_blocks + NEAR_BLOCKS > block

    def step_outside(self, parts: tuple[Said, ...], stamp: int | None = None) -> None:
        """Let time be real for commands that come in between those of a score.

        Args:
            parts: the commands.
            stamp: the block that they are said ahead of, None for now.
        """
        self.at_once = self.runs_score
        self.is_gesture = all(isinstance(part.statement, GESTURES) for part in parts)
        self.stamp = stamp

    def step_back(self) -> None:
        """Let time be as it is for everybody."""
        self.at_once = self.is_gesture = False
        self.stamp = None

    def published(self, due: int, *, is_rewired: bool) -> None:
        """Remember what later lines come after."""
        self._last_due = max(self._last_due, due)
        if is_rewired:
            self._last_plan_due = max(self._last_plan_due, due)

    # ---- musical time

    @property
    def transport(self) -> Transport:
        """The transport as of `frame`; after what is published ahead, as that leaves it."""
        return self.foreseen if self.is_score else self.real_transport

    @property
    def real_transport(self) -> Transport:
        """The transport of a line from outside, whatever line has its turn."""
        return self.foreseen if self._last_due > self.done_blocks else self.engine_transport()

    def engine_transport(self) -> Transport:
        """The transport after the last finished block."""
        beats = self._writer.arena.beats[0, self._writer.bank]
        is_playing = bool(self._writer.clock(Clock.PLAYING))
        # Asked for several times a line, and seldom another one.
        said = (beats.tobytes(), is_playing)
        before, transport = self._engine_said
        if before != said:
            transport = Transport.of_engine(self._writer.rate_hz, beats, is_playing=is_playing)
            self._engine_said = (said, transport)
        return transport
