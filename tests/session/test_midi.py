"""MIDI files: what is played is written, and what is read is played again."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.errors import UserError
from chronus.session.midi import TICKS, BrokenFileError, bytes_of, read_song
from chronus.session.note_patterns import Manner, pattern_of
from chronus.session.notes import Note, Written
from tests.support.score import Stage, render

FOUR = (4, 4)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def note(begin, number=60, length=Fraction(1, 8), velocity=0.8):
    return Note(Fraction(begin), Fraction(begin) + length, number, velocity)


def events(path):
    """Per track its note onsets and ends: beat, on or off, number, velocity."""
    found = []
    for track in mido.MidiFile(path).tracks[1:]:
        now, notes = 0, []
        for message in track:
            now += message.time
            if not message.is_meta:
                notes.append((now / TICKS, message.type, message.note, message.velocity))
        found.append(notes)
    return found


def midi(notes, **kinds):
    """The bytes of a file with a track of notes (tick, type, number, velocity), 480 a beat."""
    file = mido.MidiFile(ticks_per_beat=480, **kinds)
    track = mido.MidiTrack()
    now = 0
    for tick, kind, number, velocity in notes:
        track.append(mido.Message(kind, note=number, velocity=velocity, time=tick - now))
        now = tick
    file.tracks.append(track)
    taken = io.BytesIO()
    file.save(file=taken)
    return taken.getvalue()


# ---- export


def test_what_is_written_is_what_is_played():
    """Onsets with swing, gates, velocities and pitches, of each node that is played, in beats."""
    stage = Stage()
    stage.say("tempo 174; meter 7/8; load saw; load kick as hat; load filter; swing 60%")
    stage.say("sequence saw: c2 . eb2~ g1 step 1/8 gate 75% swing 50%; sequence hat: xXo.")
    stage.say("sequence filter.cutoff: 400 800", "export it.mid bars 1")
    saw, hat = events("it.mid")
    assert saw[:6] == [
        (0.0, "note_on", 36, 102),
        (0.375, "note_off", 36, 0),
        (1.0, "note_on", 39, 102),
        (1.5, "note_off", 39, 0),
        (1.5, "note_on", 31, 102),
        (1.875, "note_off", 31, 0),
    ]
    assert [(beat, velocity) for beat, kind, _, velocity in hat[:6] if kind == "note_on"] == [
        (0.0, 102),
        (0.3, 127),
        (0.5, 57),
    ]
    conductor = mido.MidiFile("it.mid").tracks[0]
    assert [round(mido.tempo2bpm(m.tempo)) for m in conductor if m.type == "set_tempo"] == [174]
    meters = [(m.numerator, m.denominator) for m in conductor if m.type == "time_signature"]
    assert meters == [(7, 8)]
    assert max(beat for beat, kind, *_ in saw if kind == "note_on") < 3.5


def test_onsets_of_a_file_are_those_that_are_heard():
    """Each note begins where the render's gate opens, to half a frame."""
    from tests.support.score import GATED  # noqa: PLC0415 - only here
    from tests.support.sound import onsets  # noqa: PLC0415 - only here

    lines = [GATED, "tempo 133", "sequence env: x.xx.x.xo.X step 1/12 swing 57% gate 30%"]
    stage = Stage()
    stage.say(*lines, "export it.mid bars 3")
    (notes,) = events("it.mid")
    frames = [beat * 60 / 133 * 48_000 for beat, kind, *_ in notes if kind == "note_on"]
    heard = onsets(render(lines, bars=3).left)
    np.testing.assert_allclose(heard, frames[: len(heard)], atol=0.5 + 60 / 133 * 48_000 / TICKS)
    assert len(heard) == len(frames)


def test_a_song_is_written_with_its_scenes():
    """Tracks, tempo and meter change with each part, as they do when it is played."""
    stage = Stage()
    stage.say("load kick; load saw; sequence kick: x...")
    stage.say("scene a { tempo 120; unsequence saw }")
    stage.say("scene b { sequence saw: c2 . . .; tempo 60 over 1 bar; sequence kick: x. }")
    stage.say("sequence saw: c4 . . .", "song ready: a 1, b 2, end", "export it.mid")
    kick, saw = events("it.mid")
    ons = [[(e[0], e[2]) for e in track if e[1] == "note_on"] for track in (kick, saw)]
    assert [beat for beat, _ in ons[0]] == [*range(4), *np.arange(4, 12, 0.5)]
    assert ons[1] == [(float(beat), 36) for beat in range(4, 12)]
    conductor = mido.MidiFile("it.mid").tracks[0]
    tempos = [round(mido.tempo2bpm(m.tempo), 1) for m in conductor if m.type == "set_tempo"]
    assert tempos[0] == 120
    assert tempos[-1] == 60
    assert all(one > other for one, other in pairwise(tempos))
    assert not stage.session.agenda.items


