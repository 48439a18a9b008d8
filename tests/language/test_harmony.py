"""Chords, scales and Euclid's rhythms, against tables of known results."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chronus.language.euclid import euclid
from chronus.language.harmony import CHORDS
from chronus.language.parser import parse_line
from chronus.language.quantities import note_name
from chronus.scales import SCALES

TOUSSAINT = (
    "x. x.. x.x x.xx x.x.. x.x.x x.xxxx x.x.x.. x.xx.xx x..x..x. x.x.x.x x.xx.xx. x.xxxxxx"
    " x.x.x.x.. x.x.x.x.x x..x..x..x. x.x.x.x.x.. x..x.x..x.x. x..x..x..x..x... x.xx.x.xx.x."
    " x..x.x.x..x.x.x. x.xx.x.x.xx.x.x. x..x.x.x.x.x..x.x.x.x.x. x.xx.x.x.x.x.xx.x.x.x.x."
)
"""From Godfried Toussaint, "The Euclidean Algorithm Generates Traditional Musical Rhythms"."""


def drawn(steps):
    return "".join("x" if hit else "." for hit in steps)


@pytest.mark.parametrize("rhythm", TOUSSAINT.split())
def test_published_rhythms(rhythm):
    """The rhythms of the paper come out step by step."""
    assert drawn(euclid(rhythm.count("x"), len(rhythm))) == rhythm


@pytest.mark.parametrize("size", range(1, 17))
def test_hits_are_as_even_as_can_be(size):
    """For each number of hits the rhythm is, up to rotation, that of floor(i * size / hits)."""
    for count in range(size + 1):
        found = euclid(count, size)
        assert sum(found) == count
        places = {i * size // count for i in range(count)} if count else set()
        wanted = [step in places for step in range(size)]
        rotations = [tuple(wanted[r:] + wanted[:r]) for r in range(size)]
        assert found in rotations
        for rotation in range(size):
            assert euclid(count, size, rotation) == found[rotation:] + found[:rotation]


def pitches(pattern):
    """The names of all notes of a pattern."""
    (found,) = parse_line(f"sequence a: {pattern}")
    return [[note_name(hz) for hz in (step.pitch, *step.chord)] for step in found.steps]


@pytest.mark.parametrize(
    ("chord", "notes"),
    [
        ("c3:maj", "c3 e3 g3"),
        ("c3:m", "c3 eb3 g3"),
        ("a2:7", "a2 c#3 e3 g3"),
        ("c3:maj7", "c3 e3 g3 b3"),
        ("d3:m7", "d3 f3 a3 c4"),
        ("b2:dim", "b2 d3 f3"),
        ("b2:dim7", "b2 d3 f3 g#3"),
        ("b2:m7b5", "b2 d3 f3 a3"),
        ("c3:aug", "c3 e3 g#3"),
        ("g2:sus2", "g2 a2 d3"),
        ("g2:sus4", "g2 c3 d3"),
        ("c3:6", "c3 e3 g3 a3"),
        ("c3:m6", "c3 eb3 g3 a3"),
        ("c3:9", "c3 e3 g3 bb3 d4"),
        ("c3:m9", "c3 eb3 g3 bb3 d4"),
        ("c3:maj9", "c3 e3 g3 b3 d4"),
        ("c3:add9", "c3 e3 g3 d4"),
        ("c3:5", "c3 g3"),
        ("C3:M7", "c3 eb3 g3 bb3"),
        ("g3+eb3+c3", "g3 eb3 c3"),
    ],
)
def test_chords(chord, notes):
    """A chord has the notes of its intervals, from its root up; one by notes has these in order."""
    assert pitches(chord) == [notes.split()]


@pytest.mark.parametrize(
    ("scale", "degrees", "notes"),
    [
        ("c major", "1 2 3 4 5 6 7 8", "c3 d3 e3 f3 g3 a3 b3 c4"),
        ("c minor", "1 3 5 8 0 -1 -6", "c3 eb3 g3 c4 bb2 g#2 c2"),
        ("a2 minor", "1 2 3 4 5 6 7 8", "a2 b2 c3 d3 e3 f3 g3 a3"),
        ("d dorian", "1 2 3 4 5 6 7 8", "d3 e3 f3 g3 a3 b3 c4 d4"),
        ("e phrygian", "1 2 3 4 5 6 7 8", "e3 f3 g3 a3 b3 c4 d4 e4"),
        ("f lydian", "1 2 3 4 5 6 7 8", "f3 g3 a3 b3 c4 d4 e4 f4"),
        ("g mixolydian", "1 2 3 4 5 6 7 8", "g3 a3 b3 c4 d4 e4 f4 g4"),
        ("b locrian", "1 2 3 4 5 6 7 8", "b3 c4 d4 e4 f4 g4 a4 b4"),
        ("a harmonic", "5 6 7 8", "e4 f4 g#4 a4"),
        ("a melodic", "5 6 7 8", "e4 f#4 g#4 a4"),
        ("c pentatonic", "1 2 3 4 5 6", "c3 d3 e3 g3 a3 c4"),
        ("a2 minorpentatonic", "1 2 3 4 5 6", "a2 c3 d3 e3 g3 a3"),
        ("c blues", "1 2 3 4 5 6 7", "c3 eb3 f3 f#3 g3 bb3 c4"),
        ("c wholetone", "1 2 3 4 5 6 7", "c3 d3 e3 f#3 g#3 bb3 c4"),
        ("c chromatic", "1 2 13", "c3 c#3 c4"),
    ],
)
def test_degrees(scale, degrees, notes):
    """Degree 1 is the tonic in octave 3, or in its own; 0 and what is below lie under it."""
    assert pitches(f"{degrees} scale {scale}") == [[note] for note in notes.split()]


def test_notes_outside_a_scale_move_to_its_nearest():
    """Of two notes that are as near it is the lower one."""
    assert pitches("c3 c#3 e3 f#3 b3 scale c minor") == [["c3"], ["c3"], ["eb3"], ["f3"], ["bb3"]]
    assert pitches("f#3 scale c pentatonic") == [["g3"]]
    assert pitches("c3:maj scale c minor") == [["c3", "eb3", "g3"]]


def test_tables_are_in_order():
    """Chords and scales begin at their root and rise; a scale stays within its octave."""
    for intervals in (*CHORDS.values(), *SCALES.values()):
        assert intervals[0] == 0
        assert all(a < b for a, b in pairwise(intervals))
    assert all(max(intervals) < 12 for intervals in SCALES.values())
