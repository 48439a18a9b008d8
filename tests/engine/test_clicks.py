"""Nothing that is set, patched, loaded or unloaded clicks while a tone plays."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import Stage, render
from tests.support.sound import hardest_jolt

LEVEL = 0.5012
"""-6 dB: the amplitude of the tone."""
LIMIT = 1.6 * LEVEL / 240
"""A fade of the whole tone in 5 ms bends by a 240th of it, and the tone itself a little."""
TONE = "load sine freq=110; set sine.level -6db"


def test_the_detector_sees_clicks():
    """A step of a hundredth, a lost frame, a repeated block and a sudden stop are seen."""
    tone = render(TONE, 1.0).frames
    assert hardest_jolt(tone, 64) < LIMIT / 10
    at = 24_000  # where the wave is steepest; a quarter of it later it is at its top
    step = tone.copy()
    step[at:] += 0.01 * LEVEL
    lost = np.delete(tone, at, axis=0)
    repeated = np.concatenate((tone[:at], tone[at - 64 : at], tone[at:]))
    stopped = tone.copy()
    stopped[at + 109 :] = 0.0
    for broken in (step, lost, repeated, stopped):
        assert hardest_jolt(broken, 64) > LIMIT


CHANGES = [
    (TONE, "set sine.level -16db"),
    (TONE, "set sine.pan -1"),
    (TONE, "set out.level -20db"),
    (TONE, "unpatch sine > out"),
    (TONE, "unload sine"),
    (TONE, "load vca gain=0.3; patch sine > vca"),
    (TONE, "load delay; patch sine > delay"),
    (TONE, "load filter cutoff=300 mode=high; patch sine > filter"),
    (TONE, "load lfo; patch lfo > sine.level by 4db"),
    (TONE, "load lfo rate=20; patch lfo > sine.pan by 0.5"),
    (TONE, "load lfo; patch lfo > sine.freq by 1oct"),
    (TONE, "load lfo; patch lfo > sine.freq by 50hz"),
    (TONE, "tempo 90"),
    (TONE, "stop"),
    (f"{TONE}; load vca; patch sine > vca; set vca.level -6db", "set vca.gain 0.1"),
    (f"{TONE}; load vca; patch sine > vca; set vca.level -6db", "unload vca"),
    (f"{TONE}; load vca; patch sine > vca; set vca.level -6db", "unpatch sine > vca"),
    (f"{TONE}; load vca; patch sine > vca; set vca.level -6db", "unpatch vca > out"),
    (f"{TONE}; load vca; patch sine > vca; set vca.level -6db", "patch sine > vca by -20db"),
    (f"{TONE}; load vca; patch sine > vca by -6db", "patch sine > out; unpatch sine > vca"),
    (f"{TONE}; load filter; patch sine > filter; set filter.level -6db", "set filter.cutoff 30"),
    (
        f"{TONE}; load filter; patch sine > filter; set filter.level -6db",
        "set filter.resonance 0.9 filter.cutoff 9khz",
    ),
    (f"{TONE}; load lfo; patch lfo > sine.freq by 1oct", "unpatch lfo > sine.freq"),
    (f"{TONE}; load lfo; patch lfo > sine.level by 4db", "unload lfo"),
    (
        f"{TONE}; load mix; load vca; patch sine > vca > mix; patch sine > mix; set mix.level -9db",
        "unload vca",
    ),
]


@pytest.mark.parametrize(("before", "change"), CHANGES)
def test_a_change_in_mid_tone_makes_no_click(before, change):
    """A change while a 110 Hz sine plays bends the wave no more than a fade of 5 ms."""
    stage = Stage()
    stage.say(before, "wait 50ms")
    stage.say(change, "wait 100ms")
    stage.say("wait 100ms")
    assert hardest_jolt(stage.frames, 128) < LIMIT


@pytest.mark.parametrize(("level", "decibel"), [("-40db", 34), ("-60db", 54), ("6db", 12)])
def test_a_level_fades_evenly(level, decibel):
    """A level goes to its new value in 5 ms, by the same share from frame to frame."""
    stage = Stage()
    stage.say("load sine freq=110; set sine.level -6db out.level -18db", "wait 50ms")
    stage.say(f"set sine.level {level}", "wait 50ms")
    share = 10 ** (decibel / 20 / 240) - 1
    loudest = np.max(np.abs(stage.frames[128:]))
    assert hardest_jolt(stage.frames, 400) < 1.1 * loudest * share + 1e-4


def test_a_change_and_back_within_a_fade_makes_no_click():
    """Cables that are pulled and plugged every few ms, faster than they fade, do not click."""
    stage = Stage()
    stage.say(f"{TONE}; load vca; patch sine > vca; set vca.level -6db", "wait 50ms")
    for k in range(60):
        stage.say(
            "patch sine > out; unpatch sine > vca"
            if k % 2 == 0
            else "patch sine > vca; unpatch sine > out",
            f"wait {1 + k % 7}ms",
        )
        stage.say(f"set vca.level -{6 + k % 3}db", "wait 2ms")
    assert hardest_jolt(stage.frames, 128) < 2 * LIMIT


def test_opening_another_patch_makes_no_click(tmp_path, monkeypatch):
    """`open` fades what was there out while the new patch begins."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "low.chronus").write_text("load sine freq=10\nset sine.level -12db\n")
    stage = Stage()
    stage.say(TONE, "wait 50ms", "open low.chronus", "wait 200ms")
    assert hardest_jolt(stage.frames, 128) < LIMIT
    assert stage.get("sine.freq") == 10.0


