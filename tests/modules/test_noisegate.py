"""What the noise gate must let through, and when."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, level_db, play

MS: Final = RATE_HZ // 1000


def tone(*parts: tuple[float, int]) -> np.ndarray:
    """A tone of 1 kHz: levels in dB, each for so many ms."""
    level = np.concatenate([np.full(ms * MS, 10 ** (db / 20)) for db, ms in parts])
    level = np.pad(level, (0, -len(level) % 64), mode="edge")
    return (level * np.sin(2 * np.pi * np.arange(len(level)) / 48)).astype(np.float32)


def gate(wave: np.ndarray, **signals: float | np.ndarray) -> dict[str, np.ndarray]:
    """What is left of a sound, which is its own key where there is no other."""
    key = {"key_left": wave, "key_right": -wave}
    return play("noisegate", len(wave), **{"in_left": wave, "in_right": -wave, **key, **signals})


def opened_ms(got: dict[str, np.ndarray]) -> np.ndarray:
    """When it opened and closed, in ms."""
    return np.flatnonzero(np.diff(np.concatenate([[0], got["open"], [0]]))) / MS


@pytest.mark.parametrize("threshold", [-60.0, -40.0, -12.0])
def test_it_opens_at_its_threshold(threshold: float) -> None:
    """Half a dB below the threshold nothing passes, half a dB above it all does, to the bit."""
    below, above = tone((threshold - 0.5, 1500)), tone((threshold + 0.5, 1500))
    assert not gate(below, threshold=threshold)["out_left"].any()
    got = gate(above, threshold=threshold)
    np.testing.assert_array_equal(got["out_left"][500 * MS :], above[500 * MS :])
    np.testing.assert_array_equal(got["out_right"], -got["out_left"])


@pytest.mark.parametrize("hysteresis", [0.5, 6.0, 20.0])
def test_it_closes_so_much_lower(hysteresis: float) -> None:
    """Once open, it stays open half a dB above the lower limit, and closes half a dB below it."""
    for more, stays in ((0.5, True), (-0.5, False)):
        wave = tone((-20, 200), (-30 - hysteresis + more, 800))
        got = gate(wave, threshold=-30.0, hysteresis=hysteresis)
        assert (got["open"][-1] > 0.5) == stays


@pytest.mark.parametrize("hold", [0.0, 80.0, 400.0])
def test_it_is_held_open(hold: float) -> None:
    """It closes `hold` after the sound ends, and the 2.5 to 5 ms for which peaks are held."""
    start, end = opened_ms(gate(tone((-90, 100), (-10, 200), (-90, 900)), hold=hold))
    assert abs(start - 100) < 0.5
    assert 2.0 < end - 300 - hold < 5.2


@pytest.mark.parametrize(("attack", "release"), [(0.1, 20.0), (20.0, 300.0)])
def test_it_opens_and_closes_in_its_times(attack: float, release: float) -> None:
    """63 % of the way are gone after `attack` and `release`, within 3 % and a sample."""
    frames = 1500 * MS // 64 * 64
    key = np.where(np.arange(frames) < 400 * MS, 1.0, 0.0).astype(np.float32)
    got = play(
        "noisegate", frames, in_left=1.0, key_left=key, attack=attack, release=release, hold=0.0
    )
    gain = got["out_left"].astype(float)
    up = np.flatnonzero(gain > 1 - np.exp(-1))[0] / MS
    assert abs(up - attack) < 0.03 * attack + 0.03
    closes = opened_ms(got)[1]
    down = np.flatnonzero(gain > np.exp(-1))[-1] / MS - closes
    assert abs(down - release) < 0.03 * release + 0.03


@pytest.mark.parametrize("depth", [6.0, 20.0])
def test_a_range_leaves_the_rest(depth: float) -> None:
    """Closed, it turns down by `range` and no more."""
    quiet = tone((-60, 1500))
    got = gate(quiet, range=depth)["out_left"][1000 * MS :]
    assert abs(level_db(got.std() / quiet[1000 * MS :].std()) + depth) < 0.01


def test_a_key_opens_it() -> None:
    """A loud key lets a quiet sound through, whatever that is itself."""
    quiet = tone((-70, 1000))
    got = gate(quiet, key_left=tone((-10, 500), (-90, 500)), key_right=0.0, release=5.0)
    np.testing.assert_array_equal(got["out_left"][200 * MS : 500 * MS], quiet[200 * MS : 500 * MS])
    assert np.abs(got["out_left"][700 * MS :]).max() < 1e-6
