"""Slides on what plays several notes at once: the voice that sounds goes on to the next pitch."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sound import amplitude
from tests.support.voices import Pads

TONES = """instrument tones { load keys
load sine freq=0hz
load adsr as env attack=2ms decay=0 sustain=1 release=5ms velocity=0
patch sine > env > out; patch keys.freq > sine.freq
patch keys.gate > env.gate; patch keys.velocity > env.velocity }"""
STEP = 24_000


def play(pattern, lanes=1):
    """Two beats of a pattern of quarter notes on four voices."""
    stage = Pads(lanes=lanes)
    stage.say(
        TONES, "load tones as t voices 4; tempo 120", f"sequence t: {pattern} step 1/4 gate 80%"
    )
    stage.say("wait 2 beats")
    return stage


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_slide_goes_on_with_the_voice_that_sounds(lanes):
    """One voice plays both notes: its gate stays open, its pitch glides, no other sounds."""
    stage = play("a3~ e4", lanes)
    wave = stage.frames[:, 0].astype(float)
    assert stage.sounding("t") == 1
    loud = np.abs(wave[960:40_000])
    # No new attack: it is as loud at the slide as before and behind.
    peaks = [loud[at : at + 480].max() for at in range(0, len(loud) - 480, 480)]
    assert max(peaks) < 1.02 * min(peaks)
    level = amplitude(wave[9600:19_200], 220.0)
    assert amplitude(wave[STEP + 6000 : STEP + 15_600], 329.628) > 0.99 * level
    assert amplitude(wave[STEP + 6000 : STEP + 15_600], 220.0) < 0.01 * level


def test_without_a_slide_a_new_voice_plays():
    """Where nothing slides each note is struck, as ever."""
    wave = play("a3 e4").frames[:, 0].astype(float)
    assert np.abs(wave[STEP - 1200 : STEP]).max() < 1e-3


def test_each_note_of_a_chord_slides_into_one_of_the_next():
    """Two voices slide into two; a third note of the next chord is struck by a voice of its own."""
    stage = play("a3+c4~ e4+g4+b4")
    wave = stage.frames[:, 0].astype(float)
    assert stage.sounding("t") == 3
    for hz in (329.628, 391.995, 493.883):
        assert amplitude(wave[STEP + 6000 : STEP + 15_600], hz) > 0.05
    for hz in (220.0, 261.626):
        assert amplitude(wave[STEP + 6000 : STEP + 15_600], hz) < 0.002
