"""Glides of ports, measured on samples: the way, the end to the frame, and what interrupts them."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.commands.registry import handlers
from chronus.session.offline import Offline
from chronus.session.session import Length, Session
from tests.support.score import DC, Collected, Stage, render
from tests.support.sound import cents, momentary_hz

RATE = 48_000
GAIN = f"{DC}; load vca gain=0.2; patch dc > vca"
"""What is heard is the gain itself."""
AT = 4800 // 64 * 64
"""The block at which what comes after `wait 100ms` takes effect."""
TURN = "load sine freq=110; set sine.level -6db"


def line(start, end, frames):
    """The values of a linear glide, its last one at the end."""
    return start + (end - start) * np.arange(1, frames + 1) / frames


def ratios(start, end, frames):
    """The same by equal ratios."""
    return start * (end / start) ** (np.arange(1, frames + 1) / frames)


def wave(hz):
    """The sine that has these frequencies from frame to frame, beginning at its rise."""
    return 10 ** (-6 / 20) * np.sin(2 * np.pi * (np.cumsum(hz) - hz) / RATE)


def test_a_linear_glide():
    """A gain goes evenly, and is there at the last frame of its length, not before."""
    x = render([GAIN, "wait 100ms", "set vca.gain 0.8 over 250ms"], 0.5).left
    frames = 12_000
    assert x[:AT] == pytest.approx(0.2)
    assert x[AT : AT + frames] == pytest.approx(line(0.2, 0.8, frames), abs=1e-6)
    assert (x[AT + frames - 1 :] == np.float32(0.8)).all()
    assert x[AT + frames - 2] < np.float32(0.8)


@pytest.mark.parametrize(
    ("way", "hz"), [("880hz over 333ms", 880), ("- 3oct over 1.25 beats", 13.75)]
)
def test_a_pitch_glides_by_equal_ratios(way, hz):
    """The wave is the one whose frequency goes by equal ratios, exactly so long."""
    x = render(f"{TURN}\nset sine.freq {way}", 1.0).left
    frames = {880: 15_984, 13.75: 30_000}[hz]
    wanted = np.concatenate((ratios(110, hz, frames), np.full(RATE - frames, float(hz))))
    assert x == pytest.approx(wave(wanted), abs=2e-4)
    longer = np.concatenate((ratios(110, hz, frames + 1), np.full(RATE - frames - 1, float(hz))))
    assert np.max(np.abs(x - wave(longer))) > 1e-3, "one frame more or less would be seen"


def test_the_momentary_frequency_of_a_glide():
    """Half way between two octaves the tone is at the tritone, and each octave lasts as long."""
    x = render("load sine freq=200; set sine.level -6db; set sine.freq 3.2khz over 2s", 2.2).left
    hz = momentary_hz(x)
    for frame in range(RATE // 8, 2 * RATE, RATE // 8):
        assert abs(cents(np.mean(hz[frame - 8 : frame + 8]), 200 * 2 ** (frame / 24_000))) < 3
    assert abs(cents(np.mean(hz[97_000:104_000]), 3200)) < 1


def test_levels_glide_in_decibel_and_pans_evenly():
    """The ports of a channel strip glide: a level by equal steps of decibel, a pan from 0 to 1."""
    stage = Stage()
    stage.say(DC, "patch dc > out; set dc.level -6db", "set dc.level -46db over 500ms", "wait 1s")
    levels = 20 * np.log10(stage.frames[: RATE // 2, 0])
    assert levels == pytest.approx(line(-6, -46, 24_000), abs=0.01)
    stage.say("set dc.pan 1 over 500ms", "wait 600ms")
    left, right = stage.frames[RATE:].T
    share = left[:24_000] / right[:24_000]
    assert share == pytest.approx(np.tan(np.pi / 4 * (1 - line(0, 1, 24_000))), abs=1e-4)
    assert (left[24_000:] == left[23_999]).all()


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ("set vca.gain 0.1 over 50ms", lambda now: line(now, 0.1, 2400)),
        ("set vca.gain 0.1", lambda now: line(now, 0.1, 240)),
        ("set vca.gain *0.5 over 50ms", lambda now: line(now, 0.45, 2400)),
    ],
)
def test_a_glide_that_is_interrupted_goes_on_from_where_it_is(change, after):
    """Another `set` in mid-glide takes over there; an amount counts from where the glide went."""
    x = render([GAIN, "set vca.gain 0.9 over 200ms", "wait 100ms", change], 0.5).left
    first = line(0.2, 0.9, 9600)[:AT]
    assert x[:AT] == pytest.approx(first, abs=1e-6)
    second = after(first[-1])
    assert x[AT : AT + len(second)] == pytest.approx(second, abs=1e-6)
    assert x[AT + len(second) :] == pytest.approx(second[-1], abs=1e-6)


def test_a_pitch_glide_is_interrupted_by_another():
    """The same by equal ratios: the wave has no corner but in its frequency."""
    x = render(
        [TURN, "set sine.freq 880 over 1s", "wait 100ms", "set sine.freq 55 over 300ms"], 1.0
    )
    up = ratios(110, 880, RATE)[:AT]
    down = ratios(up[-1], 55, 14_400)
    wanted = np.concatenate((up, down, np.full(RATE - AT - 14_400, 55.0)))
    assert x.left == pytest.approx(wave(wanted), abs=2e-4)


@pytest.mark.parametrize("parts", [["wait 100ms"], []])
def test_what_is_set_before_a_glide_at_the_same_instant_is_its_start(parts):
    """`set` and then `set over` at one instant glide from the first value to the second."""
    x = render([GAIN, *parts, "set vca.gain 0.5; set vca.gain 0.9 over 100ms"], 0.5).left
    at = AT if parts else 0
    assert x[at : at + 4800] == pytest.approx(line(0.5, 0.9, 4800), abs=1e-6)


def test_what_is_set_after_a_glide_at_the_same_instant_ends_it():
    """`set over` and then `set`: there is no glide."""
    for parts in (["wait 100ms"], []):
        x = render([GAIN, *parts, "set vca.gain 0.9 over 1s; set vca.gain 0.5"], 0.5).left
        assert x[AT + 240 :] == pytest.approx(0.5)


def test_what_equal_ratios_never_reach_is_gone_to_evenly():
    """A port that may be negative or 0 glides evenly through it."""
    x = render(
        [GAIN, "set vca.gain 0 over 100ms", "wait 200ms", "set vca.gain 0.9 over 100ms"], 0.5
    )
    assert x.left[:4800] == pytest.approx(line(0.2, 0.0, 4800), abs=1e-6)
    at = 9600
    assert x.left[at : at + 4800] == pytest.approx(line(0.0, 0.9, 4800), abs=1e-6)


def test_a_glide_lasts_as_long_as_beats_do_then():
    """A length in beats is taken at the tempo of the moment, through a ramp of the tempo too."""
    x = render([GAIN, "tempo 90", "set vca.gain 0.9 over 1 beat"], 1.0).left
    assert np.argmax(x == np.float32(0.9)) == 31_999
    x = render(
        [GAIN, "tempo 60; tempo 180 over 2 beats", "set vca.gain 0.9 over 2 beats"], 1.5
    ).left
    assert np.argmax(x == np.float32(0.9)) == RATE - 1


def test_a_step_of_a_sequence_takes_over_from_a_glide():
    """A port that is played by a sequence goes to each step, and glides no more."""
    x = render(
        [GAIN, "sequence vca.gain: 0.4 . . .", "wait 1/16", "set vca.gain 0.9 over 1 bar"], 2.1
    )
    at = 6000 // 64 * 64
    assert x.left[at + 6000] == pytest.approx(0.4 + 0.5 * 6001 / 96_000, abs=1e-5)
    assert x.left[24_000 + 240 :] == pytest.approx(0.4, abs=1e-6)


def test_a_cable_bends_what_glides_and_its_range_holds():
    """A cable adds to a gliding value, and the sum is clipped to the port's range."""
    x = render([GAIN, "patch dc > vca.gain by 0.9", "set vca.gain 0.9 over 100ms"], 0.3).left
    top = np.max(x)
    sums = np.minimum(line(0.2, 0.9, 4800) + 0.9, top)
    assert x[:4800] == pytest.approx(sums, abs=1e-6)


