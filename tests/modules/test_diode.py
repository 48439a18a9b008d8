"""What the diode ladder must do to a sound."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sound import aliases_db, pitch

from .driver import RATE_HZ, Player, level_db


def response(cutoff: float, resonance: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and gains at a low level, from what a small click becomes."""
    click = np.zeros(2 * RATE_HZ, np.float32)
    click[0] = 1e-3
    heard = Player("diode").play(
        len(click), in_=click, cutoff=cutoff, resonance=resonance, drive=0.0
    )["out"]
    gains = np.abs(np.fft.rfft(heard.astype(float))) * 1e3
    return np.arange(len(gains)) * RATE_HZ / len(click), gains


def theory(hz: np.ndarray, cutoff: float) -> np.ndarray:
    """Stinchcombe's polynomial without resonance, at twice the rate (bilinear).

    The loop sings at 2**(1/4) of the polynomial's corner; a highpass in it of `q` times the cutoff
    lets it sing higher, so that the corner is lower.
    """
    twice = 2.0 * RATE_HZ
    q = min(150.0 / cutoff, 0.5)
    w = np.linspace(1.1, 2.5, 1_400_001)
    turned = 2**3.25 * w - 2**2.75 * w**3 - q * (w**4 - 10 * 2**0.5 * w**2 + 1.0)
    sings = w[np.argmin(np.abs(turned))]
    s = 1j * sings * np.tan(np.pi * hz / twice) / np.tan(np.pi * cutoff / twice)
    low = 1.0 / (s**4 + 2**2.75 * s**3 + 10 * 2**0.5 * s**2 + 2**3.25 * s + 1.0)
    coupled = 1j * hz / (20.0 + 1j * hz)
    return np.abs(low * coupled)


@pytest.mark.parametrize("cutoff", [80.0, 250.0, 1000.0, 4000.0])
def test_quiet_sounds_get_the_response_of_the_machine(cutoff: float) -> None:
    """Without resonance the response is that of four loaded poles, within 0.3 dB from -60 dB on."""
    hz, gains = response(cutoff, 0.0)
    wanted = theory(hz, cutoff)
    part = (hz > 10.0) & (hz < 15_000.0) & (wanted > 1e-3)
    assert np.abs(20 * np.log10(gains[part] / wanted[part])).max() < 0.3


def test_the_slope_grows_from_18_to_24_db_an_octave() -> None:
    """The first octaves above the cutoff take less than 18 and 21 dB, those far above it 24."""
    hz, gains = response(150.0, 0.0)
    levels = [level_db(float(np.interp(150.0 * 2**n, hz, gains))) for n in (0, 1, 2, 3, 4, 5)]
    falls = -np.diff(levels)
    assert (np.diff(falls) > 0).all()
    assert 13.0 < falls[0] < 18.0
    assert 18.0 < falls[1] < 21.0
    assert 23.0 < falls[4] < 24.5


@pytest.mark.parametrize("cutoff", [80.0, 200.0, 500.0, 1000.0, 3000.0, 8000.0])
def test_the_resonance_follows_the_cutoff(cutoff: float) -> None:
    """At 0.9 the loudest frequency is `cutoff` within 3 %, 15 dB above an octave below."""
    hz, gains = response(cutoff, 0.9)
    part = hz > 0.6 * cutoff
    peak = hz[part][np.argmax(gains[part])]
    assert abs(peak / cutoff - 1.0) < 0.03
    rise = level_db(float(gains[part].max())) - level_db(float(np.interp(cutoff / 2, hz, gains)))
    assert rise > 15.0


