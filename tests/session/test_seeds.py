"""What is left to chance sounds the same once it is saved and opened, whatever it is called."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import Stage

BREATH = """instrument breath { load keys; load noise as air; load adsr as env release=5ms
patch air > env > out; patch keys.gate > env.gate; patch keys.velocity > env.velocity }"""
PLAYED = ("trigger {0}; trigger {1}", "wait 60ms", "trigger {0}", "wait 60ms")


def heard(stage, *names):
    """The frames of some nodes that are played, from here on."""
    begin = len(stage.frames)
    stage.say(*(line.format(*names) for line in PLAYED))
    return stage.frames[begin:]


@pytest.mark.parametrize(
    "lines",
    [
        "load hat as a; rename a first; load hat as other",
        "load hat as first; copy first as other; set other.decay 20ms",
        "load hat as a; load hat as other; unload a; rename other first; copy first as other",
        "load breath as a voices 3; rename a first; copy first as other",
        "load breath as first; load hat as other seed 7",
        "load breath as first seed 7; load hat as a seed 8; rename a other",
    ],
)
def test_a_piece_that_is_saved_and_opened_sounds_the_same(tmp_path, lines):
    """After a rename and a copy, of nodes and of instruments, each bit of it comes again."""
    stage, opened, plain = Stage(), Stage(), Stage()
    path = tmp_path / "piece.chronus"
    stage.say(BREATH, lines, f"save {path}")
    opened.say(f"open {path}")
    frames = heard(stage, "first", "other")
    assert np.abs(frames).max() > 0.05
    assert np.array_equal(frames, heard(opened, "first", "other"))
    plain.say(BREATH, "load hat as first; load hat as other")
    assert not np.array_equal(frames, heard(plain, "first", "other"))


def test_a_file_says_no_more_of_seeds_than_it_must(tmp_path):
    """Where names say it, or nothing is left to chance, the saved lines have no seed."""
    stage = Stage()
    path = tmp_path / "piece.chronus"
    stage.say("load hat; load saw as a; rename a b; copy b as c; rename hat x; rename x hat")
    stage.say(f"save {path}")
    assert "seed" not in path.read_text()


def test_a_reset_begins_with_the_same_noise_whatever_the_name():
    """A noise that is renamed or copied, and reset, plays what it would under its first name."""
    frames = []
    for lines, name in (
        ("load noise", "noise"),
        ("load noise; rename noise air", "air"),
        ("load noise; copy noise as twin; unload noise", "twin"),
    ):
        stage = Stage()
        stage.say(lines, "wait 30ms", f"reset {name}", "wait 30ms")
        frames.append(stage.frames[-1024:])
    assert np.abs(frames[0]).max() > 0.1
    assert np.array_equal(frames[0], frames[1])
    assert np.array_equal(frames[0], frames[2])


def test_a_wrong_seed_is_an_error_that_says_why():
    """A seed is a whole number that fits, is said once, and for what leaves something to chance."""
    stage = Stage()
    assert stage.fails("load saw seed 3").code == "E_STATE"
    assert stage.fails("load noise seed 3.5").code == "E_VALUE"
    assert stage.fails("load noise seed 4294967296").code == "E_RANGE"
    assert stage.fails("load noise seed 1 seed 2").code == "E_SYNTAX"
    stage.say("load noise as n seed 3")
    assert stage.say("load noise as n seed 3").results[0].already
    assert stage.fails("load noise as n seed 4").code == "E_NAME"
