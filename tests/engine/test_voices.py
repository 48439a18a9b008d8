"""Instruments that play several notes at once: which voice plays what, and that nobody hears it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from chronus.settings import BLOCK
from tests.support.clicks import clicks
from tests.support.redo import redo_blocks
from tests.support.score import Stage, render
from tests.support.sound import ends, onsets, rms_db
from tests.support.voices import PAD, Pads, played

CHORD = ("a2", "e3", "a3", "c4", "e4", "a4")
LEVELS = """instrument levels { load keys
load lfo as dc rate=0.01 shape=square
load adsr as env attack=0 decay=0 sustain=1 release=0 velocity=0
load poly
patch dc > env > poly > out
patch keys.gate > env.gate
patch keys.velocity > env.velocity }"""
"""What is heard is the sum of the velocities of all voices whose gates are open."""
TONES = """instrument tones { load keys
load sine freq=0.01hz
load adsr as env attack=8ms decay=50ms sustain=0.7 release=60ms velocity=0
patch sine > env > out
patch keys.freq > sine.freq
patch keys.gate > env.gate
patch keys.velocity > env.velocity }"""
HATS = """instrument hats { load keys
load hat as snare metal=0 tick=0 decay=500ms
patch snare > out
patch keys.gate > snare.gate
patch keys.velocity > snare.velocity }"""
ODD = """instrument odd { load keys
load noise
load filter cutoff=900hz resonance=0.4
load delay time=7ms feedback=0.3
load adsr as env velocity=0 attack=2ms decay=30ms sustain=0.5 release=20ms
load saw freq=0.01hz
load poly
load snare decay=60ms
patch keys.gate > snare.gate
patch keys.velocity > snare.velocity
patch noise, saw, snare > filter > delay > env > poly > out
patch delay > filter by 0.2
patch keys.freq > saw.freq
patch keys.gate > env.gate
patch keys.velocity > env.velocity
patch env.env > saw.freq by 3st
expose cutoff = filter.cutoff
expose mode = filter.mode }"""
"""Seeds, delay memory, a cycle, words and bent cables, each voice for itself."""
LINES = (
    "load pad as p voices 6; set p.level -9db; load odd as o voices 5; set o.level -15db",
    "note p c3 e3 g3 for 150ms; note o c2 for 40ms",
    "wait 61ms",
    "note o g2 eb3 for 90ms at 0.6; set p.cutoff 900hz over 300ms",
    "wait 250ms",
    "set o.mode band; set p.cutoff 200hz",
    "wait 431ms",
    "sequence o: c2 g2 . eb3 step 1/32 gate 90%; note p a2 for 20ms",
    "wait 133ms",
    "set o.mode low; note p a2 a3 a4 for 77ms; unsequence o",
    "wait 200ms",
    "panic; start",
    "wait 20ms",
    "note p c3 c3 c3 c3 c3 c3 for 1/8",
    "note o c2 for 30ms",
    "wait 20ms",
    "reset o; note p e3 for 20ms",
    "wait 500ms",
)


def test_a_chord_is_the_sum_of_its_notes():
    """Six voices of one instrument sound as six instruments of one voice, to float rounding."""
    together = played("load pad as p voices 6", f"note p {' '.join(CHORD)} for 1/2", "wait 1s")
    apart = Pads()
    for i, note in enumerate(CHORD):
        apart.say(f"load pad as p{i}")
        apart.say(f"note p{i} {note} for 1/2")
    apart.say("wait 1s")
    assert np.max(np.abs(together)) > 0.3
    assert np.max(np.abs(together - apart.frames)) < 1e-6


@pytest.fixture(scope="module")
def awhile():
    """The frames of LINES."""
    return played(PAD, ODD, *LINES)


def test_voices_that_sleep_need_not_be_computed(awhile):
    """Whether what sleeps is computed and thrown away, or not at all, is not heard in any bit."""
    assert np.max(np.abs(awhile)) > 0.1
    assert np.array_equal(awhile, played(PAD, ODD, *LINES, computes_all=True))


@pytest.mark.parametrize("lanes", [2, 3])
def test_voices_sound_the_same_on_any_number_of_lanes(awhile, lanes):
    """Each sample is that of one lane."""
    assert np.array_equal(awhile, played(PAD, ODD, *LINES, lanes=lanes))


def test_a_block_of_voices_may_be_computed_again(awhile):
    """Each block is computed twice, the scratch of the first time forgotten: no bit differs."""
    stage = redo_blocks(Pads())
    stage.say(ODD, *LINES)
    assert np.array_equal(awhile, stage.frames)


def test_more_voices_than_one_group():
    """Twenty voices are two groups: all sound, a knob moves all, on any number of lanes alike."""
    pitches = " ".join(f"{55 * 2 ** (i / 7):.2f}hz" for i in range(20))
    lines = (
        "load pad as p voices 20; set p.level -20db",
        "set p.cutoff 700hz",
        f"note p {pitches}",
    )
    stage = Pads()
    stage.say(*lines, "wait 100ms")
    assert stage.sounding("p") == 20
    assert len(set(stage.pitches("p"))) == 20
    alone = Pads()
    for i, hz in enumerate(pitches.split()):
        alone.say(f"load pad as p{i}; set p{i}.level -20db p{i}.cutoff 700hz; note p{i} {hz}")
    alone.say("wait 100ms")
    assert np.max(np.abs(stage.frames - alone.frames)) < 2e-6
    assert np.array_equal(stage.frames, played(*lines, "wait 100ms", lanes=3))
    stage.say("set p.cutoff 2khz over 50ms", "wait 100ms")
    cutoffs = [stage.arena.ports[stage.backend.writer.bank, port, 0] for port in _knob(stage)]
    assert cutoffs == [2000.0, 2000.0]


def _knob(stage):
    first = stage.place("p", "filter").ports + 1
    return first, int(stage.arena.port_next[first])


# ---- which voice plays


def test_a_note_begins_and_ends_at_its_frame():
    """A voice that wakes opens its gate at the very frame, and closes it as many frames later."""
    stage = Stage()
    stage.say(LEVELS, "load levels as v voices 3", "wait 300ms")
    stage.say("note v c3 for 100ms at 0.5", "wait 400ms", "note v c3 for 99.9ms at 0.25", "wait 1s")
    left = stage.frames[:, 0]
    begins = np.array([300, 700]) * 48 // BLOCK * BLOCK
    assert onsets(left).tolist() == begins.tolist()
    assert (ends(left) - begins).tolist() == [4800, 4795]


def test_steps_are_played_by_voices_to_the_frame():
    """The notes of a pattern begin and end where they do on an instrument of one voice."""
    line = "sequence v: c2 e2 . g2 c3 step 1/64 gate 70%"
    one = render([LEVELS, "load levels as v", line], 1.0)
    many = render([LEVELS, "load levels as v voices 5", line], 1.0)
    assert len(onsets(one.left)) > 20
    assert np.array_equal(one.frames, many.frames)


def test_a_note_takes_a_silent_voice_then_the_one_released_longest_ago():
    """Voices that sleep come first, by number; then released ones, in the order of their ends."""
    stage = Pads()
    stage.say("load pad as p voices 4")
    stage.say("note p 100hz for 60ms", "wait 2ms", "note p 200hz for 30ms", "wait 2ms")
    stage.say("note p 300hz for 1s", "wait 2ms")
    assert stage.pitches("p")[:3] == [100.0, 200.0, 300.0]
    stage.say("wait 70ms")
    assert stage.gates("p") == [False, False, True, False]
    stage.say("note p 400hz for 1s", "wait 2ms")
    assert stage.pitches("p") == [100.0, 200.0, 300.0, 400.0]
    stage.say("note p 500hz for 1s", "wait 2ms", "note p 600hz for 1s", "wait 2ms")
    assert stage.pitches("p") == [600.0, 500.0, 300.0, 400.0]
    assert stage.gates("p") == [True] * 4


def test_where_all_are_held_the_quietest_is_taken():
    """Of voices that are all held the one with the lowest peak plays the new note."""
    stage = Pads()
    stage.say("load pad as p voices 3")
    for hz, velocity in ((100, 0.9), (200, 0.2), (300, 0.7)):
        stage.say(f"note p {hz}hz for 2s at {velocity}", "wait 40ms")
    stage.say("note p 400hz for 1s", "wait 40ms")
    assert stage.pitches("p") == [100.0, 400.0, 300.0]


def test_the_same_note_takes_another_voice():
    """A note that is played twice sounds twice."""
    stage = Pads()
    stage.say("load pad as p voices 3", "note p c3 c3 for 1s", "wait 10ms", "note p c3", "wait 9ms")
    assert stage.gates("p") == [True, True, True]


def test_a_voice_that_is_taken_does_not_click():
    """Its gate closes for a frame, its envelope rises from where it is, its phase goes on."""
    lines = [TONES, "load tones as t voices 2; set t.level -6db"]
    for i in range(40):
        hz = 90 + 9 * (i % 7)  # by little: a sine whose pitch leaps has a corner itself
        lines += [f"note t {hz}hz for 1s", f"wait {23 + 5 * (i % 3)}ms"]
    frames = played(*lines)
    assert np.max(np.abs(frames)) > 0.2
    assert len(clicks(frames)) == 0


def test_thousands_of_notes_leave_no_gate_open():
    """Whatever is played, and however fast, all falls silent, and then asleep."""
    chance = random.Random(5)
    stage = Pads()
    stage.say(TONES, "load tones as t voices 7; set t.level -20db")
    for _ in range(1000):
        for _ in range(10):
            hz, frames = chance.uniform(40, 4000), round(chance.expovariate(1 / 900)) + 1
            node = stage.session.patch.nodes["t/keys"]
            stage.session.console.play_notes(node, [hz], chance.random(), frames)
        stage.say(f"wait {chance.choice((1, 1, 2, 3, 20))}ms")
    assert stage.sounding("t") == 7
    stage.say("wait 600ms")
    assert stage.gates("t") == [False] * 7
    assert stage.sounding("t") == 0
    assert not stage.frames[-4800:].any()


def test_gate_and_trigger_play_the_pitch_that_is_set():
    """`gate on` holds a voice until `gate off` releases all; `trigger` opens one for 10 ms."""
    stage = Stage()
    stage.say(LEVELS, "load levels as v voices 3; set v.velocity 0.25")
    stage.say(
        "wait 64ms",
        "gate v on",
        "wait 64ms",
        "note v c3 for 1s at 0.5",
        "wait 64ms",
        "gate v off",
        "wait 64ms",
        "trigger v",
    )
    stage.say("wait 64ms")
    left = stage.frames[:, 0]
    assert [round(float(left[48 * ms]), 3) for ms in (100, 180, 230, 260)] == [
        *(0.25, 0.75, 0.0, 0.25)
    ]
    assert ends(left).tolist() == [9216, 12_288 + 480]


def test_stop_and_panic_release_all():
    """Both close the gates of all voices; after a panic they sleep."""
    for word in ("stop", "panic"):
        stage = Pads()
        stage.say("load pad as p voices 4", "note p c3 e3 g3 for 5s", "wait 100ms", word)
        stage.say("wait 20ms")
        assert stage.gates("p") == [False] * 4
        assert stage.sounding("p") == (3 if word == "stop" else 0)


def test_more_notes_than_voices_at_once():
    """A chord of more notes than there are voices is refused, and plays nothing."""
    stage = Pads()
    stage.say("load pad as p voices 2; load pad as m")
    assert stage.fails("note p c3 e3 g3").code == "E_VALUE"
    assert stage.fails("note m c3 e3").code == "E_VALUE"
    stage.say("wait 50ms")
    assert stage.sounding("p") == 0


def test_legato():
    """On a mono instrument that plays legato a note within another moves the pitch alone."""
    lines = ("note v c3 for 60ms at 0.5", "wait 32ms", "note v c4 for 60ms at 0.5", "wait 200ms")
    for word, begins in (("legato", [0]), ("", [0, 1537])):
        stage = Stage()
        stage.say(LEVELS, f"load levels as v {word}", *lines)
        assert onsets(stage.frames[:, 0]).tolist() == begins
        assert ends(stage.frames[:, 0])[-1] == 1536 + 2880


# ---- what else happens to voices


def test_voices_have_seeds_of_their_own():
    """Two voices of noise add up as two sources do, and not as one twice as loud."""
    lines = ("load hats as s voices 20; set s.level -36db", "note s{} for 1s", "wait 99ms")
    one = rms_db(played(HATS, *(line.format(" c2") for line in lines)))
    many = rms_db(played(HATS, *(line.format(" c2" * 18) for line in lines)))
    assert 10.0 < many - one < 16.0  # 12.6 dB for 18 sources that have nothing in common


def test_an_unloaded_instrument_rings_on():
    """`unload tail` releases its voices, which fade as they would; what comes back is another."""
    lines = ("load pad as p voices 4", "note p c3 g3 for 100ms", "wait 100ms")
    still = played(*lines, "wait 500ms")
    gone = Pads()
    gone.say(*lines, "unload p tail", "wait 500ms")
    assert np.max(np.abs(still[5000:])) > 0.05
    assert np.array_equal(still, gone.frames)
    gone.say("undo", "note p c3 for 50ms", "wait 20ms")
    assert gone.sounding("p") == 1


def test_an_instrument_that_is_unloaded_fades():
    """It goes within 5 ms without a click, and the engine forgets its voices."""
    stage = Pads()
    stage.say(TONES, "load tones as t voices 4", "note t 90hz 150hz for 1s", "wait 100ms")
    stage.say("unload t", "wait 100ms")
    assert len(clicks(stage.frames)) == 0
    assert not stage.frames[-4000:].any()
    for _ in range(300):
        stage.say("load tones as t voices 64", "wait 20ms", "unload t", "wait 20ms")


def test_a_copy_of_an_instrument_sounds_on():
    """Its voices go on from where those of the original are, released; both play on."""
    stage = Pads()
    stage.say("load pad as p voices 4", "note p c3 g3 for 100ms", "wait 120ms", "copy p as q")
    stage.say("wait 20ms")
    assert stage.sounding("p") == stage.sounding("q") == 2
    assert stage.pitches("q")[:2] == stage.pitches("p")[:2]
    alone = played("load pad as p voices 4", "note p c3 g3 for 100ms", "wait 140ms")
    after = slice(-480, None)
    assert np.max(np.abs(alone[after])) > 0.02
    assert np.allclose(stage.frames[after], 2.0 * alone[after], atol=1e-6)


def test_a_word_crosses_over_in_all_voices():
    """Another word of an enumerated port fades in over all voices, as it does on one alone."""
    lines = ("note p c2 for 1s", "wait 100ms", "set p/filter.mode high", "wait 200ms")
    mono, wide = played("load pad as p", *lines), played("load pad as p voices 3", *lines)
    assert np.max(np.abs(mono)) > 0.05
    assert np.max(np.abs(mono - wide)) < 1e-6
    assert len(clicks(wide[4000:8000])) == len(clicks(mono[4000:8000]))


def test_what_is_patched_out_of_voices_is_their_sum():
    """A cable from a node of each voice to one outside carries what all voices add up to."""
    stage = Stage()
    stage.say(LEVELS, "load levels as v voices 3; load mix; patch v/keys.velocity > mix")
    stage.say("set v.level -60db", "note v c3 e3 for 1s at 0.25", "wait 100ms")
    assert stage.frames[-1, 0] == pytest.approx(0.5, rel=1e-6)


def test_a_cable_to_the_gate_plays_all_voices():
    """What is patched into the gate of a player opens all of its voices, which never sleep."""
    stage = Stage()
    stage.say(LEVELS, "load levels as v voices 3; set v.velocity 0.25")
    stage.say("load lfo rate=0.01 shape=square; patch lfo > v.gate", "wait 300ms")
    assert np.allclose(stage.frames[-4800:, 0], 0.75)
