"""What `make gallery` is to say of sounds, on sounds that are made up, and what it is to hold."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.modules.catalog import kinds
from tests.bench.gallery import judging, page
from tests.bench.gallery.scores import INSTRUMENT, KIND, Sound, scores, shipped, sound_of
from tests.support.score import RATE_HZ, Stage

SECONDS = 8.0


def in_stereo(x):
    return np.repeat(np.asarray(x, np.float32)[:, None], 2, axis=1)


def made_up(name, frames, total=None):
    return Sound(KIND, name, "", "", frames, frames if total is None else total)


def tone(hz, level=0.3, late_s=0.0):
    """A tone that dies away twice a second, and so is no drone."""
    at = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ - late_s
    return in_stereo(level * np.sin(2 * np.pi * hz * at) * np.exp(-8.0 * (at % 0.5)))


def hiss(seed, level=0.2):
    return in_stereo(level * np.random.default_rng(seed).uniform(-1, 1, round(SECONDS * RATE_HZ)))


def said_of(*sounds):
    pairs = judging.distances(list(sounds), RATE_HZ)
    return judging.verdicts(list(sounds), pairs, RATE_HZ)


@pytest.fixture(scope="module")
def stroke():
    """A real sound, as the gallery plays it."""
    return sound_of(INSTRUMENT, "rim", "load rim; sequence rim: x... ....")


def test_what_is_well_made_passes():
    """Sounds that are loud enough, below full scale and unlike one another are not named."""
    assert said_of(made_up("low", tone(110.0)), made_up("high", tone(880.0))) == []


@pytest.mark.parametrize(
    ("frames", "total", "word"),
    [
        (tone(440.0, level=1e-3), None, "silent"),
        (np.zeros((RATE_HZ, 2), np.float32), None, "silent"),
        (np.clip(tone(440.0, level=1.5), -1.0, 1.0), None, "clipped"),
        (tone(440.0, level=0.9), tone(440.0, level=1.8), "limited by 6.0 dB"),
        (tone(440.0) + np.float32(0.1), None, "off zero"),
        (tone(440.0) * np.float32(np.nan), None, "no number"),
    ],
    ids=["soft", "nothing", "full scale", "limited", "offset", "NaN"],
)
def test_what_is_wrong_is_named(frames, total, word):
    """What is too soft, clipped, limited, off zero or no number is named, with what is wrong."""
    (fault,) = said_of(made_up("bad", frames, total))
    assert fault.startswith("kind-bad")
    assert word in fault


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (tone(220.0), tone(220.0, level=0.03)),
        (tone(220.0), tone(220.0, late_s=0.2)),
        (hiss(1), hiss(2)),
    ],
    ids=["softer", "later", "other noise"],
)
def test_what_sounds_alike_is_named(one, other):
    """A sound is known again when it is softer or later, and noise when it is drawn anew."""
    (fault,) = [
        fault for fault in said_of(made_up("a", one), made_up("b", other)) if "like" in fault
    ]
    assert fault.startswith("kind-a sounds like kind-b")


def test_the_gallery_holds_every_kind_and_instrument():
    """Each instrument is there by its file's own words, and each kind that has its own name."""
    held = scores()
    named = {name for sort, name in held if sort == KIND}
    played = {name for sort, name in held if sort == INSTRUMENT}
    assert played == set(shipped())
    hidden = {kind.name for kind in kinds().values() if kind.hidden}
    assert named | played | hidden | {"out"} >= set(kinds())
    for (_, name), lines in held.items():
        assert f"load {name}" in lines


@pytest.mark.parametrize("name", list(shipped()))
def test_what_an_instrument_says_of_itself_runs(name):
    """The line by which a file says how its instrument is played is one that can be said."""
    stage = Stage()
    stage.say(scores()[INSTRUMENT, name])
    assert name in {i.definition.name for i in stage.session.patch.instruments.values()}


def test_a_sound_is_whole_and_has_its_picture(stroke, tmp_path):
    """What is played ends a while after its last sound; files and page show it."""
    loud = np.flatnonzero(np.abs(stroke.frames).max(axis=1) > 1e-3)
    assert 0.2 * RATE_HZ < len(stroke.frames) - loud[-1] < RATE_HZ
    assert len(stroke.total) == len(stroke.frames)
    np.testing.assert_allclose(stroke.total, stroke.frames, atol=1e-5)
    page.write(stroke, tmp_path)
    text = page.index([stroke])
    for file in ("instrument-rim.png", "instrument-rim.wav"):
        assert (tmp_path / file).stat().st_size > 1000
        assert f'src="{file}"' in text
    assert stroke.lines in text