def test_a_very_slow_glide_does_not_drift():
    """After an hour's glide has run for ten seconds, it is where it should be."""
    x = render([GAIN, "set vca.gain 0.9 over 3600s"], 10.0).left
    assert x[-1] == pytest.approx(0.2 + 0.7 * 10 / 3600, rel=1e-5)
    assert len(np.unique(x)) > 5000, "it moves from frame to frame, as far as float32 does"


SCORE = (
    "tempo 133; load saw; load filter cutoff=300; patch saw > filter; load kick; load hat",
    "sequence kick: x.x. step 1/32; sequence hat: xxx; sequence saw: c2 eb2~ g2",
    "set filter.cutoff 6khz over 3 beats; set hat.level -30db kick.pan -1 over 1 bar",
    "tempo 210 over 2 bars",
    "wait 1.1 beats",
    "set filter.cutoff 200 filter.resonance 0.8 over 1/4; meter 7/8",
    "wait 1 beat",
    "tempo 70 over 300ms; set hat.level 0db over 77ms",
)


def test_glides_and_ramps_are_the_same_on_any_number_of_lanes():
    """The samples of glides, ramps and meters do not depend on how many lanes compute them."""
    heard = []
    for lanes in (1, 2, 3):
        backend, sink = Offline(RATE, lanes=lanes), Collected()
        backend.add_sink(sink, 0)
        session = Session(backend, handlers(), is_score=True)
        session.length = Length(seconds=3.0)
        assert all(session.run_line(line).ok for line in SCORE)
        session.finish()
        heard.append(sink.frames)
    assert np.max(np.abs(heard[0])) > 0.1
    assert np.array_equal(heard[0], heard[1])
    assert np.array_equal(heard[0], heard[2])


