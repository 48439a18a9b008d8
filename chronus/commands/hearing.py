"""Listening: what has been heard in words and figures, and a tone that says whether sound comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.commands.declaration import Command
from chronus.language.views import Tone
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.session.draft import Draft
    from chronus.session.session import Session

TONE_S: Final = 1.0


def _tone(draft: Draft, _statement: Tone) -> None:
    """The tone belongs to the engine and not to the patch, so that there is nothing to undo."""
    frames = round(TONE_S * draft.session.rate_hz)

    def come(session: Session) -> None:
        session.console.has_tone = True

    draft.open_first(come)
    draft.rewire(draft.patch)
    draft.touch(lambda console: console.sound_tone(frames))
    draft.say(Result("test: 440 Hz for a second", data={"hz": 440.0, "frames": frames}))


COMMANDS = (
    Command(
        verb="test",
        form="test",
        doc="Play 440 Hz for a second at -12 dB, whatever is patched; the patch stays as it is",
        examples=("test",),
        handles={Tone: _tone},
    ),
)
