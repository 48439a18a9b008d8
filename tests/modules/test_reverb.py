"""What a reverb must do."""

from __future__ import annotations

from math import erfc
from typing import Final

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from .driver import RATE_HZ, Player, level_db, play
from .test_oscillators import spectrum

SECOND: Final = RATE_HZ


def click(frames: int) -> np.ndarray:
    signal = np.zeros(frames, np.float32)
    signal[0] = 1.0
    return signal


def response(seconds: float, rate_hz: int = RATE_HZ, **signals: float) -> np.ndarray:
    """What a room answers to a click on both sides: left and right."""
    frames = round(seconds * rate_hz / 64) * 64
    signals = {"mix": 1.0, "predelay": 0.0, **signals}
    one = click(frames)
    got = Player("reverb", rate_hz=rate_hz).play(frames, in_left=one, in_right=one, **signals)
    return np.array([got["out_left"], got["out_right"]], float)


def seconds_of_60_db(wave: np.ndarray, hz: float, rate_hz: int = RATE_HZ) -> float:
    """The reverberation time of an octave, from the integral of what is still to come.

    Source: Schroeder, New method of measuring reverberation time, JASA 37, 1965.
    """
    band = butter(3, [hz / 1.41, hz * 1.41], "band", fs=rate_hz, output="sos")
    rest = np.cumsum(sosfiltfilt(band, wave)[::-1] ** 2)[::-1]
    level = 10 * np.log10(rest / rest[0] + 1e-20)
    fit = np.flatnonzero((level < -5) & (level > -35))
    slope, _ = np.polyfit(fit / rate_hz, level[fit], 1)
    return float(-60.0 / slope)


@pytest.mark.parametrize("decay", [0.5, 1.0, 2.0, 4.0, 10.0])
@pytest.mark.parametrize("damp", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("size", [0.3, 1.0, 1.6])
def test_the_tail_falls_by_60_db_in_its_decay(decay: float, damp: float, size: float) -> None:
    """At 1 kHz the reverberation time is `decay` within a tenth, whatever the size and `damp`."""
    left, right = response(decay + 0.3, decay=decay, damp=damp, size=size)
    mean = (seconds_of_60_db(left, 1000.0) + seconds_of_60_db(right, 1000.0)) / 2
    assert abs(mean / decay - 1.0) < 0.1


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000])
def test_the_decay_is_the_same_at_other_rates(rate_hz: int) -> None:
    """At other rates too, 2 s are 2 s at 1 kHz within a tenth."""
    left, _ = response(2.3, rate_hz, decay=2.0)
    assert abs(seconds_of_60_db(left, 1000.0, rate_hz) / 2.0 - 1.0) < 0.1


def test_damp_takes_what_is_high_away_sooner() -> None:
    """At 6 kHz the tail is ever shorter the more it is damped, down to less than half."""
    times = [
        seconds_of_60_db(response(3.0, decay=3.0, damp=damp)[0], 6000.0)
        for damp in (0.0, 0.3, 0.6, 1.0)
    ]
    assert (np.diff(times) < 0).all()
    assert times[0] > 1.8
    assert times[-1] < 1.2


