"""What the convolver must do."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from scipy.signal import fftconvolve

from .driver import Player, level_db

FRAMES: Final = 1500 * 64


def play(impulse: np.ndarray, left: np.ndarray, right: np.ndarray, **signals: float) -> np.ndarray:
    """What comes of two sides through an impulse, (channels, frames): (2, frames)."""
    player = Player("convolve")
    player.load(np.atleast_2d(impulse))
    got = player.play(len(left), in_left=left, in_right=right, **signals)
    return np.stack([got["out_left"], got["out_right"]])


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 63, 64, 65, 1000, 48_000, 96_000])
def test_it_is_the_convolution_from_the_first_sample_on(noise: np.ndarray, frames: int) -> None:
    """Of impulses of any length the samples are those of theory, none late, 110 dB exact."""
    random = np.random.default_rng(frames)
    impulse = random.normal(size=(2, frames)) * np.exp(-np.arange(frames) / 8000)
    got = play(impulse.astype(np.float32), *noise)
    for side in (0, 1):
        wanted = fftconvolve(noise[side].astype(float), impulse[side])[:FRAMES]
        assert level_db(np.abs(got[side] - wanted).max() / np.abs(wanted).max()) < -110.0


def test_a_mono_impulse_is_heard_on_both_sides(noise: np.ndarray) -> None:
    """Of a mono file each side goes through the same impulse, and the sides keep apart."""
    impulse = np.zeros(200, np.float32)
    impulse[[0, 150]] = 1.0, -0.5
    got = play(impulse, noise[0], np.zeros(FRAMES, np.float32))
    late = np.concatenate((np.zeros(150, np.float32), noise[0, :-150]))
    assert np.abs(got[0] - (noise[0] - 0.5 * late)).max() < 2e-6
    assert np.abs(got[1]).max() < 2e-6


def test_mix_and_gain(noise: np.ndarray) -> None:
    """At mix 0 what comes in goes out, bit for bit; `gain` is that of the rest, in dB."""
    impulse = np.array([0.0, 1.0], np.float32)
    np.testing.assert_array_equal(play(impulse, *noise, mix=0.0), noise)
    got = play(impulse, *noise, gain=-12.0)
    np.testing.assert_allclose(got[:, 1:], 10 ** (-12 / 20) * noise[:, :-1], atol=2e-6)


def test_without_a_file_nothing_is_heard_through_it(noise: np.ndarray) -> None:
    """A convolver without a file gives silence at mix 1."""
    assert not play(np.zeros((0, 0)), *noise).any()


def test_the_longest_impulse_fits_at_every_rate() -> None:
    """At a low and at a usual rate, two seconds of impulse are heard to their last frame."""
    for rate_hz in (8000, 44_100):
        impulse = np.zeros(2 * rate_hz, np.float32)
        impulse[-1] = 1.0
        player = Player("convolve", rate_hz=rate_hz)
        player.load(impulse[None])
        frames = -(-(2 * rate_hz + 64) // 64) * 64
        click = np.zeros(frames, np.float32)
        click[0] = 1.0
        got = player.play(frames, in_left=click)["out_left"]
        assert int(np.argmax(np.abs(got))) == 2 * rate_hz - 1
        assert abs(got.max() - 1.0) < 1e-5
