"""Sound files are played live as they are rendered, whatever happens to a worker."""

from __future__ import annotations

import os
import random
import signal

import numpy as np

from chronus.machine.live import LiveSettings
from tests.machine.song import loses_workers, offline, play

BREAK = "patches/samples/break.flac"
SONG = f"""
tempo 160
load sampler as amen file {BREAK} slices=16
sequence amen: x x{{slice=2}} x{{slice=4}} x{{slice=10 reverse=1}} x*2 x{{slice=7 pitch=5}} . x
wait 1bar
load grains as cloud file {BREAK} size=120 scatter=3 reverse=0.3; set cloud.level -6db
wait 1bar
unload amen; undo
load sampler as loop file {BREAK} start=0.25 end=0.5 loop=1 fade=30; note loop g3 for 1bar
""".strip().splitlines()
SECONDS = 5.0
SEED = int(os.environ.get("CHRONUS_SEED", random.randrange(1 << 30)))


def test_files_are_played_as_they_are_rendered_by_workers_that_are_killed():
    """While workers are killed, sampler and grains are recorded exactly as computed offline."""
    print(f"CHRONUS_SEED={SEED}")
    expected = offline(SONG, SECONDS)
    assert np.abs(expected).max() > 0.1
    assert np.abs(expected[-48_000:]).max() > 0.05
    disturb = loses_workers(signal.SIGKILL, 3, random.Random(SEED), 0.8)
    played = play(SONG, SECONDS, LiveSettings(device="null", ahead=200), disturb)
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["handovers"] >= 2
    assert played.facts["quarantined"] == []
