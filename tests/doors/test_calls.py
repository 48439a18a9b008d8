"""The calls of the program, as processes: render, check, help, wrong calls."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tests.support.program import chronus, environment
from tests.support.score import render
from tests.support.sound import cents, pitch

SCORE = """\
# a tone
load sine freq=440hz
set sine.level -6db

tempo 120
wait 1 bar
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("calls")
    (place / "tone.chronus").write_text(SCORE)
    (place / "wrong.chronus").write_text(
        "load sine\nload sow\nset sine.freq 99khz\nset sine.freq 3\n"
    )
    return place


def test_render_writes_what_the_session_plays(folder):
    """`render` writes float32 frames, the same as the engine's, and says nothing on stdout."""
    ended = chronus("render", "tone.chronus", "-o", "a.wav", "--seconds", "1.5", folder=folder)
    assert (ended.status, ended.out) == (0, "")
    frames, rate = soundfile.read(folder / "a.wav", dtype="float32")
    info = soundfile.info(folder / "a.wav")
    assert (rate, info.channels, info.subtype) == (48_000, 2, "FLOAT")
    assert np.array_equal(frames, render(SCORE.splitlines()[1:], 1.5).frames)


def test_two_renders_are_one_file(folder):
    """The same score gives the same bytes."""
    for name in ("x.wav", "y.wav"):
        assert (
            chronus("render", "tone.chronus", "-o", name, "--bars", "1", folder=folder).status == 0
        )
    one, two = ((folder / name).read_bytes() for name in ("x.wav", "y.wav"))
    assert one == two
    assert soundfile.info(folder / "x.wav").frames == 96_000


@pytest.mark.parametrize(
    ("name", "options", "subtype", "step"),
    [
        ("b.wav", ["--bits", "16"], "PCM_16", 2**-15),
        ("c.wav", ["--bits", "24"], "PCM_24", 2**-23),
        ("d.flac", [], "PCM_24", 2**-23),
        ("e.flac", ["--bits", "16"], "PCM_16", 2**-15),
    ],
)
def test_formats(folder, name, options, subtype, step):
    """WAV and FLAC of 16 and 24 bits hold the same sound, to their last bit."""
    ended = chronus(
        "render", "tone.chronus", "-o", name, "--seconds", "0.25", *options, folder=folder
    )
    assert ended.status == 0
    assert soundfile.info(folder / name).subtype == subtype
    frames, _ = soundfile.read(folder / name)
    expected = render(SCORE.splitlines()[1:], 0.25).frames
    assert frames.shape == expected.shape
    assert np.max(np.abs(frames - expected)) <= step


def test_a_render_at_another_rate(folder):
    """At 44.1 kHz the pitch is right, and a second is a second."""
    ended = chronus(
        "render", "tone.chronus", "-o", "f.wav", "--rate", "44100", "--seconds", "1", folder=folder
    )
    assert ended.status == 0
    frames, rate = soundfile.read(folder / "f.wav")
    assert (rate, len(frames)) == (44_100, 44_100)
    assert abs(cents(pitch(frames[:, 0], rate), 440.0)) < 0.5


def test_a_render_with_errors_is_1_and_renders_the_rest(folder):
    """Wrong lines are told with their place, the rest is rendered, and the status is 1."""
    ended = chronus("render", "wrong.chronus", "-o", "g.wav", "--seconds", "0.2", folder=folder)
    assert ended.status == 1
    assert [line.split(":")[0] for line in ended.lines] == ["error E_NAME", "error E_RANGE"]
    assert "line 2" in ended.lines[0]
    assert np.abs(soundfile.read(folder / "g.wav")[0]).max() > 0.1


def test_strict_ends_at_the_first_error(folder):
    """With --strict there is one error."""
    ended = chronus(
        "render", "wrong.chronus", "-o", "h.wav", "--seconds", "0.2", "--strict", folder=folder
    )
    assert ended.status == 1
    assert len(ended.lines) == 1


def test_a_render_answers_in_json(folder):
    """With --json each line that is a command gets its object, `n` is the line's number."""
    ended = chronus(
        "render", "tone.chronus", "-o", "i.wav", "--seconds", "0.2", "--json", folder=folder
    )
    assert [o["n"] for o in ended.objects] == [2, 3, 5, 6]
    assert all(o["ok"] for o in ended.objects)


def test_check(folder):
    """`check` tells every error with its line, plays nothing, and the status says it."""
    good = chronus("check", "tone.chronus", folder=folder)
    assert good.status == 0
    assert good.out.startswith("ok ")
    bad = chronus("check", "tone.chronus", "wrong.chronus", folder=folder)
    assert bad.status == 1
    errors = [line for line in bad.lines if "E_" in line]
    assert len(errors) == 2
    assert "line 2 column 6" in errors[0]
    assert "line 3 column 15" in errors[1]
    assert chronus("check", "nowhere.chronus", folder=folder).status == 1


