"""A score: lines of files or of a pipe, carried out in virtual time, each with its reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.doors import replies
from chronus.language.blocks import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chronus.session.session import Reply, Session


@dataclass(frozen=True, slots=True)
class Manner:
    """How replies are given.

    Attributes:
        write: takes a text without its last line break.
        json: one object a reply.
        strict: the first error ends the score.
        quiet: only errors are written.
        answers_blank: a blank line or a comment gets its `ok`, too: who writes a pipe counts.
    """

    write: Callable[[str], None]
    json: bool = False
    strict: bool = False
    quiet: bool = False
    answers_blank: bool = False


def answer(reply: Reply, manner: Manner) -> None:
    """Write a reply."""
    if manner.json:
        manner.write(replies.as_json(reply))
    elif not (manner.quiet and reply.ok and not any(r.lines for r in reply.results)):
        manner.write(replies.as_text(reply))


def run_score(
    session: Session,
    lines: Iterable[str],
    manner: Manner,
    who: str,
    tell_news: Callable[[], None] = lambda: None,
) -> int:
    """Carry out lines one after the other; the number of those that failed.

    A blank line or a comment of a file gets no reply; every other line gets one, and so do all
    lines of a pipe; those of a block get one together. Where a line from outside ends the session,
    Ctrl-C's exception is how a wait for time or lines is left.
    """
    failed = 0
    try:
        for text, number in gathered(lines):
            reply = session.run_line(text, number, who=who)
            tell_news()
            if reply.ok and not reply.results and not manner.answers_blank:
                continue
            answer(reply, manner)
            if not reply.ok:
                failed += 1
                if manner.strict:
                    break
            if session.is_over:
                break
    except KeyboardInterrupt:
        if not session.ends_now:
            raise
    return failed
