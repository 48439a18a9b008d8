"""Scores in which the source of a kind is edited while they play, and what became of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chronus.settings import BLOCK
from tests.machine.song import SONG

ROOT = Path(__file__).parents[2]
LIMIT_S = 240.0
SECONDS = 6.0
OWN_SECONDS = 14.0
BAR = 4 * 60 / 128 * 48_000
FIRST, SECOND, LAST = (round(bars * BAR) // BLOCK * BLOCK for bars in (1, 2, 3))

HEAD = """
from chronus.dsp.declaration import Family, Input, Memory, Output, State, audio, helper, module
"""
RAMP = """
@module(
    doc="{doc}",
    family=Family.OSCILLATOR,
    inputs=(
        Input("freq", "Pitch", 110.0, 0.01, 20_000.0, "hz", ramp_s=0.0),
        Input("depth", "How loud", 1.0, 0.0, {most}){more},
    ),
    outputs=(Output("{out}", "The ramp"),),
    state=(State("phase"),{state}),
    source="Any textbook",
    example="load ramp",
)
def ramp(phase, {names}dt):
    turned = phase + freq * dt
    phase = turned - 1.0 if turned >= 1.0 else turned
    return phase, {extra}{gain} * depth * phase
"""


def ramp(gain=0.25, *, doc="A ramp.", out="out", most=1.0, more="", state="", extra=""):
    names = ("second, " if state else "") + "freq, depth, " + ("tilt, " if more else "")
    text = RAMP.format(
        doc=doc, gain=gain, out=out, most=most, more=more, state=state, extra=extra, names=names
    )
    return HEAD + text


TILT = ',\n        Input("tilt", "Nothing yet", 0.5, 0.0, 1.0)'
SECOND_STATE = ' State("second")'


@dataclass
class Played:
    frames: np.ndarray
    replies: list
    facts: dict

    @property
    def errors(self):
        return [r["text"] for r in self.replies if r["text"].startswith("error")]

    @property
    def reloads(self):
        return [r for r in self.replies if r["text"].startswith("ok reload")]


def play(folder, steps, lanes=1, first=None):
    """Play steps; `lanes` of 0 plays offline."""
    source = folder / "edited_kinds.py"
    source.write_text(ramp() if first is None else first)
    kinds = {"PYTHONPATH": f"{ROOT}:{folder}", "CHRONUS_TEST_KINDS": "edited_kinds"}
    return _played(source, steps, lanes, SECONDS, kinds)


def play_own(folder, steps, lanes):
    """The same with a folder of the user's own modules, which is empty at first."""
    source = folder / "modules" / "ramp.py"
    source.parent.mkdir()
    kinds = {"PYTHONPATH": str(ROOT), "CHRONUS_MODULES": str(source.parent)}
    return _played(source, steps, lanes, OWN_SECONDS, kinds)


def _played(source, steps, lanes, seconds, kinds):
    frames = source.with_name("frames.npy")
    arguments = (frames, source, lanes, seconds)
    done = subprocess.run(
        [sys.executable, "-m", "tests.machine.play_edited", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | kinds,
        input=json.dumps(steps),
        stdout=subprocess.PIPE,
        timeout=LIMIT_S,
        check=True,
        text=True,
    )
    said = json.loads(done.stdout)
    return Played(np.load(frames), said["replies"], said["facts"])


def song(*middle):
    """The song with a ramp beside it, and steps at its second bar."""
    at = SONG.index("wait 1bar")
    return [*SONG[:at], "load ramp freq=30hz", *SONG[at : at + 3], *middle, *SONG[at + 3 :]]


def edit(*arguments, **changes):
    return f"edit: {ramp(*arguments, **changes)}"


RAMP_ALONE = ["tempo 128", "load ramp freq=30hz", "wait 1bar"]
