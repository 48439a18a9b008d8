"""Standard MIDI files, read and written by mido, which is loaded with this file only."""

from __future__ import annotations

import io
import struct
from collections import defaultdict, deque
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import mido
from mido.midifiles.meta import KeySignatureError

from chronus.session.notes import DRUMS, LOUDEST, Note, Song, Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chronus.session.notes import Written

TICKS: Final = 960
"""A beat, in files that are written: whole for steps of 1/96 and of 1/256."""
MOST_NOTES: Final = 20_000
LONGEST_NAME: Final = 40

_DAMAGE: Final = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, OverflowError),
    *(struct.error, KeySignatureError),
)
"""What the reader of files raises where a file is damaged: it has no error of its own."""


class BrokenFileError(Exception):
    """A file is no MIDI file, is damaged, or holds more than can be taken."""


# ---- reading


def read_song(data: bytes) -> Song:
    """What the bytes of a MIDI file hold.

    Raises:
        BrokenFileError: they are none, and why.
    """
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        ticks = file.ticks_per_beat
        if ticks <= 0:
            message = "its time is counted in film frames, not in beats"
            raise BrokenFileError(message)
        tracks = [part for track in file.tracks for part in _parts(track, ticks)]
        metas = [meta for track in file.tracks for meta in _metas(track, ticks)]
    except _DAMAGE as error:
        reason = str(error).strip("'") or "it ends too early"
        raise BrokenFileError(" ".join(_printable(reason).split())[:100]) from error
    tempos = [(beat, float(mido.tempo2bpm(m.tempo))) for beat, m in metas if m.type == "set_tempo"]
    meters = [
        (beat, (int(m.numerator), int(m.denominator)))
        for beat, m in metas
        if m.type == "time_signature" and m.numerator
    ]
    plain = Song(())
    return Song(tuple(tracks), tuple(tempos) or plain.tempos, tuple(meters) or plain.meters)


def _printable(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else " " for c in text)


def _metas(track: mido.MidiTrack, ticks: int) -> Iterator[tuple[Fraction, mido.MetaMessage]]:
    now = 0
    for message in track:
        now += message.time
        if message.type == "time_signature" or (message.type == "set_tempo" and message.tempo):
            yield Fraction(now, ticks), message


def _parts(track: mido.MidiTrack, ticks: int) -> Iterator[Track]:
    """The channels of a track that have notes."""
    now = 0
    name = ""
    notes: dict[int, list[Note]] = defaultdict(list)
    sounding: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)

    def end(channel: int, number: int) -> None:
        begin, velocity = sounding[channel, number].popleft()
        length = (Fraction(begin, ticks), Fraction(max(now, begin + 1), ticks))
        notes[channel].append(Note(*length, number, velocity / LOUDEST))

    for message in track:
        now += message.time
        if message.type == "track_name":
            name = " ".join(_printable(message.name).split())[:LONGEST_NAME]
        elif message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note].append((now, message.velocity))
        elif message.type in {"note_on", "note_off"} and sounding[message.channel, message.note]:
            end(message.channel, message.note)
    for (channel, number), open_notes in sounding.items():
        while open_notes:
            end(channel, number)
    for channel, found in sorted(notes.items()):
        if len(found) > MOST_NOTES:
            message = f"a track of {len(found)} notes is in it, and {MOST_NOTES} are the most"
            raise BrokenFileError(message)
        found.sort(key=lambda note: (note.begin, note.number))
        yield Track(name, channel, tuple(found))


# ---- writing


def bytes_of(written: Written) -> bytes:
    """The bytes of a MIDI file of what was put together."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    conductor = [
        (_tick(beat), mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
        for beat, bpm in written.tempos
    ]
    conductor += [
        (
            _tick(beat),
            mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1]),
        )
        for beat, meter in written.meters
    ]
    file.tracks.append(_in_time(sorted(conductor, key=lambda event: event[0])))
    channels = [channel for channel in range(16) if channel != DRUMS]
    for index, (name, notes) in enumerate(written.tracks.items()):
        channel = channels[index % len(channels)]
        track = _in_time(_events(notes, channel))
        track.insert(0, mido.MetaMessage("track_name", name=name))
        file.tracks.append(track)
    taken = io.BytesIO()
    file.save(file=taken)
    return taken.getvalue()


def _tick(beat: float | Fraction) -> int:
    return round(beat * TICKS)


def _events(notes: Iterable[Note], channel: int) -> list[tuple[int, mido.Message]]:
    found = []
    for note in notes:
        begin, end = _tick(note.begin), max(_tick(note.end), _tick(note.begin) + 1)
        velocity = min(max(round(note.velocity * LOUDEST), 1), LOUDEST)
        named = {"channel": channel, "note": note.number}
        found.append((begin, 1, mido.Message("note_on", velocity=velocity, **named)))
        found.append((end, 0, mido.Message("note_off", velocity=0, **named)))
    found.sort(key=lambda event: event[:2])  # what ends where another begins ends first
    return [(tick, message) for tick, _, message in found]


def _in_time(events: Iterable[tuple[int, mido.Message]]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    now = 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    return track
