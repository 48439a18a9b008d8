"""The tone that says whether anything is heard, whatever is patched."""

from __future__ import annotations

from typing import Final

from chronus.dsp.approx import clip, cycles, i4, sin_cycles, turning
from chronus.dsp.declaration import Family, Output, State, gate, module

TONE_HZ: Final = 440.0
LEVEL: Final = 0.25
"""Its peak, 12 dB below full scale."""
RAMP_S: Final = 0.005


@module(
    doc="Test tone: a sine of 440 Hz at -12 dB while its gate is open.",
    family=Family.OSCILLATOR,
    inputs=(gate(),),
    outputs=(Output("out", "The tone; it fades in and out within 5 ms"),),
    state=(State("place", dtype="i4"), State("level")),
    source="The sine of `sine`, under a straight line of 5 ms up and down",
    example="test",
    hidden=True,
)
def tone(place: int, level: float, gate: float, dt: float) -> tuple[int, float, float]:
    step = dt / RAMP_S
    level = clip(level + (step if gate > 0.5 else -step), 0.0, 1.0)
    # Silence stands still, so that each tone begins alike.
    place = i4(place + turning(TONE_HZ * dt)) if level > 0.0 else i4(0)
    return place, level, sin_cycles(cycles(place)) * level * LEVEL
