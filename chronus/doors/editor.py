"""The line editor of the prompt: keys, completion, suggestions, colours, the line below.

What is typed while a line is being done waits, unechoed and unchanged, until it is read: so lines
that come at any speed are read once each, in order, and stand beside their own replies.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.auto_suggest import AutoSuggest, AutoSuggestFromHistory, Suggestion
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.renderer import CPR_Support
from prompt_toolkit.styles import Style

from chronus.doors.colours import STYLE, Colours
from chronus.doors.completion import begun_word
from chronus.doors.screen import unechoed
from chronus.doors.talking import Cleared
from chronus.doors.toolbar import REFRESH_S
from chronus.doors.typed import Typed
from chronus.language.blocks import Gathering
from chronus.settings import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.key_binding import KeyPressEvent

    from chronus.doors.toolbar import Toolbar

IDLE_S: Final = 0.15
"""Who types faster than this reads no suggestions; a program that types does so."""
TOOLBAR_KEY: Final = "f2"


class Editor:
    """Reads lines from a terminal.

    Args:
        complete: gives words that may stand at the end of a line, and a few words on each.
        toolbar: the line below; None for none.
    """

    def __init__(
        self, complete: Callable[[str], Iterable[tuple[str, str]]], toolbar: Toolbar | None = None
    ) -> None:
        self._toolbar = toolbar
        self._out = sys.stdout
        self._waiting: deque[str] = deque()
        self._lock = threading.RLock()
        self._is_reading = False
        self._has_ended = False
        folder = state_dir()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        output = Vt100_Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
        # Only the line below needs to know where the cursor is; asking costs an answer a line.
        output.enable_cpr = self._is_below and os.environ.get("PROMPT_TOOLKIT_NO_CPR") != "1"
        self._line = PromptSession[str](
            history=Typed(folder / "history"),
            completer=_FromSession(complete),
            complete_while_typing=False,
            enable_history_search=True,
            auto_suggest=_WhenIdle(),
            lexer=Colours(),
            style=Style.from_dict({**STYLE, "bottom-toolbar": "noreverse ansibrightblack"}),
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
            multiline=Condition(self._is_in_block),
            prompt_continuation="... ",
            bottom_toolbar=self._below if self._is_below else None,
            key_bindings=self._keys(),
            output=output,
        )
        self._line.app.renderer.cpr_not_supported_callback = None

    def read(self, text: str) -> str:
        """Show a prompt, and give what is typed behind it.

        Raises:
            EOFError: Ctrl-D.
            KeyboardInterrupt: Ctrl-C.
        """
        if self._has_ended:
            raise EOFError
        with self._lock:
            self._is_reading = True
        try:
            return self._line.prompt(text, pre_run=self._begin)
        finally:
            with self._lock:
                self._is_reading = False
                self._write_waiting()

    def write(self, text: str) -> None:
        """Write a reply, or news: above the line that is being typed, where one is."""
        with self._lock:
            self._waiting.append(text)
            if not self._is_reading:
                self._write_waiting()
                return
        loop = self._line.app.loop
        if loop is not None:
            # Where it has just ended, `read` writes what is waiting.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._write_above)

    def _write_above(self) -> None:
        if self._waiting:
            run_in_terminal(self._write_waiting)

    def _write_waiting(self) -> None:
        with self._lock:
            while self._waiting:
                self._out.write(self._waiting.popleft() + "\n")
            self._out.flush()

    def _begin(self) -> None:
        """Called when a prompt is there."""
        self._write_above()
        self._keep_fresh()

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """What is so for as long as lines are read: news above the line, no echo between lines."""
        with ExitStack() as stack:
            stack.enter_context(unechoed())
            stack.enter_context(patch_stdout(raw=True))
            yield

    def _is_in_block(self) -> bool:
        """Whether Enter begins another line: a block has begun, and not ended."""
        gathering = Gathering()
        for line in self._line.default_buffer.text.split("\n"):
            gathering.add(line)
        return gathering.is_open

    def _is_at_end_of_block(self) -> bool:
        """Whether a line of a block is about to begin."""
        document = self._line.default_buffer.document
        return document.is_cursor_at_the_end and not document.current_line and self._is_in_block()

    # ---- below

    @property
    def _is_below(self) -> bool:
        """Whether there is a line below."""
        return self._toolbar is not None and self._toolbar.is_shown

    def _below(self) -> str:
        assert self._toolbar is not None
        return self._toolbar.text(self._line.app.output.get_size().columns)

    def _keep_fresh(self) -> None:
        """Write the line below anew now and then, while it is there."""
        if self._is_below:
            self._line.app.create_background_task(self._refresh(self._line.app))

    async def _refresh(self, app: Application[str]) -> None:
        while self._is_below:
            await asyncio.sleep(REFRESH_S)
            app.invalidate()

    def _switch(self) -> None:
        if self._toolbar is None:
            return
        self._toolbar.is_shown = not self._toolbar.is_shown
        self._line.bottom_toolbar = self._below if self._toolbar.is_shown else None
        renderer = self._line.app.renderer
        if self._toolbar.is_shown and not self._line.app.output.responds_to_cpr:
            assert isinstance(self._line.app.output, Vt100_Output)
            self._line.app.output.enable_cpr = True
            renderer.cpr_support = CPR_Support.UNKNOWN
            renderer.request_absolute_cursor_position()
        self._keep_fresh()

    # ---- keys

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.BracketedPaste)
        def paste(event: KeyPressEvent) -> None:
            """What is pasted with its last line's end is done, as if it had been typed."""
            text = event.data.replace("\r\n", "\n").replace("\r", "\n")
            buffer = event.current_buffer
            buffer.insert_text(text.removesuffix("\n"))
            if text.endswith("\n") and not self._is_in_block():
                buffer.validate_and_handle()
            elif text.endswith("\n"):
                buffer.insert_text("\n")

        @keys.add("c-d", filter=Condition(self._is_at_end_of_block))
        def end(event: KeyPressEvent) -> None:
            """The end of input: what there is of a block is given, and then the end."""
            self._has_ended = True
            event.current_buffer.validate_and_handle()

        @keys.add("c-c")
        def stop(event: KeyPressEvent) -> None:
            """Takes away what is typed, or ends; the reader of the line decides."""
            typed = bool(event.current_buffer.text)
            event.app.exit(exception=Cleared() if typed else KeyboardInterrupt())

        @keys.add(TOOLBAR_KEY)
        def switch(_event: KeyPressEvent) -> None:
            """Show or hide the line below."""
            self._switch()

        return keys


class _WhenIdle(AutoSuggest):
    """Suggests what was typed before, once the one who types pauses."""

    def __init__(self) -> None:
        self._typed = AutoSuggestFromHistory()

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """What begins like the line did."""
        return self._typed.get_suggestion(buffer, document)

    async def get_suggestion_async(self, buff: Buffer, document: Document) -> Suggestion | None:
        """The same, if nothing is typed for a while."""
        await asyncio.sleep(IDLE_S)
        return self.get_suggestion(buff, document) if buff.document == document else None


class _FromSession(Completer):
    """Completes from the grammar, the catalog and what is patched."""

    def __init__(self, complete: Callable[[str], Iterable[tuple[str, str]]]) -> None:
        self._complete = complete

    def get_completions(
        self, document: Document, _complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What may stand at the cursor."""
        text = document.text_before_cursor
        length = len(begun_word(text))
        for word, note in self._complete(text):
            yield Completion(word, -length, display_meta=note)
