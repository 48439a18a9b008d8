"""What cables carry: sums, amounts, bends, mono and stereo, cycles, and what is heard."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import DC, Stage, render
from tests.support.sound import amplitude, cents, pitch

SINE = "load sine freq=200; set sine.level -6db"
GAIN = f"{DC}; load vca gain=0.1; patch dc > vca"
"""What is heard is the gain of `vca`."""


def settled(lines):
    """The value that a constant patch settles on."""
    left = render(lines, 0.2).left
    assert left[-1] == left[-2000]
    return float(left[-1])


@pytest.mark.parametrize(
    ("amount", "factor"),
    [
        ("by 7st", 2 ** (7 / 12)),
        ("by 700ct", 2 ** (7 / 12)),
        ("by 1oct", 2.0),
        ("by -1oct", 0.5),
        ("by -12st", 0.5),
        ("by 50hz", 1.25),
        ("by 0.05khz", 1.25),
        ("by -50hz", 0.75),
        ("by 100", 1.5),
    ],
)
def test_amounts_on_a_pitch(amount, factor):
    """In hz a cable adds, in st, ct and oct it bends by exactly that interval."""
    played = render([SINE, DC, f"patch dc > sine.freq {amount}"], 1.0)
    assert abs(cents(pitch(played.left), 200.0 * factor)) < 0.05


def test_bends_multiply_and_come_after_what_adds():
    """Two bends add their intervals, and bend the sum of what is set and added."""
    played = render(
        [
            SINE,
            DC,
            "load lfo as two rate=0.01 shape=square",
            ("load lfo as three rate=0.01 shape=square"),
            "patch dc > sine.freq by 7st",
            "patch two > sine.freq by 5st",
            "patch three > sine.freq by 20hz",
        ],
        1.0,
    )
    assert abs(cents(pitch(played.left), 440.0)) < 0.05


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("", 0.1 + 1.0),
        ("by 50%", 0.6),
        ("by 0.25", 0.35),
        ("by -6db", 0.1 + 10 ** (-6 / 20)),
        ("by -0.05", 0.05),
        ("by 0db", 1.1),
        ("by -200%", 0.0),
        ("by 100", 4.0),
    ],
)
def test_amounts_on_a_plain_port(amount, value):
    """A factor, % and db scale what a cable carries; the sum is clipped to the port's range."""
    assert settled([GAIN, "set vca.level -18db", f"patch dc > vca.gain {amount}"]) == pytest.approx(
        value * 10 ** (-18 / 20), abs=1e-5
    )


def test_several_cables_add_up():
    """What is patched into one input is summed with what is set."""
    lines = [
        GAIN,
        "load lfo as two rate=0.01 shape=square",
        "patch dc > vca.gain by 20%",
        "patch two > vca.gain by 30%",
        "patch two > vca by 50%",
    ]
    assert settled(lines) == pytest.approx(1.5 * 0.6, abs=1e-5)


def test_the_same_cable_with_another_amount_takes_its_place():
    """A cable between the same ports is one cable: its amount changes, nothing adds up."""
    lines = [GAIN, "patch dc > vca.gain by 20%", "patch dc > vca.gain by 30%"]
    assert settled(lines) == pytest.approx(0.4, abs=1e-5)
    again = Stage()
    again.say(*lines)
    assert again.say("patch dc > vca.gain by 30%").results[0].already
    assert again.say("list cables").results[0].text.startswith("3 ")


def test_joins_and_rows():
    """`a, b > c` joins, `a > b > c` is a row, `a > b, c` splits; a row may name ports."""
    lines = [
        DC,
        "load vca as a gain=0.5; load vca as b gain=0.25; load mix",
        "patch dc > a, b > mix",
    ]
    assert settled(lines) == pytest.approx(0.75, abs=1e-5)
    named = [DC, "load filter mode=high", "load vca gain=0.5", "patch dc > filter.low > vca"]
    assert settled(named) == pytest.approx(0.5, abs=1e-4)


def test_mono_goes_to_both_sides():
    """A mono node is heard alike on both sides, and so is what it feeds in stereo."""
    straight = render(SINE, 0.5).frames
    through = render(
        [("load sine freq=200; load delay mix=0; patch sine > delay; set delay.level -6db")], 0.5
    ).frames
    assert np.array_equal(straight[:, 0], straight[:, 1])
    assert np.array_equal(through, straight)


def test_stereo_into_mono_is_the_mean():
    """A stereo node with two equal sides into a mono input is as loud as a mono node there."""
    straight = render(["load sine freq=200; load vca gain=0.5; patch sine > vca"], 0.5).frames
    folded = render(
        [("load sine freq=200; load delay mix=0; load vca gain=0.5; patch sine > delay > vca")], 0.5
    ).frames
    assert np.array_equal(folded, straight)


