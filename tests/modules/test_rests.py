"""Kernels that leave out what rarely happens give the bits of those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.declaration import source_of
from chronus.dsp.rests import bare, idle_of
from chronus.modules.catalog import kinds
from chronus.settings import BLOCK

from .driver import Player, alike, strokes

FRAMES = 1900 * BLOCK
RARELY = [name for name, kind in kinds().items() if "rarely(" in source_of(kind.tick)]


def seldom_played() -> dict[str, np.ndarray]:
    """Bursts far above full scale and strokes, seconds apart, over a little noise."""
    random = np.random.default_rng(5)
    sound = random.uniform(-0.01, 0.01, FRAMES).astype(np.float32)
    for at in (100, 20_000, 20_500, 118_000):
        sound[at : at + 300] *= 500.0
    gate = strokes(FRAMES, 1000, 1300, 40_000, 90_000, length=250)
    return {"in_": sound, "in_left": sound, "in_right": -0.5 * sound, "gate": gate}


@pytest.mark.parametrize("name", RARELY)
def test_what_rests_gives_the_same_bits_alone_and_side_by_side(name: str) -> None:
    """Through long rests and what comes between them: one voice is bit for bit one of sixteen.

    But for the rounding of leaps.
    """
    rows = {row for _, row in kinds()[name].input_rows}
    signals = {row: signal for row, signal in seldom_played().items() if row in rows}
    alone = Player(name).play(FRAMES, **signals)
    together = Player(name, wide=True).play(FRAMES, **signals)
    assert any(values.any() for values in alone.values())
    for output, values in alone.items():
        beside = np.ascontiguousarray(together[output][:, 7])
        alike(kinds()[name], values, beside, output)


def test_a_condition_may_only_read_what_an_idle_block_leaves_as_it_is() -> None:
    """A tick whose condition reads a state that goes on anyway is refused."""
    tick = """def tick(level, age, in_, dt):
    loud = rarely(in_ > level{more})
    age = age + dt
    level = in_ if loud else level
    return level, age, in_ * level"""
    found = bare(tick.format(more=""))
    idle = idle_of(found.source, found.conditions, ("level", "age"))
    assert "loud" not in idle.tick
    assert idle.needs == ("level", "in_")
    found = bare(tick.format(more=" or age > 1.0"))
    with pytest.raises(AssertionError, match="age"):
        idle_of(found.source, found.conditions, ("level", "age"))


def test_the_rare_is_marked_somewhere() -> None:
    """Limiters, envelopes and drums have marks; without any, nothing above is tested."""
    assert {"out", "limiter", "adsr", "strike", "kick", "snare", "hat"} <= {*RARELY}
