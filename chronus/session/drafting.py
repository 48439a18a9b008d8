"""The commands of a line become a draft: all of them are right, or nothing has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.errors import UserError
from chronus.language.parser import read
from chronus.language.statements import Note
from chronus.session.draft import Draft
from chronus.session.locks import check
from chronus.session.timing import MOST_RAMP_BLOCKS, RAMP_BLOCKS
from chronus.settings import BLOCK

if TYPE_CHECKING:
    from chronus.language.statements import Said
    from chronus.session.session import Session


def begun_draft(session: Session, frame: float | None = None) -> Draft:
    """A draft that starts from what is so now, for now or for a frame."""
    if frame is None:
        frame = session.timing.virtual if session.is_score else float(session.frame)
    recording = None if session.recording is None else str(session.recording.path)
    return Draft(
        session,
        session.patch,
        session.transport,
        frame,
        recording=recording,
        agenda=session.agenda,
        who=session.speaker,
        history=session.history,
        snapshots=session.snapshots,
        definitions=session.definitions,
    )


def draft_of(session: Session, said: tuple[Said, ...]) -> Draft:
    """A draft of some commands.

    Raises:
        UserError: one of them cannot be done, or what follows a wait is too much for the engine
            whatever is taken away before.
    """
    ahead, stamp = RAMP_BLOCKS, None
    if session.is_released:
        stamp = session.timing.block_in_ramp()
    draft = _draft_at(session, said, stamp)
    while stamp is not None and session.timing.is_near(stamp) and ahead < MOST_RAMP_BLOCKS:
        ahead *= 2  # on a machine that is busy it took that long to be understood
        stamp = session.timing.block_in_ramp(ahead)
        draft = _draft_at(session, said, stamp)
    return draft


def _draft_at(session: Session, said: tuple[Said, ...], stamp: int | None) -> Draft:
    """A draft of some commands that are to happen at a block, None for at once."""
    draft = begun_draft(session, None if stamp is None else float(stamp * BLOCK))
    draft.instants[0].stamp = stamp
    draft.whole = "; ".join(part.text for part in said)
    for part in said:
        prepare(draft, part)
    draft.close()
    for instant in draft.instants[1:]:
        if instant.is_rewired:
            assert instant.patch is not None
            session.console.check_size(instant.patch)
    return draft


def prepare(draft: Draft, part: Said) -> None:
    """Let the handler of a command add to a draft, behind what comes due until then.

    Raises:
        UserError: it cannot be done, with its place.
    """
    session = draft.session
    session.pending.catch_up(draft)
    draft.begin(part.text)
    before, count = draft.patch, len(draft.changed)
    session.handlers[type(part.statement)](draft, part.statement)
    if session.locks:
        check(session.locks, draft.who, (before, draft.patch), part)
    # A note sets ports, but is nothing that is undone; the commands of a block were noted.
    if not isinstance(part.statement, Note) and len(draft.changed) == count:
        draft.note_change(before)


def would_work(session: Session, text: str) -> bool:
    """Whether a command would be carried out now."""
    try:
        draft = begun_draft(session)
        for part in read(text):
            prepare(draft, part)
    except UserError:
        return False
    return bool(draft.results)
