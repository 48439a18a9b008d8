"""Several people at once: who keeps whose hands off which nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.errors import Code, UserError, nearest
from chronus.language.views import Lock, Unlock
from chronus.session.draft import Result
from chronus.session.locks import PASSING, held, locked, nodes_named
from chronus.session.reply import state_error

if TYPE_CHECKING:
    from chronus.language.statements import Name
    from chronus.session.draft import Draft
    from chronus.session.session import Session


def _numbers(draft: Draft, names: tuple[Name, ...]) -> list[int]:
    """The numbers of nodes, of which no other holds one.

    Raises:
        UserError: E_NAME or E_LOCKED.
    """
    found: list[int] = []
    for name in names:
        numbers = nodes_named(draft.patch, name.text)
        if not numbers:
            there = [*draft.patch.nodes, *draft.patch.instruments]
            message = f"there is no node '{name.text}'"
            raise UserError(Code.NAME, message, name.span, nearest(name.text, there))
        for number in numbers:
            holder = draft.session.locks.get(number, draft.who)
            if holder != draft.who:
                raise locked(name.text, holder, name.span)
        found += numbers
    return found


def _lock(draft: Draft, statement: Lock) -> None:
    if draft.who.startswith(PASSING):
        raise state_error("a lock ends when who holds it goes, and OSC does not say who has gone")
    numbers, who = _numbers(draft, statement.names), draft.who
    already = all(number in draft.session.locks for number in numbers)

    def take(session: Session) -> None:
        session.locks = {**session.locks, **dict.fromkeys(numbers, who)}

    if not already:
        draft.do(take, is_told=False)
    _say(draft, "locked", statement.names, already=already)


def _unlock(draft: Draft, statement: Unlock) -> None:
    numbers = set(_numbers(draft, statement.names))
    already = not numbers & draft.session.locks.keys()

    def give(session: Session) -> None:
        session.locks = {n: who for n, who in session.locks.items() if n not in numbers}

    if not already:
        draft.do(give, is_told=False)
    _say(draft, "unlocked", statement.names, already=already)


def _say(draft: Draft, word: str, names: tuple[Name, ...], *, already: bool) -> None:
    found = [name.text for name in names]
    draft.say(Result(f"{word} {', '.join(found)}", data={word: found}, already=already))


def lock_rows(draft: Draft) -> list[tuple[str, ...]]:
    """Each locked node or instrument, and who holds it."""
    return list(dict.fromkeys(held(draft.patch, draft.session.locks).values()))


COMMANDS = (
    Command(
        verb="lock",
        form="lock NODE ...",
        doc="Keep others' hands off nodes, for as long as you are there; `list locks` shows whose",
        examples=("load kick; load hat", "lock kick hat", "list locks"),
        handles={Lock: _lock},
        more=(
            "Nobody else may then set, play, patch, sequence, mute, rename or unload them, nor",
            "undo what would change them: it is an error, E_LOCKED, that names who holds them.",
            "`panic` and `stop` work for all. A lock ends by `unlock`, or when its client goes.",
        ),
    ),
    Command(
        verb="unlock",
        form="unlock NODE ...",
        doc="Let others change nodes again that you have locked",
        examples=("load kick", "lock kick", "unlock kick"),
        handles={Unlock: _unlock},
    ),
)
