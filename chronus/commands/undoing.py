"""Changes of the patch are undone and redone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.sequences import play
from chronus.commands.time import set_meter, set_tempo
from chronus.errors import Code, UserError
from chronus.language.keeping import History, Redo, Undo
from chronus.language.views import UndoMine, UndoOnly
from chronus.modules.catalog import catalog
from chronus.patch.model import Node
from chronus.session.changes import changes
from chronus.session.console import Console
from chronus.session.draft import Result
from chronus.session.history import DEPTH, Entry
from chronus.session.parts import changed, name_of, parts_of, with_parts
from chronus.session.reloading import check_uses
from chronus.session.reply import state_error
from chronus.session.scenes import leave

if TYPE_CHECKING:
    from chronus.language.quantities import Duration
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.parts import Part

SHOWN = 60
"""Longer lines are cut where several stand in one reply."""


def restore(draft: Draft, patch: Patch, over: Duration | None = None) -> None:
    """Make another patch of this session the one that plays, by what differs.

    Nodes that are there in both play on untouched, ports and cables go within their ramps, and
    patterns follow at the next bar line.

    Args:
        draft: where.
        patch: of this session.
        over: how long numeric ports, amounts of cables, and the tempo take to what they are there.

    Raises:
        UserError: E_LIMIT, there is no room for it; E_STATE or E_PORT, a kind or a port of it has
            gone with a `reload`.
    """
    check_uses(patch, catalog(), catalog())
    what = changes(draft.patch, patch)
    if (patch.scenes, patch.song) != (draft.patch.scenes, draft.patch.song):
        draft.do(lambda _: None)  # nothing sounds by it, and yet something has been done
    if patch.song != draft.patch.song:
        leave(draft)
    frames = 0
    if over is not None:
        frames = max(round(draft.transport.frames_of(over, draft.block_frame)), 1)
    for player, is_gone in what.ended:
        draft.touch(partial(Console.stop_playing, player=player, now=is_gone))
    draft.patch = replace(patch, count=max(patch.count, draft.patch.count))
    if what.is_rewired:
        draft.rewire(draft.patch)
    if what.inputs:
        draft.touch(partial(Console.set_inputs, inputs=what.inputs, frames=frames))
    if what.amounts and frames:
        draft.touch(partial(Console.glide_cables, keys=what.amounts, frames=frames))
    if what.bpm is not None:
        ramp = None if over is None else draft.transport.ramp_of(over, draft.block_frame)
        set_tempo(draft, what.bpm, ramp)
    if what.meter is not None:
        set_meter(draft, what.meter)
    for target in what.begun:
        play(draft, target, now=False)


def _undo(draft: Draft, statement: Undo) -> None:
    draft.remember()
    entries = _last_of(draft.history.done, statement, "undo", "undone")
    restore(draft, entries[-1].before)
    draft.set_history(draft.history.back(statement.count))
    _say(draft, "undone", entries)


def _redo(draft: Draft, statement: Redo) -> None:
    draft.remember()
    entries = _last_of(draft.history.undone, statement, "redo", "redone")
    restore(draft, entries[-1].after)
    draft.set_history(draft.history.forth(statement.count))
    _say(draft, "redone", entries)


def _last_of(
    entries: tuple[Entry, ...], statement: Undo | Redo, verb: str, word: str
) -> tuple[Entry, ...]:
    """As many entries of the history as a statement names, the last one first.

    Raises:
        UserError: E_STATE, there are none; E_RANGE, there are not as many.
    """
    if not entries:
        raise state_error(f"there is nothing to {verb}")
    if statement.count > len(entries):
        raise _too_many(statement, len(entries), word)
    return entries[: -statement.count - 1 : -1]


def _undo_only(draft: Draft, statement: UndoOnly) -> None:
    draft.remember()
    done = draft.history.done
    if statement.count > len(done):
        raise _too_many(statement, len(done), "undone")
    _take_back(draft, statement.count)


def _undo_mine(draft: Draft, _statement: UndoMine) -> None:
    draft.remember()
    reverted = {entry.reverts for entry in draft.history.done}
    for count, entry in enumerate(reversed(draft.history.done), 1):
        if entry.who == draft.who and not entry.reverts and entry.line not in reverted:
            # Who replays what was said is somebody else.
            draft.in_full = f"undo only {count}"
            _take_back(draft, count)
            return
    raise state_error("there is nothing of yours to undo", "history")


def _take_back(draft: Draft, count: int) -> None:
    """Take one change back, and leave what was changed since as it is.

    Raises:
        UserError: E_STATE, something of it has been changed since, or depends on it.
    """
    entry = draft.history.done[-count]
    if count == 1:
        restore(draft, entry.before)
        draft.set_history(draft.history.back(1))
    else:
        patch = _without(draft, entry, draft.history.done[len(draft.history.done) - count + 1 :])
        before = draft.patch
        restore(draft, patch)
        bar = draft.transport.position(draft.frame)
        text = f"undo only {count}"
        fresh = Entry(
            before, draft.patch, text, draft.who, int(draft.frame), bar, draft.line, entry.line
        )
        draft.set_history(draft.history.changed(fresh))
        draft.instants[-1].line = draft.line
    _say(draft, "undone", (entry,))


def _without(draft: Draft, entry: Entry, later: tuple[Entry, ...]) -> Patch:
    """The patch of now without what one change has done to it."""
    before, after, now = parts_of(entry.before), parts_of(entry.after), parts_of(draft.patch)
    mine = changed(before, after)
    gone = {part.node for part in mine if part.kind == "node" and part not in before}
    lost = {part.node for part in mine if part.kind == "node" and part not in after}
    there = {part.node for part in now if part.kind == "node"} | lost
    for part in sorted(mine):
        if now.get(part) != after.get(part) or not part.nodes <= there:
            raise _changed_since(part, draft.patch, later)
    for part in sorted(now.keys() - mine):
        if part.nodes & gone:
            raise _changed_since(part, draft.patch, later)
    taken = {node.name for node in draft.patch.nodes.values()}
    for part in sorted(mine):
        node = before.get(part)
        if part.node in lost and isinstance(node, Node) and node.name in taken:
            raise state_error(f"there is another {node.name} now", f"rename {node.name} NAME")
    return with_parts(draft.patch, before, mine)


def _changed_since(part: Part, now: Patch, later: tuple[Entry, ...]) -> UserError:
    for entry in reversed(later):
        if part in changed(parts_of(entry.before), parts_of(entry.after)):
            name = name_of(part, now, entry.before, entry.after)
            who = entry.who or "somebody"
            message = f"{name} has been changed since, by {who}: {_short(entry.text)}"
            return state_error(message, f"undo {len(later) + 1}")
    return state_error(f"{name_of(part, now)} has been changed since", "history")


def _too_many(statement: Undo | Redo | UndoOnly, count: int, word: str) -> UserError:
    there = "1 change" if count == 1 else f"{count} changes"
    message = f"{there} can be {word}, not {statement.count}"
    return UserError(Code.RANGE, message, statement.span, (str(count),))


def _say(draft: Draft, word: str, entries: tuple[Entry, ...]) -> None:
    texts = [entry.text for entry in entries]
    shown = texts if len(texts) == 1 else [_short(text) for text in texts]
    lines = () if len(texts) == 1 else tuple(shown)
    text = f"{word}: {shown[0]}" if len(texts) == 1 else f"{word}: {len(texts)} changes"
    draft.say(Result(text, lines, {word: texts}))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _history(draft: Draft, _statement: History) -> None:
    draft.remember()
    done, undone = draft.history.done, draft.history.undone
    lines = [
        _row(str(-back), entry) for back, entry in zip(range(len(done), 0, -1), done, strict=True)
    ]
    lines += [_row(f"+{forth}", entry) for forth, entry in enumerate(reversed(undone), 1)]
    data = {
        "undo": [_as_data(entry) for entry in reversed(done)],
        "redo": [_as_data(entry) for entry in reversed(undone)],
    }
    draft.say(Result(f"{len(done)} to undo, {len(undone)} to redo", tuple(lines), data))


def _row(steps: str, entry: Entry) -> str:
    """How many steps away it is, where it was done, who did it, and what was said."""
    who = f" {entry.who}:" if entry.who else ""
    return f"{steps:>5}  {entry.bar:>9} {who} {_short(entry.text)}"


def _as_data(entry: Entry) -> dict[str, object]:
    return {"line": entry.text, "who": entry.who, "frame": entry.frame, "bar": entry.bar}


COMMANDS = (
    Command(
        verb="undo",
        form="undo [N], or undo --mine, or undo only N",
        doc="Take the last change of the patch back, or the last N, or one alone, while it plays",
        examples=(
            "load saw; load filter; patch saw > filter",
            "set filter.cutoff 800hz",
            "undo",
            "set saw.freq 220hz",
            "set filter.cutoff 300hz",
            "undo only 2",
            "undo --mine",
        ),
        handles={Undo: _undo, UndoMine: _undo_mine, UndoOnly: _undo_only},
        more=(
            f"A line is one change, and so is `open`. The last {DEPTH} can be undone. The patch is",
            "what it was before: nodes that were unloaded come back afresh, and another pattern at",
            "the next bar line. Notes, gates, `start` and `stop` are no changes of the patch.",
            "`undo --mine` takes back the last change of who says it, `undo only 3` the third",
            "last. What has been changed since stays; where that is the same, it is an error.",
        ),
    ),
    Command(
        verb="redo",
        form="redo [N]",
        doc="Do again what was undone, as long as nothing else has been changed since",
        examples=("load saw", "undo", "redo"),
        handles={Redo: _redo},
    ),
    Command(
        verb="history",
        form="history",
        doc="List what can be undone (-1 is the last) and redone, with who said it, and when",
        examples=("load saw", "set saw.freq 220hz", "history"),
        handles={History: _history},
    ),
)
