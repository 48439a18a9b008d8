"""Who listens to a session: to what has taken effect, to who says what, to what is pending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.session.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chronus.session.agenda import Agenda
    from chronus.session.draft import Draft, Instant
    from chronus.session.ledger import Done


class Telling:
    """Tells listeners of what a session does.

    A listener has the turn meanwhile: it must not wait, nor run lines.

    Args:
        took: see `Ledger`, and so is `late`.
        late: is told what came late.

    Attributes:
        ledger: what has been published, until it has taken effect.
    """

    def __init__(
        self, took: Callable[[int], int | None], late: Callable[[str, int, int], None]
    ) -> None:
        self.ledger = Ledger(took, late)
        self._pending: tuple[str, ...] = ()
        self._pending_listeners: list[Callable[[tuple[str, ...]], None]] = []
        self._line_listeners: list[Callable[[str, str], None]] = []

    def on_done(self, listener: Callable[[Done], None]) -> None:
        """Have each instant told once it has taken effect, in the order in which they do."""
        self.ledger.listen(listener)

    def on_line(self, listener: Callable[[str, str], None]) -> None:
        """Have told who has said what, for each line that has done something."""
        self._line_listeners.append(listener)

    def on_pending(self, listener: Callable[[tuple[str, ...]], None]) -> None:
        """Have told what is pending, a line each, whenever it has changed."""
        self._pending_listeners.append(listener)

    def tell(self, agenda: Agenda) -> None:
        """Tell what has taken effect by now, and what is pending."""
        self.ledger.tell()
        self.tell_pending(agenda)

    def tell_pending(self, agenda: Agenda) -> None:
        """Tell what is pending, if that has changed; what is published ahead still is."""
        lines = (*self.ledger.pending, *(item.line for item in agenda.items))
        if lines != self._pending:
            self._pending = lines
            for listener in self._pending_listeners:
                listener(lines)

    def tell_line(self, draft: Draft, instants: Iterable[Instant]) -> None:
        """Tell who has said what, where it has done something."""
        if any(instant.does for instant in instants):
            for listener in self._line_listeners:
                listener(draft.who, draft.whole)
