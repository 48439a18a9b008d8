"""Calls and modules of the user's own: `--modules`, and a start for a new one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chronus.__main__ import main
from chronus.doors.own_modules import kinds_to_begin_with
from chronus.modules.catalog import kinds, look_in
from tests.machine.test_reload import ramp
from tests.support.program import ROOT, chronus, environment


@pytest.fixture(autouse=True)
def _shipped_alone():
    """What a call looks for is forgotten behind the test."""
    yield
    look_in([])


def test_a_new_module_is_as_its_test_says(tmp_path, capsys):
    """What `new module` writes compiles, is heard, and passes the test beside it."""
    assert main(["new", "module", "fold", "--to", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("ok fold")
    assert {path.name for path in tmp_path.iterdir()} == {"fold.py", "test_fold.py"}
    assert all("own_name" not in path.read_text() for path in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, tmp_path / "test_fold.py"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "fold is as its test says\n"


def test_a_new_module_lies_where_every_call_looks(capsys, monkeypatch, tmp_path):
    """Without `--to` it is in the user's folder, where `check` finds it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    song = tmp_path / "song.chronus"
    song.write_text("load saw; load fold; patch saw > fold\n")
    assert main(["check", str(song)]) == 1
    assert main(["new", "module", "fold"]) == 0
    assert (tmp_path / "chronus" / "modules" / "fold.py").exists()
    assert main(["check", str(song)]) == 0
    assert main(["new", "module", "fold"]) == 2
    assert "there is a module kind 'fold' already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("saw", "comes with the program"),
        ("tb303", "there is an instrument 'tb303'"),
        ("lambda", "means something else"),
        ("on", "means something else"),
        ("Fold", "small letters"),
        ("../fold", "small letters"),
        ("fold.py", "small letters"),
        ("test_fold", "small letters"),
        ("4fold", "small letters"),
        ("there", "is there already"),
    ],
)
def test_a_name_that_is_no_good_is_refused(name, reason, tmp_path, capsys):
    """The call is wrong, says why, and writes nothing."""
    (tmp_path / "there.py").write_text("mine")
    assert main(["new", "module", name, "--to", str(tmp_path)]) == 2
    assert reason in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.rglob("*")] == ["mine"]


def test_a_module_that_does_not_compile_holds_up_no_session(tmp_path, capsys):
    """A prompt begins with all kinds but that one, and says where it is wrong."""
    (tmp_path / "ramp.py").write_text(ramp().replace("turned >= 1.0", "turned.x"))
    look_in([tmp_path])
    names = kinds_to_begin_with()
    assert set(names) == set(kinds()) - {"ramp"}
    assert f"{tmp_path}/ramp.py line 18: ramp: turned.x is not offered" in capsys.readouterr().err


def test_a_patch_or_journal_without_its_module_says_how_to_give_it(tmp_path, capsys, monkeypatch):
    """A journal notes the module; a folder is never named by a file, only by the call."""
    (tmp_path / "ramp.py").write_text(ramp())
    lines = "load ramp freq=30hz\nwait 1/16\nload lfo\nquit\n"
    journal = tmp_path / "journal.chronus"
    ended = chronus(
        *("--device", "null", "--modules", tmp_path, "--journal", journal),
        stdin=lines,
        folder=tmp_path,
    )
    assert ended.status == 0, ended.out
    assert journal.read_text().count(f"# module ramp of {tmp_path}/ramp.py\n") == 1
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))  # elsewhere its source is not kept
    call = ["render", str(journal), "-o", str(tmp_path / "out.wav")]
    assert main(call) == 1
    said = capsys.readouterr()
    assert f"was made with the module 'ramp' ({tmp_path}/ramp.py)" in said.err
    assert "`--modules DIR` names its folder" in said.err
    assert "no module kind or instrument 'ramp'" in said.out
    assert main([*call, "--modules", str(tmp_path)]) == 0
    assert main([*call, "--modules", str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err
