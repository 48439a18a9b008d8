"""The prompt: a line typed, done, answered; news above the line that is being typed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from chronus.commands.registry import handlers
from chronus.doors.calls import live
from chronus.doors.completion import completions
from chronus.doors.own_modules import kinds_to_begin_with
from chronus.doors.resume import resume
from chronus.doors.score import Manner, Score, answer
from chronus.doors.screen import TerminalScreen, is_terminal, unechoed
from chronus.doors.statuses import DONE
from chronus.doors.talking import Speaker, talk
from chronus.doors.toolbar import Toolbar
from chronus.doors.waking import Terminated
from chronus.patch.model import empty_patch
from chronus.session.passing import as_score
from chronus.session.reply import Reply, state_error
from chronus.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.doors.options import Options
    from chronus.doors.resume import Past

PROMPT: Final = "prompt"
WAITS: Final = re.compile(r"\bwait\b", re.IGNORECASE)


class _Conversation:
    """A session whose engine starts behind the first prompt.

    Args:
        make: starts the engine, and makes the session.
        manner: how replies are given.
    """

    def __init__(self, make: Callable[[], Session], manner: Manner) -> None:
        self._manner = manner
        self._session: Session | None = None
        self._starting = ThreadPoolExecutor(1, "start")
        self._started = self._starting.submit(make)

    @property
    def started(self) -> Session | None:
        """The session, None while it is being started."""
        if self._session is None and self._started.done() and not self._started.exception():
            self._session = self._started.result()
        return self._session

    @property
    def is_over(self) -> bool:
        """Whether no more lines are carried out."""
        return self._session is not None and self._session.is_over

    def complete(self, text: str) -> list[tuple[str, str]]:
        """Words that may stand at the end of a line, and a few words on each."""
        session = self.started
        if session is None:
            return completions(text, empty_patch())
        return completions(text, session.patch, tuple(session.snapshots))

    def session(self) -> Session:
        """The session, once its engine has started.

        Raises:
            UserError: E_DEVICE or E_FILE, it could not be started.
        """
        self._session = self._started.result()
        return self._session

    def answer(self, text: str) -> bool:
        """Carry out a line or block, and say what came of it; whether the session goes on."""
        session = self.session()
        try:
            reply = session.run_line(text, who=PROMPT)
        except KeyboardInterrupt as stopped:
            if session.is_over:
                return False  # a line from outside has ended the session while this one waited
            if isinstance(stopped, Terminated) or not WAITS.search(text):
                raise
            error = state_error("the wait was ended by Ctrl-C; what follows it was not done")
            reply = Reply(session.lines, text, (), error, *session.position)
        if not reply.ok or reply.results:
            answer(reply, self._manner)
        return not session.is_over

    def close(self) -> None:
        """End what is pending, and finish what is being recorded."""
        self._starting.shutdown()
        if self._session is not None:
            self._session.close()


def prompt(options: Options, lines: list[str], past: Past | None = None) -> int:
    """Play what is typed until `quit` or the end of input.

    Args:
        options: of the call.
        lines: a score that is played first.
        past: a session that is to go on; None begins a new one.
    """
    speaker = Speaker()
    manner = Manner(speaker.say, json=options.json)
    # What is typed beside the bar of a first start stands at the prompt, once that is there.
    shows_typed = nullcontext if options.plain or not is_terminal() else unechoed
    with live(options, kinds_to_begin_with(), manner, around=shows_typed) as machine:

        def make() -> Session:
            if past is not None:
                return resume(machine, past)
            session = Session(machine.start(), handlers(), is_score=False)
            machine.attend(session)
            return session

        def begin() -> Session:
            session = make()
            if is_terminal() and not options.plain:
                session.screen = TerminalScreen(PROMPT)
            return session

        conversation = _Conversation(begin, manner)
        toolbar = Toolbar(machine.machine, lambda: conversation.started, is_shown=options.toolbar)
        try:
            with machine.door(PROMPT, conversation.session):
                if lines:
                    session = conversation.session()
                    with as_score(session):
                        Score(session, manner, PROMPT, machine.news.tell).run(lines)
                talk(conversation, manner, speaker, plain=options.plain, toolbar=toolbar)
        except KeyboardInterrupt:
            if not conversation.is_over:
                raise
        finally:
            conversation.close()
    return DONE
