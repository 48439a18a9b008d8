"""The prompt: a line typed, done, answered; news above the line that is being typed."""

from __future__ import annotations

import math
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from chronus.commands.registry import handlers
from chronus.doors import replies
from chronus.doors.calls import DONE, Terminated, live, write_out
from chronus.doors.resume import resume
from chronus.doors.score import Manner, answer, run_score
from chronus.doors.toolbar import Toolbar
from chronus.language.blocks import Gathering
from chronus.modules.catalog import kinds
from chronus.patch.model import empty_patch
from chronus.session.reply import Reply, state_error
from chronus.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from chronus.doors.editor import Editor
    from chronus.doors.options import Options
    from chronus.doors.resume import Past
    from chronus.patch.model import Patch

TEXT: Final = "chronus> "
MORE: Final = "... "
"""Where a block goes on."""
PROMPT: Final = "prompt"
WAITS: Final = re.compile(r"\bwait\b", re.IGNORECASE)
TWICE_S: Final = 2.0
"""So soon after the first one another Ctrl-C ends the session."""


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
    def patch(self) -> Patch:
        """What is patched, for completion."""
        return empty_patch() if self.started is None else self.started.patch

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Names of the patches that are kept."""
        return () if self.started is None else tuple(self.started.snapshots)

    def session(self) -> Session:
        """The session, once its engine has started.

        Raises:
            UserError: E_DEVICE or E_FILE, it could not be started.
        """
        self._session = self._started.result()
        return self._session

    def converse(self, read: Callable[[str], str]) -> None:
        """Read, do, answer, until it is over. Ctrl-C clears the line; twice, soon, it ends.

        Args:
            read: shows a prompt, and gives what is typed; what is pasted may be several lines.
        """
        interrupted_s = -math.inf
        gathering = Gathering()
        while self._session is None or not self._session.is_over:
            try:
                typed = read(MORE if gathering.is_open else TEXT)
            except EOFError:
                if gathering.is_open:
                    self._answer(gathering.take())
                return
            except KeyboardInterrupt as stopped:
                now = time.monotonic()
                is_second = now - interrupted_s < TWICE_S
                if is_second or (self._session is not None and self._session.is_over):
                    return
                if isinstance(stopped, Terminated):
                    raise
                interrupted_s = now
                gathering.take()
                hint = replies.news("Ctrl-C again ends, or quit", as_object=self._manner.json)
                self._manner.write(hint)
                continue
            for line in typed.split("\n"):
                text = gathering.add(line)
                if text is not None and not self._answer(text):
                    return

    def _answer(self, text: str) -> bool:
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
    speaker = _Speaker()
    manner = Manner(speaker.say, json=options.json)
    with live(options, list(kinds()), manner) as machine:

        def make() -> Session:
            if past is not None:
                return resume(machine, past)
            session = Session(machine.start(), handlers(), is_score=False)
            machine.journals.follow(session)
            session.pending.on_news(machine.news.say)
            return session

        conversation = _Conversation(make, manner)
        toolbar = Toolbar(machine.machine, is_shown=options.toolbar)
        try:
            with machine.door(PROMPT, conversation.session):
                if lines:
                    session = conversation.session()
                    with session.as_score():
                        run_score(session, lines, manner, PROMPT, machine.news.tell)
                editor = _editor(options, toolbar, conversation)
                if editor is None:
                    conversation.converse(input)
                else:
                    speaker.write = editor.write
                    with editor.surroundings():
                        conversation.converse(editor.read)
                    speaker.write = write_out
        finally:
            conversation.close()
    return DONE


class _Speaker:
    """Where replies and news go: to stdout, or past the line that is being typed."""

    def __init__(self) -> None:
        self.write = write_out

    def say(self, text: str) -> None:
        self.write(text)


def _editor(options: Options, toolbar: Toolbar, conversation: _Conversation) -> Editor | None:
    """What reads lines from a terminal that can do more than write; None elsewhere."""
    if options.plain or os.environ.get("TERM", "dumb") in {"", "dumb"} or not sys.stdout.isatty():
        return None
    from chronus.doors.editor import Editor  # noqa: PLC0415 - not needed by any other door

    return Editor(
        toolbar,
        lambda: conversation.started,
        lambda: conversation.patch,
        lambda: conversation.snapshots,
    )