@pytest.mark.parametrize(
    ("pan", "left", "right"), [("0", 1.0, 1.0), ("-1", 2**0.5, 0.0), ("1", 0.0, 2**0.5)]
)
def test_pan_and_level(pan, left, right):
    """`pan` -1 is left, 1 is right, and as strong in sum as the middle; `level` is in decibel."""
    played = render(f"load sine freq=200; set sine.level -12db sine.pan {pan}", 0.5).frames
    gain = 10 ** (-12 / 20)
    assert amplitude(played[4800:, 0], 200) == pytest.approx(left * gain, abs=1e-3)
    assert amplitude(played[4800:, 1], 200) == pytest.approx(right * gain, abs=1e-3)


# ---- cycles


def test_a_cycle_sounds_and_is_a_block_late():
    """`patch a > b > a` plays: what comes round comes a block of 64 frames later."""
    lines = [DC, "load vca as a; load vca as b gain=0.5", "patch dc > a > b > a"]
    left = render(lines, 0.1).left
    # a = 1 + b of the last block, b = a / 2, and b > a > ... : b goes to 1, in steps of a block.
    stage = Stage()
    stage.say(*lines, "patch b > out", "set b.level -20db", "wait 100ms")
    steps = stage.frames[:, 0] / 0.1
    for block in range(6):
        part = steps[block * 64 : (block + 1) * 64]
        assert part == pytest.approx(np.full(64, 1.0 - 0.5 ** (block + 1)), abs=1e-4)
    assert not left.any(), "a and b feed each other and nothing else"
    assert "one block late" in "\n".join(stage.say("describe a").results[0].lines)


def test_behind_a_cycle_there_is_no_further_delay():
    """A node behind a cycle, and one beside it, play in the block of what feeds them."""
    stage = Stage()
    stage.say(
        f"{DC}; load adsr as hit attack=0 decay=0 sustain=1 release=0; patch dc > hit",
        "load vca as a; load vca as b gain=0.5; load vca as after",
        "patch hit > a > b > a",
        "patch b > after",
        "set after.level -20db",
        "wait 64ms",
        "trigger hit",
        "wait 64ms",
    )
    assert np.flatnonzero(stage.frames[:, 0])[0] == 3072


def test_a_node_that_feeds_itself():
    """A cable from a node to itself is a cycle like any other."""
    stage = Stage()
    stage.say(f"{DC}; load vca gain=0.5; patch dc > vca > vca; patch vca > out", "wait 100ms")
    assert stage.frames[-1, 0] == pytest.approx(0.966050879, abs=1e-4)
    assert stage.frames[0, 0] == pytest.approx(0.5, abs=1e-5)
    assert "one block late" in "\n".join(stage.say("describe vca").results[0].lines)


# ---- what is heard


def is_silent(lines):
    return not render(lines, 0.2).frames[6000:].any()


def test_what_makes_sound_is_heard_by_itself():
    """A loaded oscillator sounds at once, an lfo does not."""
    assert not is_silent("load saw")
    assert is_silent("load lfo rate=50")
    reply = Stage().say("load saw")
    assert "out" in reply.results[0].text


def test_what_is_patched_on_is_heard_behind_it():
    """`patch saw > vca` moves the sound to the vca: at gain 0 it is silent, at 1 it is the saw."""
    assert is_silent("load saw; load vca gain=0; patch saw > vca")
    straight = render("load saw", 0.2).frames
    assert np.array_equal(render("load saw; load vca; patch saw > vca", 0.2).frames, straight)


def test_a_shaper_that_is_fed_is_heard():
    """An adsr is no source, but it is heard when sound is patched into it, also through another."""
    assert not is_silent("load saw; load adsr; patch saw > adsr; gate adsr on")
    assert not is_silent(
        "load saw; load adsr as a; load adsr as b; patch saw > a > b; gate a on; gate b on"
    )
    assert is_silent("load saw; load adsr; patch saw > adsr")


def test_by_hand():
    """`patch A > out` is heard beside what else A feeds, once, and with its own amount."""
    both = "load sine freq=200; load vca gain=0; patch sine > vca; patch sine > out"
    assert amplitude(render([both, "set sine.level -6db"], 0.5).left, 200) == pytest.approx(
        0.501, abs=2e-3
    )
    explicit = render("load sine freq=200; patch sine > out; set sine.level -6db", 0.5).frames
    assert np.array_equal(explicit, render(SINE, 0.5).frames)
    scaled = render("load sine freq=200; patch sine > out by 25%", 0.5).left
    assert amplitude(scaled, 200) == pytest.approx(0.25, abs=1e-3)


def test_silenced_for_good():
    """`unpatch A > out` silences, also after A has been patched elsewhere and back."""
    assert is_silent("load saw; unpatch saw > out")
    stage = Stage()
    assert "not heard" in stage.say("load saw; unpatch saw > out").results[-1].text
    assert stage.say("unpatch saw > out").results[-1].already


