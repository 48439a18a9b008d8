"""Tempo ramps and meters: onsets against an exact integral, bars, and what the session says."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

from chronus.language.quantities import Duration
from chronus.session.session import Length
from chronus.session.tempo import Transport
from tests.support.score import GATED, Stage, render
from tests.support.sound import ends, onsets

RATE = 48_000


class Exact:
    """Beats under a list of tempi, each (frames, bpm before, bpm behind), in exact fractions."""

    def __init__(self, *parts, rate=RATE):
        self.parts = [tuple(map(Fraction, part)) for part in parts]
        self.rate = rate

    def beats(self, frames):
        """The integral of the tempo; the last tempo goes on for ever."""
        left, beats = Fraction(frames), Fraction(0)
        for length, before, behind in self.parts:
            t = min(left, length)
            beats += (before * t + (behind - before) * t * t / (2 * length)) / (60 * self.rate)
            left -= t
        return beats + left * self.parts[-1][2] / (60 * self.rate)

    def frame(self, beat):
        """The frame of a beat, by halving, to a thousandth of one."""
        low, high = Fraction(0), Fraction(1)
        while self.beats(high) < beat:
            high *= 2
        while high - low > Fraction(1, 1000):
            middle = (low + high) / 2
            low, high = (middle, high) if self.beats(middle) < beat else (low, middle)
        return float(low)


def ramp_frames(beats, before, behind, rate=RATE):
    """How long a ramp takes in which so many beats pass: the mean tempo is the middle one."""
    return Fraction(beats) * 60 * rate * 2 / (Fraction(before) + Fraction(behind))


def worst(found, exact, beats):
    """By how many frames an onset misses its beat at most."""
    wanted = [exact.frame(Fraction(beat)) for beat in beats]
    assert len(found) >= len(wanted), (len(found), len(wanted))
    return float(np.max(np.abs(found[: len(wanted)] - np.array(wanted))))


@pytest.mark.parametrize(("before", "behind"), [(300, 999), (900, 312.7)])
def test_the_thousandth_beat_of_a_ramp(before, behind):
    """Over 1100 beats of a ramp every beat is within a frame of the integral, and behind it too."""
    exact = Exact((ramp_frames(1100, before, behind), before, behind))
    seconds = exact.frame(1150) / RATE
    played = render(
        [GATED, f"tempo {before}; tempo {behind} over 1100 beats", "sequence env: x step 1/4"],
        seconds,
    )
    found = onsets(played.left)
    assert worst(found, exact, range(1150)) < 1.0
    assert abs(found[1000] - exact.frame(1000)) < 1.0
    assert abs(found[1100] - float(ramp_frames(1100, before, behind))) < 1.0


@pytest.mark.parametrize(
    "over", ["4 bars", "3.7 beats", "1/3", "2.5s", "333ms"], ids=lambda over: over.replace(" ", "")
)
@pytest.mark.parametrize(("before", "behind"), [(120, 240), (174, 91.3), (140, 140)])
def test_beats_before_in_and_behind_a_ramp(over, before, behind):
    """A ramp in mid-bar: the beats before it lie where they lay, all others on the integral."""
    start = int(2.25 * 60 * RATE / before + 0.5) // 64 * 64
    lengths = {"4 bars": 16, "3.7 beats": Fraction("3.7"), "1/3": Fraction(4, 3)}
    if over in lengths:
        frames = ramp_frames(lengths[over], before, behind)
    else:
        frames = {"2.5s": 120_000, "333ms": 15_984}[over]
    exact = Exact((start, before, before), (frames, before, behind))
    played = render(
        [
            GATED,
            f"tempo {before}",
            "sequence env: xxxx",
            "wait 2.25 beats",
            f"tempo {behind} over {over}",
        ],
        exact.frame(24) / RATE,
    )
    assert worst(onsets(played.left), exact, [Fraction(k, 4) for k in range(94)]) < 1.0


def test_a_later_tempo_takes_over_from_where_the_ramp_is():
    """A ramp that is broken off by another, and that by a tempo at once: each from where it is."""
    first = int(3 * 60 * RATE / 120 + 0.5)  # the wait is of the tempo that there is, 120
    stage = [GATED, "tempo 120", "sequence env: xxxx", "tempo 240 over 8s", "wait 1.5s"]
    at_1 = 72_000
    reached = 120 + Fraction(120 * at_1, 8 * RATE)
    at_2 = at_1 + RATE
    slower = reached + (60 - reached) * Fraction(RATE, 4 * RATE)
    exact = Exact((at_1, 120, reached), (RATE, reached, slower), (1, 200, 200))
    played = render([*stage, "tempo 60 over 4s", "wait 1s", "tempo 200"], 6.0)
    assert first == at_1
    assert at_2 % 64 == 0
    count = int(exact.beats(6 * RATE) * 4)
    assert worst(onsets(played.left), exact, [Fraction(k, 4) for k in range(count)]) < 1.0


def test_a_tempo_at_the_same_instant_is_where_a_ramp_begins():
    """`tempo 60` and `tempo 120 over 4 beats` at one instant, in mid-score: 60 goes to 120."""
    played = render(
        [
            GATED,
            "tempo 200",
            "sequence env: x step 1/4",
            "wait 2s",
            "tempo 60",
            "tempo 120 over 4s",
        ],
        7.0,
    )
    exact = Exact((2 * RATE, 200, 200), (4 * RATE, 60, 120))
    assert worst(onsets(played.left), exact, range(int(exact.beats(7 * RATE)))) < 1.0


def test_gates_follow_a_ramp():
    """A gate that is open for half a beat ends half a beat later, in the middle of a ramp."""
    exact = Exact((ramp_frames(16, 60, 240), 60, 240))
    played = render([GATED, "tempo 60; tempo 240 over 4 bars", "sequence env: x step 1/4"], bars=4)
    assert worst(ends(played.left), exact, [k + Fraction(1, 2) for k in range(16)]) < 1.0


def test_a_ramp_stands_still_with_the_transport():
    """`stop` and `start` in the middle of a ramp: it goes on from where it was."""
    played = render(
        [
            GATED,
            "tempo 60; tempo 240 over 4s",
            "sequence env: xxxx",
            "wait 1s",
            "stop",
            "wait 500ms",
            "start",
        ],
        6.5,
    )
    found = onsets(played.left)
    exact = Exact((4 * RATE, 60, 240))
    wanted = [exact.frame(Fraction(k, 4)) for k in range(60)]
    wanted = [frame if frame < RATE else frame + 24_000 for frame in wanted]
    wanted = [frame for frame in wanted if frame < 6.4 * RATE]
    assert np.max(np.abs(found[: len(wanted)] - wanted)) < 1.0


def test_waits_and_lengths_follow_a_ramp():
    """`wait`, `wait until bar`, `note … for` and `--bars` are as long as the beats then."""
    exact = Exact((ramp_frames(8, 60, 180), 60, 180))
    stage = Stage()
    stage.say("tempo 60; tempo 180 over 2 bars")
    assert stage.say("wait 1 bar").results[0].data["frame"] == round(exact.frame(4))
    assert stage.say("wait 2 beats").results[0].data["frame"] == round(exact.frame(6))
    assert stage.say("wait until bar 4").results[0].data["frame"] == round(exact.frame(12))
    stage = Stage()
    stage.say("load kick; tempo 60; tempo 180 over 2 bars")
    frames = stage.say("note kick c2 for 3 beats").results[0].data["frames"]
    assert frames == round(exact.frame(3))
    played = render("load saw; tempo 60; tempo 180 over 2 bars", bars=3)
    assert len(played.frames) == round(exact.frame(12))


def test_status_tells_the_tempo_of_now_and_the_patch_where_it_goes():
    """Half way through a ramp the tempo is half way."""
    stage = Stage()
    stage.say("tempo 100; tempo 200 over 4s", "wait 2s")
    assert stage.say("status").results[0].data["tempo"] == pytest.approx(150)
    assert stage.session.patch.bpm == 200
    stage.say("stop", "wait 1s")
    assert stage.say("status").results[0].data["tempo"] == pytest.approx(150)
    stage.say("start", "wait 2s")
    assert stage.say("status").results[0].data["tempo"] == pytest.approx(200)


# ---- meters


def bar(stage):
    return stage.say("status").results[0].data["bar"]


def test_a_meter_begins_at_the_next_bar_line():
    """Bars are counted on over changes of meter, and each is as long as its meter says."""
    stage = Stage()
    stage.say("wait 1.5 beats", "meter 7/8")
    assert bar(stage) == "1.2.500"
    stage.say("wait 2.25 beats")
    assert bar(stage) == "1.4.750"
    for place in ("2.1.000", "2.4.250", "3.4.000"):
        stage.say("wait 1/16" if place == "2.1.000" else "wait 3.25 beats")
        assert bar(stage) == place, place
        if place == "2.1.000":
            start = stage.session.frame
    assert start == 96_000
    assert stage.say("wait until bar 4").results[0].data["frame"] == 96_000 + 7 * 24_000
    stage.say("meter 3/4")
    assert stage.say("wait 2 bars").results[0].data["frame"] == 96_000 + 13 * 24_000
    assert bar(stage) == "6.1.000"


def test_a_meter_on_a_bar_line_begins_at_once():
    """At frame 0, and at every bar line however its frame is rounded."""
    stage = Stage()
    reply = stage.say("tempo 177; meter 3/4")
    assert reply.results[1].data["from"] == 1
    for number in range(2, 40):
        reply = stage.say("wait 1 bar", f"meter {number % 7 + 1}/8")
        assert reply.results[0].data["from"] == number
        assert reply.bar == f"{number}.1.000"


def test_a_meter_that_is_changed_before_it_begins():
    """The last one before the bar line counts."""
    stage = Stage()
    stage.say("wait 1 beat", "meter 7/8", "wait 1 beat", "meter 5/4")
    assert stage.say("wait until bar 3").results[0].data["frame"] == 9 * 24_000


def test_a_meter_moves_nothing_that_plays():
    """A sequence plays on through a change of meter; a new one comes at the new bar lines."""
    plain = render([GATED, "sequence env: x..x. step 1/8"], bars=6).left
    lines = [GATED, "sequence env: x..x. step 1/8", "wait 1 beat", "meter 5/8", "wait 3 bars"]
    assert np.array_equal(render(lines, bars=8).left[: 4 * 96_000], plain[: 4 * 96_000])
    played = render([*lines, "sequence env: x step 1/4"], bars=8)
    new = 96_000 + 3 * 60_000
    assert plain[:new].any()
    found = onsets(played.left)
    later = found[found >= new - 1]
    assert np.max(np.abs(later[:8] - (new + np.arange(len(later))[:8] * 24_000))) <= 1.0


def test_a_length_in_bars_follows_the_meters():
    """`--bars` counts the bars that are played."""
    played = render(["load saw; meter 7/8", "wait 2 bars", "meter 2/4"], bars=5)
    assert len(played.frames) == (2 * 3.5 + 3 * 2) * 24_000


def test_the_same_meter_again_is_no_error(tmp_path):
    """It is there already; and a saved patch brings its meter and swing with it."""
    stage = Stage()
    stage.say("meter 6/8; swing 60%")
    assert stage.say("meter 6/8").results[0].already
    stage.say(f"save {tmp_path}/p.chronus")
    other = Stage()
    other.say(f"open {tmp_path}/p.chronus")
    assert other.session.patch.meter == (6, 8)
    assert other.session.patch.swing == 0.6
    assert other.say("wait 1 bar").results[0].data["frame"] == 72_000
    assert other.say("status").results[0].data["meter"] == "6/8"


# ---- the arithmetic


def test_bars_and_beats_over_a_change_of_meter():
    """`bar_at` and `beat_of_bar` are each other's inverse; `next_bar` finds lines and counts."""
    transport = Transport(RATE).with_meter(30_000, 3.5).with_tempo(30_000, 140.0)
    for beat in (0.0, 1.0, 3.999, 4.0, 4.1, 7.5, 100.25):
        assert transport.beat_of_bar(transport.bar_at(beat)) == pytest.approx(beat)
    assert transport.beat_of_bar(2) == 4.0
    assert transport.beat_of_bar(4) == 11.0
    assert transport.next_bar(1.3) == 4.0
    assert transport.next_bar(4.0) == 4.0
    assert transport.next_bar(4.000_01) == 4.0, "less than half a frame behind it"
    assert transport.next_bar(4.001) == 7.5
    assert transport.next_bar(4.001, every=4) == transport.beat_of_bar(5)
    assert transport.next_bar(transport.beat_of_bar(5), every=4) == transport.beat_of_bar(5)
    assert transport.next_bar(transport.beat_of_bar(5) + 0.1, every=4) == transport.beat_of_bar(9)


