"""Patches are kept by name, compared, and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.undoing import restore
from chronus.commands.values import glide_frames
from chronus.errors import Code, UserError, nearest
from chronus.language.keeping import Diff, Forget, Recall, Snapshot
from chronus.language.quantities import duration
from chronus.patch.model import is_same
from chronus.session.differing import diff_lines
from chronus.session.draft import Result
from chronus.session.instrument_files import made_here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chronus.language.statements import Name
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.session import Session

MOST = 1000


def _keep(draft: Draft, snapshots: Mapping[str, Patch]) -> None:
    draft.snapshots = snapshots

    def act(session: Session) -> None:
        session.snapshots = snapshots

    draft.do(act)


def _found(draft: Draft, name: Name) -> Patch:
    """The patch of a snapshot.

    Raises:
        UserError: E_NAME, there is none of that name.
    """
    if name.text not in draft.snapshots:
        message = f"there is no snapshot '{name.text}'; "
        message += "`list snapshots` shows all" if draft.snapshots else "`snapshot NAME` makes one"
        raise UserError(Code.NAME, message, name.span, nearest(name.text, draft.snapshots))
    return draft.snapshots[name.text]


def _snapshot(draft: Draft, statement: Snapshot) -> None:
    name = statement.name.text
    there = draft.snapshots.get(name)
    already = there is not None and is_same(there, draft.patch)
    if there is None and len(draft.snapshots) >= MOST:
        message = f"{MOST} snapshots are the limit; `forget NAME` makes room"
        raise UserError(Code.LIMIT, message, statement.name.span)
    if not already:
        _keep(draft, {**draft.snapshots, name: draft.patch})
    text = f"snapshot {name}"
    if there is not None and not already:
        text += ", in place of the one before"
    draft.say(Result(text, data={"snapshot": name}, already=already))


def _recall(draft: Draft, statement: Recall) -> None:
    patch = _found(draft, statement.name)
    frames = 0 if statement.over is None else glide_frames(draft, statement.over)
    already = is_same(patch, draft.patch)
    if not already:
        restore(draft, patch, None if statement.over is None else duration(statement.over))
    text = f"recalled {statement.name.text}"
    if statement.over is not None:
        text += f" over {statement.over.text}"
    draft.say(
        Result(text, data={"snapshot": statement.name.text, "frames": frames}, already=already)
    )


def _diff(draft: Draft, statement: Diff) -> None:
    there = _found(draft, statement.name)
    lines = diff_lines(draft.patch, there, made_here(there))
    count = "1 line leads" if len(lines) == 1 else f"{len(lines) or 'no'} lines lead"
    text = f"{count} to {statement.name.text}"
    draft.say(Result(text, tuple(lines), {"snapshot": statement.name.text, "lines": lines}))


def _forget(draft: Draft, statement: Forget) -> None:
    _found(draft, statement.name)
    name = statement.name.text
    _keep(draft, {key: patch for key, patch in draft.snapshots.items() if key != name})
    draft.say(Result(f"forgot {name}", data={"snapshot": name}))


COMMANDS = (
    Command(
        verb="snapshot",
        form="snapshot NAME",
        doc="Keep the patch as it is under a name, for as long as the session lasts",
        examples=("load saw; load filter; patch saw > filter", "snapshot dull"),
        handles={Snapshot: _snapshot},
    ),
    Command(
        verb="recall",
        form="recall NAME [over DURATION]",
        doc="Make a snapshot the patch; `over` lets every number glide there, that long",
        examples=(
            "load saw; load filter; patch saw > filter; snapshot dull",
            "set filter.cutoff 8khz",
            "recall dull over 1/4",
        ),
        handles={Recall: _recall},
        more=(
            "Nodes that are in both play on. What comes or goes fades within 5 ms, patterns follow",
            "at the next bar line, words change at once. `undo` takes all of it back.",
        ),
    ),
    Command(
        verb="diff",
        form="diff NAME",
        doc="Show the command lines that lead from the patch of now to a snapshot",
        examples=("load saw; snapshot before", "set saw.freq 220hz", "diff before"),
        handles={Diff: _diff},
    ),
    Command(
        verb="forget",
        form="forget NAME",
        doc="Throw a snapshot away",
        examples=("snapshot before", "forget before"),
        handles={Forget: _forget},
    ),
)
