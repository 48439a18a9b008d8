"""What must hold for sound files that nodes play."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus.session.saving import patch_lines
from tests.support.score import Stage, render
from tests.support.sound import amplitude, cents, pitch


def write(path: Path, samples, rate: int = 48_000, subtype: str = "FLOAT") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype=subtype)
    return str(path)


def sine(hz: float, seconds: float, rate: int):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_load_and_describe_tell_what_the_file_is(here):
    """The reply of `load` and `describe` say seconds, rate and channels, in text and data."""
    write(here / "a.wav", np.zeros((22_050, 2)), 44_100)
    stage = Stage()
    result = stage.say("load sampler as amen file a.wav").results[0]
    assert "a.wav, 0.500 s, 44100 hz, stereo" in result.text
    found = stage.say("describe amen").results[0]
    assert found.data["recording"] == result.data["recording"]
    assert (
        found.data["recording"].items() >= {"rate": 44_100, "seconds": 0.5, "channels": 2}.items()
    )
    assert any(line.startswith("file: ") and "44100 hz" in line for line in found.lines)
    assert stage.say("load sampler as amen file a.wav").results[0].already


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_a_file_is_brought_to_the_sessions_rate(here, rate):
    """A tone keeps its pitch within a hundredth of a cent; what is too high for it is not heard."""
    tone = sine(1000.0, 1.0, rate)
    high = sine(30_000.0, 1.0, rate) if rate > 60_000 else 0.0
    write(here / "a.wav", tone + high, rate)
    played = render(
        "load sampler as s file a.wav release=0; set s.level 0db; note s c4 for 1s at 1", 1
    )
    heard = played.left[4800:43_200].astype(float)
    assert abs(cents(pitch(heard), 1000.0)) < 0.01
    lines = np.abs(np.fft.rfft(heard * np.blackman(len(heard))))
    hz = np.arange(len(lines)) * 48_000 / len(heard)
    assert 20 * np.log10(lines[np.abs(hz - 1000.0) > 20.0].max() / lines.max()) < -100.0


def test_a_flac_file_plays_as_it_is(here):
    """What a FLAC file of the session's rate holds is heard frame by frame, times the gain."""
    steps = np.random.default_rng(1).integers(-8000, 8000, 4800).astype(np.int16)
    write(here / "a.flac", steps, subtype="PCM_16")
    played = render("load sampler as s file a.flac; load vca; patch s > vca; trigger s", 0.2)
    heard = played.frames[:4800, 0]
    gain = heard[100:].std() / steps[100:].std()
    assert np.abs(heard / gain - steps)[100:].max() < 1.0


def test_undo_and_redo_take_it_away_and_bring_it_back(here):
    """Undone it is gone, and redone it sounds as before, though the file is gone meanwhile."""
    write(here / "a.wav", sine(300.0, 0.5, 48_000))
    stage = Stage()
    stage.say("load sampler as s file a.wav")
    before = patch_lines(stage.session.patch)
    Path("a.wav").unlink()
    stage.say("undo")
    assert "s" not in stage.session.patch.nodes
    stage.say("redo", "trigger s", "wait 200ms")
    assert patch_lines(stage.session.patch) == before
    assert np.abs(stage.frames[:, 0]).max() > 0.2


def test_a_copy_plays_the_same_file(here):
    """`copy` makes a node of the same file."""
    write(here / "a.wav", sine(300.0, 0.5, 48_000))
    stage = Stage()
    stage.say("load sampler as s file a.wav", "copy s as t", "unload s", "trigger t", "wait 200ms")
    assert np.abs(stage.frames[4800:, 0]).max() > 0.2


def test_save_names_it_from_the_patch_and_open_finds_it_from_anywhere(here, monkeypatch):
    """A folder of a patch and its sounds may be moved whole, and opened from elsewhere."""
    write(here / "one" / "sounds" / "a.wav", sine(300.0, 0.5, 48_000))
    stage = Stage()
    stage.say("load sampler as s file one/sounds/a.wav pitch=3", "save one/p.chronus")
    text = Path("one/p.chronus").read_text()
    assert 'load sampler as s file "sounds/a.wav" mark ' in text
    Path("one").rename("two")
    (here / "else").mkdir()
    monkeypatch.chdir(here / "else")
    other = Stage()
    other.say("open ../two/p.chronus")
    assert other.session.patch.nodes["s"].recording.path == str(here / "two" / "sounds" / "a.wav")
    command = [sys.executable, "-m", "chronus", "check", "../two/p.chronus"]
    assert subprocess.run(command, check=False, env=os.environ).returncode == 0


