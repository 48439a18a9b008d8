"""When the steps of a pattern sound, measured on a gate that can be heard."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import GATED, render
from tests.support.sound import ends, onsets


def beat_frames(bpm, rate=48_000):
    return 60.0 * rate / bpm


def off_by(found, wanted):
    """The largest distance between two lists of frames; they must be of one length."""
    assert len(found) == len(wanted), (len(found), len(wanted))
    return float(np.max(np.abs(np.asarray(found) - np.asarray(wanted))))


def test_sixteenths_lie_on_the_beat():
    """At 175 BPM each of 64 sixteenths is within a frame of k * 60 / 175 / 4 seconds."""
    played = render([GATED, "tempo 175", "sequence env: xxxx"], bars=4)
    step = beat_frames(175) / 4
    assert off_by(onsets(played.left), np.arange(64) * step) <= 1.0


def test_ten_thousand_steps_do_not_drift():
    """At 174.3 BPM the ten thousandth step is as near to its place as the first."""
    step = beat_frames(174.3) / 16
    played = render([GATED, "tempo 174.3", "sequence env: x step 1/64"], 10_000 * step / 48_000)
    found = onsets(played.left)[:10_000]
    assert off_by(found, np.arange(len(found)) * step) <= 1.0
    assert len(found) >= 9_999


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000, 192_000])
def test_steps_at_other_rates(rate):
    """The beat is the same at every rate."""
    played = render([GATED, "tempo 137", "sequence env: x.x. x..x"], 2.0, rate)
    step = beat_frames(137, rate) / 4
    places = [k for k in range(40) if k % 8 in (0, 2, 4, 7)]
    wanted = [k * step for k in places if k * step < 2 * rate - 1]
    assert off_by(onsets(played.left), wanted) <= 1.0


@pytest.mark.parametrize(
    ("step", "beats"), [("1/4", 1), ("1/8", 0.5), ("1/32", 0.125), ("3/16", 0.75), ("1/12", 1 / 3)]
)
def test_step_lengths(step, beats):
    """A step is as long as its option says, in fractions of a whole note."""
    played = render([GATED, "tempo 120", f"sequence env: x.x step {step}"], bars=2)
    places = [k for k in range(200) if k % 3 != 1 and k * beats < 8]
    assert off_by(onsets(played.left), [k * beats * 24_000 for k in places]) <= 1.0


def test_very_short_steps_each_sound():
    """Steps of less than half a block are all there, each with its gate closed before the next."""
    played = render([GATED, "tempo 960", "sequence env: x step 1/512"], 0.5)
    step = beat_frames(960) / 128
    assert step < 32
    assert off_by(onsets(played.left), np.arange(0, 24_000 / step) * step) <= 1.0


def test_swing_delays_every_second_step():
    """Swing 60% puts each second step at 60% of its pair, and the first where it was."""
    played = render([GATED, "tempo 120", "sequence env: xxxx swing 60%"], bars=1)
    pair = 12_000
    wanted = [k * pair + late for k in range(8) for late in (0, 0.6 * pair)]
    assert off_by(onsets(played.left), wanted) <= 1.0


def test_swing_of_an_odd_pattern_keeps_its_pairs():
    """Three steps under swing: the late ones are every second of the bar, not of the pattern."""
    played = render([GATED, "tempo 120", "sequence env: xxx swing 66%"], bars=1)
    pair = 12_000
    wanted = [k * pair + late for k in range(8) for late in (0, 0.66 * pair)]
    assert off_by(onsets(played.left), wanted) <= 1.0


@pytest.mark.parametrize(("rotate", "first"), [(1, 1), (2, 2), (-1, 3), (5, 1)])
def test_rotate_moves_steps_later(rotate, first):
    """A pattern rotated by n begins with its last n steps."""
    played = render([GATED, f"sequence env: x... rotate {rotate}"], bars=1)
    assert off_by(onsets(played.left), (first + 4 * np.arange(4)) * 6000) <= 1.0


@pytest.mark.parametrize("percent", [1, 25, 50, 80])
def test_a_gate_is_open_for_its_share_of_a_step(percent):
    """The option `gate` is the share of a step for which it is open, to the frame."""
    played = render([GATED, "tempo 120", f"sequence env: x.x. gate {percent}%"], bars=1)
    lengths = ends(played.left) - onsets(played.left)
    assert off_by(lengths, np.full(8, 6000 * percent / 100)) <= 1.0


def test_a_gate_is_half_a_step_by_default():
    """Without the option a gate is open for half a step."""
    played = render([GATED, "tempo 120", "sequence env: x."], bars=1)
    assert off_by(ends(played.left) - onsets(played.left), np.full(8, 3000)) <= 1.0


def test_holds_lengthen_a_step():
    """`x__.` is open for two steps and its share of the last one, once."""
    played = render([GATED, "tempo 120", "sequence env: x__. ...."], bars=1)
    assert off_by(onsets(played.left), [0, 48_000]) <= 1.0
    assert off_by(ends(played.left) - onsets(played.left), [15_000, 15_000]) <= 1.0


def test_a_hold_goes_on_around_the_end_of_the_pattern():
    """A pattern that begins with a hold holds the last step of the cycle before."""
    played = render([GATED, "tempo 120", "sequence env: _.xx"], bars=1)
    assert off_by(onsets(played.left)[:4], [12_000, 18_000, 36_000, 42_000]) <= 1.0
    lengths = ends(played.left)[:4] - onsets(played.left)[:4]
    assert off_by(lengths, [3000, 9000, 3000, 9000]) <= 1.0


def test_hits_accents_and_ghosts_have_their_velocities():
    """x is played at 0.8, X at 1.0, o at 0.45."""
    played = render([GATED, "set env.level -6db", "tempo 120", "sequence env: xXo."], bars=1)
    levels = played.left[onsets(played.left)[:3] + 100]
    gain = 10 ** (-6 / 20)
    assert levels == pytest.approx([0.8 * gain, 1.0 * gain, 0.45 * gain], rel=1e-4)


def test_full_gates_strike_again():
    """At a gate of 100% every hit begins anew: the gate is closed for one frame before it."""
    played = render([GATED, "tempo 133", "sequence env: xxxx gate 100%"], bars=1)
    step = beat_frames(133) / 4
    begun, ended = onsets(played.left), ends(played.left)
    assert off_by(begun, np.arange(16) * step) <= 1.0
    assert (begun[1:] - ended[: len(begun) - 1] == 1).all()


def test_full_gates_strike_again_on_block_boundaries():
    """The same where every onset lies on the first frame of a block."""
    # 60 * 48000 / 120 / 4 = 6000 frames; at 125 BPM 5760 = 90 blocks.
    played = render([GATED, "tempo 125", "sequence env: x gate 100%"], bars=1)
    begun, ended = onsets(played.left), ends(played.left)
    assert off_by(begun, np.arange(16) * 5760) <= 1.0
    assert (begun[1:] - ended[: len(begun) - 1] == 1).all()


def test_patterns_of_different_lengths_run_against_each_other():
    """Three steps beside four: each keeps its own cycle."""
    played = render(
        [
            "load lfo as dc rate=0.01 shape=square",
            "load adsr as a attack=0 decay=0 sustain=1 release=0",
            "load adsr as b attack=0 decay=0 sustain=1 release=0",
            "patch dc > a > out; patch dc > b > out; set a.pan -1 b.pan 1",
            "sequence a: x..; sequence b: x...",
        ],
        bars=3,
    )
    assert off_by(onsets(played.frames[:, 0], 1e-4), np.arange(16) * 3 * 6000) <= 1.0
    assert off_by(onsets(played.frames[:, 1], 1e-4), np.arange(12) * 4 * 6000) <= 1.0


def test_a_new_pattern_takes_over_at_the_bar_line():
    """A pattern that comes in mid-bar begins at the bar line; the old one plays until there."""
    played = render(
        [GATED, "tempo 120", "sequence env: x...", "wait 1/8", "sequence env: .x.x", "wait 2 bars"],
        bars=2,
    )
    old = np.arange(4) * 24_000
    new = 96_000 + (1 + 2 * np.arange(8)) * 6000
    assert off_by(onsets(played.left), [*old, *new]) <= 1.0


def test_a_pattern_with_now_jumps():
    """With `now` a pattern begins at once, wherever the bar is, and the old one ends there."""
    played = render(
        [GATED, "tempo 120", "sequence env: x...", "wait 1/8", "sequence env: xx.. now"], bars=1
    )
    start = 12_000 // 64 * 64
    wanted = [0]
    wanted += [start + k * 6000 for k in range(14) if k % 4 < 2]
    assert off_by(onsets(played.left), wanted) <= 1.0


def test_unsequence_ends_at_the_bar_line():
    """`unsequence` lets the bar be played to its end, and nothing after it."""
    played = render([GATED, "sequence env: x...", "wait 1/8", "unsequence env"], bars=3)
    assert off_by(onsets(played.left), np.arange(4) * 24_000) <= 1.0


def _tempi_that_end_a_bar_just_before_a_block():
    """Tempi and bars whose line lies less than half a frame before a block's first frame."""
    for bpm in range(61, 240):
        for bars in (1, 2, 3):
            frame = 60 * 48_000 * 4 * bars / bpm
            if 63.5 < frame % 64 < 64:
                yield bpm, bars
                break


