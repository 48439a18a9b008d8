"""Listening: what has been heard in words and figures, and a tone that says whether sound comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.commands.declaration import Command
from chronus.language.quantities import duration
from chronus.language.views import Hear, Tone
from chronus.session.draft import Result
from chronus.session.passing import letting_others
from chronus.session.reply import state_error
from chronus.session.tape import check_length, last_frames

if TYPE_CHECKING:
    from chronus.session.draft import Draft
    from chronus.session.session import Session

TONE_S: Final = 1.0
HEARD_S: Final = 4.0
"""So much is listened to where nothing else is said."""


def _hear(draft: Draft, statement: Hear) -> None:
    frames = round(HEARD_S * draft.session.rate_hz)
    if statement.length is not None:
        frames = round(draft.pace.frames_of(duration(statement.length), draft.frame))
        check_length(draft.session, frames, statement.length.span)

    if draft.frame <= 0:
        raise state_error("nothing has been heard yet: time has not passed", "wait 1 bar")

    def finish(session: Session) -> Result:
        # Imported when it is wanted: the shell begins without it.
        from chronus.session.ears import listen  # noqa: PLC0415

        first, heard = last_frames(session, max(frames, 1))
        with letting_others(session):
            found = listen(heard, session.rate_hz)
        data = {"from_frame": first, "frames": len(heard), **found.data()}
        return Result(f"heard {found.seconds:.2f}s", tuple(found.words()), data)

    draft.say(finish)


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
        verb="hear",
        form="hear [last DURATION]",
        doc="Say what has just been heard, in words: loudness, colour, pitch, onsets, trouble",
        examples=("load kick; sequence kick: x...", "wait 2 bars", "hear last 1 bar", "hear"),
        handles={Hear: _hear},
        more=(
            "Without a length it is the last 4 seconds. Loudness is in LUFS (ITU-R BS.1770); sub",
            "is below 60 Hz, low below 250 Hz, mid below 4 kHz. In a score that is played live,",
            "the last half second before a `wait` ends is still to come, and is not heard yet.",
        ),
    ),
    Command(
        verb="test",
        form="test",
        doc="Play 440 Hz for a second at -12 dB, whatever is patched; the patch stays as it is",
        examples=("test",),
        handles={Tone: _tone},
    ),
)
