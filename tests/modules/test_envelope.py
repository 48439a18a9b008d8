"""What the envelope must do with a gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .driver import RATE_HZ, Player, play

if TYPE_CHECKING:
    from collections.abc import Callable

MS = RATE_HZ // 1000


def gate(*parts: tuple[float, int]) -> np.ndarray:
    """A gate of values, each so many ms long, up to whole blocks."""
    values = np.concatenate([np.full(ms * MS, value, np.float32) for value, ms in parts])
    return np.pad(values, (0, -len(values) % 64), mode="edge")


def envelope(signal: np.ndarray, **signals: float) -> np.ndarray:
    return Player("adsr").play(len(signal), gate=signal, **signals)["env"].astype(float)


@pytest.mark.parametrize("attack", [0.0, 1.0, 5.0, 250.0, 8000.0])
def test_attack_takes_its_time(attack: float) -> None:
    """The top is reached `attack` after the gate opens, within 1 ms, on a straight line."""
    env = envelope(gate((0, 10), (1, 9000)), attack=attack, decay=1000.0, velocity=1.0, sustain=0.5)
    top = int(np.argmax(env)) / MS - 10
    assert abs(top - attack) < 1.0
    assert abs(env.max() - 1.0) < 1e-6
    if attack >= 5.0:
        assert abs(env[int((10 + attack / 2) * MS)] - 0.5) < 0.01


@pytest.mark.parametrize("decay", [2.0, 40.0, 700.0])
@pytest.mark.parametrize("sustain", [0.0, 0.4])
def test_decay_takes_its_time(decay: float, sustain: float) -> None:
    """`sustain` is reached `decay` after the top, within 1 ms, and held there to the bit."""
    env = envelope(gate((1, 1000)), attack=0.0, decay=decay, sustain=sustain, velocity=1.0)
    settled = np.flatnonzero(np.abs(env - np.float32(sustain)) > 1e-7).max() / MS
    assert abs(settled - decay) < 1.0 + 0.01 * decay
    assert len(set(env[int((decay + 2) * MS) :])) == 1


@pytest.mark.parametrize("release", [1.0, 60.0, 500.0, 3000.0])
def test_release_takes_its_time(release: float) -> None:
    """Silence, and exactly 0, comes `release` after the gate closes, within 1 ms."""
    env = envelope(gate((1, 50), (0, 3500)), attack=1.0, release=release, velocity=1.0)
    last = np.flatnonzero(env).max() / MS - 50
    assert abs(last - release) < 1.0
    assert env[-1] == 0.0


def test_a_stage_of_20_seconds_is_20_seconds() -> None:
    """The longest attack takes its 20 s within 1 ms."""
    env = envelope(gate((1, 20_100)), attack=20_000.0, decay=50.0, sustain=0.0, velocity=1.0)
    assert abs(np.argmax(env) / MS - 20_000) < 1.0


def test_a_new_gate_continues_from_the_level_that_is_there() -> None:
    """Neither an early close nor a new gate in the release makes a step."""
    signal = gate((1, 3), (0, 20), (1, 30), (0, 5), (1, 100), (0, 200))
    env = envelope(signal, attack=10.0, decay=50.0, sustain=0.5, release=60.0, velocity=1.0)
    # The steepest that there is: a full attack, or three times a release's mean slope.
    assert np.abs(np.diff(env)).max() < 1.05 * max(1 / (10 * MS), 3 / (60 * MS))
    again = 23 * MS
    assert 0.05 < env[again - 1] < 0.35
    assert (np.diff(env[again - 1 : again + 9 * MS]) > 0).all()


@pytest.mark.parametrize("velocity", [0.0, 0.3, 1.0])
def test_velocity_scales_the_whole_curve(velocity: float) -> None:
    """The curve is `velocity` times the one of full velocity."""
    signal = gate((1, 100), (0, 100))
    full = envelope(signal, velocity=1.0)
    np.testing.assert_allclose(envelope(signal, velocity=velocity), velocity * full, atol=1e-6)


def test_velocity_is_that_of_the_stroke() -> None:
    """A velocity that changes while the gate is open changes nothing."""
    signal = gate((1, 100), (0, 100))
    moving = np.full(len(signal), 0.5, np.float32)
    moving[MS:] = 1.0
    np.testing.assert_array_equal(
        Player("adsr").play(len(signal), gate=signal, velocity=moving)["env"],
        envelope(signal, velocity=0.5).astype(np.float32),
    )


def test_out_is_the_input_times_the_envelope() -> None:
    """`out` is `in` times `env`, to the bit."""
    noise = np.random.default_rng(6).uniform(-1, 1, 9600).astype(np.float32)
    heard = play("adsr", 9600, in_=noise, gate=gate((1, 100), (0, 100)))
    np.testing.assert_array_equal(heard["out"], noise * heard["env"])


def test_the_top_stays_below_one_while_everything_moves() -> None:
    """The envelope stays in 0..1 however gates and times change."""
    random = np.random.default_rng(7)
    frames = 96_000
    env = Player("adsr").play(
        frames,
        gate=np.repeat(random.integers(0, 2, frames // 50), 50).astype(np.float32),
        velocity=random.random(frames).astype(np.float32),
        attack=(20 * random.random(frames)).astype(np.float32),
        decay=(20 * random.random(frames)).astype(np.float32),
        release=(20 * random.random(frames)).astype(np.float32),
    )["env"]
    assert env.min() >= 0.0
    assert env.max() <= 1.0 + 1e-6


@pytest.mark.parametrize(
    ("rise", "curve"),
    [(-1.0, lambda t: 1 - (1 - t) ** 3), (0.0, lambda t: t), (1.0, lambda t: t**3)],
)
@pytest.mark.parametrize("name", ["adsr", "ar"])
def test_a_rise_lies_on_its_curve(name: str, rise: float, curve: Callable[[Any], Any]) -> None:
    """Of 100 ms an attack is where its curve says at every sample, whatever it is bent by."""
    frames = 100 * MS
    heard = Player(name).play(frames, gate=1.0, attack=100.0, rise=rise, velocity=1.0)
    np.testing.assert_allclose(heard["env"], curve(np.arange(1, frames + 1) / frames), atol=2e-5)


@pytest.mark.parametrize("fall", [-1.0, -0.5, 0.0, 1.0])
@pytest.mark.parametrize("name", ["adsr", "ar"])
def test_a_fall_lies_on_its_curve(name: str, fall: float) -> None:
    """A release of 100 ms is a line, a cube or its square, or half of both, at every sample."""
    signal = gate((1, 20), (0, 120))
    own = {"sustain": 1.0} if name == "adsr" else {}
    times = {"attack": 1.0, "release": 100.0, "velocity": 1.0}
    heard = Player(name).play(len(signal), gate=signal, fall=fall, **times, **own)
    left = 1.0 - np.arange(1, 100 * MS + 1) / (100 * MS)
    curves = {-1.0: left, -0.5: (left + left**3) / 2, 0.0: left**3, 1.0: left**6}
    np.testing.assert_allclose(heard["env"][20 * MS :][: 100 * MS], curves[fall], atol=2e-5)


@pytest.mark.parametrize(("attack", "release"), [(0.0, 1.0), (20.0, 300.0), (700.0, 5.0)])
def test_both_stages_take_their_times(attack: float, release: float) -> None:
    """The top comes `attack` after the gate opens and stays, silence `release` after its end."""
    signal = gate((0, 10), (1, 800), (0, 400))
    env = play("ar", len(signal), gate=signal, attack=attack, release=release, velocity=0.5)["env"]
    top = np.flatnonzero(env == np.float32(0.5))
    assert abs(top[0] / MS - 10 - attack) < 0.05
    assert top[-1] == 810 * MS - 1
    assert abs(np.flatnonzero(env)[-1] / MS - 810 - release) < 0.1 + 0.01 * release


def test_once_and_loop() -> None:
    """`once` goes up and down whatever its gate does; `loop` again and again while it is open."""
    long, short = gate((1, 400), (0, 200)), gate((1, 1), (0, 599))
    for signal in (long, short):
        env = play("ar", len(signal), gate=signal, attack=20.0, release=80.0, mode=1.0)["env"]
        assert abs(np.argmax(env) / MS - 20) < 0.1
        assert abs(env.max() - 0.8) < 1e-6
        assert not env[101 * MS :].any()
    env = play("ar", len(long), gate=long, attack=20.0, release=80.0, mode=2.0)["env"]
    tops = np.flatnonzero(env > 0.8 - 1e-6) / MS
    np.testing.assert_allclose(tops, [20, 120, 220, 320], atol=0.3)
    assert not env[481 * MS :].any()


def test_a_stage_begins_at_the_level_that_is_there() -> None:
    """However gates come, the envelope has no step: it is never steeper than its own curves."""
    signal = gate((1, 5), (0, 20), (1, 30), (0, 3), (1, 2), (0, 200))
    for mode in (0.0, 1.0, 2.0):
        env = play("ar", len(signal), gate=signal, attack=10.0, release=60.0, mode=mode)["env"]
        assert np.abs(np.diff(env)).max() < 1.05 * 0.8 / (10 * MS)
