"""The drums and effects that come with the program, against what is known of the originals.

Figures: Roland TR-808 (1980) and TR-909 (1984) service notes; Werner, Abel, Smith, A
physically-informed, circuit-bendable, digital model of the TR-808 bass drum, DAFx-14.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.signal import butter, find_peaks, hilbert, sosfiltfilt

from tests.modules.driver import Player
from tests.support import ears
from tests.support.score import render
from tests.support.sound import amplitude, dbfs, hardest_jolt, momentary_hz

DRUMS = ("kick909", "kick808", "snare", "hat", "openhat", "clap", "rim", "cowbell", "crash")
STRUCK = (*DRUMS, "impact")
RATE_HZ = 48_000
MS = RATE_HZ // 1000


@cache
def hit(name, settings="", seconds=1.0):
    """One stroke, in the middle of both sides, float64."""
    lines = [f"load {name} {settings}", f"trigger {name}"]
    return render(lines, seconds).frames.astype(np.float64).mean(axis=1)


def spectrum_db(wave, low_hz, high_hz):
    """The share of a band in a stroke; half a window of silence before it, so that all counts."""
    return ears.band_db(np.concatenate((np.zeros(len(wave)), wave)), low_hz, high_hz)


def brightness_hz(wave):
    """The centre of gravity of a stroke."""
    return ears.centroid_hz(np.concatenate((np.zeros(len(wave)), wave)))


def partials_hz(wave, count, apart_hz=60.0):
    """The strongest partials of a stroke, lowest first."""
    hz, power = ears.power_spectrum(np.concatenate((np.zeros(len(wave)), wave)))
    tops, _ = find_peaks(power, distance=max(int(apart_hz / hz[1]), 1))
    return sorted(hz[top] for top in tops[np.argsort(power[tops])[-count:]])


@pytest.mark.parametrize("name", STRUCK)
def test_level(name):
    """The peak of a hit at velocity 0.8 lies between -12 and -6 dBFS."""
    assert -12.0 < dbfs(hit(name)) < -6.0


@pytest.mark.parametrize("name", STRUCK)
def test_harder_is_louder_and_brighter(name):
    """A hit at 1 is 3 to 16 dB louder than one at 0.4, and its centre of gravity is higher."""
    soft, hard = hit(name, "velocity=0.4"), hit(name, "velocity=1")
    louder = 10.0 * np.log10(np.sum(hard**2) / np.sum(soft**2))
    assert 3.0 < louder < 16.0
    assert brightness_hz(hard) > 1.005 * brightness_hz(soft)


@pytest.mark.parametrize("name", DRUMS)
def test_hits_into_the_sound_make_no_click(name):
    """A roll of 32nds is no rougher than its first stroke, but for chance, and does not pile up."""
    lines = [f"load {name}", f"sequence {name}: xxxxxxxx step 1/32"]
    roll = render(lines, 0.5).left
    first = hit(name, seconds=0.06)
    assert hardest_jolt(roll, 55 * MS) < 1.4 * hardest_jolt(first)
    # Strokes of noise differ by some dB.
    apart = render([f"load {name}", *[f"trigger {name}", "wait 300ms"] * 6], 1.8).left
    assert dbfs(roll) < dbfs(apart) + 4.0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("snare", {"snappy": 0.0, "crack": 0.0, "freq": 92.0, "body": 260.0}),
        ("hat", {"metal": 1.0, "freq": 620.0, "decay": 420.0, "tone": 5000.0, "tick": 0.4}),
    ],
)
def test_snare_and_hat_are_their_kinds(name, settings):
    """They give what the kind of that name gives, to the bit where no noise is in it."""
    words = " ".join(f"{port}={value}" for port, value in settings.items())
    heard = render([f"load {name} {words} level=0db", f"trigger {name}"], 0.5).left
    gate = np.zeros(24_000, np.float32)
    gate[: 10 * MS] = 1.0
    kind = Player(name).play(24_000, gate=gate, **settings)["out"]
    np.testing.assert_array_equal(heard, kind)


def test_kick909_falls_from_above_250_hz_to_50_hz_in_60_ms():
    """The pitch starts at 200 to 320 Hz, is below 60 Hz after 60 ms, and ends at 50 Hz."""
    hz = momentary_hz(hit("kick909", "click=0"))
    assert 200.0 < np.median(hz[MS : 3 * MS]) < 320.0
    assert np.median(hz[60 * MS : 80 * MS]) < 60.0
    assert abs(np.median(hz[100 * MS : 200 * MS]) - 50.0) < 0.5


def test_kick909_clicks_drives_and_is_over_in_200_to_400_ms():
    """It is 40 dB down after 200 to 400 ms; the click is above 2 kHz, drive adds partials."""
    assert 0.2 < ears.decay_s(hit("kick909"), 40.0) < 0.4
    assert spectrum_db(hit("kick909"), 2000, 2e4) > 10 + spectrum_db(
        hit("kick909", "click=0"), 2000, 2e4
    )
    driven, pure = (hit("kick909", f"drive={drive}")[70 * MS :] for drive in (1, 0))
    assert ears.band_db(driven, 120, 500) > ears.band_db(pure, 120, 500) + 20.0


def test_kick808_is_a_long_pure_sine():
    """After its start it is 49 Hz with partials 60 dB below; `decay` reaches over 2 s."""
    wave = hit("kick808", seconds=1.2)
    hz = momentary_hz(wave)
    assert abs(np.median(hz[60 * MS : 800 * MS]) - 49.0) < 0.2
    assert 80.0 < np.median(hz[MS : 6 * MS]) < 150.0
    rest = wave[60 * MS :]
    assert ears.band_db(rest, 90, 2e4) < -60.0
    assert 0.5 < ears.decay_s(wave, 20.0) < 1.0
    assert 0.1 < ears.decay_s(hit("kick808", "decay=300ms"), 20.0) < 0.3
    assert ears.decay_s(hit("kick808", "decay=4s", 4.0), 20.0) > 2.0


def test_snare_has_two_modes_below_its_wires():
    """The skin rings at 185 and 333 Hz (ratio 1.8); the wires are noise above 900 Hz."""
    skin = hit("snare", "snappy=0 crack=0")
    lower, upper = partials_hz(skin, 2)
    assert abs(lower - 185.0) < 8.0
    assert 1.75 < upper / lower < 1.85
    assert spectrum_db(hit("snare"), 900, 2e4) > -5.0
    assert 0.1 < ears.decay_s(hit("snare"), 30.0) < 0.25


@pytest.mark.parametrize(("name", "shortest", "longest"), [("hat", 40, 80), ("openhat", 300, 600)])
def test_hats_are_high_and_as_long_as_they_should_be(name, shortest, longest):
    """What is heard is above 5 kHz; closed is over in 40 to 80 ms, open in 300 to 600 (-30 dB)."""
    wave = hit(name)
    assert spectrum_db(wave, 20, 5000) < -12.0
    assert spectrum_db(wave, 20, 1000) < -35.0
    assert shortest <= 1000 * ears.decay_s(wave, 30.0) <= longest


def test_openhat_closes_with_its_gate():
    """With `close` at 30 ms it is silent 30 ms after its gate has closed; by itself it rings on."""
    choked = render(
        ["load openhat close=30ms", "gate openhat on", "wait 100ms", "gate openhat off"], 0.3
    ).left
    assert dbfs(choked[80 * MS : 100 * MS]) > -30.0
    assert not choked[132 * MS :].any()
    assert dbfs(hit("openhat")[132 * MS : 150 * MS]) > -30.0


def bursts(wave):
    """When the envelope of a clap has its tops, in ms."""
    low = butter(2, 250, fs=RATE_HZ, output="sos")
    envelope = sosfiltfilt(low, np.abs(hilbert(wave)))
    tops, _ = find_peaks(envelope, height=0.3 * envelope.max(), prominence=0.2 * envelope.max())
    return tops / MS


def test_clap_is_four_bursts_and_a_tail():
    """Four bursts some 10 ms apart, or as many as `hands`; then 150 to 300 ms of room at 1 kHz."""
    wave = hit("clap")
    padded = np.concatenate((np.zeros(480), wave))
    times = bursts(padded)
    assert len(times) == 4
    assert (np.abs(np.diff(times) - 10.0) < 3.5).all()
    assert len(bursts(np.concatenate((np.zeros(480), hit("clap", "hands=2 gap=20ms"))))) == 2
    tail = wave[50 * MS :]
    assert 0.1 < ears.decay_s(tail, 30.0) < 0.3
    assert spectrum_db(wave, 500, 3000) > -2.5
    assert 800.0 < brightness_hz(tail) < 3000.0


def test_rim_is_two_short_tones():
    """480 Hz and 1.7 kHz, 20 dB down within 10 to 25 ms."""
    wave = hit("rim")
    lower, upper = partials_hz(wave, 2, 300.0)
    assert abs(lower - 480.0) < 40.0
    assert abs(upper - 1700.0) < 60.0
    assert 0.003 <= ears.decay_s(wave, 20.0, window_s=0.001) <= 0.025
    assert spectrum_db(wave, 300, 2500) > -1.0


def test_cowbell_is_two_squares_and_decays_in_two_stages():
    """Partials at 540 and 800 Hz; the first 50 ms fall faster than twice the rate of the rest."""
    wave = hit("cowbell")
    for wanted_hz in (540.0, 800.0, 1620.0, 2400.0):
        assert min(abs(hz - wanted_hz) for hz in partials_hz(wave, 4, 100.0)) < 3.0
    level = ears.envelope_db(wave, window_s=0.01)
    knock, hum = (level[1] - level[5]) / 0.04, (level[12] - level[32]) / 0.2
    assert knock > 2.0 * hum > 100.0
    assert 0.2 < ears.decay_s(wave, 40.0) < 0.6


def test_crash_rings_for_seconds_and_grows_darker():
    """It is 40 dB down after 1.5 to 3 s, and duller at its end; all of it above 1 kHz."""
    wave = hit("crash", seconds=3.5)
    assert 1.5 < ears.decay_s(wave, 40.0) < 3.0
    early, late = wave[: RATE_HZ // 4], wave[3 * RATE_HZ // 2 : 2 * RATE_HZ]
    assert ears.centroid_hz(early) > 1.25 * ears.centroid_hz(late)
    assert spectrum_db(wave, 20, 1000) < -20.0


def test_riser_climbs_for_its_time_and_ends_with_its_gate():
    """Louder, brighter and higher to the end of `time`; 100 ms after its gate it is silent."""
    wave = render(
        ["load riser time=2s", "gate riser on", "wait 2s", "gate riser off"], 2.3
    ).left.astype(np.float64)
    parts = wave[: 2 * RATE_HZ].reshape(4, -1)
    levels = [dbfs(part) for part in parts]
    bright = [ears.centroid_hz(part) for part in parts]
    assert (np.diff(levels) > 1.0).all()
    assert (np.diff(bright) > 100.0).all()
    assert bright[3] > 4.0 * bright[0]
    assert not wave[2 * RATE_HZ + 110 * MS :].any()
    tone = render(
        ["load riser time=1s noise=0 detune=0 velocity=1", "gate riser on"], 1.3
    ).left.astype(np.float64)
    end = [amplitude(tone[-RATE_HZ // 4 :], hz) for hz in (110, 220, 440)]
    assert end[2] > 10.0 * max(end[:2]), "two octaves above 110 Hz"


def test_impact_drops_bursts_and_rings():
    """The sub falls below 40 Hz, the burst is at the start, the hall is heard for seconds, wide."""
    frames = render(["load impact", "trigger impact"], 3.0).frames
    wave = frames.astype(np.float64).mean(axis=1)
    low = sosfiltfilt(butter(2, 150, fs=RATE_HZ, output="sos"), wave)
    hz = momentary_hz(low)
    assert np.median(hz[20 * MS : 40 * MS]) > 70.0
    assert np.median(hz[500 * MS : 900 * MS]) < 40.0
    high = sosfiltfilt(butter(4, 1000, "high", fs=RATE_HZ, output="sos"), wave)
    assert dbfs(high[: 50 * MS]) > -22.0
    assert ears.decay_s(high, 40.0) > 0.8
    hall = frames[2 * RATE_HZ :]
    assert ears.width_db(hall[:, :]) > -25.0
