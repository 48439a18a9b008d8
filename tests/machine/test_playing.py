"""What the callback plays: every frame of the tape once, in order, and no click at a hole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chronus.machine.playing import Player, View, decide

RATE_HZ = 48_000
FADE = 240
TAPE = 1 << 14


def tape_of_ones() -> np.ndarray:
    return np.ones((TAPE, 2), np.float32)


def view(
    played: int, done: int, *, hold: int = 0, prefill: int = 1024, quits: bool = False
) -> View:
    return View(played, done, hold, prefill, quits)


def fill(player: Player, seen: View, count: int = 256) -> tuple[np.ndarray, int]:
    out = np.full((count, 2), np.nan, np.float32)
    taken = player.fill(out, tape_of_ones(), seen)
    assert not np.isnan(out).any()
    return out, taken


def test_nothing_is_taken_before_the_tape_is_filled() -> None:
    """Until the tape is as full as it gets, there is silence, which is no underrun."""
    player = Player(RATE_HZ)
    out, taken = fill(player, view(0, 1023))
    assert taken == 0
    assert not out.any()
    out, taken = fill(player, view(0, 1024))
    assert taken == 256
    assert (out == 1.0).all(), "the first frames are played as they are"
    assert player.holes == 0


def test_a_hole_fades_out_and_in_and_counts_once() -> None:
    """What is there fades to nothing, silence follows, and later frames fade in; one hole."""
    player = Player(RATE_HZ)
    fill(player, view(0, 1024))
    out, taken = fill(player, view(256, 356))
    assert taken == 100
    assert (np.diff(out[:, 0]) <= 0).all()
    assert not out[99:].any()
    for _ in range(3):
        out, taken = fill(player, view(356, 356 + 1000))
        assert taken == 0
        assert not out.any()
    out, taken = fill(player, view(356, 356 + 1024))
    assert taken == 256
    assert out[0, 0] < 0.01
    np.testing.assert_allclose(np.diff(out[:FADE, 0]), 1 / FADE, atol=1e-6)
    assert out[-1, 0] == 1.0
    assert player.holes == 1


def test_an_empty_tape_lets_the_last_value_die_away() -> None:
    """Where no frame is left, what was heard last goes down to zero, in small steps."""
    player = Player(RATE_HZ)
    fill(player, view(0, 1024))
    out, taken = fill(player, view(256, 256), 128)
    more, _ = fill(player, view(256, 256), 256)
    both = np.concatenate([out, more])[:, 0]
    assert taken == 0
    assert np.abs(np.diff(both, prepend=1.0)).max() < 2 / FADE
    assert not both[FADE:].any()
    assert player.holes == 1


def test_playing_stops_exactly_where_it_is_held() -> None:
    """The frame before the hold is played as it is, the one after it never, and that is no hole."""
    player = Player(RATE_HZ)
    fill(player, view(0, 1024, hold=300))
    out, taken = fill(player, view(256, 1024, hold=300))
    assert taken == 44
    assert (out[:44] == 1.0).all()
    assert out[44, 0] < 1.0
    out, taken = fill(player, view(300, 1024, hold=300))
    assert taken == 0
    assert player.holes == 0


def test_quitting_fades_out_over_what_is_there() -> None:
    """At the end the sound fades within the fade's length, over several small callbacks."""
    player = Player(RATE_HZ)
    fill(player, view(0, 1024))
    heard, played = [], 256
    while not player.has_ended:
        out, taken = fill(player, view(played, 1024, quits=True), 64)
        heard.append(out[:, 0])
        played += taken
    level = np.concatenate(heard)
    assert np.abs(np.diff(level, prepend=1.0)).max() < 2 / FADE
    assert level[-1] == 0.0
    assert player.holes == 0


@given(st.lists(st.tuples(st.integers(1, 600), st.integers(0, 700)), min_size=1, max_size=60))
def test_no_frame_is_repeated_or_skipped(steps: list[tuple[int, int]]) -> None:
    """However callbacks and engine race, what is heard is the tape's frames, in order."""
    tape = np.arange(1, TAPE + 1, dtype=np.float32)[:, np.newaxis].repeat(2, 1)
    player = Player(RATE_HZ)
    played = done = heard = 0
    for count, more in steps:
        done = min(done + more, played + 2048)
        out = np.zeros((count, 2), np.float32)
        taken = player.fill(out, tape, view(played, done, prefill=256))
        assert 0 <= taken <= min(count, done - played)
        ramp = tape[(played + np.arange(taken)) % TAPE]
        assert (out[:taken] <= ramp).all()
        whole = np.flatnonzero((out[:taken] == ramp).all(axis=1))
        heard += len(whole)
        played += taken
        assert player.flows == (taken == count)
    assert heard <= played


@given(
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.integers(1, 2000),
    st.booleans(),
    st.booleans(),
)
def test_what_is_taken_is_there_and_allowed(
    ahead: int,
    hold: int,
    prefill: int,
    wanted: int,
    flows: bool,  # noqa: FBT001
    quits: bool,  # noqa: FBT001
) -> None:
    """No more is taken than is finished, asked for and not held back."""
    seen = view(1000, 1000 + ahead, hold=hold, prefill=prefill, quits=quits)
    move = decide(seen, wanted, flows=flows)
    assert 0 <= move.take <= min(wanted, ahead)
    assert hold == 0 or move.take == 0 or 1000 + move.take <= hold
    assert not move.is_hole or (move.take == ahead < wanted and not quits)
    assert move.flows == (move.take == wanted)
