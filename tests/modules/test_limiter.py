"""What the limiter must do to a sound, and what the master does to all of it."""

from __future__ import annotations

import numpy as np
import pytest

from .driver import RATE_HZ, Player, level_db, play

CEILING = 0.966050879
LATE = 94
"""Frames that the limiter delays by, at 48 kHz."""


def wild(frames: int = 2 * RATE_HZ) -> np.ndarray:
    """Noise and single peaks of up to 20, with pauses."""
    random = np.random.default_rng(2)
    sound = random.uniform(-2, 2, frames) * (np.arange(frames) // 4000 % 3)
    sound[random.integers(0, frames, 200)] = 20.0
    return sound.astype(np.float32)


def distortion_db(sound: np.ndarray, hz: float) -> float:
    """What a steady tone has beside itself, relative to all of it."""
    power = np.abs(np.fft.rfft(sound.astype(float) * np.blackman(len(sound)) ** 2)) ** 2
    found_hz = np.arange(len(power)) * RATE_HZ / len(sound)
    beside = np.abs(found_hz - hz) > 10 * RATE_HZ / len(sound)
    return 10 * np.log10(power[beside].sum() / power.sum() + 1e-30)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("ceiling", [0.0, -1.0, -12.0, -30.0])
@pytest.mark.parametrize("release", [5.0, 80.0, 1000.0])
def test_no_sample_is_above_the_ceiling(rate_hz: int, ceiling: float, release: float) -> None:
    """Whatever comes in, no sample is louder than `ceiling`, to the last bit of a float."""
    sound = wild()
    out = Player("limiter", rate_hz=rate_hz).play(
        len(sound), in_left=sound, in_right=-0.7 * sound, ceiling=ceiling, release=release
    )
    for row in out.values():
        assert np.abs(row).max() <= 10 ** (ceiling / 20) * (1 + 4e-6)


def test_below_the_ceiling_it_only_delays() -> None:
    """What never reaches the ceiling comes out to the bit, 94 samples (2 ms) later."""
    quiet = np.random.default_rng(3).uniform(-0.89, 0.89, RATE_HZ).astype(np.float32)
    out = play("limiter", RATE_HZ, in_left=quiet, in_right=-quiet)
    np.testing.assert_array_equal(out["out_left"][LATE:], quiet[:-LATE])
    np.testing.assert_array_equal(out["out_right"][LATE:], -quiet[:-LATE])


def test_after_a_peak_it_is_transparent_again() -> None:
    """Two seconds after a peak the sound comes through to the bit."""
    sound = np.random.default_rng(4).uniform(-0.8, 0.8, 4 * RATE_HZ).astype(np.float32)
    sound[1000] = 3.0
    out = play("limiter", len(sound), in_left=sound, in_right=sound)["out_left"]
    late = slice(2 * RATE_HZ, None)
    np.testing.assert_array_equal(out[LATE:][late], sound[:-LATE][late])


def test_its_gain_is_smooth() -> None:
    """A single peak pulls the gain down along a curve: no step of it is above 4 %."""
    sound = np.full(RATE_HZ, 0.1, np.float32)
    sound[RATE_HZ // 2] = 2.0
    out = play("limiter", RATE_HZ, in_left=sound, in_right=sound)["out_left"]
    out = np.delete(out, RATE_HZ // 2 + LATE)[LATE:] / np.float32(0.1)
    assert out.min() < 0.46
    assert np.abs(np.diff(out)).max() < 0.04
    assert np.abs(np.diff(out, 2)).max() < 0.001


@pytest.mark.parametrize("hz", [110.0, 440.0, 1000.0, 5000.0])
def test_a_steady_tone_stays_clean(hz: float) -> None:
    """12 dB above the ceiling a steady tone is turned down, and nothing is added: below -120 dB."""
    tone = 4.0 * np.sin(2 * np.pi * hz * np.arange(2 * RATE_HZ) / RATE_HZ)
    out = play("limiter", len(tone), in_left=tone, in_right=tone, ceiling=0.0)["out_left"]
    assert distortion_db(out[RATE_HZ:], hz) < -120.0
    assert abs(level_db(np.abs(out[RATE_HZ:]).max())) < 0.05


def test_the_master_holds_its_ceiling_without_a_delay() -> None:
    """No sample of the master passes -0.3 dB, and none comes later."""
    sound = wild()
    out = play("out", len(sound), in_left=sound, in_right=-0.7 * sound)
    for row in out.values():
        assert np.abs(row).max() <= np.float32(CEILING)
    assert np.corrcoef(out["out_left"], sound)[0, 1] > 0.7
    assert (np.sign(out["out_left"]) == np.sign(sound)).all()


@pytest.mark.parametrize("hz", [41.2, 100.0, 1000.0, 5000.0])
def test_a_steady_tone_leaves_the_master_clean(hz: float) -> None:
    """6 dB above the ceiling a tone is bent once; after 200 ms nothing is added: below -110 dB."""
    tone = 2.0 * np.sin(2 * np.pi * hz * np.arange(2 * RATE_HZ) / RATE_HZ)
    out = play("out", len(tone), in_left=tone, in_right=tone)["out_left"]
    assert distortion_db(out[9600:], hz) < -110.0


def test_the_master_keeps_the_picture() -> None:
    """Both sides get one gain, so that a loud left side does not move the right one."""
    sound = np.full(4800, 2.0, np.float32)
    out = play("out", 4800, in_left=sound, in_right=0.5 * sound)
    np.testing.assert_allclose(out["out_left"], 2 * out["out_right"], rtol=1e-5)


def test_the_master_is_transparent_again_after_a_peak() -> None:
    """Four seconds after a peak the sound is to the bit what it was; before, its level rises."""
    sound = np.full(5 * RATE_HZ, 0.5, np.float32)
    sound[100] = 4.0
    out = play("out", len(sound), in_left=sound, in_right=sound)["out_left"]
    assert out[200] < 0.15
    assert (np.diff(out[1600:]) >= -1e-7).all()
    np.testing.assert_array_equal(out[4 * RATE_HZ :], sound[4 * RATE_HZ :])