# ---- what is said of them


def test_get_tells_where_a_glide_is_and_where_it_goes():
    """In a score `get` gives the value of then, and the target as long as it is not reached."""
    stage = Stage()
    stage.say("load filter cutoff=400; set filter.cutoff 1.6khz over 1s", "wait 0.5s")
    result = stage.say("get filter.cutoff").results[0]
    assert result.data["value"] == pytest.approx(800)
    assert result.data["target"] == 1600
    assert result.text == "filter.cutoff = 800hz, on its way to 1600hz"
    assert stage.say("get filter").results[0].data["targets"] == {"cutoff": 1600}
    stage.say("set filter.cutoff 200 over 1s", "wait 0.5s")
    assert stage.get("filter.cutoff") == pytest.approx(400)
    stage.say("wait 0.5s")
    assert "target" not in stage.say("get filter.cutoff").results[0].data
    assert stage.get("filter.cutoff") == 200


def test_get_asks_the_engine_where_no_score_runs():
    """At the prompt `get` gives what the engine is at."""
    backend = Offline(RATE)
    session = Session(backend, handlers(), is_score=False)
    assert session.run_line("load filter cutoff=400").ok
    reply = session.run_line("set filter.cutoff 1.6khz over 1s")
    assert reply.results[0].data == {"values": {"filter.cutoff": 1600}, "frames": RATE}
    assert reply.results[0].text == "filter.cutoff = 1600hz over 1s"
    backend.reach(reply.frame + RATE // 2)
    data = session.run_line("get filter.cutoff").results[0].data
    assert data["value"] == pytest.approx(800, rel=2e-3)
    assert data["target"] == 1600
    backend.reach(reply.frame + RATE + 64)
    assert session.run_line("get filter.cutoff").results[0].data["value"] == 1600
    assert session.run_line("set filter.cutoff *0.5 over 1/4").ok
    assert session.patch.nodes["filter"].value("cutoff") == 800


def test_a_saved_patch_has_the_target(tmp_path):
    """The patch holds where a glide goes, and the tempo and meter that it has been told."""
    stage = Stage()
    stage.say("load saw; set saw.freq 440 saw.pan 1 over 10s; tempo 150 over 8 bars; meter 7/8")
    stage.say("wait 1s", f"save {tmp_path}/p.chronus")
    text = (tmp_path / "p.chronus").read_text()
    assert "freq=440hz" in text
    assert "set saw.pan 1" in text
    assert "tempo 150\nmeter 7/8\n" in text
