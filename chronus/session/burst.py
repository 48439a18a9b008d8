"""Many lines at once: they are carried out in order, and wait for the engine together.

The engine says what has become of a line with the next block that it computes, some milliseconds
later. Who sends a thousand lines a second (a fader, a sequencer of its own) does not wait so long
for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from chronus.errors import UserError
from chronus.language.parser import read
from chronus.session.carrying import do, has_taken
from chronus.session.drafting import draft_of
from chronus.session.timing import GESTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chronus.language.statements import Said
    from chronus.session.draft import Draft
    from chronus.session.reply import Reply
    from chronus.session.session import Session

MOST: Final = 64
"""So many lines at most have a turn together: others come in between."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is to be carried out.

    Attributes:
        text: the line, or the lines of a block.
        number: of the first, in what its sender says.
    """

    text: str
    number: int


def run_burst(
    session: Session, lines: Sequence[Line], *, at_once: bool = False, who: str = ""
) -> Iterator[list[Reply]]:
    """Carry out lines one after the other, as `Session.run_line` does each.

    Lines next to each other that only touch ports have one turn, and wait for the engine together.

    Args:
        session: whose lines they are.
        lines: at most `MOST`.
        at_once: whether they come from outside.
        who: says them.

    Yields:
        The replies, in the order of the lines, as they come; none behind a line that ends the
        session.
    """
    had_quit = session.has_quit
    for are_gestures, group in groupby(map(_read, lines), _is_gesture):
        if are_gestures and session.waits_for_engine(at_once=at_once):
            yield _run_together(session, group, who)
            continue
        for line, _ in group:
            yield [session.run_line(line.text, line.number, at_once=at_once, who=who)]
            if session.has_quit and not had_quit:
                return


def _read(line: Line) -> tuple[Line, tuple[Said, ...] | UserError]:
    try:
        return line, read(line.text, line.number)
    except UserError as error:
        return line, error


def _is_gesture(line_read: tuple[Line, tuple[Said, ...] | UserError]) -> bool:
    said = line_read[1]
    # What cannot be read changes nothing; its error is said in its turn.
    return isinstance(said, UserError) or all(isinstance(part.statement, GESTURES) for part in said)


def _run_together(
    session: Session, lines: Iterable[tuple[Line, tuple[Said, ...] | UserError]], who: str
) -> list[Reply]:
    with session.turns.turn():
        begun = [(line, *_begin(session, line, said, who)) for line, said in lines]
        with session.turns.apart():
            frames = [
                None if mark is None else session.backend.settle(mark) for _, _, mark in begun
            ]
        replies = [
            _end(session, line, draft, frame)
            for (line, draft, _), frame in zip(begun, frames, strict=True)
        ]
        session.tell()
    return replies


def _begin(
    session: Session, line: Line, said: tuple[Said, ...] | UserError, who: str
) -> tuple[Draft | UserError, int | None]:
    """Publish what a line does; its draft or what is wrong with it, and what can be settled on."""
    session.lines += line.text.count("\n") + 1
    if isinstance(said, UserError):
        return said, None
    session.effect_frame, session.speaker = None, who
    try:
        if session.timing.runs_score:
            session.publish()  # what the score has said before comes before it
            session.timing.step_outside(said)
        draft = draft_of(session, said)
        return draft, do(session, draft.instants[0], is_last=True, settles=False)
    except UserError as error:
        return error, None
    finally:
        session.timing.step_back()


def _end(session: Session, line: Line, begun: Draft | UserError, frame: int | None) -> Reply:
    """The reply to such a line.

    Args:
        session: whose line it is.
        line: the line.
        begun: its draft, or what was wrong with it.
        frame: at which it has taken effect; None where it did nothing.
    """
    session.effect_frame = frame
    session.timing.step_outside(())
    try:
        if isinstance(begun, UserError):
            return session.reply(line.number, line.text, (), begun)
        if frame is not None:
            has_taken(session, begun.instants[0], frame)
        session.telling.tell_line(begun, begun.instants)
        results = tuple(result(session) for result in begun.results)
        return session.reply(line.number, line.text, results, None)
    finally:
        session.timing.step_back()