def test_unpatched_from_its_effect_it_is_heard_again():
    """Without its cable an oscillator is heard by itself again; its effect is silent."""
    lines = "load saw; load vca gain=0; patch saw > vca; unpatch saw > vca"
    assert not is_silent(lines)


def test_what_moves_the_master_level_is_not_heard_itself():
    """`patch lfo > out.level` moves the level: the lfo is not patched into the sound."""
    assert is_silent("load lfo rate=50; patch lfo > out.level by 6db")
    moved = render(
        "load sine freq=200; set out.level -12db; load lfo as dc rate=0.01 shape=square; "
        "patch dc > out.level by 6db",
        0.5,
    ).left
    assert amplitude(moved, 200) == pytest.approx(0.501, abs=2e-3)


def test_a_moved_level_rests_while_its_node_is_not_heard():
    """A cable to the level of a node that is patched elsewhere rests, and works again after it."""
    stage = Stage()
    stage.say(
        "load sine freq=200; load lfo as dc rate=0.01 shape=square",
        "patch dc > sine.level by -12db",
        "wait 100ms",
    )
    stage.say("load vca gain=0.5; patch sine > vca", "wait 100ms")
    assert "sine.level" in "\n".join(stage.say("describe dc").results[0].lines)
    assert "sine.level" in "\n".join(stage.say("list cables").results[0].lines)
    stage.say("unload vca", "wait 100ms")
    peaks = [np.max(np.abs(stage.frames[at : at + 2400])) for at in (2000, 7000, 12_000)]
    assert peaks == pytest.approx([0.251, 0.5, 0.251], abs=2e-3)


def test_a_sequence_of_a_level_rests_while_its_node_is_not_heard():
    """A sequence of a strip's port moves nothing else when the strip is gone, and comes back."""
    stage = Stage()
    stage.say("tempo 120; load sine freq=200; sequence sine.level: -12 -12 step 1/4", "wait 1/4")
    stage.say("load vca gain=0.5; patch sine > vca", "wait 1/4")
    # New nodes take the places that the strip has left; what the sequence does must not reach them.
    stage.say(
        *[f"load lfo as l{k}" for k in range(8)], "load sine as s2; unpatch s2 > out", "wait 2 bars"
    )
    stage.say("unload vca", "wait 2 bars")
    beats = np.split(stage.frames[: 24_000 * 16], 16)
    peaks = [np.max(np.abs(beat[2000:])) for beat in beats]
    assert peaks[0] == pytest.approx(0.251, abs=2e-3)
    assert peaks[4:8] == pytest.approx([0.5] * 4, abs=2e-3)
    assert peaks[15] == pytest.approx(0.251, abs=2e-3)


# ---- determinism


SONG = """
tempo 137; load kick; load noise; load filter; load adsr; load delay; load lfo as wob
patch noise > filter > adsr > delay
patch wob > filter.cutoff by 500hz
sequence kick: x...x..x; sequence adsr: ..x. ..xo
wait 1/4
set filter.resonance 0.8 delay.time 200ms
load saw as bass; sequence bass: c2 c2~ eb2 . now
wait 1/8
unload wob; set bass.level -12db
wait 1/8
"""


def test_two_renders_are_the_same():
    """The same score gives the same samples, noise and all."""
    assert np.array_equal(render(SONG, 1.5).frames, render(SONG, 1.5).frames)


@pytest.mark.parametrize("blocks", [1, 7])
def test_how_blocks_are_grouped_is_not_heard(monkeypatch, blocks):
    """Computed a block at a time or a second at a time: the same samples."""
    whole = render(SONG, 1.5).frames
    monkeypatch.setattr("chronus.session.offline.CHUNK_BLOCKS", blocks)
    assert np.array_equal(render(SONG, 1.5).frames, whole)


def test_waits_that_add_up_are_one_wait():
    """A bar in one wait or in eight: the same samples."""
    lines = "load kick; load saw; sequence kick: x.x.; tempo 133"
    once = render([lines, "wait 1 bar", "set saw.freq 300"], bars=2).frames
    parts = render([lines, *["wait 1/8"] * 8, "set saw.freq 300"], bars=2).frames
    assert np.array_equal(once, parts)


def test_the_order_of_what_is_independent_is_not_heard():
    """Lines that have nothing to do with each other may change places at one instant."""
    lines = [
        "set kick.level -3db",
        "sequence kick: x.x.",
        "set saw.freq 100hz",
        "tempo 140",
        "patch lfo > filter.cutoff by 100hz",
    ]
    start = "load kick; load saw; load filter; load lfo; patch saw > filter"
    forward = render([start, "wait 100ms", *lines], 1.0).frames
    backward = render([start, "wait 100ms", *reversed(lines)], 1.0).frames
    in_one = render([start, "wait 100ms", "; ".join(lines)], 1.0).frames
    assert np.array_equal(forward, backward)
    assert np.array_equal(forward, in_one)