NEAR_LINES = list(_tempi_that_end_a_bar_just_before_a_block())


@pytest.mark.parametrize(("bpm", "bars"), [*NEAR_LINES[:4], (120, 1), (175, 3), (174, 2)])
def test_a_pattern_that_comes_on_a_bar_line_begins_there(bpm, bars):
    """A pattern that comes exactly on a bar line begins at once, whatever the tempo."""
    played = render([GATED, f"tempo {bpm}", f"wait {bars} bars", "sequence env: x"], bars=bars + 1)
    assert off_by(onsets(played.left)[:1], [bars * 4 * beat_frames(bpm)]) <= 1.0


def test_a_sequence_moves_a_port():
    """`sequence A.port` sets the port at each step; a rest leaves it, the port ramps in 5 ms."""
    played = render(
        [
            "load lfo as dc rate=0.01 shape=square; load vca gain=0.9; patch dc > vca",
            "tempo 120",
            "sequence vca.gain: 0.1 0.2 . 0.4",
        ],
        bars=1,
    )
    middles = played.left[3000::6000]
    assert middles == pytest.approx([0.1, 0.2, 0.2, 0.4] * 4, abs=1e-4)
    # Until the first step's ramp has ended it comes from what was set before.
    second = played.left[6000:6241]
    assert second[0] == pytest.approx(0.1, abs=1e-3)
    assert second[240] == pytest.approx(0.2, abs=1e-5)
    assert np.max(np.abs(np.diff(second, 2))) < 1.01 * 0.1 / 240


def test_a_sequence_of_a_step_port_steps():
    """A pitch in a sequence is there at its very frame."""
    played = render(
        ["load square freq=1000", "sequence square.freq: 1khz 500hz step 1/4", "tempo 120"],
        bars=1,
    )
    crossings = np.flatnonzero((played.left[:-1] < 0) & (played.left[1:] >= 0))
    gaps = np.diff(crossings)
    assert set(gaps[crossings[1:] < 24_000].tolist()) <= {47, 48, 49}
    inside = (crossings[:-1] > 24_100) & (crossings[1:] < 48_000)
    assert set(gaps[inside].tolist()) <= {95, 96, 97}


def test_a_pattern_can_be_changed_thousands_of_times():
    """Places of patterns are given back: three thousand changes find room."""
    lines = [GATED, "tempo 999"]
    for k in range(3000):
        lines += [f"sequence env: x{'.' * (k % 7)} now", "wait 5ms"]
    played = render(lines)
    assert len(onsets(played.left)) == 3000
