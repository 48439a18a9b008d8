"""The prompt: a line typed, done, answered; news above the line that is being typed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Protocol

from chronus.commands.registry import handlers
from chronus.doors import replies
from chronus.doors.calls import DONE, live, write_out
from chronus.doors.completion import WORD, completions
from chronus.doors.resume import resume
from chronus.doors.score import Manner, answer, run_score
from chronus.doors.screen import TerminalScreen, is_terminal
from chronus.language.blocks import Gathering
from chronus.modules.catalog import kinds
from chronus.patch.model import empty_patch
from chronus.session.session import Session
from chronus.settings import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from prompt_toolkit.completion import CompleteEvent, Completion
    from prompt_toolkit.document import Document

    from chronus.doors.options import Options
    from chronus.doors.resume import Past

TEXT: Final = "chronus> "
MORE: Final = "... "
"""Where a block goes on."""
PROMPT: Final = "prompt"


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

    def complete(self, text: str) -> list[tuple[str, str]]:
        """Words that may stand at the end of a line, and a few words on each."""
        patch = empty_patch() if self._session is None else self._session.patch
        snapshots = () if self._session is None else tuple(self._session.snapshots)
        return completions(text, patch, snapshots)

    def session(self) -> Session:
        """The session, once its engine has started.

        Raises:
            UserError: E_DEVICE or E_FILE, it could not be started.
        """
        self._session = self._started.result()
        return self._session

    @property
    def is_over(self) -> bool:
        """Whether no more lines are carried out."""
        return self._session is not None and self._session.is_over

    def answer(self, text: str) -> bool:
        """Carry out a line or block, and say what came of it; whether the session goes on."""
        session = self.session()
        try:
            reply = session.run_line(text, who=PROMPT)
        except KeyboardInterrupt:
            if not session.is_over:
                raise
            return False  # a line from outside has ended the session while this one waited
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
    manner = Manner(write_out, json=options.json)
    with live(options, list(kinds()), manner) as machine:

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
        try:
            with machine.door(PROMPT, conversation.session):
                if lines:
                    session = conversation.session()
                    with session.as_score():
                        run_score(session, lines, manner, PROMPT, machine.news.tell)
                read, surroundings = reader(conversation.complete, plain=options.plain)
                with surroundings:
                    converse(read, conversation, manner)
        finally:
            conversation.close()
    return DONE


class Partner(Protocol):
    """Who carries out what is typed."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is carried out."""

    def answer(self, text: str) -> bool:
        """Carry out a line or block, and say what came of it; whether it goes on."""


def converse(read: Callable[[str], str], partner: Partner, manner: Manner) -> None:
    """Read, do, answer, until it is over. Ctrl-C clears the line; twice in a row it ends.

    Args:
        read: shows a prompt, and gives what is typed; what is pasted may be several lines.
        partner: carries it out.
        manner: how is told that one Ctrl-C is not the end.
    """
    interrupted = False
    gathering = Gathering()
    while not partner.is_over:
        try:
            typed = read(MORE if gathering.is_open else TEXT)
        except EOFError:
            if gathering.is_open:
                partner.answer(gathering.take())
            return
        except KeyboardInterrupt:
            if interrupted or partner.is_over:
                return
            interrupted = not gathering.is_open
            gathering.take()
            manner.write(replies.news("Ctrl-C again ends, or quit", as_object=manner.json))
            continue
        interrupted = False
        for line in typed.split("\n"):
            text = gathering.add(line)
            if text is not None and not partner.answer(text):
                return


def reader(
    complete: Callable[[str], Iterable[tuple[str, str]]], *, plain: bool
) -> tuple[Callable[[str], str], AbstractContextManager[None]]:
    """What reads a line behind a prompt, and what has to be entered around it.

    Args:
        complete: gives words that may stand at the end of a line, and a few words on each.
        plain: no colour, no cursor movement.
    """
    if plain or not is_terminal():
        return input, nullcontext()
    from prompt_toolkit import PromptSession  # noqa: PLC0415 - not needed by any other door
    from prompt_toolkit.completion import Completer, Completion  # noqa: PLC0415
    from prompt_toolkit.history import FileHistory  # noqa: PLC0415
    from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415

    class FromSession(Completer):
        def get_completions(
            self, document: Document, _event: CompleteEvent
        ) -> Iterable[Completion]:
            begun = WORD.search(document.text_before_cursor)
            assert begun is not None
            for word, note in complete(document.text_before_cursor):
                yield Completion(word, -len(begun.group()), display_meta=note)

    folder = state_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = PromptSession[str](
        history=FileHistory(str(folder / "history")),
        completer=FromSession(),
        complete_while_typing=False,
        enable_history_search=True,
    )
    return line.prompt, patch_stdout(raw=True)
