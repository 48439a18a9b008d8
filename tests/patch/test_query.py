"""A pattern is a pure function of a span of time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chronus.language.steps import meaning
from chronus.patch.query import query
from chronus.session.saving import options_text
from tests.support.patterns import NOTES, OPTIONS, patterns, sequence

BEATS = st.fractions(min_value=0, max_value=40, max_denominator=48)


def played(line, begin=0, end=4):
    """Onset, end and word of each event in a span of beats; a step is a beat unless it says so."""
    line = line if " step " in line else f"{line} step 1/4"
    found = query(sequence(f"sequence a: {line}"), Fraction(begin), Fraction(end))
    return [(event.begin, event.end, event.step.word) for event in found]


def onsets(line, begin=0, end=4):
    return [begin for begin, _, _ in played(line, begin, end)]


@settings(max_examples=300, deadline=None)
@given(patterns(("x", *NOTES)), OPTIONS, st.lists(BEATS, min_size=3, max_size=3))
def test_a_span_is_its_parts_one_after_the_other(pattern, options, cuts):
    """What begins in a span is what begins in its first part and then in its second."""
    found = sequence(f"sequence a: {pattern}{options}")
    a, b, c = sorted(cuts)
    whole = query(found, a, c)
    parts = query(found, a, b) + query(found, b, c)
    assert [replace(event, part=(0, 0)) for event in whole] == [
        replace(event, part=(0, 0)) for event in parts
    ]
    for event, part in zip(whole, parts, strict=True):
        cut = c if event.begin >= b else b
        assert event.part == (event.begin, min(event.end, c))
        assert part.part == (event.begin, min(event.end, cut))


@settings(max_examples=300, deadline=None)
@given(patterns(("x", *NOTES)), OPTIONS)
def test_events_follow_each_other(pattern, options):
    """No hit begins before the last one's own time has ended, and none has no time at all."""
    found = query(sequence(f"sequence a: {pattern}{options}"), Fraction(0), Fraction(16))
    for event, following in pairwise(found):
        assert event.begin < event.end <= following.begin
        assert event.is_followed == (event.end == following.begin)
        assert event.begin <= event.last < event.end


@settings(max_examples=500, deadline=None)
@given(patterns(("x", *NOTES)), OPTIONS)
def test_the_normal_form_reads_back(pattern, options):
    """What is saved of a pattern is the same pattern, and is saved as the same text."""
    found = sequence(f"sequence a: {pattern}{options}")
    line = f"sequence a: {found.text}{options_text('a', found)}"
    again = sequence(line)
    assert meaning(again) == meaning(found)
    assert f"sequence a: {again.text}{options_text('a', again)}" == line


def test_a_group_shares_the_time_of_a_step():
    """`[x x]` are halves, `[x [x x]]` a half and two quarters; a hold within belongs to the hit."""
    assert onsets("[x x] x", end=2) == [0, Fraction(1, 2), 1]
    assert onsets("[x [x x]]", end=1) == [0, Fraction(1, 2), Fraction(3, 4)]
    assert onsets("[x x x] .", end=2) == [0, Fraction(1, 3), Fraction(2, 3)]
    assert played("[x _ x] .", end=2) == [
        (0, Fraction(2, 3), "x"),
        (Fraction(2, 3), 1, "x"),
    ]
    assert played("x [_ x]", end=2) == [(0, Fraction(3, 2), "x"), (Fraction(3, 2), 2, "x")]


def test_a_turn_plays_one_each_cycle():
    """`<a b>` takes turns; a turn in a turn moves on only when it comes."""
    words = [word for *_, word in played("<c2 <d2 e2>>", end=8)]
    assert words == ["c2", "d2", "c2", "e2"] * 2
    assert onsets("<x .> x", end=8) == [0, 1, 3, 4, 5, 7]
    assert played("x <_ x>", end=4) == [(0, 2, "x"), (2, 3, "x"), (3, 4, "x")]


def test_every_nth_cycle():
    """`x%3` plays in the first of three cycles, within a turn in the first of three turns."""
    assert onsets("x%3 .", end=14) == [0, 6, 12]
    assert onsets("<x%2 .>", end=9) == [0, 4, 8]


def test_ratchets_repeats_and_euclid():
    """`x*3` strikes three times in its step, `x!3` is three steps, `x(3,8)` eight."""
    assert onsets("x*3 .", end=2) == [0, Fraction(1, 3), Fraction(2, 3)]
    assert onsets("x!3 .", end=8) == [0, 1, 2, 4, 5, 6]
    assert onsets("x(3,8)", end=16) == [0, 3, 6, 8, 11, 14]
    assert onsets("x(3,8,2)", end=8) == [1, 4, 6]
    assert onsets("[x(3,8)]", end=1) == [0, Fraction(3, 8), Fraction(6, 8)]
    assert onsets("[x x]!2 .", end=3) == [0, Fraction(1, 2), 1, Fraction(3, 2)]


def test_swing_moves_the_middle_of_a_pair_and_all_that_lies_there():
    """Under swing of three quarters the halves of the first step are three times as long."""
    quarter = Fraction(1, 4)
    found = onsets("[x x] [x x] swing 75%", end=2)
    assert found == [0, 3 * quarter, 6 * quarter, 7 * quarter]
    assert onsets("xxx swing 75%", end=4) == [0, Fraction(3, 2), 2, Fraction(7, 2)]


def test_chance_is_as_likely_as_it_says():
    """Of ten thousand steps `x?30%` plays three in ten; a seed is a choice, and comes again."""
    few = onsets("x?30%", end=10_000)
    assert 2_850 < len(few) < 3_150
    assert few == onsets("x?30%", end=10_000)
    other = onsets("x?30% seed 7", end=10_000)
    assert 2_850 < len(other) < 3_150
    assert len(set(few) & set(other)) < 1_100
    assert onsets("x?0%", end=100) == []
    assert onsets("x?100%", end=100) == list(range(100))


def test_a_group_under_chance_plays_as_one():
    """`[x x]?` plays both or none, `[x? x?]` each for itself."""
    both = onsets("[x x]?", end=1000)
    assert {int(beat) for beat in both if beat.denominator == 2} == {
        int(beat) for beat in both if beat.denominator == 1
    }
    each = onsets("[x? x?]", end=1000)
    assert (
        200
        < sum(int(beat) + Fraction(1, 2) in each for beat in each if beat.denominator == 1)
        < 300
    )


def test_a_note_is_held_by_what_is_there():
    """A hold that is left to a turn or to chance lengthens its note only where it plays."""
    lengths = [end - begin for begin, end, _ in played("x [_ .]? . .", end=400)]
    assert set(lengths) == {1, Fraction(3, 2)}
    assert [end - begin for begin, end, _ in played("x . . <. _>", end=8)] == [1, 1]
    assert [end - begin for begin, end, _ in played("<_ .> . . x", end=13)][:3] == [1, 2, 1]
