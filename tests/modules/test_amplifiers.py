"""What amplifier, mixer, strip and output must do."""

from __future__ import annotations

import numpy as np
import pytest

from .driver import level_db, play

CEILING = 10 ** (-0.3 / 20)


def noise(loudest: float = 1.0) -> np.ndarray:
    return np.random.default_rng(10).uniform(-loudest, loudest, 4096).astype(np.float32)


def test_the_output_never_passes_its_ceiling() -> None:
    """Whatever comes in, infinity and not-a-number too, at most -0.3 dB goes out."""
    wild = noise(10.0)
    wild[::7] = np.inf
    wild[1::7] = -np.inf
    wild[2::7] = np.nan
    wild[3::7] = 1e30
    for level in (-60.0, 0.0, 12.0):
        heard = play("out", len(wild), in_left=wild, in_right=-wild, level=level)
        for row in heard.values():
            assert np.isfinite(row).all()
            assert np.abs(row).max() <= CEILING + 1e-7


def test_the_output_is_transparent_below_its_ceiling() -> None:
    """At 0 dB what is below the ceiling goes out to the bit."""
    quiet = noise(0.96)
    heard = play("out", len(quiet), in_left=quiet, in_right=-quiet)
    np.testing.assert_array_equal(heard["out_left"], quiet)
    np.testing.assert_array_equal(heard["out_right"], -quiet)


@pytest.mark.parametrize("name", ["mix", "strip", "out"])
@pytest.mark.parametrize("level", [-59.0, -20.0, -6.0, 6.0, 12.0])
def test_levels_are_decibel(name: str, level: float) -> None:
    """A level of so many dB changes a sound by so many dB, within 0.001."""
    heard = play(name, 64, in_left=0.1, in_right=0.1, level=level)
    for row in heard.values():
        assert abs(level_db(row[0] / np.float32(0.1)) - level) < 1e-3


@pytest.mark.parametrize("name", ["mix", "strip", "out"])
def test_minus_60_db_is_silence(name: str) -> None:
    """At the lowest level nothing is heard."""
    heard = play(name, 4096, in_left=noise(), in_right=noise(), level=-60.0)
    assert not any(row.any() for row in heard.values())


def test_a_strip_in_the_middle_is_a_wire() -> None:
    """At 0 dB and in the centre a sound comes through to the bit; muted, not at all."""
    sound = noise()
    heard = play("strip", len(sound), in_left=sound, in_right=-sound)
    np.testing.assert_array_equal(heard["out_left"], sound)
    np.testing.assert_array_equal(heard["out_right"], -sound)
    muted = play("strip", len(sound), in_left=sound, in_right=sound, mute=1.0)
    assert not muted["out_left"].any()
    assert not muted["out_right"].any()


@pytest.mark.parametrize("pan", np.linspace(-1.0, 1.0, 9))
def test_a_pan_follows_its_law(pan: float) -> None:
    """Equal power, whatever the place, and the middle as it came in: sides are 3 dB above it."""
    heard = play("strip", 64, in_left=0.5, in_right=0.5, pan=float(pan))
    turn = (1 + pan) * np.pi / 4
    assert abs(heard["out_left"][0] - 0.5 * np.sqrt(2) * np.cos(turn)) < 1e-6
    assert abs(heard["out_right"][0] - 0.5 * np.sqrt(2) * np.sin(turn)) < 1e-6
    power = heard["out_left"][0] ** 2 + heard["out_right"][0] ** 2
    assert abs(power - 0.5) < 1e-6


def test_an_amplifier_multiplies() -> None:
    """`out` is `in` times `gain`, to the bit."""
    sound = noise()
    gain = np.abs(noise(4.0))
    np.testing.assert_array_equal(play("vca", 4096, in_=sound, gain=gain)["out"], sound * gain)
