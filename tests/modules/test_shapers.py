"""What the ring modulator, the bit crusher and the block for offsets must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, level_db, play
from .test_oscillators import spectrum

SECOND: Final = RATE_HZ


def sine(hz: float, size: float = 1.0) -> np.ndarray:
    time = np.arange(SECOND) / RATE_HZ
    return (size * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def test_a_ring_modulator_gives_sum_and_difference() -> None:
    """Of 1000 and 300 Hz there are 700 and 1300 Hz, at half the size, and nothing else."""
    got = spectrum(play("ring", SECOND, in_=sine(1000.0), by=sine(300.0))["out"].astype(float))
    assert abs(level_db(got[700]) + 6.02) < 0.01
    assert abs(level_db(got[1300]) + 6.02) < 0.01
    got[690:711] = got[1290:1311] = 0.0
    assert level_db(got.max()) < -110.0


def test_what_nothing_multiplies_is_silent_unless_mixed() -> None:
    """Without a second sound the product is 0, and `mix` leaves what comes in."""
    assert not play("ring", SECOND, in_=sine(440.0))["out"].any()
    dry = play("ring", SECOND, in_=sine(440.0), mix=0.0)["out"]
    np.testing.assert_array_equal(dry, sine(440.0))


@pytest.mark.parametrize("bits", [1.0, 3.0, 8.0, 16.0])
def test_a_crusher_leaves_so_many_steps(bits: float) -> None:
    """Values are whole multiples of 2 to the power of 1 - bits, the nearest to what comes in."""
    tone = sine(55.0, 0.9)
    got = play("crush", SECOND, in_left=tone, in_right=-tone, bits=bits, rate=48_000.0)
    grain = 2.0 ** (1.0 - bits)
    steps = got["out_left"] / grain
    np.testing.assert_array_equal(steps, np.round(steps))
    assert np.abs(got["out_left"] - tone).max() <= grain / 2 + 1e-6
    np.testing.assert_array_equal(got["out_right"], -got["out_left"])


@pytest.mark.parametrize("rate", [1000.0, 7000.0, 12_345.0])
def test_a_crusher_holds_its_samples(rate: float) -> None:
    """There are `rate` new values a second, each that of its moment."""
    ramp = np.linspace(-1, 1, SECOND, dtype=np.float32)
    got = play("crush", SECOND, in_left=ramp, bits=16.0, rate=rate)["out_left"]
    changes = np.flatnonzero(np.diff(got)) + 1
    assert abs(len(changes) - rate) <= 2
    assert np.abs(got[changes] - ramp[changes]).max() < 2e-5


def test_an_offset_goes_and_the_sound_stays() -> None:
    """After a second nothing is left of an offset, while 50 Hz loses less than 0.2 dB."""
    tone = sine(50.0, 0.3)
    got = play("dcblock", SECOND, in_left=tone + 0.5, in_right=tone)
    late = got["out_left"][SECOND // 2 :].astype(float)
    assert abs(late.mean()) < 1e-4
    assert abs(level_db(late.std() / tone.std())) < 0.2
    at_corner = play("dcblock", SECOND, in_left=sine(100.0), freq=100.0)["out_left"]
    assert abs(level_db(at_corner[SECOND // 2 :].std() / sine(100.0).std()) + 3.01) < 0.05
