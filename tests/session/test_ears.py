"""What is said of sound that is heard agrees with what it was made of."""

from __future__ import annotations

import sys

import matplotlib.image
import numpy as np
import pytest

from chronus.session.ears import listen
from chronus.session.scopes import meter_lines, scope_lines, spectrum_lines, spectrum_of
from tests.support.score import Stage

RATE_HZ = 48_000
TIME = np.arange(4 * RATE_HZ) / RATE_HZ


def both(left, right=None):
    return np.stack((left, left if right is None else right), axis=1).astype(np.float32)


def sine(hz, level=1.0):
    return level * np.sin(2 * np.pi * hz * TIME)


def test_loudness_is_that_of_the_standard():
    """A sine of 997 Hz and full scale in one channel is -3.01 LUFS, in both 0; -20 dB is -20."""
    silence = np.zeros_like(TIME)
    assert listen(both(sine(997), silence), RATE_HZ).lufs == pytest.approx(-3.01, abs=0.05)
    assert listen(both(sine(997)), RATE_HZ).lufs == pytest.approx(0.0, abs=0.05)
    assert listen(both(sine(997, 0.1)), RATE_HZ).lufs == pytest.approx(-20.0, abs=0.05)
    # Silence between is gated out, as the standard wants it.
    half = np.concatenate((sine(997, 0.1), silence))
    assert listen(both(half), RATE_HZ).lufs == pytest.approx(-20.0, abs=0.2)


@pytest.mark.parametrize("hz", [41.2, 110.0, 440.0, 1318.5])
def test_pitch_and_colour_of_a_tone(hz):
    """A tone's pitch is found to a few cents, its spectrum lies there; peak and RMS are right."""
    saw = sum(sine(hz * k, 0.3 / k) for k in range(1, 8))
    heard = listen(both(saw), RATE_HZ)
    assert heard.pitch_hz == pytest.approx(hz, rel=0.003)
    alone = listen(both(sine(hz, 0.5)), RATE_HZ)
    assert alone.centroid_hz == pytest.approx(hz, rel=0.1, abs=10)
    assert alone.peak_db == pytest.approx(-6.02, abs=0.02)
    assert alone.rms_db == pytest.approx(-9.03, abs=0.02)
    assert max(alone.bands, key=alone.bands.get) == (
        "sub" if hz < 60 else "low" if hz < 250 else "mid"
    )


def test_noise_has_no_pitch_and_silence_nothing():
    """No pitch is made up for noise; silence is named, and has no loudness."""
    noise = np.random.default_rng(3).normal(size=len(TIME)) * 0.1
    assert listen(both(noise), RATE_HZ).pitch_hz is None
    silent = listen(both(np.zeros_like(TIME)), RATE_HZ)
    assert silent.is_silent
    assert silent.lufs is None
    assert silent.words() == ["silence: nothing was heard"]


def test_trouble_is_named():
    """What is held at the ceiling, or lies beside zero, is told; width tells mono from stereo."""
    loud = np.clip(sine(100, 2.0), -0.96605, 0.96605)
    assert any("ceiling" in warning for warning in listen(both(loud), RATE_HZ).warnings())
    assert any(
        "mean" in warning for warning in listen(both(sine(100, 0.2) + 0.1), RATE_HZ).warnings()
    )
    assert listen(both(sine(100)), RATE_HZ).width == 0.0
    assert listen(both(sine(100), sine(150)), RATE_HZ).width > 0.5


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("load kick; sequence kick: x...x...x...x...", 8),
        ("load hat; sequence hat: xxxxxxxxxxxxxxxx", 32),
        ("load saw freq=55", 1),
        ("load noise", 1),
    ],
)
def test_onsets_are_those_that_were_played(lines, count):
    """`hear` counts each stroke of two bars once, and a drone once."""
    stage = Stage()
    stage.say(*lines.split("; "), "wait 2 bars")
    result = stage.say("hear last 2 bars").results[0]
    assert result.data["onsets"] == count
    assert result.data["frames"] == 4 * RATE_HZ
    wanted = np.arange(count) * (4.0 / count)
    assert np.max(np.abs(np.array(result.data["onsets_s"]) - wanted)) < 0.03


