"""What the distortion must do to a sound."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sound import aliases_db, rms_db

from .driver import RATE_HZ, Player

TYPES = ("soft", "hard", "fold", "tube", "asymmetric")
FRAMES = RATE_HZ + 6400
START = 6400


def tone(hz: float, loudest: float = 1.0) -> np.ndarray:
    return loudest * np.sin(2 * np.pi * hz * np.arange(FRAMES) / RATE_HZ)


def band_limited_saw(hz: float) -> np.ndarray:
    """A saw of the partials below 23 kHz and no others."""
    time = np.arange(FRAMES) / RATE_HZ
    counts = range(1, int(23_000 / hz) + 1)
    return 0.6 * sum(np.sin(2 * np.pi * k * hz * time) / k for k in counts)


def distorted(sound: np.ndarray, kind: str, **ports: float) -> np.ndarray:
    """The left side after it has settled, wide open unless said otherwise."""
    signals = {"tone": 20_000.0, **ports, "type": float(TYPES.index(kind))}
    return Player("distortion").play(FRAMES, in_left=sound, **signals)["out_left"][START:]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("drive", [0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("hz", [2093.0045, 1567.98, 1046.502, 261.6256])
def test_a_tone_gets_no_aliases(kind: str, drive: float, hz: float) -> None:
    """With a full sine up to c7, all that is no partial lies below -64 dB."""
    assert aliases_db(distorted(tone(hz), kind, drive=drive), hz) < -64.0


@pytest.mark.parametrize("kind", ["soft", "hard", "tube", "asymmetric"])
@pytest.mark.parametrize("drive", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("hz", [2093.0045, 1046.502, 261.6256])
def test_a_saw_gets_no_aliases(kind: str, drive: float, hz: float) -> None:
    """With a saw up to c7, all that is no partial lies below -60 dB."""
    assert aliases_db(distorted(band_limited_saw(hz), kind, drive=drive), hz) < -60.0


@pytest.mark.parametrize("hz", [2093.0045, 1567.98, 1046.502, 523.25, 261.6256])
def test_a_saw_that_is_folded_gets_no_aliases_either(hz: float) -> None:
    """A saw whose edge runs through all folds at once stays below -60 dB up to 20 kHz.

    Up to drive 0.75 below -75 dB; what the last filter lets through above 20 kHz stays below -50.
    """
    for drive, most in ((0.25, -75.0), (0.5, -75.0), (0.75, -75.0), (1.0, -60.0)):
        sound = distorted(band_limited_saw(hz), "fold", drive=drive)
        assert aliases_db(sound, hz, 20_000.0) < most
        assert aliases_db(sound, hz) < -50.0


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_adds_an_offset(kind: str) -> None:
    """The mean of a distorted tone is below -66 dB, that of uneven curves too."""
    for drive in (0.3, 1.0):
        sound = distorted(tone(110.0), kind, drive=drive)
        whole = len(sound) // 4800 * 4800
        assert abs(sound[:whole].mean()) < 5e-4


@pytest.mark.parametrize("kind", TYPES)
def test_the_level_is_made_up(kind: str) -> None:
    """A sine at half of full scale changes by less than 3.5 dB from any drive to any other."""
    levels = [rms_db(distorted(tone(220.0, 0.5), kind, drive=d)) for d in (0, 0.3, 0.5, 0.7, 1)]
    assert max(levels) - min(levels) < 3.5
    assert abs(levels[0] - rms_db(tone(220.0, 0.5))) < 0.5


@pytest.mark.parametrize("kind", TYPES)
def test_drive_adds_partials(kind: str) -> None:
    """The share of the partials above the first grows with drive, from below -18 dB."""
    shares = []
    for drive in (0.0, 0.3, 0.6, 0.9):
        power = np.abs(np.fft.rfft(distorted(tone(480.0), kind, drive=drive).astype(float))) ** 2
        shares.append(10 * np.log10(1e-12 + power[500:].sum() / power[440:520].sum()))
    assert shares == sorted(shares)
    assert shares[0] < -18.0
    assert shares[-1] > -12.0


@pytest.mark.parametrize("kind", TYPES)
def test_only_uneven_curves_add_even_partials(kind: str) -> None:
    """The second partial of soft, hard and fold is below -80 dB, of tube and asymmetric above -30.

    Relative to the first.
    """
    power = np.abs(np.fft.rfft(distorted(tone(480.0), kind, drive=0.6).astype(float)))
    second = 20 * np.log10(power[960] / power[480])
    assert second < -80.0 if kind in {"soft", "hard", "fold"} else second > -30.0


def test_it_follows_its_curves() -> None:
    """At a low frequency what comes out is the curve of what goes in, within 1 %.

    Hard is held at 1; soft is x - x |x| / 4 and held at 1 from 2 on; fold goes back from there.
    """
    slow = tone(20.0)
    for drive in (0.2, 0.5, 0.8):
        gain = 0.5 * 24.0**drive
        x = gain * slow
        hard = np.clip(x, -1, 1)
        soft = np.where(np.abs(x) < 2, x - x * np.abs(x) / 4, np.sign(x))
        z = (x / 2 + 2) % 4 - 2
        for kind, curve in (("hard", hard), ("soft", soft), ("fold", z * (2 - np.abs(z)))):
            heard = distorted(slow, kind, drive=drive)
            # The filters delay by some samples; the level is what makes both equally loud.
            errors = []
            for late in range(8):
                part = curve[START - late : FRAMES - late]
                level = np.dot(heard, part) / np.dot(part, part)
                errors.append(np.abs(heard - level * part).max())
            assert min(errors) < 0.01


def test_mix_0_is_the_sound() -> None:
    """Without a share of the distorted sound the level is as it was, at all frequencies."""
    for hz in (50.0, 1000.0, 10_000.0):
        assert abs(rms_db(distorted(tone(hz), "hard", drive=1.0, mix=0.0)) - rms_db(tone(hz))) < 0.1


@pytest.mark.parametrize("hz", [300.0, 2000.0, 8000.0])
def test_half_a_mix_is_no_comb(hz: float) -> None:
    """Sound and distorted sound lie on each other: below the curve's bend both add up whole."""
    quiet = tone(hz, 0.01)
    levels = [rms_db(distorted(quiet, "hard", drive=0.3, mix=m)) for m in (0.0, 1.0, 0.5)]
    mean = 20 * np.log10(0.5 * (10 ** (levels[0] / 20) + 10 ** (levels[1] / 20)))
    assert abs(levels[2] - mean) < 0.2


def test_tone_darkens_what_is_distorted() -> None:
    """With `tone` at 1 kHz a partial at 4.4 kHz loses 13 dB more than one at 440 Hz."""
    falls = []
    for hz in (1000.0, 20_000.0):
        power = np.abs(np.fft.rfft(distorted(tone(440.0), "hard", tone=hz).astype(float)))
        falls.append(20 * np.log10(power[440] / power[9 * 440]))
    assert 10.0 < falls[0] - falls[1] < 14.0


def test_the_sides_do_not_hear_each_other() -> None:
    """What is left is the same, whatever is right."""
    sound = tone(200.0)
    alone = Player("distortion").play(FRAMES, in_left=sound)
    both = Player("distortion").play(FRAMES, in_left=sound, in_right=tone(300.0))
    np.testing.assert_array_equal(alone["out_left"], both["out_left"])
    assert not alone["out_right"].any()
