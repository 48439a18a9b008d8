"""Files of instruments: where they are found, what they may say, and what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chronus.doors.calls import kinds_in
from chronus.doors.checking import check
from chronus.session import instrument_files
from tests.session.test_patch_files import hostile
from tests.support.score import Stage

PLAIN = "load saw\nexpose pitch = saw.freq\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A current folder, and one of the user's, with nothing in them."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return folder


def mine(name, text):
    """One of the user's own files."""
    folder = Path(os.environ["XDG_DATA_HOME"]) / "chronus" / "instruments"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.chronus").write_text(text)


def kinds_of(stage, name):
    """The kinds of the nodes within an instrument."""
    nodes = stage.session.patch.nodes
    return [node.kind for key, node in nodes.items() if key.startswith(f"{name}/")]


def test_the_nearest_file_wins():
    """The current folder, then the user's own, then what comes with the program."""
    stage = Stage()
    stage.say("load bass as shipped")
    mine("bass", "instrument bass\nload square\n")
    stage.say("load bass as own")
    Path("bass.chronus").write_text("# mine\n\n  INSTRUMENT bass\nload sine\n")
    stage.say("load bass as near")
    assert kinds_of(stage, "own") == ["square"]
    assert kinds_of(stage, "near") == ["sine"]
    assert len(kinds_of(stage, "shipped")) > 2
    assert stage.fails("load bass as own").code == "E_NAME", "another instrument is no repetition"
    assert stage.say("load bass as near").results[0].already
    stage.say("instrument bass { load noise }", "load bass as said")
    assert kinds_of(stage, "said") == ["noise"]


def test_a_song_of_that_name_is_no_instrument():
    """In the current folder only what begins with `instrument` is one."""
    Path("song.chronus").write_text("tempo 120\nload saw\n")
    error = Stage().fails("load song")
    assert error.code == "E_NAME"
    assert "`list instruments`" in error.message
    Path("song.chronus").write_text("# mine\ninstrument song { load saw }\nload song\n")
    assert Stage().fails("load song").code == "E_NAME"
    assert check(["song.chronus"]) == 0
    Path("it.chronus").write_text('instrument it "in { braces }" # {\nload saw\n')
    Stage().say("load it")
    Path("bass.chronus").write_text("load noise\n")
    stage = Stage()
    stage.say("load bass")
    assert "noise" not in kinds_of(stage, "bass")