@pytest.mark.parametrize("cutoff", [60.0, 200.0, 1000.0, 8000.0])
def test_it_does_not_sing_below_0_95(cutoff: float) -> None:
    """A blow dies away up to 0.94; at 1 a faint tone may stay, at `cutoff` within 1 %."""
    struck = np.zeros(6 * RATE_HZ, np.float32)
    struck[:50] = 1.0
    for resonance in (0.5, 0.8, 0.94):
        heard = Player("diode").play(len(struck), in_=struck, cutoff=cutoff, resonance=resonance)
        assert np.abs(heard["out"][-RATE_HZ // 5 :]).max() < 5e-3
    heard = Player("diode").play(len(struck), in_=struck, cutoff=cutoff, resonance=1.0)
    tone = heard["out"][-RATE_HZ:]
    assert 0.05 < np.abs(tone).max() < 0.4
    assert abs(pitch(tone) / cutoff - 1.0) < 0.01


def test_it_squelches() -> None:
    """Under an envelope the partials of a saw at the cutoff stand out, all the way down.

    In each slice of time the loudest of all partials within an octave is next to the cutoff, 10 dB
    at least above the mean of what lies an octave above and below.
    """
    frames = RATE_HZ
    saw = Player("saw").play(frames, freq=55.0)["out"]
    time = np.arange(frames) / RATE_HZ
    cutoff = 300.0 * 2.0 ** (3.0 * np.exp(-time / 0.3))
    heard = Player("diode").play(frames, in_=saw, cutoff=cutoff, resonance=0.92, drive=0.3)["out"]
    size = 4096
    window = np.hanning(size)
    for start in range(4800, frames - size, size // 2):
        spectrum = np.abs(np.fft.rfft(heard[start : start + size].astype(float) * window))
        hz = np.arange(len(spectrum)) * RATE_HZ / size
        now = cutoff[start + size // 2]
        upper = (hz > 0.55 * now) & (hz < 2.0 * now)
        loudest = hz[upper][np.argmax(spectrum[upper])]
        assert abs(loudest - now) < 0.15 * now + 30.0
        below = spectrum[(hz > 0.45 * now) & (hz < 0.6 * now)].max()
        above = spectrum[(hz > 1.7 * now) & (hz < 2.2 * now)].max()
        assert level_db(spectrum[upper].max() / np.sqrt(below * above)) > 10.0


def test_bass_is_left_where_resonance_is_high() -> None:
    """At full resonance a bass note at 55 Hz is at most 8 dB quieter than without."""
    tone = np.sin(2 * np.pi * 55.0 * np.arange(RATE_HZ) / RATE_HZ)
    levels = []
    for resonance in (0.0, 0.5, 0.95):
        heard = Player("diode").play(
            RATE_HZ, in_=tone, cutoff=800.0, resonance=resonance, drive=0.0
        )["out"]
        levels.append(level_db(np.abs(heard[RATE_HZ // 2 :]).max()))
    assert max(levels) - min(levels) < 8.0


@pytest.mark.parametrize("drive", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("hz", [2093.0045, 1046.502])
def test_drive_makes_no_aliases(drive: float, hz: float) -> None:
    """With a full sine up to c7 and the ladder wide open, what is no partial lies below -60 dB."""
    frames = RATE_HZ + 6400
    tone = np.sin(2 * np.pi * hz * np.arange(frames) / RATE_HZ)
    heard = Player("diode").play(frames, in_=tone, cutoff=20_000.0, drive=drive)["out"]
    assert aliases_db(heard[6400:], hz) < -60.0


def test_an_offset_does_not_come_through() -> None:
    """A steady input is gone after a second, at any drive."""
    for drive in (0.0, 1.0):
        heard = Player("diode").play(RATE_HZ, in_=0.7, drive=drive, resonance=0.3)["out"]
        assert np.abs(heard[-4800:]).max() < 1e-4


@pytest.mark.parametrize("resonance", [0.0, 0.7, 1.0])
def test_it_is_stable_while_it_is_swept_at_audio_rate(resonance: float) -> None:
    """Whatever the cutoff does, the output stays bounded."""
    frames = RATE_HZ
    random = np.random.default_rng(5)
    time = np.arange(frames)
    sound = random.uniform(-1, 1, frames)
    for cutoff in (
        20.0 * 1000.0 ** random.random(frames),
        20.0 * 1000.0 ** (0.5 + 0.5 * np.sin(time * 0.9)),
        np.where(time % 2 == 0, 20.0, 20_000.0),
    ):
        heard = Player("diode").play(frames, in_=sound, cutoff=cutoff, resonance=resonance)["out"]
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() < 4.0