def test_what_is_told_to_the_journal_stands_for_itself(here, monkeypatch):
    """What took effect is told with whole paths and marks, of a typed line and of an `open`."""
    mark = "mark "
    write(here / "a.wav", sine(300.0, 0.1, 48_000))
    stage = Stage()
    told = []
    stage.session.telling.on_done(lambda done: told.extend(done.texts))
    stage.say("load sampler as s file a.wav", "save p.chronus", "open p.chronus", "wait 10ms")
    stage.session.finish()
    naming = [text for text in told if "sampler" in text]
    assert len(naming) == 2
    monkeypatch.chdir("/")
    for text in naming:
        assert f'file "{here / "a.wav"}" {mark}' in text
        Stage().say(text)


def test_a_changed_file_is_refused_and_nothing_changes(here):
    """Where a mark says what is to be in it, another content is an error that says so."""
    write(here / "a.wav", sine(300.0, 0.1, 48_000))
    stage = Stage()
    stage.say("load sampler as s file a.wav", "save p.chronus")
    before = patch_lines(stage.session.patch)
    write(here / "a.wav", sine(301.0, 0.1, 48_000))
    error = stage.fails("open p.chronus")
    assert error.code == "E_FILE"
    assert "a.wav has changed" in error.message
    assert patch_lines(stage.session.patch) == before
    Path("a.wav").unlink()
    error = stage.fails("open p.chronus")
    assert "there is no file a.wav" in error.message
    assert patch_lines(stage.session.patch) == before


