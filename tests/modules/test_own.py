"""Modules of the user's own: which files are read, and what is known of their kinds."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.doors.completion import completions
from chronus.errors import Code, UserError
from chronus.modules.catalog import catalog, find_new, kinds, look_in, read_again
from chronus.patch.model import empty_patch
from tests.machine.test_reload import ramp
from tests.support.score import Stage, render


def named(name, doc="A ramp."):
    return ramp(doc=doc).replace("def ramp", f"def {name}")


@pytest.fixture
def folders(tmp_path):
    """Two folders, the nearer first, that modules are looked for in."""
    near, far = tmp_path / "near", tmp_path / "far"
    near.mkdir()
    far.mkdir()
    yield near, far
    look_in([])


def test_only_the_folders_that_are_named_are_read(folders, monkeypatch):
    """The nearer file wins; tests, and files in the current folder, are not read."""
    near, far = folders
    marks = near / "marks"
    (near / "slope.py").write_text(named("slope", "The nearer."))
    (far / "slope.py").write_text(named("slope", "The farther."))
    (far / "hill.py").write_text(named("hill"))
    for path in (near / "test_slope.py", near / "conftest.py", near.parent / "here.py"):
        path.write_text(f"open({str(marks)!r}, 'w')\n" + named("here"))
    monkeypatch.chdir(near.parent)
    look_in([near, far])
    assert kinds()["slope"].doc == "The nearer."
    assert "hill" in kinds()
    assert Stage().fails("load here").code is Code.NAME
    assert not marks.exists()
    look_in([])
    assert not {"slope", "hill"} & set(kinds())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\n", "line 1: it declares no module"),
        ("import nothing_of_this_name\n", "line 1: ModuleNotFoundError"),
        ("raise SystemExit\n", "line 1: SystemExit"),
        (named("kick"), "there is another kind 'kick'"),
        (named("Slope"), "a module cannot be called 'Slope'"),
        (named("slope").replace("* phase\n", "* nice(phase)\n"), "nice is not a @helper"),
        (named("slope").replace("Family.OSCILLATOR", "'osc'"), "family is one of Family.OSC"),
        (named("slope").replace('"hz"', '"parsec"'), "freq: 'parsec' is no unit of a port"),
        (named("slope").replace('"out"', '"Out"'), "a port cannot be called 'Out'"),
        (named("slope").replace('"depth", "', '"depth", "Two\\n'), "is not one line of"),
        (named("slope").replace("20_000.0", "float('inf')"), "a range has two ends, or none"),
        (named("slope").replace("    return", "    phase ="), "a tick ends with what it returns"),
        (named("slope").replace("def slope", "async def slope"), "slope is written by `def`"),
        (b"\xff\xfe", "line 1: invalid or missing encoding"),
    ],
)
def test_a_file_that_is_wrong_hides_its_own_kinds_alone(folders, text, reason):
    """The reason is told with file and line where it is loaded or listed; the others are there."""
    near, far = folders
    (near / "slope.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    (far / "hill.py").write_text(named("hill"))
    look_in([near, far])
    stage = Stage()
    assert stage.say("load hill").ok
    error = stage.fails("load slope")
    assert (error.code, error.span.column) == (Code.FILE, 6)
    assert f"{near / 'slope.py'} line" in error.message
    assert reason in error.message
    listed = [line for line in stage.say("list kinds").results[0].lines if "wrong: " in line]
    assert len(listed) == 1
    assert reason in listed[0]
    assert stage.say("reload hill").ok
    assert reason in stage.fails("reload").message
    (near / "slope.py").write_text(named("slope"))
    assert stage.say("load slope").ok


def test_what_never_compiled_is_read_again_where_it_is_loaded(folders):
    """A mended file needs no `reload`; one that can be played stays until `reload` is said."""
    near, _ = folders
    file = near / "slope.py"
    file.write_text(named("slope", "Wrong.").replace("turned >= 1.0", "turned.x"))
    look_in([near])
    find_new("slope")
    assert kinds()["slope"].doc == "Wrong."
    file.write_text(named("slope", "Mended."))
    render("load slope freq=30hz", 0.1)
    assert kinds()["slope"].doc == "Mended."
    file.write_text(named("slope", "Changed."))
    find_new("slope")
    assert kinds()["slope"].doc == "Mended."


def test_reload_by_name_reads_that_file_alone(folders):
    """Of two files that have changed one is read; a name that is nowhere is an error."""
    near, far = folders
    for place, name in ((near, "slope"), (far, "hill")):
        (place / f"{name}.py").write_text(named(name))
    look_in([near, far])
    before = catalog()
    for place, name in ((near, "slope"), (far, "hill")):
        (place / f"{name}.py").write_text(named(name, "Changed."))
    after = read_again(["hill"])
    assert after.changed_since(before) == ["hill"]
    assert read_again().changed_since(before) == ["slope", "hill"]
    with pytest.raises(UserError, match=r"no module kind 'hil', and no hil\.py in") as caught:
        read_again(["hil"])
    assert caught.value.suggestions[0] == "hill"
    (far / "hill.py").unlink()
    with pytest.raises(UserError, match="cannot read"):
        read_again(["hill"])


def test_what_is_known_of_it_says_where_it_is_from(folders):
    """`list kinds`, `describe`, `help`, `search`, completion and a saved patch name the file."""
    near, _ = folders
    file = near / "slope.py"
    file.write_text(named("slope"))
    look_in([near])
    stage = Stage()
    for line in ("list kinds", "describe slope", "help slope", "search slope"):
        assert str(file) in "\n".join(stage.say(line).results[0].lines), line
    assert stage.say("describe slope").results[0].data["file"] == str(file)
    for line in ("load sl", "reload sl"):
        assert [w for w, note in completions(line, empty_patch()) if str(file) in note] == ["slope"]
    stage.say("load slope; load saw", f"save {near}/patch.chronus")
    lines = (near / "patch.chronus").read_text().splitlines()
    assert lines[1] == f"# module slope of {file}"
    assert "saw" not in lines[1]


def test_a_saved_patch_knows_what_its_modules_were(folders):
    """Opened with another source it plays that, and says how the one it was saved with is had."""
    near, _ = folders
    (near / "slope.py").write_text(named("slope"))
    look_in([near])
    stage = Stage()
    stage.say("load slope", f"save {near}/patch.chronus")
    note = (near / "patch.chronus").read_text().splitlines()[2]
    assert note.startswith("# source slope mark ")
    assert "another" not in stage.say(f"open {near}/patch.chronus").results[0].text
    (near / "slope.py").write_text(named("slope", "Changed."))
    stage.say("reload")
    opened = stage.say(f"open {near}/patch.chronus").results[0]
    line = f"reload {note.removeprefix('# source ')}"
    assert f"slope is another one now than when this was saved: `{line}`" in opened.text
    assert opened.data["others"] == [line]
    assert stage.say(line).results[0].data["changed"] == ["slope"]
    assert "Changed." not in kinds()["slope"].doc


ASTRAY = '''\
"""A module whose places lie anywhere."""

from chronus.dsp.declaration import Family, Memory, Output, State, audio, helper, module


@helper
def far(line, phase):
    return line[int(phase * 1e12)] + line[int(phase * -1e12)]


@module(
    doc="Reads and writes where it has no memory.",
    family=Family.EFFECT,
    inputs=(audio("in", "Sound"),),
    outputs=(Output("out", "Sound"),),
    state=(State("place", dtype="i8"),),
    memories=(Memory("line", 0.01),),
    source="This test",
    example="load saw",
)
def astray(place, in_, line, dt):
    place = place + 1
    line[place * 1_000_000_007] = in_
    line[-place * 1_000_000_007] = in_
    kept = line[place * 999_999_937]
    return place, 0.5 * in_ + 0.0001 * (kept + far(line, in_))
'''


@pytest.mark.parametrize("how", ["", " voices 2"])
def test_what_is_astray_in_memory_harms_nothing(folders, how):
    """A module that reads and writes a thousand million frames away plays; so does the rest."""
    near, _ = folders
    (near / "astray.py").write_text(ASTRAY)
    look_in([near])
    lines = [
        "instrument a { load keys; load saw; load astray; load poly",
        "patch saw > astray > poly > out }",
        f"load a as one{how}; note one c3 for 1s",
        "load saw as low; load astray as other; patch low > other",
        "wait 100ms",
    ]
    sound = render(lines, seconds=0.2).frames
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() > 0.1
