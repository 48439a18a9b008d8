"""What every engine is asked to play, and how long. Change it here and in their scores together."""

from __future__ import annotations

import math
from dataclasses import dataclass

RATE_HZ = 48_000
BLOCK = 64

STEP_S = 60.0 / 174.0 / 4.0
"""A sixteenth note of the drums."""
KICK, SNARE, HAT = (0, 10), (4, 12), tuple(range(0, 16, 2))
"""Steps of a bar on which they are struck."""
BASS_HZ = (300, 500, 900, 1500, 400, 700, 2500, 600, 350, 1100, 800, 1800, 450, 3000, 650, 1300)
"""Cutoff of the bass at each step."""


@dataclass(frozen=True)
class Case:
    """A piece of work.

    Attributes:
        work: voice, drums, effects, fm or ladder.
        voices: how many.
        spans_s: seconds of audio of a short and of a long render: what starting costs drops out.
        doc: what is played.
    """

    work: str
    voices: int
    spans_s: tuple[int, int]
    doc: str


_VOICE = "saw, resonant lowpass and ADSR with its own gate; the envelope moves the cutoff"
CASES = {
    "A1": Case("voice", 1, (60, 1560), f"1 voice: {_VOICE}"),
    "A16": Case("voice", 16, (20, 320), "16 of them"),
    "A64": Case("voice", 64, (10, 160), "64 of them"),
    "A256": Case("voice", 256, (4, 54), "256 of them"),
    "B": Case("drums", 4, (30, 1030), "kick, snare, hat, and a bass whose cutoff steps; a limiter"),
    "C": Case("effects", 8, (20, 320), "8 voices of A into an echo and a reverb, in stereo"),
    "D": Case("fm", 64, (10, 160), "64 two-operator FM voices, the modulator with feedback"),
    "E": Case("ladder", 64, (5, 85), "64 saws in four-pole ladders, cutoff swept by a sine"),
}


def freq_hz(voice: int) -> float:
    """Pitch of a voice: 55 to 440 Hz, 37 different notes."""
    return 55.0 * 2.0 ** ((5 * voice % 37) / 12.0)


def gate_phase(voice: int) -> float:
    """Where in its cycle the gate of a voice begins, so that not all are in step."""
    return (voice % 8) / 8.0


def gain(voices: int) -> float:
    """Of each of so many voices."""
    return 0.5 / math.sqrt(voices)
