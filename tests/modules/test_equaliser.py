"""What the equaliser must do: the curves of the cookbook, in stereo, sound while moved."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from .driver import RATE_HZ, play

FRAMES: Final = 4 * RATE_HZ
FREQUENCIES: Final = np.geomspace(20.0, 20_000.0, 60)


def measured_db(**signals: float) -> np.ndarray:
    """The gain at FREQUENCIES, from the answer to a click."""
    click = np.zeros(FRAMES, np.float32)
    click[0] = 1.0
    got = play("eq", FRAMES, in_left=click, in_right=2 * click, **signals)
    np.testing.assert_allclose(got["out_right"], 2 * got["out_left"], atol=1e-5)
    gain = np.abs(np.fft.rfft(got["out_left"].astype(float)))
    return 20 * np.log10(np.interp(FREQUENCIES, np.arange(len(gain)) / 4, gain))


def cookbook_db(b: tuple[float, ...], a: tuple[float, ...]) -> np.ndarray:
    z = np.exp(-2j * np.pi * FREQUENCIES / RATE_HZ)
    return 20 * np.log10(np.abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z)))


def bell(db: float, hz: float, q: float) -> np.ndarray:
    a, w = 10 ** (db / 40), 2 * np.pi * hz / RATE_HZ
    alpha, c = np.sin(w) / (2 * q), np.cos(w)
    return cookbook_db(
        (1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)
    )


def shelf(db: float, hz: float, side: int) -> np.ndarray:
    """A shelf of slope 1: low for `side` 1, high for -1."""
    a, w = 10 ** (db / 40), 2 * np.pi * hz / RATE_HZ
    c, s = side * np.cos(w), 2 * np.sqrt(a) * np.sin(w) / 2 * np.sqrt(2)
    return cookbook_db(
        (
            a * (a + 1 - (a - 1) * c + s),
            side * 2 * a * (a - 1 - (a + 1) * c),
            a * (a + 1 - (a - 1) * c - s),
        ),
        (a + 1 + (a - 1) * c + s, side * -2 * (a - 1 + (a + 1) * c), a + 1 + (a - 1) * c - s),
    )


@pytest.mark.parametrize("db", [-18.0, -6.0, 3.0, 18.0])
@pytest.mark.parametrize(("hz", "q"), [(60.0, 0.7), (1000.0, 4.0), (8000.0, 1.0)])
def test_the_bell_is_that_of_the_cookbook(db: float, hz: float, q: float) -> None:
    """From 20 Hz to 20 kHz the bell is within 0.05 dB of the formula."""
    assert np.abs(measured_db(mid=db, midfreq=hz, q=q) - bell(db, hz, q)).max() < 0.05


@pytest.mark.parametrize("db", [-18.0, -6.0, 3.0, 18.0])
def test_the_shelves_are_those_of_the_cookbook(db: float) -> None:
    """Both shelves are within 0.05 dB of the formula, at low and at high corners."""
    for hz in (60.0, 500.0):
        assert np.abs(measured_db(low=db, lowfreq=hz) - shelf(db, hz, 1)).max() < 0.05
    for hz in (2000.0, 9000.0):
        assert np.abs(measured_db(high=db, highfreq=hz) - shelf(db, hz, -1)).max() < 0.05


def test_bands_add_up_and_a_cut_mirrors_a_boost() -> None:
    """All three at once are the sum of each, and what is cut then boosted is as it was."""
    three = measured_db(low=6.0, mid=-9.0, high=4.0)
    alone = measured_db(low=6.0) + measured_db(mid=-9.0) + measured_db(high=4.0)
    assert np.abs(three - alone).max() < 0.02
    assert np.abs(measured_db(mid=9.0) + measured_db(mid=-9.0)).max() < 0.02


def test_at_0_db_all_goes_through_untouched() -> None:
    """A flat equaliser gives what comes in, within the last bits."""
    noise = np.random.default_rng(1).uniform(-1, 1, RATE_HZ).astype(np.float32)
    got = play("eq", RATE_HZ, in_left=noise, in_right=noise)["out_left"]
    assert np.abs(got - noise).max() < 1e-6


def test_sweeping_a_bell_makes_no_clicks() -> None:
    """While a boosted bell is swept over the range, a sine changes its level and nothing else."""
    time = np.arange(RATE_HZ)
    tone = (0.2 * np.sin(time * 2 * np.pi * 200 / RATE_HZ)).astype(np.float32)
    sweep = np.geomspace(100.0, 8000.0, RATE_HZ).astype(np.float32)
    got = play("eq", RATE_HZ, in_left=tone, in_right=tone, mid=12.0, midfreq=sweep)["out_left"]
    bend = np.abs(np.diff(got.astype(float), 2)).max()
    assert bend < 0.2 * 4.2 * (2 * np.pi * 200 / RATE_HZ) ** 2
