"""Modules are edited in a score that is rendered: what is wrong, what is in use, another shape.

What workers make of it is in `tests/machine/test_reload.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.machine.edited import HEAD, SECOND_STATE, TILT, edit, play, ramp, song


@pytest.fixture(scope="module")
def unedited(tmp_path_factory):
    return play(tmp_path_factory.mktemp("unedited"), song(), 0).frames


def test_another_shape_starts_afresh_with_cables_values_and_sequences(tmp_path):
    """A kind gets a port and a state: its node begins anew, and is set, patched, played as before.

    The pattern goes on where it is: the third step of four follows the second.
    """
    lines = ["tempo 60", "load ramp freq=1000hz; load lfo as slow rate=0.01 shape=square"]
    lines += ["patch slow > ramp.freq by 500hz", "sequence ramp.depth: 0.25 0.5 0.75 1 step 1/4"]
    edited = edit(more=TILT, state=SECOND_STATE, extra="second + 1.0, ")
    before = play(tmp_path, [*lines, "wait 1500ms"], 0).frames
    played = play(tmp_path, [*lines, "wait 1500ms", edited, "reload", "get ramp"], 0)
    assert played.errors == []
    assert "freq" in str(played.replies[-1]["data"])
    for second in (0, 1, 2, 3, 4, 5):
        part = slice(second * 48_000 + 30_000, second * 48_000 + 46_000)
        loud = [np.abs(frames[part, 0]).max() for frames in (before, played.frames)]
        assert loud[0] == pytest.approx(loud[1], rel=0.02), second
        cycles = [np.sum(np.diff(f[part, 0]) < -0.02) for f in (before, played.frames)]
        assert cycles[0] == pytest.approx(cycles[1], abs=1) == pytest.approx(500, abs=1)
    steps = np.abs(np.diff(played.frames[71_900:72_400, 0]))
    assert steps.max() < 1.1 * np.abs(np.diff(before[:72_000, 0])).max()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "def ramp(:\n", "line 3: invalid syntax"),
        (HEAD + "\nx = nothing\n", "line 4: NameError: name 'nothing' is not defined"),
        (ramp().replace("def ramp(phase, freq", "def ramp(freq, phase"), "should be"),
        (ramp().replace("depth * phase\n", "depth * louder(phase)\n"), "louder is not a @helper"),
        (
            ramp().replace("turned >= 1.0", "turned.x"),
            "line 18: ramp: turned.x is not offered, in `phase = turned - 1.0 if turned.x else",
        ),
        (ramp().replace("110.0,", "-1.0,"), "freq: -1.0 is not from 0.01 to 20000.0"),
        (ramp() + ramp().replace("def ramp", "def kick"), "there is another kind 'kick'"),
        (HEAD, "ramp is a ramp, and that kind is there no longer"),
    ],
)
def test_wrong_sources_change_nothing(tmp_path, unedited, text, reason):
    """A source that is wrong is an error that says where; the old code plays on, mended plays."""
    played = play(tmp_path, song(f"edit: {text}", "reload", "reload", edit(), "reload"), 0)
    error, again = played.errors
    assert error == again
    assert reason in error
    assert text == HEAD or "edited_kinds.py line" in error
    assert len(played.reloads) == 1
    np.testing.assert_array_equal(played.frames, unedited)


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("set ramp.tilt 0.1", "ramp.tilt is set"),
        ("load lfo as slow; patch slow > ramp.tilt", "ramp.tilt is patched from slow.out"),
        ("sequence ramp.tilt: 0.1 0.2", "ramp.tilt is played by the sequence ramp.tilt"),
    ],
)
def test_a_port_in_use_cannot_go(tmp_path, line, use):
    """A port that is set, patched or sequenced is gone: an error names it and what uses it."""
    tilted = ramp(more=TILT)
    steps = song(line, edit(), "reload", f"edit: {tilted}", "reload")
    played = play(tmp_path, steps, 0, tilted)
    (error,) = played.errors
    assert error.startswith("error E_PORT")
    assert use in error
    without = play(tmp_path, song(line), 0, tilted)
    np.testing.assert_array_equal(played.frames, without.frames)