def test_what_happens_elsewhere_leaves_a_tone_untouched():
    """Nodes that are loaded, patched and unloaded beside it do not move one bit of a tone."""
    quiet = render([TONE, "wait 500ms"], 0.6)
    busy = Stage()
    busy.say(TONE, "wait 50ms")
    for k in range(10):
        busy.say(f"load saw as s{k}; load filter as f{k}; patch s{k} > f{k}; unpatch f{k} > out")
        busy.say("load lfo; load delay; patch lfo > delay.time by 10ms", "wait 15ms")
        busy.say(f"unload lfo delay; set s{k}.freq {100 + k}; unload s{k}", "wait 15ms")
    busy.say("wait 100ms")
    count = min(len(busy.frames), len(quiet.frames))
    assert count > 20_000
    assert np.array_equal(busy.frames[:count], quiet.frames[:count])


def test_a_new_node_starts_at_full():
    """A kick that is loaded and struck at one instant has the attack of one that was there."""

    def late(*lines):
        return render(lines, 1.0).frames[9600 // 64 * 64 :]

    loaded = late("wait 200ms", "load kick click=0; trigger kick")
    there = late("load kick click=0", "wait 200ms", "trigger kick")
    assert np.max(np.abs(there)) > 0.3
    assert np.array_equal(loaded, there)
    first = render("load kick click=0; trigger kick", 0.8).frames
    assert np.array_equal(first[:30_000], there[:30_000])


def test_silence_after_unload_is_exact():
    """When the fade of what was unloaded is over, every frame is 0."""
    played = render([TONE, "load saw as other", "wait 100ms", "unload sine other"], 0.5)
    gone = 4800 + 240 + 128
    assert np.max(np.abs(played.frames[4000:4700])) > 0.1
    assert not played.frames[gone:].any()


def test_what_was_silenced_before_the_first_frame_can_be_heard_again():
    """A node that is silenced at frame 0 is heard when it is patched to out later."""
    stage = Stage()
    stage.say("load sine", "unpatch sine > out", "wait 200ms", "patch sine > out", "wait 200ms")
    assert not stage.frames[:9000].any()
    assert np.max(np.abs(stage.frames[12_000:])) > 0.5


def test_what_was_moved_before_the_first_frame_can_be_moved_back():
    """The same for a cable that was pulled at frame 0 and is plugged in again."""
    stage = Stage()
    stage.say("load sine", "load vca", "patch sine > vca", "wait 200ms", "unload vca", "wait 200ms")
    assert np.max(np.abs(stage.frames[12_000:])) > 0.5
