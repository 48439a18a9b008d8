"""What the transistor ladder must do to a sound."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sound import aliases_db, pitch

from .driver import RATE_HZ, Player, level_db

MODES = ("lp24", "lp12", "bp12", "hp24")
C7, B6 = 2093.0045, 1975.533


def response(
    cutoff: float, resonance: float, mode: str = "lp24", drive: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and gains of a response at a low level, from what a small click becomes."""
    click = np.zeros(2 * RATE_HZ, np.float32)
    click[0] = 1e-3
    heard = Player("ladder").play(
        len(click),
        in_=click,
        cutoff=cutoff,
        resonance=resonance,
        drive=drive,
        mode=float(MODES.index(mode)),
    )["out"]
    gains = np.abs(np.fft.rfft(heard.astype(float))) * 1e3
    return np.arange(len(gains)) * RATE_HZ / len(click), gains


def theory(hz: np.ndarray, cutoff: float, resonance: float, mode: str) -> np.ndarray:
    """The response of four poles in a loop, at twice the rate (bilinear)."""
    twice = 2.0 * RATE_HZ
    s = 1j * np.tan(np.pi * hz / twice) / np.tan(np.pi * cutoff / twice)
    pole = 1.0 / (1.0 + s)
    taps = {
        "lp24": pole**4,
        "lp12": pole**2,
        "bp12": 2.0 * (pole - pole**2),
        "hp24": (1.0 - pole) ** 4,
    }
    bass = 1.0 + 2.0 * resonance if mode.startswith("lp") else 1.0
    return np.abs(bass * taps[mode] / (1.0 + 4.2 * resonance * pole**4))


@pytest.mark.parametrize("cutoff", [60.0, 500.0, 3000.0, 12_000.0])
@pytest.mark.parametrize("resonance", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("mode", MODES)
def test_quiet_sounds_get_the_response_of_four_poles(
    cutoff: float, resonance: float, mode: str
) -> None:
    """At a low level each response is that of theory, within 0.2 dB from -60 dB on, up to 15 kHz.

    At drive 0 the gain into the tanh and the level made up behind it leave 0.045 dB.
    """
    hz, gains = response(cutoff, resonance, mode)
    wanted = theory(hz, cutoff, resonance, mode)
    part = (hz > 20.0) & (hz < 15_000.0) & (wanted > 1e-3)
    assert np.abs(20 * np.log10(gains[part] / wanted[part]) - 0.045).max() < 0.2


def test_the_slope_is_24_db_an_octave() -> None:
    """Four octaves above the corner each further octave takes 24 dB away; lp12 takes 12."""
    for mode, wanted in (("lp24", 24.0), ("lp12", 12.0)):
        hz, gains = response(100.0, 0.0, mode)
        levels = [level_db(float(np.interp(f, hz, gains))) for f in (1600.0, 3200.0)]
        assert abs(levels[0] - levels[1] - wanted) < 0.3


@pytest.mark.parametrize("cutoff", [40.0, 110.0, 440.0, 1000.0, 3000.0, 8000.0])
def test_at_resonance_1_it_sings_at_its_cutoff(cutoff: float) -> None:
    """Struck once, it goes on with a steady tone whose pitch is `cutoff` within 0.1 %."""
    struck = np.zeros(6 * RATE_HZ, np.float32)
    struck[0] = 0.5
    heard = Player("ladder").play(len(struck), in_=struck, cutoff=cutoff, resonance=1.0)["out"]
    tone = heard[-2 * RATE_HZ :]
    assert abs(pitch(tone) / cutoff - 1.0) < 1e-3
    assert 0.3 < np.abs(tone).max() < 0.6
    assert abs(tone[:RATE_HZ].std() / tone[RATE_HZ:].std() - 1.0) < 0.01


def test_below_0_95_it_falls_silent() -> None:
    """With less resonance a blow dies away."""
    struck = np.zeros(4 * RATE_HZ, np.float32)
    struck[0] = 0.5
    for cutoff in (100.0, 1000.0, 10_000.0):
        heard = Player("ladder").play(len(struck), in_=struck, cutoff=cutoff, resonance=0.94)["out"]
        assert np.abs(heard[-RATE_HZ // 10 :]).max() < 2e-3 * np.abs(heard).max()


@pytest.mark.parametrize("drive", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hz", [C7, B6, 1046.502])
def test_drive_makes_no_aliases(drive: float, mode: str, hz: float) -> None:
    """With a full sine up to c7 and the ladder wide open, what is no partial lies below -60 dB."""
    frames = RATE_HZ + 6400
    tone = np.sin(2 * np.pi * hz * np.arange(frames) / RATE_HZ)
    cutoff = 200.0 if mode == "hp24" else 20_000.0
    heard = Player("ladder").play(
        frames, in_=tone, cutoff=cutoff, drive=drive, mode=float(MODES.index(mode))
    )["out"]
    assert aliases_db(heard[6400:], hz) < -60.0


def test_drive_bends_and_keeps_the_level() -> None:
    """The third partial of a full sine grows with `drive`, and its level stays within 3 dB."""
    tone = np.sin(2 * np.pi * 220.0 * np.arange(RATE_HZ) / RATE_HZ)
    thirds, levels = [], []
    for drive in (0.0, 0.25, 0.5, 0.75, 1.0):
        heard = Player("ladder").play(RATE_HZ, in_=tone, cutoff=8000.0, resonance=0.0, drive=drive)
        spectrum = np.abs(np.fft.rfft(heard["out"][RATE_HZ // 2 :].astype(float)))
        thirds.append(level_db(spectrum[330] / spectrum[110]))
        levels.append(level_db(np.sqrt(np.mean(heard["out"][RATE_HZ // 2 :] ** 2))))
    assert thirds == sorted(thirds)
    assert thirds[0] < -40.0
    assert thirds[-1] > -20.0
    assert max(levels) - min(levels) < 3.0


@pytest.mark.parametrize("resonance", [0.0, 0.7, 1.0])
def test_it_is_stable_while_it_is_swept_at_audio_rate(resonance: float) -> None:
    """Whatever the cutoff does, the output stays bounded, and without a sound it stays so."""
    frames = RATE_HZ
    random = np.random.default_rng(5)
    time = np.arange(frames)
    sound = random.uniform(-1, 1, frames)
    for cutoff in (
        20.0 * 1000.0 ** random.random(frames),
        20.0 * 1000.0 ** (0.5 + 0.5 * np.sin(time * 0.9)),
        np.where(time % 2 == 0, 20.0, 20_000.0),
    ):
        heard = Player("ladder").play(frames, in_=sound, cutoff=cutoff, resonance=resonance)["out"]
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() < 4.0


def test_a_sound_without_an_offset_gets_none() -> None:
    """The mean of what comes out is that of what goes in, at full drive too."""
    tone = np.sin(2 * np.pi * 100.0 * np.arange(RATE_HZ) / RATE_HZ)
    heard = Player("ladder").play(RATE_HZ, in_=tone, cutoff=2000.0, drive=1.0)["out"]
    assert abs(heard[RATE_HZ // 2 :].mean()) < 1e-4