def test_a_kind_keeps_its_name_but_a_drum():
    """No file takes the place of `filter`; one of a drum does, and means the kind within."""
    Path("filter.chronus").write_text("instrument filter\nload saw\n")
    mine("snare", "instrument snare\nload snare as drum decay=90\nexpose gate = drum.gate\n")
    stage = Stage()
    stage.say("load filter", "load snare", "load kick")
    assert stage.session.patch.nodes["filter"].kind == "filter"
    assert kinds_of(stage, "snare") == ["snare"]
    assert stage.session.patch.nodes["kick"].kind == "kick"
    rows = {row[0]: row for row in stage.say("list instruments").results[0].data["instruments"]}
    assert "filter is a kind" in rows["filter"][1]
    assert rows["snare"][2] == "gate"
    assert check(["filter.chronus"]) == 1
    assert stage.fails("instrument filter { load saw }").code == "E_NAME"
    stage.say(
        "instrument kick { load kick; expose gate = kick.gate }", "load kick as k", "trigger k"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("load sow\nload saw", ["line 2 column 6: E_NAME"]),
        ("load saw\nwait 1 bar", ["line 3 column 1: E_STATE"]),
        ("load saw\nsequence saw: c2", ["line 3 column 1: E_STATE"]),
        (
            "load saw\ntempo 120\nsave x\nrun x\nquit\nrecord x.wav",
            [f"line {n}" for n in range(3, 8)],
        ),
        ("load saw\nset saw.freq 50 over 1s", ["line 3 column 22: E_STATE"]),
        ("load saw freq=1/8", ["line 2 column 15: E_VALUE"]),
        ("load saw\nset saw.freq 50 saw.freq 2 beats", ["line 3"]),
        ("load bass", ["line 2 column 6: E_STATE: bass is an instrument"]),
        ("load it", ["line 2 column 6: E_STATE: it is an instrument"]),
        ("load saw as a/b", ["line 2 column 13: E_NAME"]),
        ("load saw\nload sine", ["line 1 column 12: E_STATE: saw, sine would be heard"]),
        ("load saw; load sine; patch saw, sine > out", ["line 1 column 12: E_STATE"]),
        ("load lfo", ["line 1 column 12: E_STATE: nothing in it is heard"]),
        ("", ["line 1 column 12: E_STATE: nothing in it is heard"]),
        ("load saw; patch saw > out by 50%", ["line 1 column 12: E_CABLE"]),
        ("load filter; load saw; patch saw > filter.in; patch filter.high > out", ["line 1"]),
        ("load saw; set out.level -3db", ["line 1 column 12: E_STATE: out is no part"]),
        ("load keys; load keys as k; load saw", ["line 1 column 12: E_STATE: notes go to one"]),
        ("load saw\nexpose a = saw.foo", ["line 3 column 16: E_PORT"]),
        ("load saw\nexpose a = sow.freq", ["line 3 column 12: E_NAME"]),
        ("load saw\nexpose a = saw.out", ["line 3 column 16: E_PORT"]),
        ("load saw\nexpose a = out.level", ["line 3 column 12: E_STATE"]),
        ("load saw\nexpose out = saw.freq", ["line 3 column 8: E_NAME"]),
        ("load saw\nexpose a = saw.freq\nexpose a = saw.level", ["line 4 column 8: E_NAME"]),
        ("load saw\nexpose a = saw.freq\nexpose b = saw.freq", ["line 4 column 8: E_NAME"]),
        ("load saw\nexpose a = saw.freq range 1hz..90khz", ["line 3 column 27: E_RANGE"]),
        ("load saw\nexpose a = saw.freq range 9hz..2hz", ["line 3 column 27: E_RANGE"]),
        ("load saw\nexpose a = saw.freq range 1s..2s", ["line 3 column 27: E_VALUE"]),
        ("load saw\nexpose a = saw.freq range 1khz..2khz", ["line 3 column 12: E_RANGE"]),
        ("load saw\nexpose a = saw.freq default 90khz", ["line 3 column 29: E_RANGE"]),
        ("load saw\nexpose a = saw.freq default on", ["line 3 column 29: E_VALUE"]),
        ("load filter\nexpose a = filter.mode range 0..1", ["line 3 column 30: E_VALUE"]),
        ("load saw; load vca; patch saw > vca\nexpose a = saw.level", ["line 3 column 12: E_PORT"]),
        ("load keys; load saw\nexpose freq = saw.freq", ["line 3 column 8: E_NAME"]),
        ("load saw\nexpose gate = saw.freq", ["line 3 column 15: E_PORT"]),
        ("load kick\nexpose freq = kick.decay", ["line 3 column 15: E_PORT"]),
        ("load saw\ninstrument other\nload sine", ["line 3 column 1: E_STATE"]),
        ("load saw\nexpose a = \nfoo\n\tset saw.freq x", ["line 3", "line 4", "line 5"]),
    ],
)
def test_every_mistake_has_its_line(lines, expected, capsys):
    """A wrong file is told with all that is wrong in it, by `check` and by `load`."""
    Path("it.chronus").write_text(f"instrument it\n{lines}\n")
    stage = Stage()
    stage.say("load kick as k")
    before, history = stage.session.patch, stage.session.history
    error = stage.fails("load it")
    assert error.code == "E_FILE"
    assert "it.chronus" in error.message
    assert len(error.details) == len(expected), error.details
    for detail, wanted in zip(error.details, expected, strict=True):
        assert detail.startswith(wanted), detail
    assert stage.session.patch is before
    assert stage.session.history is history
    assert check(["it.chronus"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told == [f"it.chronus: {detail}" for detail in error.details]
    rows = stage.say("list instruments").results[0].data["instruments"]
    assert next(row for row in rows if row[0] == "it")[1].startswith("wrong: ")


@pytest.mark.parametrize(
    "manner", ["voices 4", "legato", "glide 10ms", "voices 65", "voices x", "mono mono"]
)
def test_what_needs_a_player(manner):
    """Voices, legato and glide of a file without keys, and wrong ones, are errors."""
    Path("it.chronus").write_text(f"instrument it {manner}\nload saw\n")
    assert Stage().fails("load it").code == "E_FILE"


@pytest.mark.parametrize(
    "what", ["binary", "latin-1", "huge", "long line", "many lines", "truncated", "pipe", "folder"]
)
def test_a_hostile_file_is_one_error(what, here, tmp_path):
    """Whatever lies there as a user's own, nothing changes, and there is one clear reason."""
    path = hostile(here, what)
    folder = tmp_path / "data" / "chronus" / "instruments"
    folder.mkdir(parents=True)
    path.rename(folder / "it.chronus")
    stage = Stage()
    stage.say("load kick")
    before = stage.session.patch
    error = stage.fails("load it")
    assert error.code in ("E_FILE", "E_LIMIT", "E_NAME")
    assert len(error.message) < 500
    assert stage.session.patch is before
    stage.say("list instruments")


def test_too_much_is_one_error():
    """More commands than a line of a journal holds, and words of other alphabets, are refused."""
    many = "\n".join(f"load saw as saw{n}" for n in range(2000))
    Path("it.chronus").write_text(f"instrument it\n{many}\n")
    assert Stage().fails("load it").code == "E_LIMIT"
    Path("it.chronus").write_text('instrument it "für dich, → „so“"\nload saw # ü\n')
    stage = Stage()
    stage.say("load it")
    assert "für dich" in stage.say("describe it").results[0].lines[0]
    Path("it.chronus").write_text("instrument it\nload sаw\n")  # noqa: RUF001 - not an a
    assert Stage().fails("load it").code == "E_FILE"
    Path("it.chronus").write_text("instrument that\nload saw\n")
    assert "'that'" in Stage().fails("load it").message
    mine("odd", "load saw\n")
    assert "no instrument" in Stage().fails("load odd").message


def test_a_file_is_loaded_and_not_opened():
    """`open` of an instrument says how it is loaded; so does `run`, with its line."""
    Path("it.chronus").write_text("# it\ninstrument it\n" + PLAIN)
    stage = Stage()
    error = stage.fails("open it.chronus")
    assert error.code == "E_FILE"
    assert error.suggestions == ("load it",)
    assert "line 2" in stage.fails("run it.chronus").message
    assert stage.fails("expose pitch = saw.freq").code == "E_STATE"
    assert stage.fails("instrument it").code == "E_STATE"
    Path("patch.chronus").write_text("load saw\nexpose a = saw.freq\n")
    assert "line 2" in stage.fails("open patch.chronus").message


def test_a_right_file_is_checked(capsys):
    """`chronus check` names the instrument and its ports, and checks songs that load it."""
    Path("it.chronus").write_text("instrument it\n" + PLAIN)
    Path("song.chronus").write_text("load it as a pitch=50\nsequence a.pitch: 50 60\n")
    assert check(["it.chronus", "song.chronus"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ok it.chronus: instrument it, pitch",
        "ok song.chronus: 2 commands",
    ]
    assert check(["missing.chronus"]) == 1


def test_what_a_song_needs_compiled():
    """The kinds within the instruments that a score loads are known before it begins."""
    Path("it.chronus").write_text("instrument it\n" + PLAIN)
    lines = ["load it as a", "instrument b { load noise }", "at +1s load lfo", "load nothing"]
    assert kinds_in(lines) == ["saw", "noise", "lfo"]


def test_shipped_instruments_are_right():
    """Every file that comes with the program can be loaded, and is what its name means."""
    stage = Stage()
    (shipped,) = instrument_files.folders()[2:]
    names = [path.name.removesuffix(".chronus") for path in sorted(shipped.glob("*.chronus"))]
    assert {"bass", "tb303"} <= set(names)
    for name in names:
        stage.say(f"load {name}", f"describe {name}", f"unload {name}")
        assert instrument_files.find(name) == shipped / f"{name}.chronus", "a kind has that name"
        assert instrument_files.read_file(shipped / f"{name}.chronus").head.doc
