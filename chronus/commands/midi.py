"""Files of notes: tracks become sequences, and sequences become tracks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from chronus.commands.declaration import Command
from chronus.commands.files import expanded, readable, writable, write_whole
from chronus.commands.scenes import change_to
from chronus.errors import Code, UserError
from chronus.language.characters import LONGEST_LINE
from chronus.language.parser import read
from chronus.language.quantities import format_value
from chronus.language.scenes import ExportMidi, ImportMidi
from chronus.patch.instruments import played_ports
from chronus.patch.naming import shown_target
from chronus.session.draft import Result
from chronus.session.drafting import prepare
from chronus.session.note_patterns import GRIDS, Manner, pattern_of
from chronus.session.notes import DRUMS, Written, notes_in, number_of, spans_of
from chronus.session.tempo import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.patch.model import Patch
    from chronus.session.draft import Draft
    from chronus.session.note_patterns import Pattern
    from chronus.session.notes import Song, Track

MOST_BYTES: Final = 4_000_000
MOST_CHARACTERS: Final = LONGEST_LINE - 1000
"""Of a pattern: in a journal more than that stands on its line."""
ENDINGS: Final = (".mid", ".midi")
BARS: Final = 16
"""So many are exported where there is no song, and nothing is said."""


# ---- import


def _import(draft: Draft, statement: ImportMidi) -> None:
    node = draft.played(statement.target.node)
    song = _read(statement)
    number, track = _track(song, statement)
    ports = played_ports(draft.patch, node.name)
    is_grid = statement.note is not None or track.channel == DRUMS or "freq" not in ports
    locks = "velocity" in ports and _is_understood("c3{velocity=0.5}")
    manner = Manner(is_grid, _is_understood("c3+eb3"), locks)
    if statement.note is not None:
        wanted = number_of(statement.note.value)
        notes = tuple(note for note in track.notes if note.number == wanted)
        track = replace(track, notes=notes)
        if not notes:
            message = f"track {number} has no {statement.note.text}"
            raise UserError(Code.NAME, message, statement.note.span)
    _, meter = song.meters[0]
    pattern = pattern_of(track.notes, meter, manner)
    line = f"sequence {statement.target}: {pattern.text}"
    if len(line) > MOST_CHARACTERS:
        message = (
            f"its {pattern.bars} bars of {pattern.grid} steps a whole note make a line of "
            f"{len(line)} characters, and {MOST_CHARACTERS} are the most"
        )
        raise UserError(Code.LIMIT, message, statement.path_span)
    _play(draft, statement, line)
    lines = tuple(_remarks(song, pattern, manner))
    steps = f"{pattern.bars} bars" if pattern.bars != 1 else "1 bar"
    text = f"{statement.target}: {pattern.notes} notes in {steps} from {_called(number, track)}"
    data = {
        "sequence": str(statement.target),
        "line": line,
        "track": number,
        "bars": pattern.bars,
        "notes": pattern.notes,
        "moved": pattern.moved,
        "left_out": pattern.left_out,
        "tempo": song.tempos[0][1],
        "meter": "{}/{}".format(*meter),
    }
    draft.say(Result(text, lines, data))


def _read(statement: ImportMidi) -> Song:
    """What a file holds.

    Raises:
        UserError: E_FILE, it cannot be read or is no MIDI file; E_LIMIT, it is too long.
    """
    from chronus.session.midi import BrokenFileError, read_song  # noqa: PLC0415 - loads mido

    path, span = statement.path, statement.path_span
    place = expanded(path, span)
    readable(path, place, span)
    try:
        with place.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        near = place.parent.glob("*.mid") if place.parent.is_dir() else ()
        names = tuple(sorted(str(found) for found in near))[:3]
        raise UserError(Code.FILE, f"cannot read {path}: {error.strerror}", span, names) from error
    if len(data) > MOST_BYTES:
        raise UserError(Code.LIMIT, f"{path} is longer than {MOST_BYTES} bytes", span)
    try:
        return read_song(data)
    except BrokenFileError as error:
        raise UserError(Code.FILE, f"{path} cannot be read as MIDI: {error}", span) from error


def _track(song: Song, statement: ImportMidi) -> tuple[int, Track]:
    """The track that is meant, and its number.

    Raises:
        UserError: E_FILE, there are no notes; E_RANGE, there is no such track.
    """
    count = len(song.tracks)
    if not count:
        message = f"{statement.path} has no notes"
        raise UserError(Code.FILE, message, statement.path_span)
    number = 1 if statement.track is None else int(statement.track.exact)
    if number > count:
        assert statement.track is not None
        there = "1 track has" if count == 1 else f"{count} tracks have"
        message = f"{there} notes in {statement.path}, so there is no track {number}"
        names = [_called(n, track) for n, track in enumerate(song.tracks, 1)]
        raise UserError(Code.RANGE, message, statement.track.span, (str(count),), names)
    return number, song.tracks[number - 1]


def _called(number: int, track: Track) -> str:
    return f"track {number}" + (f" ({track.name})" if track.name else "")


@cache
def _is_understood(step: str) -> bool:
    """Whether the language of patterns has such a step."""
    try:
        read(f"sequence a: {step} .")
    except UserError:
        return False
    return True


def _play(draft: Draft, statement: ImportMidi, line: str) -> None:
    """Let a node be played by a line, which stands for the import in journals.

    Raises:
        UserError: it cannot be.
    """
    text, results, changed = draft.text, len(draft.results), len(draft.changed)
    try:
        for part in read(line):
            prepare(draft, part)
    except UserError as error:
        span = statement.target.span
        raise UserError(error.code, error.message, span, error.suggestions) from error
    del draft.results[results:]
    del draft.changed[changed:]
    draft.text = text


def _remarks(song: Song, pattern: Pattern, manner: Manner) -> Iterator[str]:
    if len(song.tracks) > 1:
        yield f"tracks: {', '.join(_called(n, t) for n, t in enumerate(song.tracks, 1))}"
    (_, bpm), (_, meter) = song.tempos[0], song.meters[0]
    yield f"the file's tempo is {format_value(bpm, '')}, its meter {meter[0]}/{meter[1]}"
    for changes, what in ((song.tempos, "tempo"), (song.meters, "meter")):
        if len(changes) > 1:
            yield f"its {what} changes {len(changes) - 1} times, which a pattern does not"
    if pattern.moved:
        yield f"{pattern.moved} notes lay between steps, and were moved to triplets of 1/64"
    if pattern.left_out:
        why = "which a grid plays once" if manner.is_grid else "of which the highest plays"
        yield f"{pattern.left_out} notes were left out: they began with others, {why}"
    if pattern.levelled:
        levels = "x 0.8, X 1 or o 0.45" if manner.is_grid else "0.8"
        yield f"{pattern.levelled} notes have the velocity {levels} now"


# ---- export


def _export(draft: Draft, statement: ExportMidi) -> None:
    from chronus.session.midi import bytes_of  # noqa: PLC0415 - loads mido

    path = writable(statement.path, statement.span)
    if path.suffix.lower() not in ENDINGS:
        message = f"cannot export to {statement.path}: the name must end in .mid"
        raise UserError(Code.FILE, message, statement.span, (f"{path.stem}.mid",))
    song = draft.patch.song
    bars = BARS if song is None else song.bars
    if statement.bars is not None:
        bars = int(statement.bars.exact)
    written = _written(draft, statement, bars)
    data = bytes_of(written)
    draft.open_first(lambda _: write_whole(path, data, statement.path, statement.span))
    notes = sum(len(track) for track in written.tracks.values())
    text = f"exported {statement.path}: {len(written.tracks)} tracks, {notes} notes, {bars} bars"
    names = list(written.tracks)
    facts = {"file": statement.path, "tracks": names, "notes": notes, "bars": bars}
    draft.say(Result(text, data=facts))


def _written(draft: Draft, statement: ExportMidi, bars: int) -> Written:
    """What plays in so many bars from the first one on, with the scenes of the song.

    Raises:
        UserError: a scene cannot be played when it comes.
    """
    written = Written()
    patches: list[tuple[float, Patch]] = []
    end = 0.0
    for beat, stop, trial in _played(draft, statement, bars):
        patches.append((beat, trial.patch))
        if not written.meters or written.meters[-1][1] != trial.patch.meter:
            written.meters.append((beat, trial.patch.meter))
        for at, bpm in _tempos(trial.transport, beat, stop):
            if not written.tempos or written.tempos[-1][1] != bpm:
                written.tempos.append((at, bpm))
        end = stop
    for target, spans in spans_of(patches, end).items():
        name = next(shown_target(p, target) for _, p in patches if target in p.sequences)
        written.tracks[name] = [note for span in spans for note in notes_in(span)]
    return written


def _played(draft: Draft, statement: ExportMidi, bars: int) -> Iterator[tuple[float, float, Draft]]:
    """The parts of the song, each with its beats and a draft that is so then; or all in one."""
    song, patch = draft.patch.song, draft.patch
    bar_beats = 4.0 * patch.meter[0] / patch.meter[1]
    start = Transport(draft.session.rate_hz, patch.bpm, bar_beats=bar_beats)
    trial = draft.fork(0.0)
    trial.transport = start
    beat, bar, number = 0.0, 0, 0
    while bar < bars:
        length = bars - bar
        is_last = song is None or (number >= len(song.parts) and song.ending != "loop")
        if song is not None and is_last and song.ending == "end" and number:
            return
        if song is not None and not is_last:
            part = song.parts[number % len(song.parts)]
            trial.frame = trial.transport.frame_at(beat)
            change_to(trial, part.scene, patch.scenes[part.scene], statement.span)
            length = min(part.bars, length)
        end = trial.transport.beat_of_bar(trial.transport.bar_at(beat) + length)
        yield beat, end, trial
        beat, bar, number = end, bar + length, number + 1


def _tempos(transport: Transport, beat: float, end: float) -> Iterator[tuple[float, float]]:
    """The tempo from a beat on, and while it is on its way, at each beat of that."""
    while beat < end:
        frame = transport.frame_at(beat)
        yield beat, transport.bpm_at(frame)
        if not transport.is_ramping(frame):
            return
        beat += 1.0


COMMANDS = (
    Command(
        verb="import",
        form="import FILE [track N] [note NOTE] as NODE",
        doc="Play a node by the notes of a track of a MIDI file, from the next bar line on",
        examples=(
            "load saw; sequence saw: c2 . eb2 g1; export riff.mid bars 1",
            "import riff.mid track 1 as saw",
            "load kick; import riff.mid note c2 as kick",
        ),
        handles={ImportMidi: _import},
        more=(
            "It becomes a sequence of whole bars, as if it had been typed, of the coarsest steps",
            f"on which all notes lie; where there are none, of 1/{GRIDS[-1]}, and that is told.",
            "`track` counts the tracks that have notes. `note c2` takes that note alone, as hits;",
            "so does what has no pitch, and a track of drums. Tempo and meter are told, not set.",
        ),
    ),
    Command(
        verb="export",
        form="export FILE [bars N]",
        doc="Write what the sequences of nodes play as a MIDI file, a track for each",
        examples=(
            "load kick; sequence kick: x...X...",
            "export beat.mid",
            "export beat.mid bars 4",
        ),
        handles={ExportMidi: _export},
        more=(
            "The song from its first bar, with what its scenes change, or the patch as it is,",
            f"N bars, by itself as long as the song, or {BARS}. Tempo, meter, velocities, swing",
            "and gates are in it; a mute is not, nor are notes played by hand.",
        ),
    ),
)
