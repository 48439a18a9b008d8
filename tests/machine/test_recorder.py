"""Recording to files: exact where the format is, and a plain error where it cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus.errors import Code, UserError
from chronus.machine.recorder import FileRecorder

RATE_HZ = 48_000
FRAMES = np.random.default_rng(1).uniform(-0.9, 0.9, (5000, 2)).astype(np.float32)


def test_a_wav_file_holds_the_very_samples(tmp_path: Path) -> None:
    """What is taken in parts is read back bit for bit, also beyond full scale."""
    loud = FRAMES * 3
    recorder = FileRecorder(tmp_path / "a.wav", RATE_HZ)
    recorder.take(0, loud[:1234])
    recorder.take(1234, loud[1234:])
    recorder.close()
    recorder.close()
    frames, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(frames, loud)


@pytest.mark.parametrize(
    ("name", "bits", "subtype", "steps"),
    [("a.wav", 24, "PCM_24", 1 << 23), ("a.WAV", 16, "PCM_16", 1 << 15),
     ("a.flac", 32, "PCM_24", 1 << 23), ("a.flac", 16, "PCM_16", 1 << 15)],
)  # fmt: skip
def test_other_formats_hold_them_within_a_step(
    tmp_path: Path, name: str, bits: int, subtype: str, steps: int
) -> None:
    """Whole-number formats keep each sample within one step of theirs."""
    recorder = FileRecorder(tmp_path / name, RATE_HZ, bits)
    recorder.take(0, FRAMES)
    recorder.close()
    assert soundfile.info(tmp_path / name).subtype == subtype
    frames, _ = soundfile.read(tmp_path / name, dtype="float32")
    assert np.abs(frames - FRAMES).max() <= 1 / steps


@pytest.mark.parametrize("name", ["a.mp3", "a", "none/a.wav"])
def test_what_cannot_be_recorded_is_an_error(tmp_path: Path, name: str) -> None:
    """An unknown ending and a missing folder are errors of the user, and make no file."""
    with pytest.raises(UserError) as caught:
        FileRecorder(tmp_path / name, RATE_HZ)
    assert caught.value.code is Code.FILE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    """Writing to a disk that is full is an error of its own, not a shorter file."""
    (tmp_path / "a.wav").symlink_to("/dev/full")

    def record() -> None:
        recorder = FileRecorder(tmp_path / "a.wav", RATE_HZ)
        for _ in range(50):
            recorder.take(0, FRAMES)
        recorder.close()

    with pytest.raises(UserError) as caught:
        record()
    assert caught.value.code is Code.FILE


def test_the_file_of_a_killed_program_opens(tmp_path: Path) -> None:
    """A file that was never closed holds what was written before."""
    program = (
        "import os, sys, numpy as np\n"
        "from chronus.machine.recorder import FileRecorder\n"
        "r = FileRecorder(sys.argv[1], 48000)\n"
        "r.take(0, np.full((4800, 2), 0.25, np.float32))\n"
        "os._exit(9)\n"
    )
    path = tmp_path / "a.wav"
    root = str(Path(__file__).parents[2])
    subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=os.environ | {"PYTHONPATH": root},
        check=False,
    )
    frames, _ = soundfile.read(path, dtype="float32")
    assert len(frames) == 4800
    assert (frames == 0.25).all()
