"""What the envelope of a stroke must do."""

from __future__ import annotations

import numpy as np
import pytest

from .driver import RATE_HZ, Player

MS = RATE_HZ // 1000


def envelope(length_ms: int, *strokes_ms: int, gate_ms: int = 10, **signals: float) -> np.ndarray:
    """What `env` gives to gates that open at these times."""
    gate = np.zeros(length_ms * MS // 64 * 64, np.float32)
    for start_ms in strokes_ms:
        gate[start_ms * MS : (start_ms + gate_ms) * MS] = 1.0
    played = Player("strike").play(len(gate), gate=gate, **{"velocity": 1.0, **signals})
    return played["env"].astype(float)


def at(env: np.ndarray, ms: float) -> float:
    """The envelope at a time."""
    return float(env[round(ms * MS)])


@pytest.mark.parametrize("decay", [20.0, 300.0, 5000.0])
def test_it_falls_by_60_db_in_decay(decay: float) -> None:
    """After half of `decay` it is 30 dB down, after all of it 60 dB, then exactly silent."""
    env = envelope(10_000, 0, attack=0.0, decay=decay)
    assert env[0] == 1.0
    for share in (0.25, 0.5, 0.9):
        assert abs(20 * np.log10(at(env, share * decay)) + 60 * share) < 0.2
    assert not env[round(1.7 * decay * MS) :].any()


def test_the_length_of_the_gate_does_not_matter() -> None:
    """A gate of 1 ms and one of 400 ms give the same curve to the bit."""
    short = envelope(800, 5, gate_ms=1, decay=600.0)
    np.testing.assert_array_equal(short, envelope(800, 5, gate_ms=400, decay=600.0))


@pytest.mark.parametrize("attack", [0.0, 1.0, 40.0])
def test_attack_takes_its_time(attack: float) -> None:
    """The top, which is `velocity`, is reached after `attack` on a straight line."""
    env = envelope(200, 10, attack=attack, velocity=0.6)
    assert abs(np.argmax(env) / MS - 10 - attack) < 0.1
    assert abs(env.max() - 0.6) < 1e-6
    if attack > 1.0:
        assert abs(at(env, 10 + attack / 2) - 0.3) < 0.01


@pytest.mark.parametrize(("strokes", "gap"), [(1, 10.0), (3, 10.0), (4, 12.5), (8, 30.0)])
def test_strokes_in_a_row(strokes: int, gap: float) -> None:
    """As many tops as `strokes`, `gap` apart; only the last falls as slowly as `decay`."""
    env = envelope(600, 0, attack=0.0, decay=400.0, strokes=float(strokes), gap=gap)
    tops = np.flatnonzero((env[1:-1] > env[:-2]) & (env[1:-1] >= env[2:])) + 1
    assert len(tops) == strokes - 1
    assert np.abs(tops / MS - gap * np.arange(1, strokes)).max(initial=0.0) < 0.1
    for stroke in range(strokes - 1):
        assert 0.03 < at(env, gap * (stroke + 1) - 0.2) < 0.04
    assert abs(20 * np.log10(at(env, gap * (strokes - 1) + 200.0)) + 30.0) < 0.2


def test_a_stroke_into_the_fall_begins_at_the_level_that_is_there() -> None:
    """Struck again it rises no faster than its attack says."""
    env = envelope(100, 5, 20, 31, attack=2.0, decay=200.0)
    assert np.diff(env).max() < 1.05 / (2 * MS)


def test_a_row_struck_again_begins_anew() -> None:
    """A second gate within the row gives the whole row again."""
    both = envelope(300, 0, 15, attack=0.0, strokes=4.0, gap=10.0)
    alone = envelope(285, 0, attack=0.0, strokes=4.0, gap=10.0)
    np.testing.assert_allclose(both[15 * MS :][: len(alone)], alone[: len(both) - 15 * MS])


def test_it_shapes_what_goes_in() -> None:
    """`out` is `in` times `env`."""
    gate = np.ones(6400, np.float32)
    wave = np.sin(np.arange(6400) * 0.1).astype(np.float32)
    played = Player("strike").play(6400, gate=gate, in_=wave)
    np.testing.assert_allclose(played["out"], wave * played["env"], atol=1e-6)
