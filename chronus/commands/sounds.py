"""Nodes play other sound files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chronus.commands.accounts import recording_data
from chronus.commands.declaration import Command
from chronus.errors import Code, UserError
from chronus.language.statements import ChangeFile
from chronus.modules.catalog import kinds
from chronus.session.draft import Result
from chronus.session.recordings import read_recording
from chronus.session.saving import file_line

if TYPE_CHECKING:
    from chronus.dsp.declaration import Kind
    from chronus.language.statements import SoundFile
    from chronus.patch.recording import Recording
    from chronus.session.draft import Draft


def recording_of(draft: Draft, kind: Kind, file: SoundFile) -> Recording:
    """The sound of a file that a node of a kind is to play.

    Raises:
        UserError: E_STATE, the kind plays none; E_FILE or E_LIMIT, it cannot be read.
    """
    if not kind.recording:
        takers = [k.name for k in kinds().values() if k.recording]
        message = f"{kind.name} plays no file; {', '.join(takers)} do"
        raise UserError(Code.STATE, message, file.span, tuple(takers))
    return read_recording(file, draft.session.rate_hz, draft.folders, kind)


def _file(draft: Draft, statement: ChangeFile) -> None:
    name = statement.node
    if name.text in draft.patch.instruments:
        inside = [
            node.name
            for node in draft.patch.nodes.values()
            if node.name.startswith(f"{name.text}/") and node.declaration.recording
        ]
        message = f"{name.text} is an instrument: name the node in it that is to play the file"
        raise UserError(Code.STATE, message, name.span, tuple(f"file {one}" for one in inside))
    node = draft.node(name)
    recording = recording_of(draft, node.declaration, statement.file)
    already = node.recording == recording
    if not already:
        changed = replace(node, recording=recording)
        draft.in_full = draft.in_full if draft.builds else file_line(changed)
        draft.rewire(draft.patch.with_node(changed))
    data = {"node": node.name, "recording": recording_data(recording)}
    draft.say(Result(f"{node.name}: {recording}", data=data, already=already))


COMMANDS = (
    Command(
        verb="file",
        form="file A FILE [mark M]",
        doc="Let a node play another WAV or FLAC file, with all else as it is",
        examples=(
            "load sampler as amen file patches/samples/break.flac slices=16",
            "sequence amen: x x{slice=2}",
            "file amen patches/samples/break.flac",
        ),
        handles={ChangeFile: _file},
        more=(
            "What plays of the old file fades within 5 ms; values, cables, sequences stay. Where",
            "the gate is open the new file begins at once. `undo` brings the old one back.",
        ),
    ),
)
