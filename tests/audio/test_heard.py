"""What a sound card hears is what was recorded, sample for sample."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from chronus.machine.live import LiveMachine, LiveSettings
from chronus.machine.recorder import FileRecorder
from chronus.settings import BLOCK
from tests.audio.listening import Listener, place_of
from tests.machine.piece import BLOCKS, KINDS, RATE_HZ, expected, perform

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.live_device,
    pytest.mark.skipif(
        os.environ.get("NULL_AUDIO_KIND") != "pulse", reason="no virtual sound card"
    ),
]


def test_what_is_heard_is_what_is_recorded(tmp_path: Path) -> None:
    """Every frame of the recording is heard once, in order and unchanged, with nothing between."""
    path = tmp_path / "played.wav"
    frames = BLOCKS * BLOCK
    listener = Listener()
    machine = LiveMachine(LiveSettings(device=os.environ["NULL_AUDIO_DEVICE"], ahead=200))
    try:
        machine.start(KINDS)
        recorder = FileRecorder(path, RATE_HZ)
        machine.add_sink(recorder, 0)
        listener.start()

        def reach(frame: int) -> None:
            machine.release()
            machine.reach(frame)

        perform(machine.writer, reach, machine.need)
        machine.play_out(frames)
        machine.remove_sink(recorder, frames)
        assert machine.facts()["underruns"] == 0
    finally:
        machine.close()
    heard = listener.stop()
    recorded, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(recorded, expected())
    start = place_of(recorded, heard)
    assert start >= 0, "nothing was heard"
    np.testing.assert_array_equal(heard[start : start + frames], recorded)
    assert not heard[:start].any(), "something was heard before it began"
    assert not heard[start + frames + RATE_HZ // 100 :].any(), "something was heard after its end"