def test_bars_count():
    """As many as are asked for; a loop goes on, and what has ended stays so."""
    stage = Stage()
    stage.say("load kick; sequence kick: x...", "export it.mid")
    assert len(events("it.mid")[0]) == 2 * 16 * 4
    stage.say("scene a { sequence kick: x... }; scene b { sequence kick: x....... }")
    for ending, beats in (("loop", 4 + 2 + 4 + 2), ("end", 4 + 2), ("", 4 + 2 + 2 + 2)):
        stage.say(f"song ready: a 1, b 1 {ending}", "export it.mid bars 4")
        assert len(events("it.mid")[0]) == 2 * beats, ending


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("export it.wav", "E_FILE"),
        ("export nowhere/it.mid", "E_FILE"),
        ("export it.mid bars 0", "E_VALUE"),
        ("export it.mid bars 99999", "E_RANGE"),
        ("import none.mid as saw", "E_FILE"),
        ("import /dev/zero as saw", "E_FILE"),
        ("import . as saw", "E_FILE"),
        ("import ok.mid track 2 as saw", "E_RANGE"),
        ("import ok.mid track 0 as saw", "E_VALUE"),
        ("import ok.mid note c9 as saw", "E_NAME"),
        ("import ok.mid as filter", "E_PORT"),
        ("import ok.mid as nobody", "E_NAME"),
        ("import text.mid as saw", "E_FILE"),
        ("import short.mid as saw", "E_FILE"),
        ("import empty.mid as saw", "E_FILE"),
        ("import film.mid as saw", "E_FILE"),
        ("import far.mid as saw", "E_LIMIT"),
        ("import big.mid as saw", "E_LIMIT"),
    ],
)
def test_mistakes(line, code, tmp_path):
    """One clear error, and nothing has changed."""
    good = midi([(0, "note_on", 60, 90), (240, "note_off", 60, 0)])
    (tmp_path / "ok.mid").write_bytes(good)
    (tmp_path / "text.mid").write_text("no music")
    (tmp_path / "short.mid").write_bytes(good[:-9])
    (tmp_path / "empty.mid").write_bytes(midi([]))
    (tmp_path / "film.mid").write_bytes(good[:12] + b"\xe7\x28" + good[14:])
    far = [(0, "note_on", 60, 90), (1 << 27, "note_off", 60, 0)]
    (tmp_path / "far.mid").write_bytes(midi([*far, (1 << 28, "note_on", 62, 90)]))
    (tmp_path / "big.mid").write_bytes(b"MThd" * 2_000_000)
    stage = Stage()
    stage.say("load saw; load filter")
    before = stage.session.patch
    error = stage.fails(line)
    assert error.code == code
    assert error.span is not None
    assert "\n" not in error.message
    assert stage.session.patch is before
    assert not (tmp_path / "it.mid").exists()


def test_a_patch_file_neither_reads_nor_writes_others(tmp_path):
    """`open` refuses both."""
    for line in ("import a.mid as saw", "export a.mid"):
        (tmp_path / "bad.chronus").write_text(f"load saw\n{line}\n")
        error = Stage().fails("open bad.chronus")
        assert error.code == "E_FILE"
        assert f"'{line.split()[0]}'" in error.message


@settings(max_examples=300, deadline=None)
@given(
    cut=st.integers(0, 80),
    wild=st.lists(st.tuples(st.integers(0, 79), st.integers(0, 255)), max_size=6),
    tail=st.binary(max_size=40),
)
def test_damaged_files_are_refused_or_read(cut, wild, tail):
    """Whatever bytes a file has: it is read, or there is one error with a reason."""
    good = [(0, "note_on", 60, 90), (100, "note_on", 64, 1), (240, "note_off", 60, 0)]
    data = bytearray(midi(good))
    for place, value in wild:
        data[place % len(data)] = value
    try:
        song = read_song(bytes(data[: len(data) - cut if cut < 20 else None]) + tail)
    except BrokenFileError as error:
        reason = str(error)
    else:
        reason = "it is read"
        assert all(track.notes for track in song.tracks)
    assert reason
    assert reason.isprintable()


# ---- import


def test_an_import_is_a_sequence_that_was_typed():
    """It is in the patch, saved and undone as one, and its pitches are heard."""
    stage = Stage()
    stage.say("load saw; sequence saw: c2 . eb2 _ | g1 . c3 . step 1/8; export it.mid bars 1")
    stage.say("load saw as other", "import it.mid as other")
    sequence = stage.session.patch.sequences["other"]
    assert sequence.text == "c2 . d#2 _ g1 . c3 ."
    stage.say("save it.chronus", "undo")
    assert "other" not in stage.session.patch.sequences
    assert stage.say("history").results[0].data["redo"][0]["line"] == "import it.mid as other"