def test_hear_needs_something_that_was_heard():
    """Before time has passed, and beyond what is kept, it is an error that says so."""
    stage = Stage()
    assert stage.fails("hear").code == "E_STATE"
    assert stage.fails("hear last 300 bars").code == "E_RANGE"
    stage.say("load sine freq=440", "wait 1s")
    heard = stage.say("hear last 4 bars").results[0]
    assert heard.data["from_frame"] == 0
    assert heard.data["seconds"] == pytest.approx(1.0)
    assert heard.data["note"] == "a4"
    assert stage.frames.shape[0] == RATE_HZ


def test_meters_say_each_node_and_all_of_it():
    """A square at full scale has peak and RMS 0 dB, its strip takes 6 dB, the master sums up."""
    stage = Stage()
    stage.say("load lfo as dc rate=0.01 shape=square; patch dc > out; set dc.level -6db", "wait 1s")
    stage.say("load vca; patch vca > out", "wait 1s")
    found = stage.say("show meters").results[0].data["meters"]
    assert found["dc"]["peak_db"] == pytest.approx(-6.0, abs=0.01)
    assert found["dc"]["rms_db"] == pytest.approx(-6.0, abs=0.01)
    assert found["vca"]["peak_db"] == -120.0
    assert found["out"]["peak_db"] == pytest.approx(-6.0, abs=0.01)
    lines = meter_lines(found)
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80


def test_scope_and_spectrum_fit_a_page():
    """Both fit 80 columns; the spectrum's loudest column is the tone's, at its level."""
    frames = both(sine(1000, 0.5))
    hz, levels = spectrum_of(frames[-16_384:], RATE_HZ)
    loudest = int(np.argmax(levels))
    assert hz[loudest] == pytest.approx(1000, rel=0.06)
    assert -7.5 < levels[loudest] < -6.0, "a Hann window loses at most 1.4 dB between its lines"
    for lines in (scope_lines(frames[:960]), spectrum_lines(hz, levels)):
        assert max(map(len, lines)) <= 80
    drawn = scope_lines(frames[:48])
    assert "+0.500" in drawn[0]
    assert "-0.500" in drawn[-1]


def _loudest_column(path):
    """Where the curve of a picture is highest, as a share of the picture's width."""
    picture = matplotlib.image.imread(path)[..., :3]
    curve = (picture[..., 2] - picture[..., 0]) > 0.3  # it is blue
    rows, columns = np.nonzero(curve)
    return columns[rows == rows.min()].mean() / picture.shape[1]


def test_pictures_show_what_is_heard(tmp_path):
    """The peak of a spectrum lies further right for a higher tone, by as much as each octave is."""
    places = {}
    for hz in (110, 880, 7040):
        stage = Stage()
        file = tmp_path / f"{hz}.png"
        stage.say(f"load sine freq={hz}", "wait 1s", f"show spectrum to {file}")
        places[hz] = _loudest_column(file)
    octave = (places[880] - places[110]) / 3
    assert octave > 0.05
    assert places[7040] - places[880] == pytest.approx(3 * octave, abs=0.01)


def test_a_picture_of_the_wave_is_written_and_a_wrong_name_is_refused(tmp_path):
    """A wave may be an SVG file; another ending, or no such folder, is E_FILE with what to say."""
    stage = Stage()
    stage.say("load saw", "wait 1s", f"show scope to {tmp_path / 'wave.svg'}")
    assert "<svg" in (tmp_path / "wave.svg").read_text()
    error = stage.fails(f"show scope to {tmp_path / 'wave.gif'}")
    assert (error.code, error.suggestions) == ("E_FILE", ("scope.png",))
    assert stage.fails(f"show spectrum to {tmp_path / 'no' / 'a.png'}").code == "E_FILE"
    assert stage.fails("show meters to a.png").code == "E_SYNTAX"


def test_pictures_without_matplotlib_say_how_to_get_it(tmp_path, monkeypatch):
    """Where it is not installed, the line is an error with the command that installs it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    error = Stage().fails(f"show scope to {tmp_path / 'wave.png'}")
    assert error.code == "E_FILE"
    assert 'pip install "music-chronus[pictures]"' in error.message
