"""What the compressor must do to a sound."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.score import Stage

from .driver import RATE_HZ, Player, level_db


def compressed(sound: np.ndarray | float, frames: int = RATE_HZ, **ports: float) -> dict:
    """What comes out where the compressor listens to its own input."""
    return Player("compressor").play(
        frames, in_left=sound, in_right=sound, key_left=sound, key_right=sound, **ports
    )


def curve(level: float, threshold: float, ratio: float, knee: float) -> float:
    """The static curve of Giannoulis, Massberg and Reiss (2012), equation 4: dB in, dB out."""
    over = level - threshold
    if 2 * over < -knee:
        return level
    if knee > 0 and 2 * abs(over) <= knee:
        return level + (1 / ratio - 1) * (over + knee / 2) ** 2 / (2 * knee)
    return threshold + over / ratio


@pytest.mark.parametrize("ratio", [1.0, 2.0, 4.0, 20.0, 100.0])
@pytest.mark.parametrize("knee", [0.0, 6.0, 24.0])
@pytest.mark.parametrize("threshold", [-40.0, -18.0, -6.0])
def test_the_static_curve_is_that_of_theory(ratio: float, knee: float, threshold: float) -> None:
    """A steady tone of 1 kHz comes out as loud as theory says, within 0.05 dB."""
    time = np.arange(RATE_HZ)
    for level in (-60.0, threshold - 3.0, threshold, threshold + 2.0, -3.0, 0.0, 6.0):
        sound = 10 ** (level / 20) * np.cos(2 * np.pi * 1000.0 * time / RATE_HZ)
        out = compressed(sound, ratio=ratio, knee=knee, threshold=threshold)["out_left"]
        got = level_db(np.abs(out[-RATE_HZ // 4 :]).max())
        assert abs(got - curve(level, threshold, ratio, knee)) < 0.05


def reduction_db(out: dict) -> np.ndarray:
    return -20 * np.log10(1.0 - out["reduction"].astype(float))


@pytest.mark.parametrize("attack", [0.5, 10.0, 100.0])
def test_the_attack_is_the_time_to_63_percent(attack: float) -> None:
    """A step up takes `attack` to 1 - 1/e of its reduction in dB, within 5 %."""
    step = np.zeros(RATE_HZ * 2)
    step[RATE_HZ // 2 :] = 1.0
    taken = reduction_db(compressed(step, len(step), attack=attack, ratio=4.0, knee=0.0))
    assert abs(taken[-1] - 13.5) < 0.01
    reached = np.flatnonzero(taken > taken[-1] * (1 - np.exp(-1)))[0] - RATE_HZ // 2
    assert abs(reached / RATE_HZ * 1000 / attack - 1.0) < 0.05


@pytest.mark.parametrize("release", [20.0, 120.0, 1000.0])
def test_the_release_is_the_time_back_by_63_percent(release: float) -> None:
    """A step down gives back 1 - 1/e within `release`, within 5 %, once a peak is held no more."""
    frames = RATE_HZ * 8
    step = np.ones(frames)
    step[RATE_HZ:] = 0.0
    taken = reduction_db(compressed(step, frames, attack=1.0, release=release, ratio=4.0, knee=0.0))
    start = np.flatnonzero(taken < 13.49)
    start = start[start > RATE_HZ // 2][0]
    assert 0.0024 * RATE_HZ < start - RATE_HZ < 0.0051 * RATE_HZ + release * 0.1
    back = np.flatnonzero((taken < 13.5 * np.exp(-1)) & (np.arange(frames) > start))[0]
    assert abs((back - start) / RATE_HZ * 1000 / release - 1.0) < 0.05
    assert taken[-1] < 0.1


def test_what_is_quiet_comes_through_to_the_bit() -> None:
    """Below the threshold and its knee nothing changes."""
    quiet = np.random.default_rng(1).uniform(-0.05, 0.05, RATE_HZ).astype(np.float32)
    out = compressed(quiet, threshold=-18.0, knee=6.0)
    np.testing.assert_array_equal(out["out_left"], quiet)
    assert not out["reduction"].any()


def test_makeup_and_mix() -> None:
    """`makeup` is dB behind the curve; `mix` goes from the sound to the compressed sound."""
    out = compressed(1.0, threshold=-20.0, ratio=2.0, knee=0.0, makeup=6.0)["out_left"][-1]
    assert abs(level_db(out) + 4.0) < 0.01
    for mix in (0.0, 0.25, 1.0):
        out = compressed(1.0, threshold=-20.0, ratio=2.0, knee=0.0, mix=mix)["out_left"][-1]
        assert abs(out - (1.0 + mix * (10**-0.5 - 1.0))) < 1e-3


def test_the_louder_side_counts_for_both() -> None:
    """The picture does not move: both sides get one gain."""
    ones = np.ones(RATE_HZ)
    out = Player("compressor").play(
        RATE_HZ, in_left=ones, in_right=0.1 * ones, key_left=ones, key_right=0.1 * ones
    )
    np.testing.assert_allclose(out["out_left"], 10 * out["out_right"], rtol=1e-5)


def test_reduction_is_how_much_is_taken_away() -> None:
    """`reduction` is 1 less the gain: 0.5 where 6 dB are taken."""
    out = compressed(1.0, threshold=-12.0412, ratio=2.0, knee=0.0)
    assert abs(out["reduction"][-1] - 0.5) < 1e-3
    assert abs(out["out_left"][-1] - 0.5) < 1e-3


BASS = (
    "load sine as bass freq=60hz; load compressor as duck threshold=-30db ratio=20 knee=0; "
    "set duck.level -6db"
)


def level_of(frames: np.ndarray, start: int, end: int) -> float:
    return level_db(float(np.abs(frames[start:end]).max()))


def test_without_a_key_it_listens_to_itself() -> None:
    """With nothing patched to `key` a loud tone is turned down to its own curve."""
    stage = Stage()
    stage.say(BASS, "patch bass > duck", "wait 1s")
    assert abs(level_of(stage.frames, 40_000, 48_000) - curve(0.0, -30.0, 20.0, 0.0) + 6.0) < 0.5


def test_a_cable_into_the_key_ducks() -> None:
    """With a kick patched to `key` the tone is as it was between the kicks, and ducked in them."""
    stage = Stage()
    stage.say(
        BASS,
        "set duck.release 40ms duck.attack 1ms",
        "load kick decay=100ms; patch kick > duck.key; patch bass > duck",
        "wait 1s",
        "trigger kick",
        "wait 1s",
    )
    assert abs(level_of(stage.frames, 24_000, 48_000) + 6.0) < 0.1
    assert level_of(stage.frames, 48_960, 50_400) < -18.0
    assert abs(level_of(stage.frames, 84_000, 96_000) + 6.0) < 0.1


def test_a_key_that_is_taken_out_lets_it_listen_to_itself_again() -> None:
    """Taking the last cable out of `key` brings `in` back, without a click."""
    stage = Stage()
    stage.say(
        BASS,
        "load sine as still freq=50hz; load vca as shut gain=0",
        "patch still > shut > duck.key; patch bass > duck",
        "wait 1s",
        "unpatch shut > duck.key",
        "wait 1s",
    )
    assert abs(level_of(stage.frames, 24_000, 48_000) + 6.0) < 0.1
    assert abs(level_of(stage.frames, 88_000, 96_000) - curve(0.0, -30.0, 20.0, 0.0) + 6.0) < 0.5
