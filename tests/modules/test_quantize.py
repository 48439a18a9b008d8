"""What the quantizer must do to a pitch."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.scales import SCALES

from .driver import play

C4 = 261.625565


def nearest(st: np.ndarray, intervals: tuple[int, ...]) -> np.ndarray:
    """The notes of a scale, in semitones, that are nearest to pitches."""
    notes = np.array([12 * octave + note for octave in range(-8, 9) for note in intervals])
    notes.sort()
    return notes[np.argmin(np.abs(st[:, None] - notes[None, :]), axis=1)]


@pytest.mark.parametrize("scale", range(len(SCALES)))
def test_a_pitch_becomes_the_nearest_note_of_its_scale(scale: int) -> None:
    """Over eight octaves each pitch gives the nearest note, in tune within 0.01 cents."""
    random = np.random.default_rng(scale)
    st = random.uniform(-48, 48, 4800)
    wanted = nearest(st, list(SCALES.values())[scale])
    # Where two are as near as can be, either is right.
    apart = np.abs(np.abs(st - wanted) % 0.5) > 1e-3
    freq = (C4 * 2 ** (st / 12)).astype(np.float32)
    got = play("quantize", 4800, freq=freq, scale=float(scale), root=C4)["out"].astype(float)
    off = 12 * np.log2(got / C4) - wanted
    assert np.abs(off[apart]).max() < 1e-4


def test_the_root_moves_and_tunes_the_scale() -> None:
    """On a root of 100 Hz a pentatonic has the notes of 100 Hz, in whatever octave it is named."""
    freq = np.geomspace(50.0, 800.0, 4800).astype(np.float32)
    scale = float(list(SCALES).index("pentatonic"))
    low = play("quantize", 4800, freq=freq, scale=scale, root=100.0)["out"]
    high = play("quantize", 4800, freq=freq, scale=scale, root=800.0)["out"]
    np.testing.assert_allclose(low, high, rtol=1e-6)
    st = np.unique(np.round(12 * np.log2(low / 100.0), 3))
    assert {s % 12 for s in st} == set(SCALES["pentatonic"])


def test_a_note_of_the_scale_stays_and_no_pitch_is_no_note() -> None:
    """A pitch that is in tune is left in tune, and 0 Hz gives 0."""
    assert abs(play("quantize", 64, freq=440.0, scale=0.0)["out"][-1] - 440.0) < 1e-3
    got = play("quantize", 64, freq=0.0)
    assert not got["out"].any()
    assert not got["new"].any()


def test_new_notes_are_struck() -> None:
    """`new` opens for 5 ms where another note begins, the first included, and nowhere else."""
    freq = np.repeat([C4, C4 * 1.01, 2 * C4, 2 * C4, C4], 4800).astype(np.float32)
    got = play("quantize", len(freq), freq=freq)["new"]
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], got])) > 0)
    np.testing.assert_array_equal(edges, [0, 2 * 4800, 4 * 4800])
    assert abs(got.sum() - 3 * 240) <= 3


def test_notes_that_follow_at_once_are_struck_each() -> None:
    """Where notes come every 2 ms the gate closes for a sample before each."""
    freq = np.repeat([C4, 2 * C4] * 25, 96).astype(np.float32)
    got = play("quantize", len(freq), freq=freq)["new"]
    edges = np.flatnonzero(np.diff(np.concatenate([[0.0], got])) > 0)
    assert len(edges) == 50