def test_check_changes_no_file(tmp_path):
    """`check` of a score that saves and records writes nothing."""
    (tmp_path / "a.chronus").write_text("load saw\nsave b.chronus\nrecord c.wav\nwait 1 bar\n")
    assert chronus("check", "a.chronus", folder=tmp_path).status == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.chronus"]


WRONG_CALLS = [
    (["frobnicate"], 2),
    (["--frobnicate"], 2),
    (["render"], 2),
    (["render", "tone.chronus"], 2),
    (["render", "nowhere.chronus", "-o", "z.wav"], 2),
    (["render", "tone.chronus", "-o", "z.mp3"], 2),
    (["render", "tone.chronus", "-o", "nowhere/z.wav"], 2),
    (["render", "tone.chronus", "-o", "z.wav", "--bits", "12"], 2),
    (["render", "tone.chronus", "-o", "z.wav", "--rate", "7"], 2),
    (["render", "tone.chronus", "-o", "z.wav", "--rate", "fast"], 2),
    (["render", "tone.chronus", "-o", "z.wav", "--seconds", "-1"], 2),
    (["render", "tone.chronus", "-o", "z.wav", "--seconds", "nan"], 2),
    (["render", "tone.chronus", "-o", "z.wav", "--seconds", "1", "--bars", "1"], 2),
    (["play"], 2),
    (["play", "nowhere.chronus"], 2),
    (["check"], 2),
    (["help", "nothing"], 2),
    (["play", "tone.chronus", "--device", "null", "--ahead", "1"], 2),
    (["play", "tone.chronus", "--device", "null", "--record", "z.mp3"], 2),
    (["play", "tone.chronus", "--device", "no such card"], 3),
]


@pytest.mark.parametrize(("call", "status"), WRONG_CALLS)
def test_wrong_calls(folder, call, status):
    """A wrong call says what is wrong on stderr, and ends with 2; a device that is not there, 3."""
    ended = chronus(*call, folder=folder)
    assert ended.status == status, ended.err
    assert ended.err.strip()
    assert not (folder / "z.wav").exists() or (folder / "z.wav").stat().st_size == 0


def test_help():
    """`help`, `--help` and a topic are answered on stdout with status 0."""
    assert chronus("--help").status == 0
    assert "sequence" in chronus("help").out
    assert "cutoff" in chronus("help", "filter").out


def test_devices():
    """`devices` lists at least `null`."""
    ended = chronus("devices")
    assert ended.status == 0
    assert "null" in ended.out


def test_options_and_variables_and_the_config_file(folder, tmp_path):
    """An option wins over the variable, the variable over the file; each is looked at."""

    def rate(*options, config="", **variables):
        (tmp_path / "chronus").mkdir(exist_ok=True)
        (tmp_path / "chronus" / "config.toml").write_text(config)
        ended = chronus(
            "render",
            "tone.chronus",
            "-o",
            "o.wav",
            "--seconds",
            "0.05",
            *options,
            folder=folder,
            XDG_CONFIG_HOME=str(tmp_path),
            **variables,
        )
        assert ended.status == 0, ended.err
        return soundfile.info(folder / "o.wav").samplerate

    assert rate() == 48_000
    assert rate(config="rate = 22050\n") == 22_050
    assert rate(config="rate = 22050\n", CHRONUS_RATE="32000") == 32_000
    assert rate("--rate", "44100", config="rate = 22050\n", CHRONUS_RATE="32000") == 44_100


@pytest.mark.parametrize(
    ("config", "variables"),
    [
        ("rat = 22050\n", {}),
        ("rate = 'fast'\n", {}),
        ("rate = \n", {}),
        ("json = 'maybe'\n", {}),
        ("", {"CHRONUS_RATE": "fast"}),
        ("", {"CHRONUS_RATE": "7"}),
        ("", {"CHRONUS_JSON": "maybe"}),
        ("[rate]\na = 1\n", {}),
    ],
)
def test_wrong_settings(folder, tmp_path, config, variables):
    """A wrong key or value is an error of the call that names where it stands."""
    (tmp_path / "chronus").mkdir()
    (tmp_path / "chronus" / "config.toml").write_text(config)
    ended = chronus(
        "render",
        "tone.chronus",
        "-o",
        "p.wav",
        "--seconds",
        "0.05",
        folder=folder,
        XDG_CONFIG_HOME=str(tmp_path),
        **variables,
    )
    assert ended.status == 2
    assert "error E_" in ended.err


@pytest.mark.parametrize("call", [["sessions"], ["send", "--session", "nobody", "status"]])
def test_who_only_talks_to_a_session_loads_no_engine(call):
    """`send` and `sessions` are quick: neither numpy nor the parser is imported for them."""
    program = (
        "import sys\n"
        "from chronus.__main__ import main\n"
        f"main({call!r})\n"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'lark', 'chronus.session')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), check=False, capture_output=True
    )
    assert done.returncode == 0, done