def test_what_cannot_be_played_is_refused(here):
    """Missing, empty, cut off, too long, too many channels, no sound: each is told, with E_FILE."""
    good = sine(300.0, 0.5, 48_000)
    write(here / "good.wav", good)
    content = Path("good.wav").read_bytes()
    Path("cut.wav").write_bytes(content[: len(content) // 2])
    write(here / "good.flac", good, subtype="PCM_16")
    content = Path("good.flac").read_bytes()
    Path("cut.flac").write_bytes(content[: len(content) // 2])
    Path("text.wav").write_text("no sound at all")
    write(here / "empty.wav", np.zeros(0))
    write(here / "six.wav", np.zeros((100, 6)))
    write(here / "nan.wav", np.array([0.0, np.nan, 0.0]))
    write(here / "loud.wav", np.array([0.0, 1e30, 0.0]))
    write(here / "long.flac", np.zeros(121 * 8000), 8000, "PCM_16")
    Path("folder.wav").mkdir()
    os.mkfifo("pipe.wav")
    stage = Stage()
    stage.say("load kick")
    before = patch_lines(stage.session.patch)
    for name, said in {
        "goof.wav": "there is no file",
        "cut.wav": "cut off",
        "cut.flac": "",
        "text.wav": "cannot play",
        "empty.wav": "empty",
        "six.wav": "6 channels",
        "nan.wav": "no sound",
        "loud.wav": "no sound",
        "long.flac": "longer than 120 seconds",
        "folder.wav": "folder",
        "pipe.wav": "pipe",
    }.items():
        error = stage.fails(f"load sampler file {name}")
        assert error.code == ("E_LIMIT" if name.startswith("long") else "E_FILE"), name
        assert said in error.message, name
        assert error.span is not None
    assert 'file "good.wav"' in stage.fails("load sampler file goof.wav").suggestions
    assert stage.fails("load saw file good.wav").code == "E_STATE"
    assert stage.fails("load tb303 file good.wav").code == "E_STATE"
    assert patch_lines(stage.session.patch) == before


def test_nodes_of_one_file_share_its_frames(here):
    """However many play a file, it lies in memory once, until the last of them is gone.

    When no more sounds fit, the line is refused with the limit, and what plays stays.
    """
    write(here / "a.wav", sine(300.0, 2.0, 48_000))
    write(here / "b.wav", sine(600.0, 2.0, 48_000))
    stage = Stage()
    stage.say("load sampler as a file a.wav")
    place = next(p for p in stage.session.writer.places.values() if p.recording_frames)
    pool = stage.session.writer.room.pools["memory"]
    pool.take(pool.size - 2 * place.recording_frames)
    stage.say("load sampler as c file a.wav", "copy a as d", "load grains as cloud file a.wav")
    before = list(stage.session.patch.nodes)
    assert stage.fails("load sampler as e file b.wav").code == "E_LIMIT"
    assert list(stage.session.patch.nodes) == before
    stage.say("unload a c d", "wait 100ms")
    assert stage.fails("load sampler as e file b.wav").code == "E_LIMIT"
    stage.say("unload cloud", "wait 100ms", "load sampler as e file b.wav; trigger e; wait 500ms")
    assert abs(cents(pitch(stage.frames[-9600:, 0]), 600.0)) < 1.0


def test_a_snapshot_knows_which_file_was_played(here):
    """`diff` tells of another file under the same name, and `recall` plays the first one again."""
    write(here / "a.wav", sine(300.0, 0.5, 48_000))
    write(here / "b.wav", sine(600.0, 0.5, 48_000))
    stage = Stage()
    stage.say("load sampler as s file a.wav", "snapshot first", "unload s")
    stage.say("load sampler as s file b.wav")
    assert any("a.wav" in line for line in stage.say("diff first").results[0].lines)
    stage.say("recall first", "wait 50ms", "trigger s", "wait 400ms")
    assert abs(cents(pitch(stage.frames[4800:16_800, 0]), 300.0)) < 1.0


@pytest.fixture
def swapped(here):
    """A stage on which a sampler's file is changed while a pattern plays it, and then undone."""
    write(here / "a.wav", sine(300.0, 2.0, 48_000))
    write(here / "b.wav", sine(600.0, 2.0, 48_000))
    stage = Stage()
    stage.say("load sampler as s file a.wav velocity=1; set s.level -6db; load filter cutoff=18khz")
    stage.say("patch s > filter; sequence s: X... step 1/4 gate 90%; wait 1 bar")
    stage.say("wait 1 beat; file s b.wav; wait 1 bar", "set s.pitch 12", "undo 2; wait 1 bar")
    return stage


def test_a_file_is_changed_in_place_while_a_pattern_plays(swapped):
    """The pattern goes on with the new file, by its cables; no click; undo brings it back."""
    wave = swapped.frames[:, 0].astype(float)
    bar = 96_000
    for number, hz in enumerate((300.0, 300.0, 600.0, 300.0)):
        heard = wave[number * bar + 1000 : number * bar + 10_600]
        assert abs(cents(pitch(heard), hz)) < 1.0
    # It was in the middle of a sound each time, which faded, and about as fast as 600 Hz moves.
    assert np.abs(wave[bar + 24_000 + 300 : 2 * bar]).max() < 1e-6
    assert np.abs(np.diff(wave)).max() < 1.3 * 0.5 * 2 * np.pi * 600.0 / 48_000


def test_a_changed_file_is_saved_told_and_compared(swapped, here):
    """`save` writes the file of now, `diff` its own line, and a journal names a whole path."""
    told = []
    swapped.session.telling.on_done(lambda done: told.extend(done.texts))
    swapped.say("snapshot before", "file s b.wav", "save p.chronus")
    assert swapped.say("file s b.wav").results[0].already
    assert 'load sampler as s file "b.wav" mark ' in Path("p.chronus").read_text()
    lines = swapped.say("diff before").results[0].lines
    assert len(lines) == 1
    assert lines[0].startswith("file s ")
    assert "a.wav" in lines[0]
    swapped.say("wait 10ms")
    assert any(text.startswith(f'file s "{here / "b.wav"}" mark ') for text in told)
    assert swapped.fails("file filter b.wav").code == "E_STATE"
    assert swapped.fails("file s c.wav").code == "E_FILE"


def test_an_instrument_names_files_beside_its_own(here, monkeypatch):
    """A user's instrument finds its sound wherever one works, in voices too, and is told whole."""
    own = here / "data" / "chronus" / "instruments"
    monkeypatch.setenv("XDG_DATA_HOME", str(here / "data"))
    write(own / "sounds" / "a.wav", sine(300.0, 2.0, 48_000))
    write(here / "b.wav", sine(700.0, 2.0, 48_000))
    own.joinpath("stab-it.chronus").write_text(
        'instrument stab-it "one" voices 3\nload keys\n'
        "load sampler as hit file sounds/a.wav root=c4 gated=1\n"
        "patch keys.freq > hit.freq; patch keys.gate > hit.gate; set hit.freq 0\n"
    )
    stage, told = Stage(), []
    stage.session.telling.on_done(lambda done: told.extend(done.texts))
    stage.say("load stab-it as s", "note s c4 g4 for 1 beat", "wait 500ms", "save p.chronus")
    heard = stage.frames[4800:19_200, 0]
    assert min(amplitude(heard, 300.0), amplitude(heard, 300.0 * 2 ** (7 / 12))) > 0.05
    assert "load stab-it as s" in Path("p.chronus").read_text()
    assert "a.wav" not in Path("p.chronus").read_text()
    assert f'file "{own / "sounds" / "a.wav"}" mark ' in told[0]
    stage.say("file s/hit b.wav", "save p.chronus", "note s c4 for 1 beat", "wait 500ms")
    assert amplitude(stage.frames[-19_200:-4800, 0], 700.0) > 0.05
    for opened in (f"open {here / 'p.chronus'}", f"{told[0]}; load stab-it as s"):
        monkeypatch.chdir("/")
        other = Stage()
        other.say(opened, "note s c4 for 1 beat", "wait 500ms")
        hz = 700.0 if opened.startswith("open") else 300.0
        assert amplitude(other.frames[4800:19_200, 0], hz) > 0.05
