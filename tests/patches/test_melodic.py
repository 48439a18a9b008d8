"""The melodic instruments that come with the program, by what is heard of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.support.clicks import clicks
from tests.support.ears import attack_s, band_db, centroid_hz, decay_s, width_db
from tests.support.score import render
from tests.support.sound import amplitude, cents, dbfs, rms_db

RATE = 48_000
C = {f"c{octave}": 261.625565 * 2.0 ** (octave - 4) for octave in range(1, 8)}

STILL = {
    "tb303": ("", "c1 c3 c4"),
    "bass": ("", "c1 c3 c4"),
    "reese": ("detune=0 movement=0 width=0", "c1 c3"),
    "sub": ("", "c1 c2 c3"),
    "hoover": ("detune=0 pwm=0 sweep=0 chorus=0", "c2 c4 c5"),
    "lead": ("detune=0 vibrato=0 sweep=0 width=0", "c3 c5 c6"),
    "pluck": ("space=0", "c2 c4 c6"),
    "pad": ("detune=0 attack=20 chorus=0 space=0", "c2 c4 c6"),
    "keys": ("chorus=0 tremolo=0", "c2 c4 c6"),
    "bell": ("shimmer=0 space=0", "c3 c4 c6"),
    "stab": ("detune=0 length=5000 space=0", "c2 c4 c6"),
}
"""What stills the movement of each, so that its pitch can be measured, and where it is played."""


def played(name, note="c3", knobs="", *, seconds=0.6, held_ms=500, percent=80):
    """The frames of one note of an instrument, with its knobs as `port=value` words."""
    load = f"load {name} as it {knobs}"
    return render([load, f"note it {note} for {held_ms}ms at {percent}%"], seconds).frames


def partial_cents(x, hz):
    """How far the partial near a frequency is from it, by the turn of its phase."""
    half = len(x) // 2
    window = np.hanning(half)
    found = hz
    for step in (half // 16, half):
        turn = np.exp(-2j * np.pi * found * np.arange(half) / RATE)
        early, late = (np.sum(x[at : at + half] * window * turn) for at in (0, step))
        moved = np.angle(late / early) - 2 * np.pi * found * step / RATE
        found += ((moved + np.pi) % (2 * np.pi) - np.pi) * RATE / (2 * np.pi * step)
    return cents(found, hz)


def level_db(x, hz):
    """The level of a partial."""
    return 20 * np.log10(max(amplitude(x, hz), 1e-12))


def peak_hz(x, low, high):
    """Where between two frequencies the spectrum is strongest."""
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)), 1 << 17))
    hz = np.arange(len(power)) * RATE / (1 << 17)
    return hz[np.argmax(power * ((hz >= low) & (hz < high)))]


def band(frames, low, high):
    """Both channels between two frequencies."""
    spectrum = np.fft.rfft(frames, axis=0)
    hz = np.fft.rfftfreq(len(frames), 1 / RATE)
    spectrum[(hz < low) | (hz >= high)] = 0
    return np.fft.irfft(spectrum, len(frames), axis=0)


@pytest.mark.parametrize("name", STILL)
def test_it_is_in_tune_and_as_loud_as_the_others(name):
    """Within 2 cents over its range; peaks at -16 to -6 dBFS; a soft note is softer and duller."""
    knobs, notes = STILL[name]
    for note in notes.split():
        x = played(name, note, knobs)[4800:24_000].mean(axis=1)
        assert abs(partial_cents(x, C[note])) < 2, note
    assert -15 < dbfs(played(name, "c3", seconds=1.0, held_ms=900)) < -6
    soft, loud = (played(name, "c3", knobs, percent=percent)[:12_000] for percent in (30, 80))
    assert dbfs(soft) < dbfs(loud) - 4
    above = 350 if name == "sub" else 2500
    assert band_db(soft, above, 20_000) < band_db(loud, above, 20_000) - 1


def test_the_slope_of_the_acid_filter():
    """Above its resonance a saw loses 18 to 25 dB an octave more than its own 6."""
    still = "cutoff=300 resonance=0.2 envmod=0 distortion=0"
    x = played("tb303", "c2", still, seconds=0.5)[4800:24_000, 0]
    fall = level_db(x, 24 * C["c2"]) - level_db(x, 48 * C["c2"])
    assert 18 < fall - 6 < 25


def test_the_acid_squelch_follows_its_envelope():
    """The peak of the resonance falls from an octave up to where the filter rests, ever slower."""
    x = played("tb303", "c2", "resonance=0.9 envmod=0.6 decay=400 distortion=0")[:, 0]
    heard = [peak_hz(x[at : at + 2400], 250, 6000) for at in range(960, 24_000, 3840)]
    octaves = np.log2(heard)
    assert octaves[0] - octaves[-1] > 1.2
    assert all(late < early + 0.1 for early, late in pairwise(octaves))
    assert octaves[0] - octaves[2] > 2 * (octaves[2] - octaves[4]), "it falls steeply at first"
    assert 350 < heard[-1] < 650


def test_the_acid_accent():
    """As a lock and as a velocity above 0.9 it is louder, brighter, shorter than others."""
    x = render(
        ["load tb303 as it decay=900", "tempo 60", "sequence it: c2 c2{accent=on} c2 X ."], 1
    )
    plain, locked, after, hard = (x.left[at * 12_000 :][:10_000] for at in range(4))
    for accent in (locked, hard):
        assert dbfs(accent) > dbfs(plain) + 3
        assert centroid_hz(accent[:2400]) > 1.3 * centroid_hz(plain[:2400])
    early, late = slice(0, 1200), slice(3600, 5400)
    falls = [band_db(p[early], 600, 6e3) - band_db(p[late], 600, 6e3) for p in (plain, locked)]
    assert falls[1] > falls[0] + 3
    assert abs(dbfs(after) - dbfs(plain)) < 1


def test_the_waves_of_the_acid_machine():
    """The square has next to no second partial, and the third of a square; the saw has both."""
    open_ = "cutoff=8000 resonance=0 envmod=0 distortion=0"
    saw, square = (played("tb303", "c3", f"{open_} wave={wave}")[4800:24_000, 0] for wave in (0, 1))
    second = [level_db(x, 2 * C["c3"]) - level_db(x, C["c3"]) for x in (saw, square)]
    assert -9 < second[0] < -3
    assert second[1] < -12


def test_the_bass_keeps_its_bottom():
    """Distortion adds partials to the saw and takes nothing of the fundamental."""
    lines = "load bass_module; set bass.freq 55; sequence bass: x.x.x.x.x.x.x.x."
    clean = render([lines, "set bass.distortion 0"], 0.5).left
    dirty = render([lines, "set bass.distortion 0.7"], 0.5).left
    assert -1 < level_db(dirty[:6000], 55) - level_db(clean[:6000], 55) < 4
    assert band_db(dirty, 800, 8000) > band_db(clean, 800, 8000) + 3
    assert dbfs(dirty) < -4


def test_the_saws_of_the_reese_beat():
    """The tenth partial is two, ten times as far apart as the saws: 0.6 % of the pitch each way."""
    x = played(
        "reese", "c2", "movement=0 width=0 cutoff=6000 distortion=0", seconds=1.6, held_ms=1500
    )
    x = x[4800:72_000, 0]
    tenth = 10 * C["c2"]
    lower, upper = peak_hz(x, tenth - 8, tenth), peak_hz(x, tenth, tenth + 8)
    assert upper - lower == pytest.approx(20 * 0.006 * C["c2"], rel=0.1)


def test_the_reese_is_wide_above_a_mono_sub():
    """Below 100 Hz the sides are alike, above 250 Hz not; the notch moves it."""
    frames = played("reese", "c1", "rate=2", seconds=1.1, held_ms=1000)[4800:48_000]
    assert width_db(band(frames, 20, 100)) < -20
    assert width_db(band(frames, 250, 5000)) > -12
    bright = [centroid_hz(frames[at : at + 4800]) for at in range(0, 40_000, 4800)]
    assert max(bright) > 1.2 * min(bright)


def test_the_sub_is_deep_and_has_no_click():
    """More than 95 % of it is the fundamental; drive adds the third partial; no click at an end."""
    for note in ("c1", "f1", "c2"):
        frames = played("sub", note)
        assert not len(clicks(frames)), note
    frames = played("sub", "c2", "drive=0 shape=0")
    assert band_db(frames, 50, 90) > -0.2
    assert width_db(frames) < -100
    hard = played("sub", "c2", "drive=1 shape=0")
    third = [level_db(x[4800:24_000, 0], 3 * C["c2"]) for x in (frames, hard)]
    assert third[1] > third[0] + 10


def test_the_hoover_comes_from_below():
    """With `sweep` at 1 a note begins most of an octave below, and ends in tune."""
    lines = ["load hoover as it detune=0 chorus=0 sweep=1 time=300", "set it/pulses.gain 0"]
    x = render([*lines, "note it c5 for 600ms"], 0.6).left
    assert 0.5 * C["c5"] < peak_hz(x[480:1920], 200, 500) < 0.75 * C["c5"]
    assert abs(partial_cents(x[16_000:], C["c5"])) < 2
    assert width_db(played("hoover")) > -12


def test_the_lead_changes_colour_and_not_pitch():
    """Another `ratio` moves the spectrum, the pitch stays; a held note goes to the next one."""
    still = "detune=0 vibrato=0 sweep=0 width=0"
    dull, bright = (
        played("lead", "c4", f"{still} ratio={ratio}")[4800:24_000].mean(axis=1) for ratio in (1, 6)
    )
    assert centroid_hz(bright) > 2 * centroid_hz(dull)
    assert abs(partial_cents(bright, C["c4"])) < 2
    x = render(
        [f"load lead as it {still} ratio=1", "tempo 60", "sequence it: c4~ c5 _ _ ."], 0.7
    ).left
    joint = [rms_db(x[at : at + 600]) for at in range(10_800, 13_200, 600)]
    assert max(joint) - min(joint) < 6, "no new attack"
    assert abs(partial_cents(x[19_200:28_800], C["c5"])) < 2


def test_the_string_rings_as_a_string():
    """It dies away as `decay` says, high partials sooner; plucked in the middle it has odd ones."""
    x = played("pluck", "c3", "decay=1 space=0 body=0", seconds=1.0, held_ms=50)[:, 0]
    early, late = x[:9600], x[19_200:28_800]
    falls = [level_db(early, k * C["c3"]) - level_db(late, k * C["c3"]) for k in (1, 9)]
    assert 18 < falls[0] < 30, "0.4 s are 24 dB"
    assert falls[1] > falls[0] + 3
    x = played("pluck", "c3", "position=0.5 space=0 body=0")[:14_400, 0]
    assert level_db(x, 2 * C["c3"]) < level_db(x, 3 * C["c3"]) - 6


def test_the_pad_opens_slowly_and_wide():
    """It takes its attack, is wide, holds a chord of six without clipping, and rings after it."""
    frames = played("pad", "c3+eb3+g3+bb3+d4+f4".replace("+", " "), seconds=2.2, held_ms=1500)
    assert 0.15 < attack_s(frames) < 0.6
    assert width_db(frames[24_000:]) > -12
    assert dbfs(frames) < -1
    assert band_db(frames[19_200:28_800], 1500, 2e4) > band_db(frames[2400:9600], 1500, 2e4) + 4
    assert rms_db(frames[84_000:]) > rms_db(frames[48_000:60_000]) - 30


def test_the_tine_of_the_piano():
    """At the stroke there are partials beside the fourteenth, soon gone; hard notes growl."""
    x = played("keys", "c3", "chorus=0 tremolo=0", seconds=0.9, held_ms=800)[:, 0]
    begin, later = x[:7200], x[24_000:36_000]
    for k in (13, 15):
        assert level_db(begin, k * C["c3"]) > level_db(begin, C["c3"]) - 40
        assert level_db(later, k * C["c3"]) < level_db(later, C["c3"]) - 70
    growl = [
        level_db(x[:9600, 0], 2 * C["c3"]) - level_db(x[:9600, 0], C["c3"])
        for x in (played("keys", "c3", "chorus=0", percent=percent) for percent in (30, 100))
    ]
    assert growl[1] > growl[0] + 9
    assert 0.5 < decay_s(played("keys", "c3", seconds=2.0, held_ms=1900), 12) < 3


def test_the_partials_of_the_bell_are_no_harmonics():
    """They lie at 0.4, 2.4 and 3.8 times the note and not at twice it, and ring for seconds."""
    x = played("bell", "c4", "space=0 shimmer=0", seconds=0.6)[:24_000, 0]
    note = level_db(x, C["c4"])
    for times in (0.4, 2.4, 3.8):
        assert level_db(x, times * C["c4"]) > note - 30, times
    assert level_db(x, 2 * C["c4"]) < note - 40
    frames = played("bell", "c4", seconds=2.5, held_ms=100)
    assert rms_db(frames[-9600:]) > rms_db(frames[:9600]) - 40
    assert centroid_hz(frames[-24_000:]) < centroid_hz(frames[:9600])


def test_the_stab_snaps_shut():
    """A chord is bright at its attack and dark 200 ms later, gone after a second, and unclipped."""
    frames = played("stab", "c3 eb3 g3 bb3", "space=0", seconds=1.5, held_ms=300)
    assert band_db(frames[:2400], 1000, 20_000) > band_db(frames[9600:12_000], 1000, 20_000) + 6
    assert dbfs(frames) < -2
    assert rms_db(frames[48_000:]) < rms_db(frames[:9600]) - 30