def test_frames_and_beats_are_inverse_through_a_ramp():
    """In front of it, in it and behind it; flat ramps too."""
    for target in (40.0, 120.0, 120.000_001, 999.0):
        flat = Transport(RATE).with_tempo(1000, 120.0)
        transport = flat.with_tempo(1000, target, flat.ramp_of(Duration(beats=Fraction(7)), 1000))
        for frame in (0, 1000, 1001, 50_000, 168_000, 2_000_000):
            assert transport.frame_at(transport.beat_at(frame)) == pytest.approx(frame, abs=1e-6)
        assert transport.beat_at(1000 + transport.ramp_frames) == pytest.approx(
            transport.beat_at(1000) + 7
        )
        assert transport.bpm_at(10_000_000) == target


LINES = (
    "tempo 140 over 3 beats", "tempo 90 over 700ms", "tempo 200", "tempo 61.7 over 2 bars",
    "meter 7/8", "meter 3/4", "meter 4/4", "meter 13/16", "stop", "start", "start",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_session_and_engine_agree_to_the_last_bit(seed):
    """After any ramps, meters, stops and starts both know the same beats and bars."""
    chance = random.Random(seed)
    stage = Stage()
    for _ in range(12):
        stage.say("; ".join(chance.sample(LINES, chance.randint(1, 3))))
        stage.say(f"wait {chance.randint(1, 900)}ms", f"wait {chance.choice((1, 2, 3))}/8")
    stage.session.length = Length(seconds=stage.session.frame / RATE + 0.01)
    stage.session.finish()
    engine, session = stage.session.timing.engine_transport(), stage.session.timing.foreseen
    assert engine.is_playing == session.is_playing
    for later in (0, 1000, 77_777, 480_000):
        frame = stage.session.frame + later
        assert engine.beat_at(frame) == session.beat_at(frame)
        assert engine.bar_at(engine.beat_at(frame)) == session.bar_at(session.beat_at(frame))
        assert engine.position(frame) == session.position(frame)
        assert engine.bpm_at(frame) == session.bpm_at(frame)


# ---- swing


def test_swing_is_that_of_sequences_that_name_none():
    """`swing` moves what plays from the next bar line on, and what has its own not at all."""
    lines = ["sequence env: xxxx", "wait 1 beat", "swing 60%"]
    found = onsets(render([GATED, *lines], bars=2).left)
    wanted = [k * 12_000 + 12_000 * late for k in range(16) for late in (0, 0.5 if k < 8 else 0.6)]
    assert np.max(np.abs(found - np.array(wanted))) <= 1.0
    own = [GATED, "sequence env: xxxx swing 50%", "wait 1 beat", "swing 60%"]
    assert np.max(np.abs(onsets(render(own, bars=2).left) - np.arange(32) * 6000)) <= 1.0
