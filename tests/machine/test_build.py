"""Compiling into the cache: what is missing is known without a compiler, and errors are plain."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chronus.errors import Code, UserError
from chronus.machine.build import build, build_in_background, missing
from chronus.modules.catalog import catalog
from chronus.settings import cache_dir

ROOT = Path(__file__).parents[2]


def test_what_was_compiled_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that was not compiled is missing; once it is built it is not, and progress was told.

    The step takes most of a minute, and is there: `tests.support.kernels` sees to the same of it.
    """
    shutil.copytree(cache_dir() / "kernels", tmp_path / "kernels")
    for name in ("saw", "noise"):
        for path in (tmp_path / "kernels").rglob(f"{catalog().kernel(name)}*"):
            path.unlink()
    monkeypatch.setenv("CHRONUS_CACHE_DIR", str(tmp_path))
    assert missing(["saw", "noise"]) == ["saw", "noise"]
    told: list[tuple[int, int, str]] = []
    build(["saw", "noise"], lambda done, count, name: told.append((done, count, name)))
    assert missing(["saw", "noise"]) == []
    assert [done for done, _, _ in told] == list(range(1, len(told) + 1))
    # What is told is what is waited for, and at the end what was done last.
    assert [name for _, _, name in told] in (["saw", "saw"], ["noise", "noise"])


def test_a_cache_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the cache folder cannot be made, the reason and the variable that mends it are told."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHRONUS_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(UserError) as caught:
        build(["saw"])
    assert caught.value.code is Code.FILE


def test_building_in_the_background_ends_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be ended at any time, and leaves no process."""
    monkeypatch.setenv("CHRONUS_CACHE_DIR", str(tmp_path))
    building = build_in_background(["saw", "noise"])
    building.close()
    building.close()
    assert building.error is None


def test_asking_what_is_missing_loads_no_compiler() -> None:
    """`missing` costs no import of numba, so that a warm start is quick."""
    program = (
        "import sys\n"
        "from chronus.machine.build import missing\n"
        "from chronus.modules.catalog import kinds\n"
        "missing(kinds())\n"
        "sys.exit('numba' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == 0
