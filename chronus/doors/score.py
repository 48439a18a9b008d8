"""A score: lines of files or of a pipe, carried out in virtual time, each with its reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronus.doors import replies
from chronus.doors.statuses import DONE, SOME_FAILED
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


@dataclass(slots=True)
class Score:
    """Lines that are carried out one after the other.

    Attributes:
        session: where.
        manner: how replies are given.
        who: says the lines.
        tell_news: called behind each line.
        failed: how many lines failed so far, when they were said.
    """

    session: Session
    manner: Manner
    who: str
    tell_news: Callable[[], None] = lambda: None
    failed: int = 0

    def run(self, lines: Iterable[str]) -> None:
        """Carry out lines, until they or the session end.

        A blank line or a comment of a file gets no reply; every other line gets one, and so do all
        lines of a pipe; those of a block get one together.

        Raises:
            KeyboardInterrupt: Ctrl-C; and where a line from outside ends the session, since a wait
                for time or lines is left so.
        """
        for text, number in gathered(lines):
            reply = self.session.run_line(text, number, who=self.who)
            self.tell_news()
            if reply.ok and not reply.results and not self.manner.answers_blank:
                continue
            answer(reply, self.manner)
            if not reply.ok:
                self.failed += 1
                if self.manner.strict:
                    break
            if self.session.is_over:
                break

    @property
    def status(self) -> int:
        """The exit status: whether a line failed, when it was said or when its time came."""
        return SOME_FAILED if self.failed + self.session.pending.failures else DONE
