"""What the comb must do to a sound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from .driver import RATE_HZ, Player, level_db, play
from .test_oscillators import cents, phase_slope_hz


def rung(seconds: float, **signals: float) -> np.ndarray:
    """What a single click becomes."""
    click = np.zeros(round(seconds * RATE_HZ / 64) * 64, np.float32)
    click[0] = 1.0
    return play("comb", len(click), in_=click, **signals)["out"].astype(float)


@pytest.mark.parametrize("hz", [40.0, 55.3, 110.0, 440.0, 1318.5, 2637.0, 4000.0])
@pytest.mark.parametrize("damp", [20_000.0, 4000.0])
def test_it_rings_in_tune(hz: float, damp: float) -> None:
    """From 40 Hz to 4 kHz what rings has its pitch within 3 cents, however dull the loop is."""
    wave = rung(0.7, freq=hz, feedback=0.999, damp=damp)
    assert abs(cents(phase_slope_hz(wave[480:14_400], hz), hz)) < 3.0


def test_it_rings_in_tune_at_other_rates() -> None:
    """At 96 kHz 440 Hz is 440 Hz within a cent."""
    click = np.zeros(96_000, np.float32)
    click[0] = 1.0
    heard = Player("comb", rate_hz=96_000).play(96_000, in_=click, freq=440.0, feedback=0.999)
    wave = heard["out"][960:48_000].astype(float)
    assert abs(cents(phase_slope_hz(wave, 440.0, 96_000), 440.0)) < 1.0


@pytest.mark.parametrize("feedback", [0.5, 0.95, -0.8])
@pytest.mark.parametrize("damp", [1500.0, 8000.0])
def test_the_response_is_that_of_a_comb_with_a_lowpass(feedback: float, damp: float) -> None:
    """Up to 4 kHz the gain is that of the equation within 0.1 dB, on the teeth and between."""
    wave = rung(2.0, freq=480.0, feedback=feedback, damp=damp)
    gains = np.abs(np.fft.rfft(wave))
    hz = np.arange(len(gains)) * RATE_HZ / len(wave)
    w = 2 * np.pi * hz / RATE_HZ
    u = 1 - np.cos(2 * np.pi * damp / RATE_HZ)
    pole = 1 + u - np.sqrt(u * (u + 2))
    lowpass = (1 - pole) / (1 - pole * np.exp(-1j * w))
    at_pitch = 2 * np.pi * 480.0 / RATE_HZ
    lag = np.angle(1 - pole * np.exp(-1j * at_pitch)) / at_pitch
    loop = feedback * lowpass * np.exp(-1j * w * (RATE_HZ / 480.0 - lag))
    wanted = np.sqrt(1 - feedback**2) / np.abs(1 - loop)
    inside = (hz > 20) & (hz < 4000)
    assert np.abs(20 * np.log10(gains[inside] / wanted[inside])).max() < 0.1


def test_noise_keeps_its_loudness() -> None:
    """In an open loop noise below 3 kHz is as loud as before within 1 dB, at any feedback."""
    white = np.random.default_rng(2).uniform(-0.3, 0.3, 4 * RATE_HZ)
    noise = sosfilt(butter(6, 3000.0, output="sos", fs=RATE_HZ), white).astype(np.float32)
    for feedback in (0.0, 0.7, -0.9, 0.97):
        got = play("comb", len(noise), in_=noise, feedback=feedback, damp=20_000.0)["out"]
        assert abs(level_db(got[RATE_HZ:].std() / noise.std())) < 1.0


def test_mix_leaves_the_sound_and_silence_is_silent_again() -> None:
    """With nothing mixed in the sound is untouched; what rings dies away to exact silence."""
    noise = np.zeros(4 * RATE_HZ, np.float32)
    noise[:4800] = np.random.default_rng(3).uniform(-1, 1, 4800)
    np.testing.assert_array_equal(play("comb", len(noise), in_=noise, mix=0.0)["out"], noise)
    assert not play("comb", len(noise), in_=noise, feedback=0.7)["out"][-480:].any()
