"""The program works from a wheel, in an empty environment, in another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).parents[2]


def run(*command, cwd):
    """Run a command that finds no package but those of its own environment."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.timeout(900)
def test_a_shipped_song_renders_from_a_wheel_in_an_empty_environment(tmp_path):
    """Grammar and songs are found in the wheel, far from the repository."""
    wheels = tmp_path / "wheels"
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", wheels, ROOT, cwd=tmp_path)
    (wheel,) = wheels.glob("music_chronus-*.whl")
    # It has not even a pip: ours fills it. What is imported there is compiled then, and no more.
    venv.create(tmp_path / "empty", with_pip=False)
    binaries = tmp_path / "empty" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", binaries / "python")
    run(*pip, "install", "--quiet", "--no-compile", wheel, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = run(binaries / "python", "-c", "import chronus; print(chronus.__file__)", cwd=elsewhere)
    assert str(tmp_path / "empty") in where
    song = "patches/songs/breakbeat.chronus"
    run(binaries / "chronus", "render", song, "-o", "a.wav", "--seconds", "2", cwd=elsewhere)
    here = tmp_path / "here.wav"
    run(
        sys.executable,
        "-m",
        "chronus",
        "render",
        ROOT / song,
        "-o",
        here,
        "--seconds",
        "2",
        cwd=ROOT,
    )
    assert soundfile.info(str(here)).frames == 96_000
    assert (elsewhere / "a.wav").read_bytes() == here.read_bytes()
