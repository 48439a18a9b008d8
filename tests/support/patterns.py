"""Random patterns, and the exact time of their onsets."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from hypothesis import assume
from hypothesis import strategies as st

from chronus.errors import Code, UserError
from chronus.language.parser import parse_line
from chronus.session.saving import seed_of


def sequence(line):
    """The sequence that a line means, with the seed that it has when it is said.

    One in some thousands of random ones has more onsets than there is room for: it is left out.
    """
    try:
        (found,) = parse_line(line)
    except UserError as error:
        assume(error.code is not Code.LIMIT)
        raise
    options = found.options
    if options.seed is None:
        found = replace(found, options=replace(options, seed=seed_of(str(found.target))))
    return found


MARKS = st.lists(
    st.sampled_from(["*2", "*3", "%2", "%3", "?", "?30%", "?90%"]),
    max_size=2,
    unique_by=lambda m: m[0],
).map("".join)
REPEAT = st.sampled_from(["", "", "", "!2", "!3"])
EUCLID = st.sampled_from(["", "", "", "(3,8)", "(2,5,1)", "(5,7,3)"])
SLIDE = st.sampled_from(["", "", "", "~"])


def _steps(hit, *, depth=2):
    """Steps as text, groups and turns among them."""
    plain = st.one_of(
        st.tuples(hit, EUCLID, MARKS, SLIDE, REPEAT).map("".join),
        st.tuples(st.sampled_from([".", "_", "."]), REPEAT).map("".join),
    )
    if depth == 0:
        return plain
    inner = st.lists(_steps(hit, depth=depth - 1), min_size=1, max_size=3).map(" ".join)
    bracketed = st.one_of(inner.map("[{}]".format), inner.map("<{}>".format))
    return st.one_of(plain, plain, plain, st.tuples(bracketed, MARKS, SLIDE, REPEAT).map("".join))


def patterns(hits=("x", "X", "o"), fewest=1):
    """Patterns of steps with all marks."""
    return st.lists(_steps(st.sampled_from(hits)), min_size=fewest, max_size=7).map(" ".join)


NOTES = ("c2", "eb3", "x", "c3+g3", "a2:m7", "f#2:sus4")
OPTIONS = st.tuples(
    st.sampled_from(["", " step 1/8", " step 1/12", " step 3/32"]),
    st.sampled_from(["", " swing 58%", " swing 75%", " swing 50%"]),
    st.sampled_from(["", " rotate 1", " rotate -3"]),
    st.sampled_from(["", " gate 100%", " gate 30%"]),
    st.sampled_from(["", " seed 7", " seed 123456"]),
).map("".join)


def frame_of(beat, bpm, rate=48_000, target_bpm=None, ramp_frames=0):
    """The exact frame of a beat, at a tempo, or on an even way to another one from frame 0 on.

    Args:
        beat: a fraction.
        bpm: at frame 0, a whole number.
        rate: Hz.
        target_bpm: of the ramp.
        ramp_frames: its length, a whole number.
    """
    area = beat * 60 * rate
    if not ramp_frames:
        return area / bpm
    within = Fraction(ramp_frames * (bpm + target_bpm), 2)
    if area >= within:
        return ramp_frames + (area - within) / target_bpm
    slope = Fraction(target_bpm - bpm, ramp_frames)
    root = bpm * bpm + 2 * slope * area
    scale = 10**20
    return (Fraction(math.isqrt(int(root * scale**2)), scale) - bpm) / slope
