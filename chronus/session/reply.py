"""What a session is asked and answers: the length of a score, a recording, the reply to a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chronus.errors import Code, UserError
from chronus.session.backend import FrameSink

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chronus.session.draft import Result
    from chronus.session.tempo import Transport


@dataclass(frozen=True, slots=True)
class Length:
    """How long a score is played: seconds, bars, or until it has ended where both are None."""

    seconds: float | None = None
    bars: float | None = None

    def end_frame(self, transport: Transport) -> int | None:
        """The frame at which it ends, as the transport is now; None where it has no end."""
        if self.seconds is not None:
            return round(self.seconds * transport.rate_hz)
        if self.bars is not None:
            return round(transport.frame_at(transport.beat_of_bar(self.bars + 1.0)))
        return None


class Recording(FrameSink, Protocol):
    """A sink that is a file."""

    @property
    def path(self) -> Path:
        """The file."""


class Screen(Protocol):
    """A terminal on which something can be shown again and again."""

    @property
    def who(self) -> str:
        """Whose it is."""

    def watch(self, lines: Callable[[], tuple[str, ...]]) -> None:
        """Show lines, asked for each time, until a key is pressed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a line: output lines, and one closing line's worth of facts."""

    number: int
    line: str
    results: tuple[Result, ...]
    error: UserError | None
    frame: int
    bar: str

    @property
    def ok(self) -> bool:
        """Whether the line does what it says."""
        return self.error is None


def state_error(message: str, *suggestions: str) -> UserError:
    """A command that makes no sense as things stand."""
    return UserError(Code.STATE, message, None, suggestions)
