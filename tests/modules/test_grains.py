"""What grains must sound like."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tests.support.sound import cents, pitch

from .driver import RATE_HZ, Player

SECOND: Final = RATE_HZ
ALONE: Final = {"spray": 0.0, "size": 400.0, "rate": 2.0, "width": 0.0}
"""Pieces one after the other, each begun every half second."""


def sine(hz: float, seconds: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(seconds * SECOND) / RATE_HZ)).astype(np.float32)


def of_file(sound: np.ndarray, frames: int, **signals: float) -> np.ndarray:
    """What comes of the grains of a sound, (channels, frames): (frames, 2)."""
    player = Player("grains")
    player.load(np.atleast_2d(sound))
    got = player.play(frames, **signals)
    return np.stack([got["out_left"], got["out_right"]], axis=1)


def of_input(sound: np.ndarray, **signals: float | np.ndarray) -> np.ndarray:
    player = Player("grains")
    player.load(np.zeros((0, 0)))
    got = player.play(len(sound), in_left=sound, in_right=-sound, **signals)
    return np.stack([got["out_left"], got["out_right"]], axis=1)


@pytest.mark.parametrize("semitones", [0.0, 7.0, -12.0])
@pytest.mark.parametrize("reverse", [0.0, 1.0])
def test_the_pitch_of_a_piece_is_right(semitones: float, reverse: float) -> None:
    """Each piece of a tone sounds as high as `pitch` says, within half a cent, either way."""
    for got in (
        of_file(sine(500.0, 2), SECOND, pitch=semitones, reverse=reverse, **ALONE),
        of_input(sine(500.0, 2), pitch=semitones, reverse=reverse, position=0.1, **ALONE)[SECOND:],
    ):
        heard = got[2400:16_800, 0]
        assert abs(cents(pitch(heard), 500.0 * 2 ** (semitones / 12))) < 0.5


@pytest.mark.parametrize("semitones", [12.0, 24.0])
def test_a_piece_that_is_read_faster_has_no_aliases(semitones: float) -> None:
    """Of a tone that moves above half the rate -60 dB are left, of a file and of what comes in."""
    high = sine(19_500.0, 2)
    of_both = (
        of_file(high, SECOND, pitch=semitones, **ALONE),
        of_input(high, pitch=semitones, position=0.1, **ALONE),
    )
    for got in of_both:
        heard = got[-SECOND // 2 + 2400 : -4800, 0]
        assert np.abs(heard).max() < 0.5e-3
    low = of_input(sine(1000.0, 2), pitch=semitones, position=0.1, **ALONE)[SECOND:]
    assert np.abs(low).max() > 0.4


def test_a_piece_is_a_part_of_the_file_under_a_bell() -> None:
    """At pitch 0 the samples of a piece are those of the file from `position` on, times a bell."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 4 * SECOND)).astype(np.float32)
    got = of_file(noise, SECOND, position=0.5, **ALONE)
    count = round(0.4 * SECOND)
    bell = np.sin(np.pi * np.arange(count) / count) ** 2
    for side in (0, 1):
        wanted = bell * noise[side, 2 * SECOND : 2 * SECOND + count]
        assert np.abs(got[:count, side] - wanted).max() < 5e-4
    assert not got[count + 1 : SECOND // 2 - 1].any()


def test_pieces_come_as_often_as_rate_says() -> None:
    """Of a file that is 1 everywhere, short pieces are separate bells, `rate` of them a second."""
    got = of_file(np.ones(SECOND), 2 * SECOND, rate=25.0, size=10.0, width=0.0)[:, 0]
    begins = np.flatnonzero((got[1:] > 1e-4) & (got[:-1] <= 1e-4))
    assert len(begins) == 50
    np.testing.assert_allclose(np.diff(begins), SECOND / 25, atol=1.5)
    assert abs(got.max() - 1.0) < 1e-3


def test_the_input_is_heard_again_and_a_frozen_one_for_ever() -> None:
    """From `position` back pieces of what came in are heard; frozen, that stays what it was."""
    sound = sine(700.0, 6)
    sound[2 * SECOND :] = 0.0
    freeze = np.zeros(len(sound), np.float32)
    freeze[int(1.5 * SECOND) :] = 1.0
    signals = {"rate": 50.0, "size": 80.0, "width": 0.0, "position": 0.1}
    held = of_input(sound, freeze=freeze, **signals)
    gone = of_input(sound, **signals)
    assert held[-SECOND:, 0].std() > 0.1
    np.testing.assert_array_equal(held[:, 0], -held[:, 1])
    assert np.abs(gone[-SECOND:]).max() < 1e-6


def test_clouds_make_no_clicks() -> None:
    """However pieces of a low tone are moved and turned, nothing jumps."""
    low = sine(80.0, 2)
    for got in (
        of_file(low, SECOND, rate=100.0, size=30.0, scatter=5.0, reverse=0.5, spray=300.0),
        of_input(low, rate=100.0, size=30.0, pitch=12.0, reverse=0.5, spray=300.0)[SECOND:],
    ):
        assert np.abs(np.diff(got.astype(float), axis=0)).max() < 0.03
        assert got.std() > 0.05


def test_mix_0_is_the_dry_sound() -> None:
    """At mix 0 what comes in goes out, bit for bit."""
    tone = sine(300.0, 1)
    np.testing.assert_array_equal(of_input(tone, mix=0.0)[:, 0], tone)


def test_chance_is_that_of_the_seed() -> None:
    """Another seed makes another cloud, the same one the same."""
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, (1, SECOND))
    clouds = []
    for seed in (1, 1, 2):
        player = Player("grains", seed=seed)
        player.load(sound)
        clouds.append(player.play(SECOND, position=0.3)["out_left"])
    np.testing.assert_array_equal(clouds[0], clouds[1])
    assert np.abs(clouds[0] - clouds[2]).max() > 0.1
