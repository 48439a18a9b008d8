"""Every song that comes with the program: neither clipped nor squashed, in motion, and kept whole.

A song is rendered once, and all that can be said of it is measured on those frames; that is why one
test says so much. What takes long is the rendering.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from chronus.data import data_path
from chronus.session.session import Length
from tests.support import ears
from tests.support.score import RATE_HZ, Stage, render, split

FILES = sorted(data_path("patches", "songs").glob("*.chronus"))
SONGS = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])

CEILING = 10 ** (-0.3 / 20)
NEAR_IT = 10 ** (-0.4 / 20)
MOST_AT_CEILING = 1e-4
"""Of the frames: a limiter that works holds the loudest ones there."""
LEAST_CREST_DB = 8.0
"""From the loudness to the peak; records that are squashed have 5 to 7."""
DEEP = butter(4, 100.0, fs=RATE_HZ, output="sos")
LUFS = (-16.0, -9.0)
SECONDS = (60.0, 180.0)


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of a song sounds like.

    Attributes:
        scene: its name.
        lufs: how loud it is.
        bands_db: the level in each of `ears.BANDS_HZ`, below that of the loudest of them.
        bright_db: what lies above 800 Hz, below all of it.
        onsets_per_s: how much happens.
    """

    scene: str
    lufs: float
    bands_db: np.ndarray
    bright_db: float
    onsets_per_s: float


def scenes_of(played):
    """The scenes of a song and the frames of each, in their order."""
    patch = played.session.patch
    count, unit = patch.meter
    bar = 4 * count / unit * 60 * RATE_HZ / float(patch.bpm)
    at, found = 0, []
    for part in patch.song.parts:
        found.append((part.scene, played.frames[round(at * bar) : round((at + part.bars) * bar)]))
        at += part.bars
    return found


def heard(scene, frames):
    """What is measured on a part."""
    (bands,) = ears.sections_db(frames, len(frames) / RATE_HZ)
    power = 10 ** (bands / 10)
    return Part(
        scene,
        ears.loudness_lufs(frames),
        np.maximum(bands - bands.max(), -60.0),
        10 * np.log10(power[3:].sum() / power.sum()),
        ears.onsets_per_s(frames),
    )


def is_another(part, other):
    """Whether two parts do not sound the same: one band by 3 dB, or a fifth more onsets."""
    turned = np.abs(part.bands_db - other.bands_db).max()
    return turned > 3.0 or spread([part.onsets_per_s, other.onsets_per_s]) > 1.2


@SONGS
def test_a_song_is_well_made(file):
    """It plays, one to three minutes, loud enough but not by its limiter, and its parts differ."""
    played = render(file.read_text("utf-8"))
    frames, parts = played.frames, [heard(*scene) for scene in scenes_of(played)]
    level = np.abs(frames).max(axis=1)
    lufs = ears.loudness_lufs(frames)
    loud = [part.lufs for part in parts]
    assert not played.news
    assert SECONDS[0] <= len(frames) / RATE_HZ <= SECONDS[1]
    assert LUFS[0] <= lufs <= LUFS[1]
    assert level.max() <= CEILING + 1e-6
    assert np.mean(level > NEAR_IT) < MOST_AT_CEILING
    assert 20 * np.log10(level.max()) - lufs > LEAST_CREST_DB
    # Both sides weigh the same, and what is deep stands in the middle.
    left, right = np.mean(np.square(frames, dtype=np.float64), axis=0)
    assert abs(10 * np.log10(left / right)) < 1.5
    assert ears.width_db(sosfilt(DEEP, frames, axis=0)) < -12.0
    # It moves: in loudness, in colour, and in how much happens.
    assert max(loud) - min(loud) > 3.0
    assert np.ptp([part.bright_db for part in parts]) > 3.0
    assert spread(part.onsets_per_s for part in parts) > 1.3
    for part, following in pairwise(parts):
        if part.scene != following.scene:
            assert is_another(part, following), (part, following)
    # What has held its breath lets go: behind the softest part that is not the last it gets louder.
    softest = int(np.argmin(loud[1:-1])) + 1
    assert loud[softest + 1] - loud[softest] > 2.5


def spread(figures):
    """The largest of some figures, as a multiple of the smallest."""
    figures = list(figures)
    return max(figures) / max(min(figures), 0.1)


def saved(lines, tmp_path):
    """A stage that has read lines, and one that has opened what the first one saved."""
    first, second = Stage(), Stage()
    first.say(*lines, f"save {tmp_path}/one.chronus")
    second.say(f"open {tmp_path}/one.chronus", f"save {tmp_path}/two.chronus")
    text = (tmp_path / "one.chronus").read_text()
    assert (tmp_path / "two.chronus").read_text() == text
    return first, second


def assert_same(first, second):
    """Both play to the end of their songs, and give the same samples."""
    ends = [stage.session.finish() for stage in (first, second)]
    assert ends[0] == ends[1] > RATE_HZ
    assert np.array_equal(first.frames[: ends[0]], second.frames[: ends[1]])


@SONGS
def test_a_song_is_kept_by_save(file, tmp_path):
    """Saved and opened it is the same patch, and each of its scenes gives the same samples.

    A bar of each; the whole of it takes as long as to render it twice, and stands below.
    """
    lines = split(file.read_text("utf-8"))
    first, second = saved([line for line in lines if not line.startswith("song:")], tmp_path)
    scenes = list(first.session.patch.scenes)
    for stage in (first, second):
        stage.session.length = Length(bars=len(scenes))
        stage.say(f"song: {', '.join(f'{scene} 1' for scene in scenes)}")
    assert_same(first, second)


@pytest.mark.long
@SONGS
def test_a_saved_song_is_the_song(file, tmp_path):
    """Saved, opened and begun it gives the very samples of its file, from its first to its last."""
    first, second = saved(split(file.read_text("utf-8")), tmp_path)
    second.say("song start")
    assert_same(first, second)