def echo_density(wave: np.ndarray, window: int = 960) -> np.ndarray:
    """The share of samples beyond one deviation, 1 for noise, from window to window.

    Source: Abel, Huang, A simple, robust measure of reverberation echo density, AES 121, 2006.
    """
    weight = np.hanning(window) / np.hanning(window).sum()
    found = []
    for start in range(0, len(wave) - window, window // 2):
        part = wave[start : start + window]
        deviation = np.sqrt((weight * part**2).sum())
        found.append((weight * (np.abs(part) > deviation)).sum() / erfc(2**-0.5))
    return np.array(found)


def test_echoes_are_soon_as_dense_as_noise() -> None:
    """From 200 ms on the echo density is that of noise, and nearly half of it after 40 ms."""
    density = echo_density(response(1.0, decay=3.0)[0])
    assert density[4:].min() > 0.45
    assert density[20:].min() > 0.75
    assert abs(density[20:].mean() - 1.0) < 0.05


@pytest.mark.parametrize(
    ("size", "decay", "most", "peak"),
    [(0.4, 0.8, 7.0, 22.0), (1.0, 4.0, 6.1, 17.0), (1.6, 6.0, 5.9, 16.0)],
)
def test_no_mode_stands_out_of_the_tail(
    size: float, decay: float, most: float, peak: float
) -> None:
    """In the tail the spectrum is nearly as even as that of noise: nothing rings like metal.

    A small room has modes that lie farther apart, and may ring a little.
    The level of noise from line to line deviates by 5.6 dB, its peaks are 12 dB above its mean.
    """
    for wave in response(3.0, decay=decay, damp=0.0, size=size):
        part = wave[SECOND // 4 :][:65_536]
        level = 20 * np.log10(np.abs(np.fft.rfft(part * np.hanning(len(part)))))
        trend = np.convolve(level, np.ones(301) / 301, "same")
        stands_out = (level - trend)[300:5500]
        assert np.std(stands_out) < most
        assert np.max(stands_out) < peak


def test_predelay_holds_the_room_back() -> None:
    """Nothing comes out before `predelay`, and then at once."""
    left, right = response(0.5, predelay=100.0)
    assert not left[:4799].any()
    assert not right[:4799].any()
    assert np.abs(left[4799:4900]).max() > 1e-3


def test_the_room_is_in_stereo_and_keeps_sides() -> None:
    """Left and right have nothing in common; what comes from the left begins at the left."""
    left, right = response(1.0)
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.1
    assert abs(level_db(left.std() / right.std())) < 1.5
    got = play("reverb", SECOND, in_left=click(SECOND), mix=1.0, predelay=0.0)
    early = slice(0, 1600)
    assert got["out_left"][early].std() > 4 * got["out_right"][early].std()
    assert level_db(got["out_left"][9600:].std() / got["out_right"][9600:].std()) < 3.0


def test_width_0_is_mono() -> None:
    """At width 0 both sides are the same, and as loud as the middle of a wide room."""
    left, right = response(0.5, width=0.0)
    np.testing.assert_array_equal(left, right)
    np.testing.assert_allclose(left, response(0.5, width=1.0).mean(axis=0), atol=1e-6)


def test_the_cuts_keep_bass_and_hiss_out() -> None:
    """What is an octave beyond a cut comes in 7 dB weaker, what is within untouched."""
    plain = spectrum(response(2.0, lowcut=10.0, highcut=20_000.0)[0])
    taken = spectrum(response(2.0, lowcut=400.0, highcut=3000.0)[0])
    loss = [
        10 * np.log10((taken[a:b] ** 2).sum() / (plain[a:b] ** 2).sum())
        for a, b in ((300, 500), (2000, 2400), (11_000, 13_000))
    ]
    assert abs(loss[0] + 7.0) < 1.5
    assert abs(loss[1]) < 1.2
    assert abs(loss[2] + 7.0) < 1.5


def test_mix_0_is_the_dry_sound() -> None:
    """At mix 0 what comes in goes out, bit for bit."""
    noise = np.random.default_rng(1).uniform(-1, 1, (2, SECOND)).astype(np.float32)
    got = play("reverb", SECOND, in_left=noise[0], in_right=noise[1], mix=0.0)
    np.testing.assert_array_equal(got["out_left"], noise[0])
    np.testing.assert_array_equal(got["out_right"], noise[1])


def test_it_never_runs_away() -> None:
    """Full-scale noise into the longest decay, while the size is thrown about, stays in bounds."""
    random = np.random.default_rng(2)
    frames = 30 * SECOND
    noise = random.uniform(-1, 1, frames).astype(np.float32)
    size = np.repeat(random.uniform(0.15, 1.6, frames // 640), 640).astype(np.float32)
    got = play("reverb", frames, in_left=noise, in_right=noise, decay=60.0, mix=1.0, size=size)
    assert np.abs(got["out_left"]).max() < 8.0


@pytest.mark.parametrize("damp", [0.0, 1.0])
def test_the_longest_tail_gets_weaker(damp: float) -> None:
    """With a decay of a minute the tail still falls, at any frequency, from second to second."""
    random = np.random.default_rng(3)
    noise = np.zeros(20 * SECOND, np.float32)
    noise[:SECOND] = random.uniform(-0.5, 0.5, SECOND)
    signals = {"decay": 60.0, "damp": damp, "mix": 1.0, "lowcut": 10.0}
    wave = play("reverb", len(noise), in_left=noise, in_right=noise, **signals)["out_left"]
    early, late = (spectrum(wave[a * SECOND : (a + 4) * SECOND].astype(float)) for a in (3, 16))
    for low, high in ((4, 80), (80, 400), (400, 4000), (4000, 40_000)):
        assert (late[low:high] ** 2).sum() < 0.9 * (early[low:high] ** 2).sum()


def test_a_tail_ends_where_no_sample_costs_more() -> None:
    """Behind the tail all is below -600 dB, and no number in the memory is a denormal one."""
    player = Player("reverb")
    signals = {"decay": 0.1, "damp": 0.0}
    player.play(SECOND, in_left=click(SECOND), in_right=click(SECOND), **signals)
    got = player.play(6 * SECOND, **signals)
    assert np.abs(got["out_left"][-SECOND:]).max() < 1e-30
    size = np.abs(player.memory)
    assert not ((size > 0.0) & (size < np.finfo(np.float32).tiny)).any()
