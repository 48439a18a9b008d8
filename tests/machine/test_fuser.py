"""What can be computed at once in a patch that is left as it is gets a kernel for it, unheard."""

from __future__ import annotations

import os
import signal

import numpy as np

from chronus.machine import fuser
from chronus.machine.live import LiveSettings
from chronus.modules.catalog import catalog, wide
from tests.machine.song import offline, play, wait_for
from tests.support.voices import PAD

SECONDS = 6.0
LINES = [
    "tempo 128",
    PAD,
    "load pad as p voices 8; set p.level -6db; load lfo rate=3",
    *(
        f"load follower as {name}; patch lfo > {name}; patch {name} > p.cutoff by 200hz"
        for name in "abcde"
    ),
    "sequence p: c3 [c3 g3] eb3 . g2 bb2 c3 eb4 step 1/8 gate 90%",
    "wait 2s",
    "set p.cutoff 900hz over 1s",
]


def test_workers_with_kernels_for_several_nodes_take_over_unheard(monkeypatch):
    """The recording is what is rendered node by node, also when one of them is killed.

    There is a kernel for all nodes of the voices, and one for the five followers.
    """
    several = catalog().number(wide("follower"))
    monkeypatch.setenv("CHRONUS_FUSE", "0")
    expected = offline(LINES, SECONDS)
    assert np.abs(expected).max() > 0.1
    monkeypatch.setenv("CHRONUS_FUSE", "1")
    monkeypatch.setenv("CHRONUS_BATCH", "1")
    monkeypatch.setattr(fuser, "STILL_S", 0.1)

    def disturb(machine, _over):
        wait_for(lambda: machine.facts()["fused"] == 1)
        wait_for(lambda: several in machine._crew.kernels)
        found = machine.facts()["processes"]
        (pid,) = [p["pid"] for p in found if p["role"] == "worker"]
        os.kill(pid, signal.SIGKILL)

    played = play(LINES, SECONDS, LiveSettings(device="null", ahead=200), disturb)
    np.testing.assert_array_equal(played.frames, expected)
    assert played.facts["groups"] == played.facts["fused"] == 1
    assert played.facts["handovers"] >= 1
    assert played.facts["quarantined"] == []
