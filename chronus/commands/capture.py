"""What has just been played is written to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.commands.declaration import Command
from chronus.commands.files import sound_file
from chronus.errors import Code, UserError
from chronus.language.quantities import duration, format_value
from chronus.language.scenes import Capture
from chronus.machine.recorder import FileRecorder
from chronus.session.draft import Result

if TYPE_CHECKING:
    from chronus.session.draft import Draft
    from chronus.session.session import Session


def _capture(draft: Draft, statement: Capture) -> None:
    path = sound_file(statement.path, statement.span, "capture")
    rate_hz, here = draft.session.rate_hz, draft.transport
    length, stop = duration(statement.length), int(draft.frame + 0.5)
    start = round(draft.session.past.frame_before(here, draft.frame, length))
    if start < 0:
        message = f"so much has not been played yet: it is {here.position(draft.frame)}"
        raise UserError(Code.RANGE, message, statement.length.span)
    kept = draft.session.backend.kept_frames
    if stop - start > kept:
        bars = int(kept * length.bars / (stop - start))
        lasts = format_value((stop - start) / rate_hz, "s")
        message = f"the last {kept // rate_hz} s of what was played are kept; that are {lasts}"
        near = (f"{bars} bars",) if bars else (f"{kept // rate_hz}s",)
        raise UserError(Code.RANGE, message, statement.length.span, near)

    def act(session: Session) -> None:
        recorder = FileRecorder(path, rate_hz)
        session.backend.add_sink(recorder, start)
        session.backend.remove_sink(recorder, stop)

    draft.open_first(act)
    seconds = (stop - start) / rate_hz
    text = f"captured {statement.path}: {format_value(seconds, 's')} from {start} to {stop}"
    data = {"file": statement.path, "frames": stop - start, "start": start, "stop": stop}
    draft.say(Result(text, data=data))


COMMANDS = (
    Command(
        verb="capture",
        form="capture last DURATION to FILE",
        doc="Write what has just been played to a WAV (float32) or FLAC file",
        examples=(
            "load kick; sequence kick: x... step 1/16",
            "wait 1 bar",
            "capture last 1 bar to loop.wav",
            "capture last 500ms to end.flac",
        ),
        handles={Capture: _capture},
        more=(
            "It ends where time is, and begins so many bars, beats or seconds before, at the tempo",
            "that there was. Two minutes are kept, less where shared memory is small: `doctor`.",
        ),
    ),
)
