"""The prompt: a line typed, done, answered; news above the line that is being typed."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from chronus.commands.registry import handlers
from chronus.doors import replies
from chronus.doors.calls import DONE, live, tell_news, write_out
from chronus.doors.completion import WORD, completions
from chronus.doors.score import Manner, answer, run_score
from chronus.modules.catalog import kinds
from chronus.session.session import Session
from chronus.settings import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from prompt_toolkit.completion import CompleteEvent, Completion
    from prompt_toolkit.document import Document

    from chronus.doors.options import Options

TEXT: Final = "chronus> "
NEWS_S: Final = 0.25


def prompt(options: Options, lines: list[str] | None = None) -> int:
    """Play what is typed until `quit` or the end of input.

    Args:
        options: of the call.
        lines: a score that is played first.
    """
    manner = Manner(write_out, json=options.json)
    with live(options, list(kinds())) as machine:
        session = Session(machine, handlers(), is_score=False)
        if lines:
            with session.as_score():
                run_score(session, lines, manner)
        tell_news(machine, manner)
        read, surroundings = _reader(options, session)
        ended = threading.Event()
        watch = threading.Thread(
            target=_watch_news, args=(session, manner, ended), name="news", daemon=True
        )
        with surroundings:
            watch.start()
            try:
                _converse(session, manner, read)
            finally:
                ended.set()
                watch.join()
        session.end_recording(session.frame)
    return DONE


def _converse(session: Session, manner: Manner, read: Callable[[], str]) -> None:
    """Read, do, answer, until it is over. Ctrl-C clears the line; twice in a row it ends."""
    interrupted = False
    while not session.is_over:
        try:
            line = read()
        except EOFError:
            return
        except KeyboardInterrupt:
            if interrupted:
                return
            interrupted = True
            manner.write(replies.news("Ctrl-C again ends, or quit", as_object=manner.json))
            continue
        interrupted = False
        reply = session.run_line(line)
        if not reply.ok or reply.results:
            answer(reply, manner)


def _watch_news(session: Session, manner: Manner, ended: threading.Event) -> None:
    while not ended.wait(NEWS_S):
        tell_news(session.backend, manner)


def _reader(
    options: Options, session: Session
) -> tuple[Callable[[], str], AbstractContextManager[None]]:
    """What reads a line, and what has to be entered around it."""
    if options.plain or os.environ.get("TERM", "dumb") == "dumb" or not sys.stdout.isatty():
        return lambda: input(TEXT), nullcontext()
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
            for word, note in completions(document.text_before_cursor, session.patch):
                yield Completion(word, -len(begun.group()), display_meta=note)

    folder = state_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = PromptSession[str](
        history=FileHistory(str(folder / "history")),
        completer=FromSession(),
        complete_while_typing=False,
        enable_history_search=True,
    )
    return lambda: line.prompt(TEXT), patch_stdout(raw=True)