def test_what_an_import_says():
    """Track, bars, tempo and meter of the file, what was moved and left out."""
    file = mido.MidiFile(ticks_per_beat=480, type=1)
    for name, channel in (("Lead", 0), ("Kit", 9)):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        if channel == 0:
            track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(150)))
            track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
        for number, time in ((60, 0), (64, 0), (67, 7)):
            track.append(mido.Message("note_on", note=number, time=time, channel=channel))
        for number in (60, 64, 67):
            track.append(mido.Message("note_off", note=number, time=240, channel=channel))
        file.tracks.append(track)
    file.save("it.mid")
    stage = Stage()
    stage.say("load saw; load kick as hat")
    result = stage.say("import it.mid as saw").results[0]
    assert result.text.startswith("saw: ")
    assert result.text.endswith("notes in 1 bar from track 1 (Lead)")
    assert result.lines[0] == "tracks: track 1 (Lead), track 2 (Kit)"
    assert result.lines[1] == "the file's tempo is 150, its meter 3/4"
    assert "1 notes lay between steps, and were moved to triplets of 1/64" in result.lines
    assert stage.session.patch.bpm == 120
    stage.say("import it.mid track 2 as hat")
    assert stage.session.patch.sequences["hat"].text.startswith("o")


@pytest.mark.parametrize(
    ("notes", "manner", "text"),
    [
        ([note(0), note(1)], Manner(), "c4 c4 . . step 1/4 gate 12.5%"),
        ([note(0, length=1), note(2, 62, 2)], Manner(), "c4 . d4 _ step 1/4 gate 100%"),
        ([note(0), note(Fraction(1, 4), 61)], Manner(), "c4 c#4" + " ." * 14),
        ([note(Fraction(1, 3), 0)], Manner(), ". c-1" + " ." * 10 + " step 1/12 gate 37.5%"),
        ([note(4, 127)], Manner(), ". . . . | g9 . . . step 1/4 gate 12.5%"),
        ([note(0, 60), note(0, 67)], Manner(), "g4 . . . step 1/4 gate 12.5%"),
        ([note(0, 60), note(0, 67)], Manner(chords=True), "c4+g4 . . . step 1/4 gate 12.5%"),
        (
            [note(0, velocity=0.6)],
            Manner(locks=True),
            "c4{velocity=0.6} . . . step 1/4 gate 12.5%",
        ),
        (
            [note(0, velocity=1.0), note(1, 36, velocity=0.5), note(2)],
            Manner(is_grid=True),
            "Xox. step 1/4 gate 12.5%",
        ),
    ],
)
def test_patterns_of_notes(notes, manner, text):
    """The coarsest steps, holds for length, octaves as they are named here, bars apart."""
    assert pattern_of(notes, FOUR, manner).text == text


@settings(max_examples=100, deadline=None)
@given(
    onsets=st.lists(
        st.tuples(st.integers(0, 64), st.integers(1, 8), st.integers(24, 96)),
        min_size=1,
        max_size=24,
        unique_by=lambda o: o[0],
    ),
    grid=st.sampled_from([4, 8, 12, 16, 24, 32, 48, 64, 96]),
)
def test_there_and_back(onsets, grid):
    """Notes that lie on a grid are written, read and played with the same onsets and pitches."""
    step = Fraction(4, grid)
    notes = sorted((i * step, number, length * step) for i, length, number in onsets)
    written = Written(tracks={"a": [note(b, n, length) for b, n, length in notes]})
    (track,) = read_song(bytes_of(written)).tracks
    assert [(n.begin, n.number) for n in track.notes] == [(b, n) for b, n, _ in notes]
    pattern = pattern_of(track.notes, FOUR, Manner())
    assert not pattern.moved
    stage = Stage()
    stage.say("load saw", f"sequence saw: {pattern.text}", f"export a.mid bars {pattern.bars}")
    (again,) = read_song(Path("a.mid").read_bytes()).tracks
    assert [(n.begin, n.number) for n in again.notes] == [(b, n) for b, n, _ in notes]


def test_a_grid_comes_back_as_a_grid():
    """One note of a track, with its three levels, sounds as it did before."""
    lines = ["load kick", "set kick.freq c2", "sequence kick: x.X.o...x.xx.... swing 50%"]
    stage = Stage()
    stage.say(*lines, "export it.mid bars 1")
    stage.say("import it.mid note c2 as kick")
    assert stage.session.patch.sequences["kick"].text == "x.X.o...x.xx...."
    with pytest.raises(UserError):
        raise stage.fails("import it.mid note d2 as kick")
    first = render(lines, bars=2)
    again = render([*lines[:2], "import it.mid note c2 as kick"], bars=2)
    np.testing.assert_array_equal(first.frames, again.frames)
